from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from knowctl.checks.catalog import CONFIGURATION
from knowctl.checks.configuration import private_file
from knowctl.checks.engine import run
from knowctl.choices import Severity
from knowctl.model import EnvFileFacts, Finding, Outcome
from knowctl.probes.settings import SettingsProbe
from tests.unit.knowctl.conftest import KEY

PRODUCTION = {"APP_ENV": "production", "SECRET_KEY": KEY}
TLS = {"SSL_CERTFILE": "c.pem", "SSL_KEYFILE": "k.pem"}
POSTGRES = "postgresql://user:password@host/name"


@dataclass(frozen=True)
class Case:
    """Variables (or the lines of a .env file) that make a check fire, and the hint followed."""

    id: str
    severity: Severity
    fires: dict[str, str]
    names: str
    hint: str
    after: dict[str, str]
    file: str = ""
    file_after: str = ""
    mode: int = field(default=0o600)

    def __str__(self) -> str:
        return f"{self.id}-{self.names}"


ERROR, WARNING = Severity.ERROR, Severity.WARNING
CASES = (
    Case(
        "KC101", ERROR, {}, "line 2 of .env", "write line 2 as NAME=value", {},
        file="PORT=5000\nnonsense\n", file_after="PORT=5000\nLOG_LEVEL=info\n",
    ),
    Case(
        "KC101", ERROR, {"SECRET_KEY_FILE": "missing"}, "SECRET_KEY_FILE", "unset SECRET_KEY_FILE",
        {},
    ),
    Case(
        "KC102", ERROR, {"SECRET_KEY": KEY, "SECRET_KEY_FILE": "key"}, "SECRET_KEY",
        "unset SECRET_KEY or SECRET_KEY_FILE", {"SECRET_KEY": KEY},
    ),
    Case("KC103", ERROR, {"PORT": "http"}, "PORT: 'http'",
        "mend or unset PORT in the environment", {"PORT": "8000"}),
    Case("KC103", ERROR, {}, "PORT: 'http'", "mend or unset PORT in .env:1", {},
        file="PORT=http\n", file_after="PORT=8000\n"),
    Case(
        "KC103", ERROR, {"SECRET_KEY": "changeme"}, "openssl rand -hex 32",
        "mend or unset SECRET_KEY in the environment", {"SECRET_KEY": KEY},
    ),
    Case(
        "KC104", ERROR, {"APP_ENV": "production"}, "SECRET_KEY",
        "knowctl config init --environment production", PRODUCTION,
    ),
    Case(
        "KC104", ERROR, {}, "SECRET_KEY", 'echo "SECRET_KEY=$(openssl rand -hex 32)" >> .env', {},
        file="APP_ENV=production\n", file_after=f"APP_ENV=production\nSECRET_KEY={KEY}\n",
    ),
    Case(
        "KC105", WARNING, {"DATABSE_URL": "x"}, "DATABSE_URL",
        "rename it to DATABASE_URL, or unset it", {"DATABASE_URL": POSTGRES},
    ),
    Case(
        "KC105", WARNING, {"GUNICORN_WORKER": "2"}, "GUNICORN_WORKER",
        "rename it to GUNICORN_WORKERS, or unset it", {"GUNICORN_WORKERS": "2"},
    ),
    Case(
        "KC105", WARNING, {"AI_BUTLER": "1"}, "AI_BUTLER", "knowctl config show lists all",
        {"AI_TIMEOUT": "1"},
    ),
    Case("KC106", WARNING, {}, ".env has mode 0644", "chmod 600 .env", {}, "PORT=1\n", mode=0o644),
    Case(
        "KC110", ERROR, {"HOST": "0.0.0.0"}, "HOST is 0.0.0.0", "set HOST=127.0.0.1",
        {"HOST": "127.0.0.1"},
    ),
    Case(
        "KC110", ERROR, {"HOST": "0.0.0.0"}, "APP_ENV is development", "APP_ENV=production",
        {**PRODUCTION, "HOST": "0.0.0.0"},
    ),
    Case(
        "KC111", ERROR, {**PRODUCTION, "CORS_ORIGINS": "https://a.example, *"}, "CORS_ORIGINS",
        "https://learn.example.org", {**PRODUCTION, "CORS_ORIGINS": "https://learn.example.org"},
    ),
    Case(
        "KC112", WARNING, PRODUCTION, "FORCE_HTTPS", "set SSL_CERTFILE and SSL_KEYFILE",
        {**PRODUCTION, "SSL_CERTFILE": "c.pem", "SSL_KEYFILE": "k.pem"},
    ),
    Case(
        "KC112", WARNING, PRODUCTION, "TRUSTED_PROXY_HOPS", "TRUSTED_PROXY_HOPS=1",
        {**PRODUCTION, "TRUSTED_PROXY_HOPS": "1"},
    ),
    Case(
        "KC113", WARNING, {**PRODUCTION, "FORCE_HTTPS": "false"}, "FORCE_HTTPS",
        "set FORCE_HTTPS=true", {**PRODUCTION, "FORCE_HTTPS": "true"},
    ),
    Case(
        "KC114", ERROR, {"SSL_CERTFILE": "c.pem"}, "SSL_CERTFILE is set, SSL_KEYFILE is not",
        "set SSL_KEYFILE", {"SSL_CERTFILE": "c.pem", "SSL_KEYFILE": "k.pem"},
    ),
    Case(
        "KC114", ERROR, {"SSL_KEYFILE": "k.pem"}, "SSL_KEYFILE is set, SSL_CERTFILE is not",
        "set SSL_CERTFILE", {"SSL_CERTFILE": "c.pem", "SSL_KEYFILE": "k.pem"},
    ),
    Case(
        "KC301", WARNING, PRODUCTION, "DATABASE_URL is SQLite in production",
        f"set DATABASE_URL={POSTGRES}", {**PRODUCTION, "DATABASE_URL": POSTGRES},
    ),
    Case(
        "KC302", ERROR, {"REPLICAS": "2"}, "REPLICAS is 2", f"set DATABASE_URL={POSTGRES}",
        {"REPLICAS": "2", "DATABASE_URL": POSTGRES},
    ),
    Case(
        "KC302", ERROR, {"REPLICAS": "3", "DATABASE_URL": "sqlite+pysqlite:///x.db"},
        "DATABASE_URL is SQLite", "REPLICAS=1", {"REPLICAS": "1"},
    ),
    Case(
        "KC501", WARNING, {**PRODUCTION, "HOST": "127.0.0.1"}, "HOST is 127.0.0.1",
        "set HOST=0.0.0.0", {**PRODUCTION, "HOST": "0.0.0.0"},
    ),
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
)  # fmt: skip
SILENT = {
    "KC104": {"APP_ENV": "development"},
    "KC105": {"SSL_CERT_FILE": "x", "PATH": "x", "HOSTNAME": "x", "KNOWCTL_ENV_FILE": "x"},
    "KC110": {"HOST": "unix:/run/x.sock"},
    "KC111": {"CORS_ORIGINS": "*"},
    "KC112": {"FORCE_HTTPS": "false"},
    "KC113": {"APP_ENV": "staging", "SECRET_KEY": KEY, "FORCE_HTTPS": "false"},
    "KC114": {},
    "KC301": {"DATABASE_URL": "sqlite:///x.db"},
    "KC302": {"REPLICAS": "1"},
    "KC501": {"APP_ENV": "staging", "SECRET_KEY": KEY, "HOST": "127.0.0.1"},
    "KC502": {"GUNICORN_THREADS": "1", "AI_CONCURRENCY": "1"},
    "KC503": TLS,
    "KC701": {**PRODUCTION, "GOOGLE_API_KEY": "canary", "AI_PROVIDER": "offline"},
}
"""What is near to each fault and none."""


def findings(environ: dict[str, str], name: str) -> list[Finding]:
    found = run(CONFIGURATION, SettingsProbe(environ).facts())
    return [each for each in found if each.id == name]


def outcomes(environ: dict[str, str], name: str) -> set[Outcome]:
    return {each.outcome for each in findings(environ, name)}


def env_file(content: str, mode: int) -> None:
    path = Path(".env")
    path.unlink(missing_ok=True)
    if content:
        path.write_text(content)
        path.chmod(mode)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_fault_is_found_named_and_healed_by_its_own_hint(case: Case) -> None:
    Path("key").write_text(KEY)
    env_file(case.file, case.mode)
    [finding] = findings(case.fires, case.id)
    assert finding.outcome is Outcome.FAIL
    assert finding.severity is case.severity
    assert case.names in finding.cause
    assert case.hint in finding.hint
    assert "canary" not in finding.cause + finding.hint

    env_file(case.file_after or case.file, 0o600)
    assert outcomes(case.after, case.id) == {Outcome.PASS}


@pytest.mark.parametrize("name", SILENT)
def test_what_is_near_to_a_fault_is_none(name: str) -> None:
    assert outcomes(SILENT[name], name) == {Outcome.PASS}


@pytest.mark.parametrize(
    ("name", "reported"),
    [
        ("REDIS_SERVICE_HOST", False),
        ("REDIS_SERVICE_PORT", False),
        ("REDIS_SERVICE_PORT_HTTP", False),
        ("REDIS_PORT", False),
        ("REDIS_PORT_6379_TCP", False),
        ("REDIS_PORT_6379_TCP_ADDR", False),
        ("DATABASE_PORT", False),
        ("DATABASE_PORTAL", True),
        ("REDIS_SERVICE", True),
        ("GUNICORN_REPORT", True),
    ],
)
def test_what_a_platform_sets_for_a_service_is_no_slip(name: str, *, reported: bool) -> None:
    assert outcomes({name: "tcp://10.0.0.1:6379"}, "KC105") == {
        Outcome.FAIL if reported else Outcome.PASS
    }


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


def test_every_check_of_the_catalogue_is_tested() -> None:
    assert {case.id for case in CASES} == {check.id for check in CONFIGURATION}


def test_an_empty_environment_has_no_finding() -> None:
    assert {each.outcome for each in run(CONFIGURATION, SettingsProbe({}).facts())} == {
        Outcome.PASS
    }


def test_a_file_system_without_modes_has_no_finding_of_them() -> None:
    facts = replace(SettingsProbe({}).facts(), env_file=EnvFileFacts(".env", None))
    assert not list(private_file(facts))


@pytest.mark.parametrize("environ", [{"PORT": "x"}, {"SECRET_KEY_FILE": "missing"}])
def test_what_can_not_be_read_is_not_judged(environ: dict[str, str]) -> None:
    skipped = {
        each.id
        for each in run(CONFIGURATION, SettingsProbe(environ).facts())
        if each.outcome is Outcome.SKIPPED
    }
    assert {"KC110", "KC301", "KC502", "KC503", "KC701"} <= skipped


def test_a_finding_points_at_the_line_that_the_value_came_from() -> None:
    env_file("# head\n\nHOST=0.0.0.0\n", 0o600)
    [finding] = findings({}, "KC110")
    assert (finding.where.file, finding.where.line) == (".env", 3)
    assert finding.where.variable == "HOST"
