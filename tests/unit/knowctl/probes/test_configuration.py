from __future__ import annotations

import os
from pathlib import Path

import pytest

from knowalledge_api.settings import Server
from knowctl.errors import ErrorCode, ExitCode, KnowctlError
from knowctl.model.address import Address
from knowctl.model.results import Where
from knowctl.model.surroundings import FileFacts
from knowctl.probes.settings import SettingsProbe
from tests.unit.knowctl.conftest import KEY


@pytest.mark.parametrize("server", ["gunicorn", "waitress"])
def test_facts_tell_which_server_runs(server: str) -> None:
    assert SettingsProbe({"SERVER": server}).facts().server == server
    assert SettingsProbe({}).facts().server == "gunicorn"


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
        served = Server.AUTO.here
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
