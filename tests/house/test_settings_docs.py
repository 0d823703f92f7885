"""`.env.example` is what the table makes of it, and every reader of it agrees."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest
from dotenv import dotenv_values

from knowalledge_api.settings import TABLE, Loaded, ProblemKind, Secret, load
from knowalledge_api.settings.example import example_text
from tests.conftest import Golden
from tests.support.rooms import ROOT

EXAMPLE = ROOT / ".env.example"
KEY = "0123456789abcdef" * 4
CPUS = 2

SETTINGS = frozenset({
    "APP_ENV", "HOST", "PORT", "INSTANCE", "KNOWCTL_RUN_DIR", "SERVER", "DATABASE_URL",
    "DATABASE_MIGRATION_URL", "DB_POOL_SIZE", "DB_MAX_OVERFLOW", "DB_POOL_RECYCLE",
    "DB_POOL_TIMEOUT", "DB_CONNECT_TIMEOUT", "DB_STATEMENT_TIMEOUT", "DB_DEADLINE", "DB_POOLER",
    "REDIS_URL", "REDIS_TIMEOUT", "REDIS_PREFIX", "SECRET_KEY", "SECRET_KEY_FALLBACKS", "JWT_TTL",
    "CORS_ENABLED", "CORS_ORIGINS", "FORCE_HTTPS", "TRUSTED_PROXY_HOPS", "TRUSTED_HOSTS",
    "SSL_CERTFILE", "SSL_KEYFILE", "REGISTRATION", "METRICS_TOKEN", "GUNICORN_WORKERS",
    "GUNICORN_THREADS", "GUNICORN_TIMEOUT", "GUNICORN_GRACEFUL_TIMEOUT", "GUNICORN_KEEPALIVE",
    "GUNICORN_MAX_REQUESTS", "GUNICORN_MAX_REQUESTS_JITTER", "WAITRESS_THREADS", "DRAIN_SECONDS",
    "SOAK_SECONDS", "SMOKE_PATHS", "REPLICAS", "REPLICAS_SURGE", "MAX_JSON_BYTES",
    "MAX_CONTENT_LENGTH", "MAX_IMAGE_PIXELS",
    "RATE_LIMIT_ENABLED", "RATE_LIMIT_ANONYMOUS", "RATE_LIMIT_LOGIN", "RATE_LIMIT_REGISTER",
    "RATE_LIMIT_TRUSTED_CIDRS", "AI_PROVIDER", "GOOGLE_API_KEY", "GEMINI_MODEL", "GEMINI_BASE_URL",
    "AI_TIMEOUT", "AI_REQUEST_BUDGET", "AI_CONCURRENCY", "AI_DAILY_BUDGET",
    "REQUIRE_AUTH_FOR_GENERATION", "CACHE_TTL_SUBTOPICS", "CACHE_TTL_QUIZ", "LOG_LEVEL",
    "LOG_FORMAT", "LOG_FILE", "KNOWCTL_OUTPUT", "KNOWCTL_URL", "KNOWCTL_API_KEY", "KNOWCTL_CA_CERT",
})  # fmt: skip
SAMPLES = {
    "DATABASE_URL": "postgresql://learner:pa$s'word@db.example.org/knowalledge",
    "DATABASE_MIGRATION_URL": "postgresql://owner:p%23ss@db.example.org/knowalledge",
    "REDIS_URL": "redis://:secret@cache.example.org:6379/0",
    "SECRET_KEY": KEY,
    "SECRET_KEY_FALLBACKS": f"{KEY[::-1]},{KEY[1:]}",
    "METRICS_TOKEN": "scrape me",
    "GOOGLE_API_KEY": "AIza$(id) 'x'",
    "KNOWCTL_API_KEY": "ka_live",
}
every_secret = pytest.mark.parametrize("name", SAMPLES)


def as_docker_reads(path: Path) -> dict[str, str]:
    """What `docker run --env-file` makes of a file: comment lines skipped, values literal."""
    lines = [line.lstrip() for line in path.read_text("utf-8").split("\n")]
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {name: value for name, _, value in pairs}


def load_from(
    directory: Path, content: str = "", environ: Mapping[str, str] | None = None
) -> Loaded:
    file = directory / ".env"
    file.write_text(content, "utf-8")
    return load(environ or {}, env_file=file, cpus=CPUS)


def test_the_example_is_what_the_table_makes_of_it(golden: Golden) -> None:
    golden(example_text(), EXAMPLE)


def test_the_example_names_every_setting_once_in_the_order_of_the_table() -> None:
    lines = [line for line in EXAMPLE.read_text("utf-8").splitlines() if line[:1] not in {"", "#"}]
    assert [line.partition("=")[0] for line in lines] == [row.name for row in TABLE]


def test_docker_and_python_dotenv_read_the_example_to_the_same_values() -> None:
    assert as_docker_reads(EXAMPLE) == dotenv_values(EXAMPLE)


def test_docker_and_our_loader_read_the_example_to_the_same_values(tmp_path: Path) -> None:
    shutil.copy(EXAMPLE, tmp_path / ".env")
    loaded = load({}, env_file=tmp_path / ".env", cpus=CPUS)
    ours = {name: raw.text for name, raw in loaded.given.items()}
    assert ours == {name: value for name, value in as_docker_reads(EXAMPLE).items() if value}


@pytest.mark.parametrize("line", ["A='x y'", 'A="x"', "A=x # y", "A= x", "A=x\r"])
def test_the_readers_would_disagree_on_quotes_comments_and_blanks(
    tmp_path: Path, line: str
) -> None:
    file = tmp_path / ".env"
    file.write_bytes(f"{line}\n".encode())
    assert file.read_bytes().decode() == f"{line}\n"
    literal = dict([line.split("=", 1)])
    assert dotenv_values(file) != literal


@pytest.mark.parametrize("environment", ["development", "staging", "production"])
def test_a_copy_of_the_example_changes_no_setting(tmp_path: Path, environment: str) -> None:
    environ = {"APP_ENV": environment, "SECRET_KEY": KEY}
    without = load_from(tmp_path, "", environ)
    assert without.settings is not None
    assert load_from(tmp_path, example_text(), environ).settings == without.settings


def test_a_copy_of_the_example_boots_with_an_empty_environment(tmp_path: Path) -> None:
    loaded = load_from(tmp_path, example_text())
    assert loaded.problems == ()
    assert loaded.settings == load_from(tmp_path).settings


def test_the_table_holds_every_documented_setting_and_none_more() -> None:
    assert sorted(row.name for row in TABLE) == sorted(SETTINGS)


def test_every_setting_is_explained_and_stands_in_a_section() -> None:
    assert [row.name for row in TABLE if not row.help or not row.section] == []


def test_exactly_the_documented_settings_are_secret() -> None:
    assert {row.name for row in TABLE if row.secret} == set(SAMPLES)


@every_secret
def test_a_secret_may_come_from_the_file_that_its_name_with_file_names(
    tmp_path: Path, name: str
) -> None:
    (tmp_path / "secret").write_text(f"{SAMPLES[name]}\n", "utf-8")
    loaded = load_from(tmp_path, environ={f"{name}_FILE": str(tmp_path / "secret")})
    value = loaded.values[name.lower()]
    assert loaded.problems == ()
    assert isinstance(value, Secret)
    assert value.reveal() == SAMPLES[name]


@every_secret
def test_a_secret_given_as_a_value_and_as_a_file_is_an_error(tmp_path: Path, name: str) -> None:
    (tmp_path / "secret").write_text(SAMPLES[name], "utf-8")
    environ = {name: SAMPLES[name], f"{name}_FILE": str(tmp_path / "secret")}
    (problem,) = load_from(tmp_path, environ=environ).problems
    assert (problem.kind, problem.name) == (ProblemKind.TWICE, name)
    assert SAMPLES[name] not in problem.cause + problem.hint
