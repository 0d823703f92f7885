from __future__ import annotations

import pytest

from knowctl.model.findings import Outcome
from tests.support.checking import (
    ERROR,
    INFO,
    PRODUCTION,
    TLS,
    WARNING,
    Case,
    outcomes,
)

CASES = (
    Case(
        "KC502", WARNING, {"AI_CONCURRENCY": "23"}, "AI_CONCURRENCY is 23 with 24 threads",
        "set AI_CONCURRENCY to at most 22", {"AI_CONCURRENCY": "22"},
    ),
    Case(
        "KC502", WARNING, {"AI_CONCURRENCY": "2", "GUNICORN_THREADS": "2"}, "AI_CONCURRENCY is 2",
        "raise GUNICORN_THREADS", {"AI_CONCURRENCY": "2", "GUNICORN_THREADS": "4"},
    ),
    Case(
        "KC502", WARNING, {"SERVER": "waitress", "WAITRESS_THREADS": "4", "AI_CONCURRENCY": "4"},
        "AI_CONCURRENCY is 4 with 4 threads", "raise WAITRESS_THREADS",
        {"SERVER": "waitress", "WAITRESS_THREADS": "6", "AI_CONCURRENCY": "4"},
    ),
    Case(
        "KC503", ERROR, {**TLS, "SERVER": "waitress"}, "waitress serves plain HTTP alone",
        "set SERVER=gunicorn", {**TLS, "SERVER": "gunicorn"},
    ),
    Case(
        "KC503", ERROR, {**TLS, "SERVER": "waitress"}, "SSL_CERTFILE is set",
        "unset SSL_CERTFILE and SSL_KEYFILE", {"SERVER": "waitress"},
    ),
    Case(
        "KC701", WARNING, {**PRODUCTION, "GOOGLE_API_KEY": "canary"}, "Gemini",
        "set REQUIRE_AUTH_FOR_GENERATION=true",
        {**PRODUCTION, "GOOGLE_API_KEY": "canary", "REQUIRE_AUTH_FOR_GENERATION": "true"},
    ),
    Case(
        "KC701", WARNING, {**PRODUCTION, "AI_PROVIDER": "gemini"}, "Gemini",
        "set REQUIRE_AUTH_FOR_GENERATION=true",
        {**PRODUCTION, "AI_PROVIDER": "gemini", "REQUIRE_AUTH_FOR_GENERATION": "true"},
    ),
    Case("KC505", WARNING, {"DRAIN_SECONDS": "30", "GUNICORN_GRACEFUL_TIMEOUT": "60"},
        "30 s of drain and 60 s of grace", "set GUNICORN_GRACEFUL_TIMEOUT to at most 55",
        {"DRAIN_SECONDS": "30", "GUNICORN_GRACEFUL_TIMEOUT": "55"}),
    Case("KC505", WARNING, {"DRAIN_SECONDS": "90"}, "90 s of drain", "set DRAIN_SECONDS to some",
        {"DRAIN_SECONDS": "5"}),
    Case("KC506", WARNING, {"GOOGLE_API_KEY": "canary"}, "may take 60 s, and a stop gives it 30",
        "set GUNICORN_GRACEFUL_TIMEOUT=60",
        {"GOOGLE_API_KEY": "canary", "GUNICORN_GRACEFUL_TIMEOUT": "60"}),
    Case("KC506", WARNING, {"GOOGLE_API_KEY": "canary"}, "AI request", "AI_REQUEST_BUDGET=30",
        {"GOOGLE_API_KEY": "canary", "AI_REQUEST_BUDGET": "30"}),
    Case("KC507", WARNING, {"GUNICORN_WORKERS": "9"}, "9 workers take about 860 MB",
        "set GUNICORN_WORKERS=4", {"GUNICORN_WORKERS": "4"},
        around={"memory_mb": 512}, around_after={}),
    Case("KC508", INFO, {"TRUSTED_PROXY_HOPS": "1"}, "after 5 s", "set GUNICORN_KEEPALIVE=65",
        {"TRUSTED_PROXY_HOPS": "1", "GUNICORN_KEEPALIVE": "65"}),
    Case("KC702", ERROR, {"AI_PROVIDER": "gemini"}, "without a key", "set GOOGLE_API_KEY",
        {"AI_PROVIDER": "gemini", "GOOGLE_API_KEY": "canary"}),
    Case("KC702", ERROR, {"AI_PROVIDER": "gemini"}, "without a key", "AI_PROVIDER=offline",
        {"AI_PROVIDER": "offline"}),
    Case("KC703", ERROR, {"GOOGLE_API_KEY": "canary"}, "google-genai is not installed",
        "pip install 'knowctl[gemini]'", {"GOOGLE_API_KEY": "canary"},
        around={"missing": ("google.genai",)}, around_after={"missing": ()}),
    Case("KC704", WARNING, {"AI_TIMEOUT": "90"}, "AI_TIMEOUT is 90 s", "set AI_TIMEOUT=60",
        {"AI_TIMEOUT": "60"}),
    Case("KC705", ERROR, {"GOOGLE_API_KEY": "canary", "GEMINI_BASE_URL": "http://proxy.example"},
        "http://proxy.example", "write https://",
        {"GOOGLE_API_KEY": "canary", "GEMINI_BASE_URL": "https://proxy.example"}),
    Case("KC706", WARNING, {"GOOGLE_API_KEY": "canary", "GUNICORN_TIMEOUT": "60"},
        "reported stuck after 60 s", "set GUNICORN_TIMEOUT=61",
        {"GOOGLE_API_KEY": "canary", "GUNICORN_TIMEOUT": "61"}),
    Case("KC707", WARNING, {"GOOGLE_API_KEY": "canary", "GEMINI_MODEL": "gemini-2.0-flash"},
        "gemini-2.0-flash down: it answers 404", "unset GEMINI_MODEL",
        {"GOOGLE_API_KEY": "canary"}),
    Case("KC707", WARNING, {"GOOGLE_API_KEY": "canary", "GEMINI_MODEL": "models/gemini-1.5-pro"},
        "models/gemini-1.5-pro", "name one that Google AI Studio shows",
        {"GOOGLE_API_KEY": "canary", "GEMINI_MODEL": "models/gemini-2.5-flash"}),
)  # fmt: skip
SILENT = {
    "KC502": {"GUNICORN_THREADS": "1", "AI_CONCURRENCY": "1"},
    "KC503": TLS,
    "KC701": {**PRODUCTION, "GOOGLE_API_KEY": "canary", "AI_PROVIDER": "offline"},
    "KC505": {"DRAIN_SECONDS": "5", "GUNICORN_GRACEFUL_TIMEOUT": "84"},
    "KC506": {"GUNICORN_GRACEFUL_TIMEOUT": "1"},
    "KC507": {"GUNICORN_WORKERS": "1"},
    "KC508": {"GUNICORN_KEEPALIVE": "2"},
    "KC702": {"GOOGLE_API_KEY": "canary"},
    "KC703": {},
    "KC704": {},
    "KC705": {"GOOGLE_API_KEY": "canary", "GEMINI_BASE_URL": "http://127.0.0.1:9000"},
    "KC706": {"GUNICORN_TIMEOUT": "10"},
    "KC707": {
        "GOOGLE_API_KEY": "canary",
        "GEMINI_MODEL": "gemini-2.0-flash",
        "GEMINI_BASE_URL": "https://gateway.example",
    },
}
"""What is near to each fault and none."""


@pytest.mark.parametrize(
    "environ",
    [
        {"SERVER": "waitress", "WAITRESS_THREADS": "30", "AI_CONCURRENCY": "20",
         "GUNICORN_THREADS": "4"},
        {"SERVER": "gunicorn", "WAITRESS_THREADS": "4", "AI_CONCURRENCY": "20"},
    ],
)  # fmt: skip
def test_the_threads_of_the_server_that_runs_are_judged(environ: dict[str, str]) -> None:
    assert outcomes(environ, "KC502") == {Outcome.PASS}


def test_waitress_is_one_process_whatever_the_workers() -> None:
    environ = {"SERVER": "waitress", "GUNICORN_WORKERS": "9"}
    assert outcomes(environ, "KC507", {"memory_mb": 100}) == {Outcome.PASS}
