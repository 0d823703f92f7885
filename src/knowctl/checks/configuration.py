"""What the settings must hold before a server may start on them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Final

from knowctl.checks.engine import Fault
from knowctl.model.configuration import ConfigurationFacts

OUR_PREFIXES: Final = (
    "AI_", "APP_ENV", "CORS_", "DATABASE_", "DB_", "GEMINI_", "GUNICORN_", "JWT_", "KNOWCTL_",
    "RATE_LIMIT_", "REDIS_", "SECRET_KEY", "WAITRESS_",
)  # fmt: skip
NOT_OURS: Final = frozenset({"SSL_CERT_FILE", "SSL_CERT_DIR"})
"""OpenSSL's own variables, one letter from ours."""
FORMER: Final = {
    "ALLOWED_ORIGINS": "CORS_ORIGINS",
    "FLASK_ENV": "APP_ENV",
    "FLASK_SECRET_KEY": "SECRET_KEY",
    "GEMINI_API_KEY": "GOOGLE_API_KEY",
    "GUNICORN_BIND": "HOST",
    "GUNICORN_LOG_LEVEL": "LOG_LEVEL",
    "JWT_SECRET_KEY": "SECRET_KEY",
    "RATELIMIT_STORAGE_URI": "REDIS_URL",
    "SQLALCHEMY_DATABASE_URI": "DATABASE_URL",
}
"""What comparable backends call a setting of ours: whoever moved here may still set it."""
BEHIND_ITS_BACK: Final = ("FORWARDED_ALLOW_IPS", "GUNICORN_CMD_ARGS", "WEB_CONCURRENCY")
"""What gunicorn would follow by itself, and the supervisor takes away."""
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


def directed(facts: ConfigurationFacts) -> Iterator[Fault]:
    """No file that somebody else may have written says where a key is sent."""
    yield from _problems(facts, "untrusted")


def spelling(facts: ConfigurationFacts) -> Iterator[Fault]:
    """No variable looks like one of ours and is none."""
    for name in sorted(facts.given - facts.known - NOT_OURS - FORMER.keys() - {*BEHIND_ITS_BACK}):
        near = get_close_matches(name, facts.known, n=1, cutoff=NEAR)
        if near or (name.startswith(OUR_PREFIXES) and not _LINK.search(name)):
            other = f"rename it to {near[0]}, or unset it" if near else ""
            hint = other or "knowctl config show lists all settings"
            yield Fault(f"{name} is set, and no setting has that name", hint, facts.where(name))


def former(facts: ConfigurationFacts) -> Iterator[Fault]:
    """No variable has a name that means nothing here, and nothing else says the same."""
    for name in sorted(facts.given & FORMER.keys()):
        now = FORMER[name]
        if not facts.given & {now, f"{now}_FILE"}:
            cause = f"{name} is set and has no effect: the setting is {now} here"
            yield Fault(cause, f"rename it to {now}", facts.where(name))


def empty(facts: ConfigurationFacts) -> Iterator[Fault]:
    """No setting is given without a value."""
    for name in sorted(facts.empty.keys() & facts.known):
        cause = f"{name} is empty, which counts as unset: its default holds"
        yield Fault(cause, f"give {name} a value, or remove it", facts.empty[name])


def overruled(facts: ConfigurationFacts) -> Iterator[Fault]:
    """What the .env file says is what counts."""
    for name in sorted(facts.overruled.keys() & facts.known):
        place = facts.overruled[name]
        cause = (
            f"what the file says of {name} does not count:"
            " the command line or the environment says otherwise"
        )
        hint = (
            f"unset {name} in the environment or leave its option away,"
            f" or remove it from {place.file}"
        )
        yield Fault(cause, hint, place)


def unfollowed(facts: ConfigurationFacts) -> Iterator[Fault]:
    """Nothing is set that would change gunicorn behind the settings' back."""
    for name in sorted(facts.given & {*BEHIND_ITS_BACK}):
        cause = f"{name} is set, and knowctl serve takes it from gunicorn: the settings decide"
        yield Fault(cause, f"unset {name}; knowctl config show", facts.where(name))


def _problems(facts: ConfigurationFacts, *kinds: str) -> Iterator[Fault]:
    for problem in facts.problems:
        if problem.kind in kinds:
            yield Fault(problem.cause, problem.hint, problem.where)
