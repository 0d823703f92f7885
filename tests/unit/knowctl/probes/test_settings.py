from __future__ import annotations

import os
from pathlib import Path

import pytest

from knowctl.errors import ErrorCode, KnowctlError
from knowctl.probes.settings import SettingsProbe


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


def test_what_a_source_says_can_not_draw_on_a_terminal() -> None:
    environ = {"SECRET_KEY_FILE": "no\x1b[2Jx", "DATABASE_\x1b[2JX": "1"}
    probe = SettingsProbe(environ)
    with pytest.raises(KnowctlError) as raised:
        probe.settings()
    failure = raised.value.failure
    assert "no�[2Jx" in failure.cause
    assert "no�[2Jx" in failure.hint
    facts = probe.facts()
    assert "DATABASE_�[2JX" in facts.given
    assert facts.where("DATABASE_�[2JX").variable == "DATABASE_�[2JX"
    assert "\x1b" not in repr(facts.problems)


def test_values_are_there_by_attribute_with_defaults_for_the_unusable() -> None:
    values = SettingsProbe({"PORT": "x", "HOST": "::", "REPLICAS": "2"}).values()
    assert (values["port"], values["host"], values["replicas"]) == (5000, "127.0.0.1", 2)


def test_the_command_line_wins_over_environment_and_file() -> None:
    Path(".env").write_text("PORT=1\nREPLICAS=2\nINSTANCE=file\n")
    probe = SettingsProbe({"PORT": "3", "REPLICAS": "4"}, overrides={"PORT": "5"})
    settings = probe.settings()
    assert (settings.port, settings.replicas, settings.instance) == (5, 4, "file")


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
