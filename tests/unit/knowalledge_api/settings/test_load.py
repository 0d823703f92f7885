"""One configuration from all sources."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from knowalledge_api.settings import (
    TABLE,
    Environment,
    Origin,
    ProblemKind,
    SettingsError,
    load,
    require,
)

NOTHING = Path(os.devnull)
CANARY = "canary-0123456789"
NAMES = st.sampled_from([row.name for row in TABLE] + [f"{row.name}_FILE" for row in TABLE])


def test_nothing_at_all_is_a_development_server() -> None:
    made = require(load({}, env_file=NOTHING, cpus=2))
    assert (made.app_env, made.host, made.port) == (Environment.DEVELOPMENT, "127.0.0.1", 5000)
    assert (made.gunicorn_workers, made.instance) == (5, "5000")


def test_the_command_line_wins_over_the_environment_and_that_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "env"
    file.write_text("PORT=1\nINSTANCE=file\nLOG_LEVEL=debug\n")
    loaded = load({"PORT": "2", "INSTANCE": "environment"}, env_file=file, overrides={"PORT": "3"})
    made = require(loaded)
    assert (made.port, made.instance, made.log_level) == (3, "environment", "debug")
    origins = {shown.name: str(shown.origin) for shown in loaded.shown}
    assert origins["PORT"] == "command line"
    assert origins["LOG_LEVEL"] == f"{file}:3"
    assert origins["HOST"] == "default"


def test_an_empty_value_is_an_unset_one() -> None:
    assert require(load({"PORT": ""}, env_file=NOTHING)).port == 5000


def test_every_problem_is_found_not_the_first_alone() -> None:
    loaded = load({"PORT": "x", "GUNICORN_THREADS": "0", "APP_ENV": "staging"}, env_file=NOTHING)
    assert [problem.name for problem in loaded.problems] == [
        "PORT",
        "GUNICORN_THREADS",
        "SECRET_KEY",
    ]
    with pytest.raises(SettingsError, match="SECRET_KEY is not set, and staging requires it"):
        require(loaded)


def test_a_value_that_is_none_is_mended_or_unset_where_it_stands(tmp_path: Path) -> None:
    file = tmp_path / "env"
    file.write_text("\nPORT=x\n")
    loaded = load({"REPLICAS": "y"}, env_file=file, overrides={"HOST": "::"})
    assert {problem.name: problem.hint for problem in loaded.problems} == {
        "HOST": "mend or unset HOST in the command line",
        "PORT": f"mend or unset PORT in {file}:2",
        "REPLICAS": "mend or unset REPLICAS in the environment",
    }
    assert loaded.values["port"] == 5000


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY_FALLBACKS", "abc"),
        ("SECRET_KEY_FALLBACKS", "0123456789abcdef0123456789abcdef,abc"),
        ("SECRET_KEY", "0123456789abcdef,0123456789abcdef"),
    ],
)
@pytest.mark.parametrize("environment", Environment)
def test_a_key_by_which_tokens_could_be_forged_is_no_warning_anywhere(
    name: str, value: str, environment: Environment
) -> None:
    environ = {"APP_ENV": environment, "SECRET_KEY": "fedcba9876543210fedcba9876543210"}
    loaded = load({**environ, name: value}, env_file=NOTHING)
    (problem,) = loaded.problems
    assert (problem.kind, problem.name) == (ProblemKind.VALUE, name)
    assert "at least 32 random bytes" in problem.cause
    assert "openssl rand -hex 32" in problem.cause
    assert problem.hint == f"mend or unset {name} in the environment"
    assert not [part for part in value.split(",") if part in repr(problem)]


def test_a_missing_key_is_added_to_the_file_that_is_there_or_a_file_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    environ = {"APP_ENV": "staging"}
    (problem,) = load(environ).problems
    assert problem.hint == "knowctl config init --environment staging"
    Path(".env").touch()
    (problem,) = load(environ).problems
    assert problem.hint == 'echo "SECRET_KEY=$(openssl rand -hex 32)" >> .env'
    Path("a.env").touch()
    (problem,) = load(environ, env_file=Path("a.env")).problems
    assert problem.hint.endswith(" >> a.env")


@pytest.fixture
def doubtful(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty .env in the working directory to which everybody may write."""
    monkeypatch.chdir(tmp_path)
    file = tmp_path / ".env"
    file.touch()
    file.chmod(0o666)
    return file


ASTRAY = [
    ("KNOWCTL_URL", "http://127.0.0.1:5988", "KNOWCTL_API_KEY"),
    ("KNOWCTL_URL", "http://127.0.0.1:5988", "METRICS_TOKEN"),
    ("KNOWCTL_CA_CERT", "/tmp/ca.pem", "KNOWCTL_API_KEY"),
    ("GEMINI_BASE_URL", "https://elsewhere.example", "GOOGLE_API_KEY"),
]


@pytest.mark.parametrize(("name", "place", "key"), ASTRAY)
def test_a_file_in_doubt_does_not_say_where_a_key_of_another_source_is_sent(
    doubtful: Path, name: str, place: str, key: str
) -> None:
    doubtful.write_text(f"PORT=5001\n{name}={place}\n")
    loaded = load({key: CANARY})
    (problem,) = loaded.problems
    assert (problem.kind, problem.name) == (ProblemKind.UNTRUSTED, name)
    assert (problem.origin.file, problem.origin.line) == (".env", 2)
    assert problem.cause == (
        f".env may be written by everybody (mode 0666), and names {name}:"
        f" that may not decide where {key} is sent"
    )
    assert problem.hint.startswith("read .env; where it is right, name it: --env-file .env")
    assert loaded.settings is None
    assert loaded.values[name.lower()] is None
    assert loaded.values["port"] == 5001
    assert CANARY not in repr(problem)


@pytest.mark.parametrize(("name", "place", "key"), ASTRAY)
def test_it_does_where_it_was_named_or_holds_the_key_or_where_another_source_says_the_same(
    doubtful: Path, name: str, place: str, key: str
) -> None:
    doubtful.write_text(f"{name}={place}\n")
    assert load({key: CANARY}, env_file=Path(".env")).problems == ()
    assert load({key: CANARY, name: place}).problems == ()
    assert load({}).problems == ()
    doubtful.chmod(0o664)
    assert load({key: CANARY}).problems == ()
    doubtful.chmod(0o666)
    doubtful.write_text(f"{name}={place}\n{key}={CANARY}\n")
    assert load({}).problems == ()
    assert [each.name for each in load({key: f"{CANARY}x"}).problems] == [name]


def test_nor_does_it_where_it_names_a_file_of_which_it_holds_nothing(doubtful: Path) -> None:
    secret = doubtful.with_name("secret")
    secret.write_text(CANARY)
    doubtful.write_text(f"KNOWCTL_URL=http://x.example\nKNOWCTL_API_KEY_FILE={secret}\n")
    assert [each.name for each in load({}).problems] == ["KNOWCTL_URL"]


def test_a_secret_may_come_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(f"postgresql://u:{CANARY}@h/x\n")
    loaded = load({"DATABASE_URL_FILE": str(file)}, env_file=NOTHING)
    assert require(loaded).database_url.reveal() == f"postgresql://u:{CANARY}@h/x"
    assert CANARY not in repr(loaded)


def test_names_without_a_value_are_told_with_their_place(tmp_path: Path) -> None:
    file = tmp_path / "x.env"
    file.write_text("PORT=\nHOST=127.0.0.1\nLOG_FILE=\nREPLICAS=2\nREPLICAS=\nLOG_FILE=x\n")
    loaded = load({"HOST": "", "PORT": "8000", "INSTANCE": ""}, env_file=file)
    assert loaded.empty == {
        "INSTANCE": Origin("environment"),
        "REPLICAS": Origin("file", str(file), 5),
    }


def test_a_value_of_the_file_that_another_replaces_is_told_with_its_place(tmp_path: Path) -> None:
    file = tmp_path / "x.env"
    file.write_text("PORT=8000\nHOST=127.0.0.1\nREPLICAS=2\n")
    loaded = load({"PORT": "9000", "HOST": "127.0.0.1"}, env_file=file)
    assert loaded.overruled == {"PORT": Origin("file", str(file), 1)}


def test_a_secret_that_is_given_twice_is_a_problem(tmp_path: Path) -> None:
    values = {"METRICS_TOKEN": CANARY, "METRICS_TOKEN_FILE": str(tmp_path)}
    (problem,) = load(values, env_file=NOTHING).problems
    assert problem.kind is ProblemKind.TWICE
    assert CANARY not in repr(problem)


def test_a_secret_file_that_is_not_there_is_a_problem_and_an_empty_one_is_unset(
    tmp_path: Path,
) -> None:
    (problem,) = load({"METRICS_TOKEN_FILE": str(tmp_path / "x")}, env_file=NOTHING).problems
    assert problem.kind is ProblemKind.UNREADABLE
    (tmp_path / "empty").touch()
    made = load({"METRICS_TOKEN_FILE": str(tmp_path / "empty")}, env_file=NOTHING)
    assert require(made).metrics_token is None


def test_values_are_shown_as_a_person_writes_them() -> None:
    loaded = load({"DATABASE_URL": f"mysql://u:{CANARY}@h/x"}, env_file=NOTHING)
    shown = {each.name: each.text for each in loaded.shown}
    assert shown["DATABASE_URL"] == "mysql://u:********@h/x"
    assert shown["CORS_ORIGINS"].startswith("http://localhost:5173,")
    assert (shown["CORS_ENABLED"], shown["DB_POOL_TIMEOUT"]) == ("true", "1")
    assert (shown["REDIS_URL"], shown["PORT"]) == ("", "5000")


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=400))
def test_any_bytes_of_a_file_are_settings_or_problems(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "env"
    file.write_bytes(content)
    loaded = load({}, env_file=file)
    assert (loaded.settings is None) == bool(loaded.problems)


@given(st.dictionaries(NAMES, st.text(st.characters(exclude_characters="\0"), max_size=60)))
def test_any_environment_is_settings_or_settings_error(environ: dict[str, str]) -> None:
    loaded = load(environ, env_file=NOTHING)
    if loaded.problems:
        with pytest.raises(SettingsError) as caught:
            require(loaded)
        assert caught.value.problems == loaded.problems
    else:
        assert require(loaded) is loaded.settings


@given(st.sampled_from([row.name for row in TABLE if row.secret]), st.text(max_size=20))
def test_no_secret_is_in_anything_that_is_shown(name: str, rest: str) -> None:
    value = f"{CANARY}{rest}"
    for text in (value, f"postgresql://u:{value}@h/x", f"oracle://u:{value}@h/x"):
        loaded = load({name: text}, env_file=NOTHING)
        assert CANARY not in repr(loaded.problems)
        assert CANARY not in repr(loaded.shown)
        assert CANARY not in repr(loaded.settings)


def test_an_env_file_with_a_name_that_no_file_can_have_is_a_problem() -> None:
    for name in ("x" * 5000, "a\0b", "\ud800"):
        (problem,) = load({}, env_file=Path(name), cpus=2).problems
        assert problem.kind is ProblemKind.UNREADABLE
