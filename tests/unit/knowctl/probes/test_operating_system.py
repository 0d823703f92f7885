from __future__ import annotations

import os
import resource
from pathlib import Path

import pytest

from knowalledge_api.database.engine import database_url
from knowalledge_api.database.sqlite import database_file
from knowalledge_api.settings import Secret
from knowctl.model.machine import ThreadLimit
from knowctl.probes.operating_system import OperatingSystemProbe, sqlite_file, tried
from knowctl.probes.settings import SettingsProbe
from tests.support.live_checking import SIZES


def probe(tmp_path: Path, **settings: str) -> OperatingSystemProbe:
    """A machine whose processes and groups are files of the test."""
    values = SettingsProbe(settings, Path(os.devnull)).values()
    return OperatingSystemProbe(
        values,
        tmp_path / "run" / "5000",
        SIZES,
        "gunicorn",
        proc=tmp_path / "proc",
        cgroups=tmp_path / "groups",
    )


def control_group(tmp_path: Path, line: str, **limits: str) -> None:
    (tmp_path / "proc" / "self").mkdir(parents=True)
    (tmp_path / "proc" / "self" / "cgroup").write_text(f"4:memory:/x\n{line}\n")
    for name, limit in limits.items():
        directory = tmp_path / "groups" / name.replace("_", "/").strip("/")
        directory.mkdir(parents=True, exist_ok=True)
        (directory / "pids.max").write_text(f"{limit}\n")
        (directory / "pids.current").write_text("7\n")


def test_the_limit_of_open_files_is_this_process_s(tmp_path: Path) -> None:
    assert (
        probe(tmp_path).facts().machine.open_files == resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    )


@pytest.mark.parametrize(
    ("line", "prefix"), [("0::/app/web", ""), ("8:pids:/app/web", "pids_")], ids=["v2", "v1"]
)
def test_the_limits_of_all_control_groups_around_are_told(
    tmp_path: Path, line: str, prefix: str
) -> None:
    control_group(tmp_path, line, **{f"{prefix}app_web": "max", f"{prefix}app": "100"})
    rooms = [each for each in probe(tmp_path).facts().machine.rooms if "pids.max" in each.name]
    top = tmp_path / "groups" / prefix.strip("_")
    assert rooms == [ThreadLimit(f"{top}/app/pids.max", 100, 7)]


def test_a_machine_without_proc_has_no_limits_that_are_known(tmp_path: Path) -> None:
    assert probe(tmp_path).facts().machine.rooms == ()


def test_the_places_are_those_of_the_settings(tmp_path: Path) -> None:
    places = (
        probe(
            tmp_path,
            DATABASE_URL=f"sqlite:///{tmp_path}/x.db",
            LOG_FILE=str(tmp_path / "no" / "log"),
        )
        .facts()
        .machine.places
    )
    told = [(each.path, each.setting, each.missing) for each in places]
    assert told == [
        (str(tmp_path), "DATABASE_URL", False),
        (str(tmp_path), "KNOWCTL_RUN_DIR", False),
        (str(tmp_path / "no"), "LOG_FILE", True),
    ]
    assert 0 < places[0].free <= places[0].size
    assert places[2].trouble == "No such file or directory"


@pytest.mark.parametrize(
    "url",
    [
        *(
            "sqlite:///./a.db",
            "sqlite:////srv/a.db",
            "sqlite://",
            "sqlite:///",
            "sqlite:///:memory:",
        ),
        *(
            "sqlite:///file:a.db?uri=true",
            "sqlite:///file:a?mode=memory&uri=true",
            "sqlite:///a?b=c",
        ),
        *("sqlite+pysqlite:///b.db", "postgresql://a:b@c/d", "mysql://a:b@c/d"),
    ],
)
def test_the_file_of_a_database_is_the_one_that_the_api_opens(url: str) -> None:
    assert sqlite_file(url) == database_file(database_url(Secret(url)))


def test_what_a_server_needs_is_told_with_the_machine(tmp_path: Path) -> None:
    host = probe(tmp_path, REDIS_URL="redis://h/0").facts()
    assert (host.redis, host.sizes, host.server) == (True, SIZES, "gunicorn")
    assert not probe(tmp_path).facts().redis


def test_a_database_server_has_its_own_disk(tmp_path: Path) -> None:
    places = probe(tmp_path, DATABASE_URL="postgresql://a:b@c/d").facts().machine.places
    assert [each.setting for each in places] == ["KNOWCTL_RUN_DIR"]


def test_trying_a_place_leaves_nothing_there(tmp_path: Path) -> None:
    assert tried(tmp_path, "LOG_FILE").trouble == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_log_that_may_not_be_written_to_is_named_itself(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.touch(mode=0o400)
    place = probe(tmp_path, LOG_FILE=str(log)).facts().machine.places[-1]
    assert (place.path, place.trouble) == (str(log), "this user may not write to it")


def test_a_file_in_place_of_a_directory_is_trouble(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    place = tried(tmp_path / "file", "LOG_FILE")
    assert (place.trouble, place.missing) == ("Not a directory", False)
