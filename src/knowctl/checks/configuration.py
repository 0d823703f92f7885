"""What the settings must hold before a server may start on them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Final

from knowctl.checks.engine import Fault
from knowctl.model import ConfigurationFacts, Where

OTHERS_MAY_READ: Final = 0o077
OUR_PREFIXES: Final = (
    "AI_", "APP_ENV", "CORS_", "DATABASE_", "DB_", "GEMINI_", "GUNICORN_", "JWT_", "KNOWCTL_",
    "RATE_LIMIT_", "REDIS_", "SECRET_KEY", "WAITRESS_",
)  # fmt: skip
NOT_OURS: Final = frozenset({"SSL_CERT_FILE", "SSL_CERT_DIR"})
"""OpenSSL's own variables, one letter from ours."""
NEAR: Final = 0.88
"""How alike a name must be to be taken for a slip: one letter in eight."""
_LINK: Final = re.compile(r"_(SERVICE_(HOST|PORT)|PORT)(_|$)")
"""What Kubernetes and Docker set for a service called redis: REDIS_SERVICE_HOST, REDIS_PORT_…"""


def sources(facts: ConfigurationFacts) -> Iterator[Fault]:
    """Every source that was named can be read, line by line."""
    yield from _problems(facts, "unreadable", "syntax")


def once(facts: ConfigurationFacts) -> Iterator[Fault]:
    """No secret is given both as a value and as a file."""
    yield from _problems(facts, "twice")


def values(facts: ConfigurationFacts) -> Iterator[Fault]:
    """Every value is of its kind."""
    yield from _problems(facts, "value")


def required(facts: ConfigurationFacts) -> Iterator[Fault]:
    """What the environment requires is set."""
    yield from _problems(facts, "missing")


def spelling(facts: ConfigurationFacts) -> Iterator[Fault]:
    """No variable looks like one of ours and is none."""
    for name in sorted(facts.given - facts.known - NOT_OURS):
        near = get_close_matches(name, facts.known, n=1, cutoff=NEAR)
        if near or (name.startswith(OUR_PREFIXES) and not _LINK.search(name)):
            other = f"rename it to {near[0]}, or unset it" if near else ""
            hint = other or "knowctl config show lists all settings"
            yield Fault(f"{name} is set, and no setting has that name", hint, facts.where(name))


def private_file(facts: ConfigurationFacts) -> Iterator[Fault]:
    """The file that holds secrets is for its owner alone."""
    file = facts.env_file
    if file and file.mode is not None and file.mode & OTHERS_MAY_READ:
        cause = f"{file.path} has mode {file.mode:04o}: other users of this machine may read it"
        yield Fault(cause, f"chmod 600 {file.path}", Where(file=file.path))


def development_is_local(facts: ConfigurationFacts) -> Iterator[Fault]:
    """A development server is reached from this machine alone."""
    if facts.development and not facts.loopback:
        cause = f"APP_ENV is development and HOST is {facts.values['HOST']}"
        yield Fault(cause, "set HOST=127.0.0.1, or APP_ENV=production", facts.where("HOST"))


def origins(facts: ConfigurationFacts) -> Iterator[Fault]:
    """Outside development only listed origins may call."""
    if not facts.development and "*" in facts.values["CORS_ORIGINS"]:
        cause = f"CORS_ORIGINS is * in {facts.environment}: any web page may call the API"
        hint = "set CORS_ORIGINS to the front end's address, such as https://learn.example.org"
        yield Fault(cause, hint, facts.where("CORS_ORIGINS"))


def https_ends_somewhere(facts: ConfigurationFacts) -> Iterator[Fault]:
    """Forced HTTPS has a certificate or a trusted proxy behind it."""
    values = facts.values
    if values["FORCE_HTTPS"] and not values["SSL_CERTFILE"] and not values["TRUSTED_PROXY_HOPS"]:
        cause = "FORCE_HTTPS is true, with neither SSL_CERTFILE nor TRUSTED_PROXY_HOPS"
        hint = "set SSL_CERTFILE and SSL_KEYFILE, or TRUSTED_PROXY_HOPS=1 behind a TLS proxy"
        yield Fault(f"{cause}: clients would be redirected for ever", hint, _https(facts))


def https_is_forced(facts: ConfigurationFacts) -> Iterator[Fault]:
    """Keys and tokens cross no network in the clear."""
    if facts.environment == "production" and not facts.values["FORCE_HTTPS"]:
        cause = "FORCE_HTTPS is false in production: keys and tokens may cross in the clear"
        hint = "before the world sees it, serve with TLS and set FORCE_HTTPS=true"
        yield Fault(cause, hint, _https(facts))


def certificate_pair(facts: ConfigurationFacts) -> Iterator[Fault]:
    """A certificate comes with its key."""
    names = ("SSL_CERTFILE", "SSL_KEYFILE")
    missing = [name for name in names if not facts.values[name]]
    if len(missing) == 1:
        given = next(name for name in names if name not in missing)
        yield Fault(f"{given} is set, {missing[0]} is not", f"set {missing[0]}", facts.where(given))


def production_database(facts: ConfigurationFacts) -> Iterator[Fault]:
    """Production data is in a database server."""
    if not facts.development and facts.database_scheme.startswith("sqlite"):
        cause = f"DATABASE_URL is SQLite in {facts.environment}: one machine, one writer at a time"
        hint = "set DATABASE_URL=postgresql://user:password@host/name"
        yield Fault(cause, hint, facts.where("DATABASE_URL"))


def replicas_share_a_database(facts: ConfigurationFacts) -> Iterator[Fault]:
    """Several replicas share a database server."""
    replicas = facts.values["REPLICAS"]
    if replicas > 1 and facts.database_scheme.startswith("sqlite"):
        cause = f"REPLICAS is {replicas} and DATABASE_URL is SQLite: each would have its own data"
        hint = "set DATABASE_URL=postgresql://user:password@host/name, or REPLICAS=1"
        yield Fault(cause, hint, facts.where("DATABASE_URL"))


def reachable(facts: ConfigurationFacts) -> Iterator[Fault]:
    """A production server can be reached from other machines."""
    if facts.environment == "production" and facts.loopback:
        cause = f"HOST is {facts.values['HOST']}: only this machine can reach the server"
        hint = "set HOST=0.0.0.0, or keep it behind a proxy on this machine"
        yield Fault(cause, hint, facts.where("HOST"))


def threads_left(facts: ConfigurationFacts) -> Iterator[Fault]:
    """Slow AI calls leave threads for everything else."""
    setting = "WAITRESS_THREADS" if facts.server == "waitress" else "GUNICORN_THREADS"
    threads, calls = facts.values[setting], facts.values["AI_CONCURRENCY"]
    if threads > 1 and calls > max(1, threads - 2):
        cause = f"AI_CONCURRENCY is {calls} with {threads} threads: AI calls may take them all"
        hint = f"set AI_CONCURRENCY to at most {max(1, threads - 2)}, or raise {setting}"
        yield Fault(cause, hint, facts.where("AI_CONCURRENCY"))


def waitress_is_plain(facts: ConfigurationFacts) -> Iterator[Fault]:
    """Who is asked for TLS can serve it."""
    if facts.server == "waitress" and facts.values["SSL_CERTFILE"]:
        cause = "SSL_CERTFILE is set, and waitress serves plain HTTP alone"
        hint = "set SERVER=gunicorn; or unset SSL_CERTFILE and SSL_KEYFILE, behind a TLS proxy"
        yield Fault(cause, hint, facts.where("SSL_CERTFILE"))


def paid_generation(facts: ConfigurationFacts) -> Iterator[Fault]:
    """Strangers do not spend the AI budget."""
    open_to_all = not facts.values["REQUIRE_AUTH_FOR_GENERATION"]
    if facts.environment == "production" and facts.gemini and open_to_all:
        cause = "anyone may have Gemini write, and it is paid for"
        hint = "set REQUIRE_AUTH_FOR_GENERATION=true"
        yield Fault(cause, hint, facts.where("REQUIRE_AUTH_FOR_GENERATION"))


def _https(facts: ConfigurationFacts) -> Where:
    return facts.where("FORCE_HTTPS")


def _problems(facts: ConfigurationFacts, *kinds: str) -> Iterator[Fault]:
    for problem in facts.problems:
        if problem.kind in kinds:
            yield Fault(problem.cause, problem.hint, problem.where)
