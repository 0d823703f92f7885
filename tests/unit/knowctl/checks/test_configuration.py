from __future__ import annotations

import pytest

from knowctl.checks.catalog import CONFIGURATION
from knowctl.checks.configuration import BEHIND_ITS_BACK
from knowctl.checks.engine import run
from knowctl.model.findings import Outcome
from knowctl.probes.settings import SettingsProbe
from knowctl.supervisor.order import REPLACED
from tests.support.checking import (
    ERROR,
    INFO,
    KEY,
    POSTGRES,
    PRODUCTION,
    WARNING,
    Case,
    env_file,
    findings,
    outcomes,
)

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
    Case("KC103", ERROR, {"RATE_LIMIT_LOGIN": ";"}, "RATE_LIMIT_LOGIN: ';'",
        "mend or unset RATE_LIMIT_LOGIN", {"RATE_LIMIT_LOGIN": "5/minute"}),
    Case("KC103", ERROR, {"RATE_LIMIT_ANONYMOUS": "0/minute"}, "RATE_LIMIT_ANONYMOUS",
        "mend or unset", {"RATE_LIMIT_ANONYMOUS": "1/minute"}),
    Case("KC103", ERROR, {"DATABASE_URL": "oracle://canary"}, "DATABASE_URL: its value",
        "mend or unset DATABASE_URL", {"DATABASE_URL": POSTGRES}),
    Case("KC107", INFO, {"GOOGLE_API_KEY": ""}, "GOOGLE_API_KEY is empty",
        "give GOOGLE_API_KEY a value, or remove it", {}),
    Case("KC107", INFO, {}, "LOG_FILE is empty", "give LOG_FILE a value", {},
        file="LOG_FILE=\n", file_after="LOG_FILE=x.log\n"),
    Case("KC108", WARNING, {"GEMINI_API_KEY": "canary"}, "the setting is GOOGLE_API_KEY here",
        "rename it to GOOGLE_API_KEY", {"GOOGLE_API_KEY": "canary"}),
    Case("KC108", WARNING, {"FLASK_ENV": "production"}, "FLASK_ENV", "rename it to APP_ENV",
        {"APP_ENV": "development"}),
    Case("KC109", INFO, {"PORT": "8000"}, "of PORT does not count",
        "unset PORT in the environment", {}, file="PORT=9000\n"),
    Case("KC109", INFO, {"PORT": "8000"}, "PORT", "or remove it from .env", {"PORT": "8000"},
        file="PORT=9000\n", file_after="HOST=127.0.0.1\n"),
    Case("KC131", ERROR, {"GOOGLE_API_KEY": "canary"}, "where GOOGLE_API_KEY is sent",
        "chmod 600 .env", {"GOOGLE_API_KEY": "canary"},
        file="GEMINI_BASE_URL=https://elsewhere.example\n", mode=0o666),
    Case("KC131", ERROR, {"KNOWCTL_API_KEY": "canary"}, "names KNOWCTL_URL",
        "--env-file .env (KNOWCTL_ENV_FILE=.env)", {"KNOWCTL_API_KEY": "canary"},
        file="KNOWCTL_URL=http://127.0.0.1:5988\n", mode=0o602),
    Case("KC504", WARNING, {"GUNICORN_CMD_ARGS": "--reload"}, "GUNICORN_CMD_ARGS",
        "unset GUNICORN_CMD_ARGS", {}),
    Case("KC504", WARNING, {"FORWARDED_ALLOW_IPS": "*"}, "FORWARDED_ALLOW_IPS",
        "unset FORWARDED_ALLOW_IPS", {}),
)  # fmt: skip
SILENT = {
    "KC104": {"APP_ENV": "development"},
    "KC105": {"SSL_CERT_FILE": "x", "PATH": "x", "HOSTNAME": "x", "KNOWCTL_ENV_FILE": "x"},
    "KC107": {"PATH": "", "PORT": "8000"},
    "KC108": {"FLASK_SECRET_KEY": "x", "SECRET_KEY_FILE": "key"},
    "KC109": {"PORT": "8000"},
    "KC131": {"GOOGLE_API_KEY": "x", "GEMINI_BASE_URL": "https://x.example"},
    "KC504": {"GUNICORN_WORKERS": "2"},
}
"""What is near to each fault and none."""


def test_a_value_that_two_sources_agree_on_is_not_overruled() -> None:
    env_file("PORT=8000\n", 0o600)
    assert outcomes({"PORT": "8000"}, "KC109") == {Outcome.PASS}


def test_an_empty_variable_that_the_file_gives_a_value_is_not_empty() -> None:
    env_file("PORT=8000\n", 0o600)
    assert outcomes({"PORT": ""}, "KC107") == {Outcome.PASS}


def test_what_changes_gunicorn_is_no_slip_of_the_pen() -> None:
    assert outcomes(dict.fromkeys(BEHIND_ITS_BACK, "x"), "KC105") == {Outcome.PASS}


def test_what_is_told_to_have_no_effect_has_none() -> None:
    assert set(BEHIND_ITS_BACK) == set(REPLACED)


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


def test_an_empty_environment_has_no_finding() -> None:
    assert {each.outcome for each in run(CONFIGURATION, SettingsProbe({}).facts())} == {
        Outcome.PASS
    }


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
