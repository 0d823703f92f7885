from __future__ import annotations

import sys
from pathlib import Path

import pytest

from knowctl import __version__
from knowctl.model.environment import Need, Packages, Pin, WantedExtra
from knowctl.probes.distributions import PACKAGE, UNREAD, DistributionsProbe
from tests.support.environments import distribution

MYSQL = WantedExtra("mysql", "DATABASE_URL")


def probe(site: Path, root: Path | None = None) -> DistributionsProbe:
    return DistributionsProbe(root, (str(site),))


def found(site: Path, *wanted: WantedExtra, root: Path | None = None) -> Packages:
    return probe(site, root).packages(wanted)


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Where knowctl is installed, which needs two packages and for an extra a third."""
    site = tmp_path / "site"
    asked = ("flask>=3.1", "nothing>=1; sys_platform == 'nowhere'", "redis[hiredis]>=5")
    home = distribution(
        site, "knowctl", __version__, *asked, "pymysql>=1.1; extra == 'mysql'", extras=("mysql",)
    )
    with (home / "METADATA").open("a") as file:
        file.write("Requires-Python: >=3.11\n")
    return site


def test_what_is_declared_is_held_against_what_is_there(site: Path) -> None:
    distribution(site, "Flask", "3.0.9")
    distribution(site, "redis", "5.2", "hiredis>=3; extra == 'hiredis'")
    assert found(site).needs == (
        Need("flask", "flask>=3.1", "knowctl", "3.0.9", allowed=False),
        Need("redis", "redis[hiredis]>=5", "knowctl", "5.2", allowed=True),
        Need("hiredis", "hiredis>=3", "redis[hiredis]", None, allowed=False),
    )


def test_an_extra_that_is_wanted_is_held_against_what_is_there(site: Path) -> None:
    [need] = [each for each in found(site, MYSQL, MYSQL).needs if each.extra]
    assert need == Need("pymysql", "pymysql>=1.1", "knowctl", None, allowed=False, extra="mysql")
    assert not [each for each in found(site).needs if each.extra]
    assert probe(site).extras() == ("mysql",)


def test_conflicts_are_what_others_ask_for_and_do_not_get(site: Path) -> None:
    distribution(site, "flask", "3.2", "werkzeug>=3.1", "click>=8", "dotenv; extra == 'dotenv'")
    distribution(site, "werkzeug", "3.0")
    distribution(site, "click", "8.1.dev1")
    distribution(site, "old", "1", "banana (none) of these")
    assert (
        found(site).conflicts
        == (
            Need("click", "click>=8", "flask", "8.1.dev1", allowed=True),
            Need("werkzeug", "werkzeug>=3.1", "flask", "3.0", allowed=False),
        )[1:]
    )


def test_leftovers_and_doubles_are_broken(site: Path) -> None:
    nameless = site / "nameless-1.dist-info"
    nameless.mkdir()
    latin = distribution(site, "latin", "1")
    (latin / "METADATA").write_bytes(b"Name: latin\nVersion: 1\nAuthor: Ren\xe9\n")
    left = distribution(site, "pip", "23")
    left.rename(site / "~ip-23.dist-info")
    distribution(site, "flask", "3.1")
    distribution(site, "flask", "3.2")
    told = {each.name or Path(each.paths[0]).name: each.cause for each in found(site).broken}
    assert set(told) == {"flask", latin.name, nameless.name, "~ip-23.dist-info"}
    assert "is there 2 times" in told["flask"]
    assert "what pip left" in told["~ip-23.dist-info"]


def test_a_package_that_shadows_the_systems_own_is_no_double(site: Path, tmp_path: Path) -> None:
    system = tmp_path / "system"
    distribution(site, "flask", "3.2")
    distribution(system, "flask", "1.0")
    packages = DistributionsProbe(None, (str(site), str(system))).packages(())
    assert packages.broken == ()
    assert packages.needs[0].installed == "3.2"


def test_pins_that_differ_are_told_with_their_lines(site: Path, tmp_path: Path) -> None:
    lines = (
        "# a lock",
        "flask==3.1.0 \\",
        "    --hash=sha256:00",
        "gone==1.0 \\",
        "same==1.0 ; sys_platform == 'nowhere' \\",
        "odd==1.0",
        "even==1.0",
    )
    (tmp_path / "requirements.lock").write_text("\n".join(lines))
    for name, version in {"flask": "3.2", "same": "2", "odd": "banana", "even": "1.0.0"}.items():
        distribution(site, name, version)
    lock = found(site, root=tmp_path).lock
    assert lock is not None
    assert lock.path == "requirements.lock"  # the working directory is its place
    assert lock.different == (Pin("flask", "3.1.0", 2, "3.2"),)


def test_a_lock_elsewhere_is_named_in_full(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "requirements.lock").touch()
    monkeypatch.chdir(site)
    lock = found(site, root=tmp_path).lock
    assert lock is not None
    assert lock.path == str(tmp_path / "requirements.lock")


def test_without_a_lock_there_is_none(site: Path, tmp_path: Path) -> None:
    assert found(site).lock is found(site, root=tmp_path).lock is None


def test_the_code_that_runs_is_known_from_another_copy(site: Path) -> None:
    own = found(site).own
    assert own is not None
    assert (own.version, own.code_version, own.elsewhere) == (__version__, __version__, "")
    (site / "knowctl").mkdir()
    (site / "knowctl" / "__init__.py").touch()
    own = found(site).own
    assert own is not None
    assert (own.elsewhere, own.code) == (str(site / "knowctl"), str(PACKAGE))


def test_where_it_is_not_installed_nothing_is_declared(tmp_path: Path) -> None:
    assert found(tmp_path) == Packages(None)
    assert probe(tmp_path).extras() == ()
    assert probe(tmp_path).installed_at() is None
    assert probe(tmp_path).python("3.12.1") == ("", True)


@pytest.mark.parametrize(
    ("version", "fits"), [("3.10.9", False), ("3.11.0", True), ("3.15.0rc1", True)]
)
def test_the_interpreter_is_held_against_what_is_asked_for(
    site: Path, version: str, *, fits: bool
) -> None:
    assert probe(site).python(version) == (">=3.11", fits)


def test_the_time_of_installation_is_known(site: Path) -> None:
    assert probe(site).installed_at() == next(site.glob("knowctl-*")).stat().st_mtime


def test_every_version_is_told_by_name(site: Path) -> None:
    distribution(site, "Some.Thing", "3")
    assert probe(site).versions() == {"knowctl": __version__, "some-thing": "3"}


def test_without_packaging_that_is_said_and_nothing_is_guessed(
    site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("packaging.requirements", "packaging.specifiers", "packaging.version"):
        monkeypatch.setitem(sys.modules, name, None)
    packages = found(site, MYSQL)
    assert (packages.unread, packages.needs) == (UNREAD, ())
    assert packages.own is not None
    assert probe(site).python("3.12.1") == (">=3.11", None)


def test_this_environment_has_what_it_declares() -> None:
    packages = DistributionsProbe(None).packages(())
    assert packages.own is not None
    assert len(packages.needs) > 10
    assert [each for each in packages.needs if not each.holds] == []
