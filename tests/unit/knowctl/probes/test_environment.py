from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from knowctl.errors import KnowctlError
from knowctl.model.environment import Activated, StrayScript, WantedExtra
from knowctl.probes.distributions import DistributionsProbe
from knowctl.probes.environment import (
    EnvironmentProbe,
    checkout_of,
    needed_extras,
    started_by,
)
from knowctl.probes.settings import SettingsProbe
from tests.support.environments import distribution
from tests.support.rooms import ROOT


@pytest.fixture
def prefix(tmp_path: Path) -> Path:
    """A virtual environment with a command."""
    prefix = tmp_path / "env"
    (prefix / "bin").mkdir(parents=True)
    (prefix / "pyvenv.cfg").touch()
    (prefix / "bin" / "python").symlink_to(sys.executable)
    script(prefix, "knowctl", f"#!{prefix}/bin/python\n")
    distribution(tmp_path / "site", "knowctl", "1", extras=("gemini", "mysql"))
    return prefix


def script(prefix: Path, name: str, head: str) -> Path:
    path = prefix / "bin" / name
    path.write_text(f"{head}import sys\n")
    path.chmod(0o755)
    return path


def probe(prefix: Path, **environ: str) -> EnvironmentProbe:
    values = SettingsProbe({}, Path(os.devnull)).values()
    installed = DistributionsProbe(None, (str(prefix.parent / "site"),))
    python = str(prefix / "bin" / "python")
    return EnvironmentProbe(environ, values, installed, None, prefix, python, lambda: 7.0)


def wanted(**settings: str) -> list[WantedExtra]:
    return list(needed_extras(SettingsProbe(settings, Path(os.devnull)).values()))


def test_an_environment_is_told_from_a_systems_interpreter(prefix: Path) -> None:
    facts = probe(prefix).facts()
    assert facts.interpreter.isolated
    assert facts.interpreter.version == ".".join(map(str, sys.version_info[:3]))
    assert (facts.now, facts.checkout) == (7.0, None)
    (prefix / "pyvenv.cfg").unlink()
    assert not probe(prefix).facts().interpreter.isolated
    (prefix / "conda-meta").mkdir()
    assert probe(prefix).facts().interpreter.isolated


def test_what_is_activated_may_be_another_one_gone_or_broken(prefix: Path, tmp_path: Path) -> None:
    def told(path: Path) -> Activated | None:
        return probe(prefix, VIRTUAL_ENV=str(path)).facts().activated

    assert probe(prefix).facts().activated is None
    (tmp_path / "link").symlink_to(prefix)
    assert told(tmp_path / "link") == Activated(str(tmp_path / "link"), runs=True)

    other = tmp_path / "other"
    troubles = []
    for make in (other.mkdir, (other / "pyvenv.cfg").touch, (other / "bin").mkdir):
        activated = told(other)
        troubles.append(activated.trouble if activated else None)
        make()
    (other / "bin" / "python").symlink_to(tmp_path / "gone")
    broken = told(other)
    assert troubles == [
        "there is no such directory",
        "it is no virtual environment",
        "the Python that it was made with is gone",
    ]
    assert broken == Activated(
        str(other), runs=False, trouble="the Python that it was made with is gone"
    )
    (tmp_path / "gone").touch()
    assert told(other) == Activated(str(other), runs=False)


def test_a_command_of_an_environment_that_was_moved_starts_the_old_place(
    prefix: Path, tmp_path: Path
) -> None:
    assert probe(prefix).facts().strays == ()
    pip = script(prefix, "pip", "#!/old/place/bin/python\n")
    assert probe(prefix).facts().strays == (StrayScript(str(pip), "/old/place/bin/python"),)
    (prefix / "pyvenv.cfg").unlink()
    assert probe(prefix).facts().strays == ()
    assert not (tmp_path / "old").exists()


@pytest.mark.parametrize(
    ("head", "interpreter"),
    [
        (b"#!/a/bin/python\n", "/a/bin/python"),
        (b"#!/bin/sh\n'''exec' \"/a b/bin/python\" \"$0\" \"$@\"\n' '''\n", "/a b/bin/python"),
        (b"#!/bin/sh\n'''exec' /a/bin/python \"$0\" \"$@\"\n' '''\n", "/a/bin/python"),
        (b"\x7fELF", None),
        (b"", None),
    ],
)
def test_a_script_names_its_interpreter_also_through_the_shell(
    tmp_path: Path, head: bytes, interpreter: str | None
) -> None:
    (tmp_path / "script").write_bytes(head)
    assert started_by(tmp_path / "script") == interpreter
    assert started_by(tmp_path / "none") is None


def test_what_path_finds_is_this_one_by_any_name(prefix: Path, tmp_path: Path) -> None:
    own = str(prefix / "bin" / "knowctl")
    links = tmp_path / "links"
    links.mkdir()
    (links / "knowctl").symlink_to(own)
    facts = probe(prefix, PATH=str(links)).facts()
    assert facts.command == facts.own_command == own


def test_what_path_finds_may_be_another_one_or_nothing(prefix: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    (other / "bin").mkdir(parents=True)
    found = script(other, "knowctl", "#!/bin/sh\n")
    assert probe(prefix, PATH=str(other / "bin")).facts().command == str(found)
    assert probe(prefix, PATH=str(tmp_path)).facts().command is None
    (prefix / "bin" / "knowctl").unlink()
    facts = probe(prefix, PATH=str(other / "bin")).facts()
    assert (facts.command, facts.own_command) == (str(found), None)


@pytest.mark.parametrize(
    ("settings", "extras"),
    [
        ({}, []),
        ({"DATABASE_URL": "postgresql://h/n", "AI_PROVIDER": "offline"}, []),
        ({"DATABASE_URL": "mysql://u:p@h/n"}, [WantedExtra("mysql", "DATABASE_URL")]),
        (
            {"DATABASE_MIGRATION_URL": "mariadb://u:p@h/n"},
            [WantedExtra("mysql", "DATABASE_MIGRATION_URL")],
        ),
        ({"GOOGLE_API_KEY": "x" * 39}, [WantedExtra("gemini", "GOOGLE_API_KEY")]),
        ({"AI_PROVIDER": "gemini"}, [WantedExtra("gemini", "AI_PROVIDER")]),
    ],
)
def test_settings_need_extras(settings: dict[str, str], extras: list[WantedExtra]) -> None:
    assert wanted(**settings) == extras


def test_an_extra_that_is_named_is_wanted_beside_them(prefix: Path) -> None:
    assert probe(prefix).facts(("gemini",)).packages.extras == (WantedExtra("gemini", "--extra"),)


@pytest.mark.parametrize(
    ("known", "cause"), [(True, "there are gemini, mysql"), (False, "has none")]
)
def test_an_extra_that_is_none_is_refused(
    prefix: Path, tmp_path: Path, cause: str, *, known: bool
) -> None:
    if not known:
        (tmp_path / "site").rename(tmp_path / "away")
    with pytest.raises(KnowctlError) as refused:
        probe(prefix).facts(("mysq",))
    assert cause in refused.value.failure.cause


def test_a_checkout_is_known_by_its_lock(tmp_path: Path) -> None:
    assert checkout_of() == ROOT
    (tmp_path / "pyproject.toml").touch()
    assert checkout_of(tmp_path) is None
