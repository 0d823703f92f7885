"""The server's numbers, and the AI provider behind it: what must fit into what."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from knowctl.checks.engine import Fault
from knowctl.model.configuration import ConfigurationFacts
from knowctl.model.results import Where
from knowctl.model.sizing import memory_mb, workers_within

STOP_SECONDS: Final = 90
"""What the files in deploy/ give a server to stop before it is killed; systemd's own default."""
PROXY_IDLE: Final = 60
"""Seconds for which proxies keep an idle connection. Source: the defaults of AWS' load balancer
(idle_timeout) and of nginx (keepalive_timeout of an upstream)."""

SHUT_DOWN: Final = ("gemini-1.", "gemini-2.0-", "gemini-3-pro-preview")
"""How the names of models begin that are gone since June 2026. Source: Google's list of
deprecations (ai.google.dev/gemini-api/docs/deprecations)."""


def threads_left(facts: ConfigurationFacts) -> Iterator[Fault]:
    """Slow AI calls leave threads for everything else."""
    (setting, threads), calls = facts.threads, facts.values["AI_CONCURRENCY"]
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


def stops_in_time(facts: ConfigurationFacts) -> Iterator[Fault]:
    """A stop ends before the platform ends it."""
    drain, grace = facts.values["DRAIN_SECONDS"], facts.values["GUNICORN_GRACEFUL_TIMEOUT"]
    if drain + grace >= STOP_SECONDS:
        cause = f"{drain:g} s of drain and {grace} s of grace: deploy/ has {STOP_SECONDS} s until"
        most = int(STOP_SECONDS - 5 - drain)
        hint = f"set GUNICORN_GRACEFUL_TIMEOUT to at most {max(1, most)}"
        if most < 1:
            hint = "set DRAIN_SECONDS to some seconds"
        hint += ", or raise TimeoutStopSec and terminationGracePeriodSeconds"
        yield Fault(f"{cause} it is killed", hint, facts.where("GUNICORN_GRACEFUL_TIMEOUT"))


def ai_within_grace(facts: ConfigurationFacts) -> Iterator[Fault]:
    """A stop lets the longest AI request finish."""
    budget, grace = facts.values["AI_REQUEST_BUDGET"], facts.values["GUNICORN_GRACEFUL_TIMEOUT"]
    if facts.gemini and budget > grace:
        cause = f"an AI request may take {budget:g} s, and a stop gives it {grace} s"
        hint = f"set GUNICORN_GRACEFUL_TIMEOUT={budget:.0f}, or AI_REQUEST_BUDGET={grace}"
        yield Fault(cause, hint, facts.where("AI_REQUEST_BUDGET"))


def memory_fits(facts: ConfigurationFacts) -> Iterator[Fault]:
    """The workers fit into the memory there is, also while they are replaced."""
    workers, there = facts.values["GUNICORN_WORKERS"], facts.around.memory_mb
    if facts.server == "waitress" or there is None or memory_mb(workers) <= there:
        return
    cause = f"{workers} workers take about {memory_mb(workers)} MB while they are replaced"
    hint = f"set GUNICORN_WORKERS={max(1, workers_within(there))}, or give it more memory"
    yield Fault(f"{cause}, and there are {there} MB", hint, facts.where("GUNICORN_WORKERS"))


def kept_alive(facts: ConfigurationFacts) -> Iterator[Fault]:
    """The proxy in front closes idle connections first."""
    seconds = facts.values["GUNICORN_KEEPALIVE"]
    if facts.values["TRUSTED_PROXY_HOPS"] and seconds <= PROXY_IDLE:
        cause = f"the server closes idle connections after {seconds} s, and proxies use them for"
        hint = f"set GUNICORN_KEEPALIVE={PROXY_IDLE + 5}, if yours keeps them as long"
        yield Fault(f"{cause} up to {PROXY_IDLE} s: now and then a 502", hint, _keepalive(facts))


def paid_generation(facts: ConfigurationFacts) -> Iterator[Fault]:
    """Strangers do not spend the AI budget."""
    open_to_all = not facts.values["REQUIRE_AUTH_FOR_GENERATION"]
    if facts.environment == "production" and facts.gemini and open_to_all:
        cause = "anyone may have Gemini write, and it is paid for"
        hint = "set REQUIRE_AUTH_FOR_GENERATION=true"
        yield Fault(cause, hint, facts.where("REQUIRE_AUTH_FOR_GENERATION"))


def gemini_key(facts: ConfigurationFacts) -> Iterator[Fault]:
    """Gemini has its key."""
    if facts.gemini and facts.values["GOOGLE_API_KEY"] is None:
        hint = "set GOOGLE_API_KEY, or AI_PROVIDER=offline"
        yield Fault("AI_PROVIDER is gemini, without a key", hint, facts.where("AI_PROVIDER"))


def gemini_installed(facts: ConfigurationFacts) -> Iterator[Fault]:
    """Google's SDK is installed where it is used."""
    if "google.genai" in facts.around.missing:
        cause = "Gemini is to write, and google-genai is not installed in this environment"
        hint = "pip install 'knowctl[gemini]', or set AI_PROVIDER=offline"
        yield Fault(cause, hint, facts.where("AI_PROVIDER"))


def calls_fit(facts: ConfigurationFacts) -> Iterator[Fault]:
    """One AI call fits into what a request has for all of them."""
    call, budget = facts.values["AI_TIMEOUT"], facts.values["AI_REQUEST_BUDGET"]
    if call > budget:
        cause = f"AI_TIMEOUT is {call:g} s, and all calls of a request have {budget:g} s"
        yield Fault(cause, f"set AI_TIMEOUT={budget:g}, or less", facts.where("AI_TIMEOUT"))


def key_by_https(facts: ConfigurationFacts) -> Iterator[Fault]:
    """Gemini's key crosses no network in the clear."""
    server = facts.around.gemini
    if server and not (server.tls or server.local):
        cause = f"GEMINI_BASE_URL is http://{server.host}: the key goes there in the clear"
        hint = "write https:// in GEMINI_BASE_URL, or unset it"
        yield Fault(cause, hint, facts.where("GEMINI_BASE_URL"))


def stuck_is_stuck(facts: ConfigurationFacts) -> Iterator[Fault]:
    """An AI request that takes its time is not taken for stuck."""
    budget, stuck = facts.values["AI_REQUEST_BUDGET"], facts.values["GUNICORN_TIMEOUT"]
    if facts.gemini and budget >= stuck:
        cause = f"an AI request may take {budget:g} s, and is reported stuck after {stuck} s"
        hint = f"set GUNICORN_TIMEOUT={int(budget) + 1}, or more"
        yield Fault(cause, hint, facts.where("GUNICORN_TIMEOUT"))


def model_is_there(facts: ConfigurationFacts) -> Iterator[Fault]:
    """The model is none that Google has shut down; what a gateway calls its own is its affair."""
    model = facts.values["GEMINI_MODEL"]
    gone = model.removeprefix("models/").startswith(SHUT_DOWN)
    if facts.gemini and gone and not facts.values["GEMINI_BASE_URL"]:
        cause = f"Google has shut {model} down: it answers 404, and clients get 502"
        hint = "unset GEMINI_MODEL for the default, or name one that Google AI Studio shows"
        yield Fault(cause, hint, facts.where("GEMINI_MODEL"))


def _keepalive(facts: ConfigurationFacts) -> Where:
    return facts.where("GUNICORN_KEEPALIVE")
