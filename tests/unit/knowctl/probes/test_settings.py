from __future__ import annotations

import os
from pathlib import Path

import pytest

from knowalledge_api.settings import Server
from knowctl.errors import ErrorCode, ExitCode, KnowctlError
from knowctl.model.results import Where
from knowctl.model.serving import Address
from knowctl.model.surroundings import FileFacts
from knowctl.probes.settings import SettingsProbe, _server
from tests.unit.knowctl.conftest import KEY


def test_settings_that_can_be_used_are_given() -> None:
    assert SettingsProbe({"PORT": "8000"}).settings().port == 8000


@pytest.mark.parametrize(
    ("environ", "more"),
    [({"PORT": "x"}, ""), ({"PORT": "x", "REPLICAS": "y"}, ": 2 problems, the first of them")],
)
def test_settings_that_can_not_be_used_are_told_by_the_first_problem(
    environ: dict[str, str], more: str
) -> None:
    with pytest.raises(KnowctlError) as raised:
        SettingsProbe(environ).settings()
    failure = raised.value.failure
    assert failure.code is ErrorCode.CONFIGURATION
    assert failure.message == f"the configuration can't be used{more}"
    assert failure.cause.startswith("PORT: 'x' is not")
    assert failure.hint.startswith("mend or unset PORT in the environment")
    assert failure.hint.endswith("knowctl config check") is bool(more)


def test_values_are_there_by_attribute_with_defaults_for_the_unusable() -> None:
    values = SettingsProbe({"PORT": "x", "HOST": "::", "REPLICAS": "2"}).values()
    assert (values["port"], values["host"], values["replicas"]) == (5000, "127.0.0.1", 2)


@pytest.mark.parametrize("server", ["gunicorn", "waitress"])
def test_facts_tell_which_server_runs(server: str) -> None:
    assert SettingsProbe({"SERVER": server}).facts().server == server
    assert SettingsProbe({}).facts().server == "gunicorn"


def test_the_command_line_wins_over_environment_and_file() -> None:
    Path(".env").write_text("PORT=1\nREPLICAS=2\nINSTANCE=file\n")
    probe = SettingsProbe({"PORT": "3", "REPLICAS": "4"}, overrides={"PORT": "5"})
    settings = probe.settings()
    assert (settings.port, settings.replicas, settings.instance) == (5, 4, "file")


def test_facts_hold_no_secret() -> None:
    environ = {
        "SECRET_KEY": KEY,
        "DATABASE_URL": "postgresql://user:canary-1@host/name",
        "GOOGLE_API_KEY": "canary-2",
        "KNOWCTL_API_KEY": "canary-3",
    }
    facts = SettingsProbe(environ).facts()
    assert facts.values["SECRET_KEY"] == "set"
    assert facts.values["DATABASE_MIGRATION_URL"] is None
    assert "canary" not in repr(facts)
    assert KEY not in repr(facts)
    assert (facts.database_scheme, facts.gemini) == ("postgresql", True)


@pytest.mark.parametrize(
    ("environ", "gemini"),
    [
        ({}, False),
        ({"GOOGLE_API_KEY": "x"}, True),
        ({"GOOGLE_API_KEY": "x", "AI_PROVIDER": "offline"}, False),
        ({"AI_PROVIDER": "gemini"}, True),
    ],
)
def test_facts_tell_who_writes_the_content(environ: dict[str, str], *, gemini: bool) -> None:
    assert SettingsProbe(environ).facts().gemini is gemini


def test_facts_tell_where_values_and_problems_come_from() -> None:
    Path(".env").write_text("PORT=x\nHOST=127.0.0.1\n")
    Path(".env").chmod(0o640)
    facts = SettingsProbe({"REPLICAS": "2"}).facts()
    assert facts.where("HOST") == Where(".env", 2, "HOST")
    assert facts.where("REPLICAS") == Where(None, None, "REPLICAS")
    assert [(each.kind, each.name, each.where) for each in facts.problems] == [
        ("value", "PORT", Where(".env", 1, "PORT"))
    ]
    assert facts.env_file == FileFacts(".env", 0o640)
    assert {"PORT", "SECRET_KEY_FILE", "KNOWCTL_ENV_FILE"} <= facts.known
    assert "PORT_FILE" not in facts.known
    assert facts.given == {"PORT", "HOST", "REPLICAS"}


def test_a_file_that_is_not_there_has_no_mode() -> None:
    assert SettingsProbe({}).facts().env_file is None


def test_modes_do_not_exist_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("a.env").write_text("")
    probe = SettingsProbe({}, Path("a.env"))
    _ = probe._loaded
    monkeypatch.setattr(os, "name", "java")
    assert probe.facts().env_file == FileFacts("a.env", None)


@pytest.mark.parametrize(
    ("environ", "server", "workers", "threads"),
    [
        ({"GUNICORN_WORKERS": "3"}, "gunicorn", 3, 24),
        (
            {"SERVER": "gunicorn", "GUNICORN_WORKERS": "3", "GUNICORN_THREADS": "2"},
            "gunicorn",
            3,
            2,
        ),
        ({"SERVER": "waitress", "WAITRESS_THREADS": "7"}, "waitress", 1, 7),
    ],
)
def test_what_runs_follows_the_settings(
    environ: dict[str, str], server: str, workers: int, threads: int
) -> None:
    serving = SettingsProbe(environ).serving()
    assert (serving.server, serving.workers, serving.threads) == (server, workers, threads)
    assert (serving.tls, serving.development) == (False, True)


def test_windows_is_served_by_waitress(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as windows:
        windows.setattr(os, "name", "nt")  # there is no path in it: pathlib would believe it too
        served = _server(Server.AUTO)
    assert served == "waitress"


def test_production_with_a_certificate_is_served_with_tls() -> None:
    environ = {"APP_ENV": "production", "SECRET_KEY": KEY, "SSL_CERTFILE": "c", "HOST": "[::]"}
    serving = SettingsProbe(environ).serving()
    assert (serving.tls, serving.development) == (True, False)
    assert serving.address == Address("[::]", 5000)


def test_a_unix_socket_has_a_path() -> None:
    serving = SettingsProbe({"HOST": "unix:/run/x"}).serving()
    assert serving.address == Address("unix:/run/x", 5000, "/run/x")


def test_shown_settings_are_masked_and_say_where_they_come_from() -> None:
    Path(".env").write_text(f"SECRET_KEY={KEY}\n")
    probe = SettingsProbe({"PORT": "8000"})
    shown = probe.shown(("SECRET_KEY", "PORT", "HOST"), with_origin=True)
    assert [(each.name, each.value, each.origin) for each in shown.settings] == [
        ("HOST", "127.0.0.1", "default"),
        ("PORT", "8000", "environment"),
        ("SECRET_KEY", "********", ".env:1"),
    ]
    assert shown.with_origin
    assert len(probe.shown((), with_origin=False).settings) > 50


def test_a_setting_that_does_not_exist_is_wrong_usage() -> None:
    with pytest.raises(KnowctlError) as raised:
        SettingsProbe({}).shown(("PORT", "PROT"), with_origin=False)
    failure = raised.value.failure
    assert (failure.code, failure.exit_code) == (ErrorCode.USAGE, ExitCode.USAGE)
    assert failure.message == "there is no setting PROT"


def test_settings_that_can_not_be_used_are_shown_with_the_problem() -> None:
    shown = SettingsProbe({"PORT": "x", "HOST": "[::]"}).shown(("HOST", "PORT"), with_origin=True)
    assert [(each.name, each.value, each.origin) for each in shown.settings] == [
        ("HOST", "[::]", "environment"),
        ("PORT", "5000", "default"),
    ]
    assert shown.failure is not None
    assert shown.failure.cause.startswith("PORT: 'x' is not")
    assert SettingsProbe({}).shown((), with_origin=False).failure is None


def test_values_can_be_trusted_that_nothing_is_wrong_with() -> None:
    probe = SettingsProbe({"PORT": "8000", "REPLICAS": "x"})
    assert probe.trusted("PORT")["port"] == 8000
    for broken, environ in (("REPLICAS", {"REPLICAS": "x"}), ("PORT", {"PORT": "x"})):
        with pytest.raises(KnowctlError) as raised:
            SettingsProbe(environ).trusted("INSTANCE", broken)
        assert raised.value.failure.cause.startswith(f"{broken}: 'x'")


@pytest.mark.parametrize("content", [None, "what is this"])
def test_no_value_can_be_trusted_where_the_file_can_not_be_read(content: str | None) -> None:
    file = Path("some.env")
    if content is not None:
        file.write_text(content)
    with pytest.raises(KnowctlError):
        SettingsProbe({}, file).trusted("PORT")
    assert SettingsProbe({}, file).values()["port"] == 5000


def test_every_secret_is_known_with_what_is_secret_within_it(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("from-a-file\n")
    environ = {
        "DATABASE_URL": "postgresql://app:p%40ss@db/app?sslpassword=qu%2Fery",
        "SECRET_KEY_FALLBACKS": "first, second",
        "SECRET_KEY": "too short",
        "METRICS_TOKEN_FILE": str(tmp_path / "token"),
        "PORT": "5001",
    }
    found = SettingsProbe(environ, Path(os.devnull)).secrets()
    assert {"p%40ss", "p@ss", "qu%2Fery", "qu/ery", "first", "second"} <= found
    assert {"too short", "from-a-file", environ["DATABASE_URL"]} <= found
    assert "5001" not in found


def test_without_secrets_none_is_known() -> None:
    assert SettingsProbe({}, Path(os.devnull)).secrets() == frozenset()
