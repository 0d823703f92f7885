from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from knowctl.errors import ExitCode, KnowctlError
from knowctl.probes import run_directory
from knowctl.probes.run_directory import bases, candidates, hold, location, prepare, record_of


def own() -> Path:
    return Path(tempfile.gettempdir()) / f"knowctl-{os.geteuid()}"


@pytest.fixture
def short() -> Iterator[Path]:
    """A directory whose path leaves room for the names of sockets."""
    with tempfile.TemporaryDirectory(prefix="rd-", dir="/tmp") as directory:
        yield Path(directory)


def values(instance: str = "5000", directory: str | None = None) -> dict[str, Any]:
    return {"instance": instance, "knowctl_run_dir": directory}


def mode_of(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_it_is_named_by_the_instance_below_the_temporary_directory(tmp_path: Path) -> None:
    assert location(values(), {}) == own() / "5000"
    assert location(values(), {"XDG_RUNTIME_DIR": "relative"}) == own() / "5000"
    assert location(values(), {"XDG_RUNTIME_DIR": str(tmp_path / "none")}) == own() / "5000"


def test_a_runtime_directory_of_this_user_comes_first(tmp_path: Path) -> None:
    environ = {"XDG_RUNTIME_DIR": str(tmp_path)}
    assert location(values("a"), environ) == tmp_path / "knowctl" / "a"
    assert bases(environ) == (tmp_path / "knowctl", own())


def test_the_setting_wins_and_need_not_be_absolute() -> None:
    assert location(values(directory="/x/y"), {}) == Path("/x/y")
    assert location(values(directory="run"), {}) == Path.cwd() / "run"


@pytest.mark.parametrize("instance", ["", ".", "..", "a/b", "a\\b", "a\0"])
def test_an_instance_can_not_lead_out_of_its_place(instance: str) -> None:
    with pytest.raises(KnowctlError) as raised:
        location(values(instance), {})
    assert raised.value.failure.exit_code is ExitCode.USAGE


def test_an_instance_may_be_in_either_place(tmp_path: Path) -> None:
    environ = {"XDG_RUNTIME_DIR": str(tmp_path)}
    assert candidates(values(), environ, None) == (tmp_path / "knowctl/5000", own() / "5000")
    assert candidates(values(), environ, "7") == (tmp_path / "knowctl/7", own() / "7")


def test_the_setting_names_the_place_of_its_own_instance_alone() -> None:
    given = values(directory="/x/here")
    for instance in (None, "here", "5000"):
        assert candidates(given, {}, instance) == (Path("/x/here"),)
    assert candidates(given, {}, "7") == (own() / "7",)


def test_it_is_made_for_this_user_alone(short: Path) -> None:
    made = prepare(str(short / "base" / "a"))
    assert made == short / "base" / "a"
    assert (mode_of(made), mode_of(made.parent)) == (0o700, 0o700)
    assert prepare(made) == made


def test_one_that_was_open_to_others_is_tightened(short: Path) -> None:
    path = short / "a"
    path.mkdir()
    path.chmod(0o755)
    assert mode_of(prepare(path)) == 0o700


def refusal(path: Path) -> str:
    with pytest.raises(KnowctlError) as raised:
        prepare(path)
    failure = raised.value.failure
    assert failure.exit_code is ExitCode.REFUSED
    return f"{failure.cause}; {failure.hint}"


def test_a_link_or_a_file_in_its_place_is_refused(short: Path) -> None:
    (short / "real").mkdir()
    (short / "link").symlink_to(short / "real")
    (short / "file").touch()
    assert "a link" in refusal(short / "link")
    assert "File exists" in refusal(short / "file")
    assert "File exists" in refusal(short / "file" / "a")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a directory away")
@pytest.mark.parametrize("name", ["base", "base/a"])
def test_what_belongs_to_somebody_else_is_refused(short: Path, name: str) -> None:
    (short / "base" / "a").mkdir(parents=True)
    os.chown(short / name, 65534, 65534)
    assert f"{short / name} belongs to user id 65534" in refusal(short / "base" / "a")


@pytest.fixture
def implicit(short: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where this user's run directories are without a setting, in a temporary directory of all."""
    short.chmod(0o1777)
    monkeypatch.setattr("tempfile.tempdir", str(short))
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    return own()


def test_a_link_in_place_of_its_parent_is_refused_and_nothing_made_behind_it(
    short: Path, implicit: Path
) -> None:
    (short / "planted").mkdir()
    implicit.symlink_to(short / "planted")
    assert refusal(implicit / "5000") == (
        f"{implicit} is a link; remove {implicit}, or set KNOWCTL_RUN_DIR to a directory of yours"
    )
    assert list((short / "planted").iterdir()) == []
    with pytest.raises(KnowctlError, match="can't be used"):
        run_directory.is_served(implicit / "5000")


@pytest.mark.parametrize("mode", [0o777, 0o770, 0o1777, 0o702])
def test_a_parent_into_which_others_may_write_is_refused(implicit: Path, mode: int) -> None:
    prepare(implicit / "5000")
    implicit.chmod(mode)
    assert refusal(implicit / "5000") == (
        f"others may write into {implicit} (mode {mode:04o}); chmod 700 {implicit}"
    )
    with pytest.raises(KnowctlError, match="can't be used"):
        run_directory.is_served(implicit / "5000")
    implicit.chmod(0o755)
    prepare(implicit / "5000")
    assert not run_directory.is_served(implicit / "5000")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a directory away")
def test_in_a_place_of_its_own_even_root_believes_nobody_else(implicit: Path) -> None:
    made = prepare(implicit / "5000")
    for foreign in (made, implicit):
        os.chown(foreign, 65534, 65534)
        with pytest.raises(KnowctlError) as raised:
            run_directory.is_served(made)
        assert raised.value.failure.cause.startswith(f"{foreign} belongs to user id 65534")
        os.chown(made, 0, 0)
    assert run_directory.running([implicit]) == ()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a directory away")
def test_root_may_ask_the_server_of_somebody_else_where_it_is_named(short: Path) -> None:
    (short / "a").mkdir()
    os.chown(short / "a", 65534, 65534)
    assert not run_directory.is_served(short / "a")


def test_a_place_that_is_named_may_be_reached_by_a_link_of_ones_own_or_of_roots(
    short: Path,
) -> None:
    (short / "real").mkdir()
    (short / "link").symlink_to(short / "real")
    assert prepare(short / "link" / "a").is_dir()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a link away")
def test_a_place_that_is_named_is_refused_behind_a_link_of_somebody_else(short: Path) -> None:
    (short / "real").mkdir()
    (short / "link").symlink_to(short / "real")
    os.chown(short / "link", 65534, 65534, follow_symlinks=False)
    assert f"{short / 'link'} belongs to user id 65534" in refusal(short / "link" / "a")
    assert list((short / "real").iterdir()) == []


def test_a_path_that_is_too_long_for_sockets_is_refused() -> None:
    room = run_directory.SOCKET_BYTES - 1 - len(run_directory.LONGEST) - 1
    fits = Path("/tmp") / ("x" * (room - len("/tmp/")))
    assert len(os.fsencode(fits / run_directory.LONGEST)) == run_directory.SOCKET_BYTES - 1
    too_long = fits.with_name(f"{fits.name}x")
    assert refusal(too_long).endswith("set KNOWCTL_RUN_DIR to something shorter")
    assert not too_long.exists()
    prepare(fits).rmdir()


def test_one_supervisor_at_a_time_holds_it(tmp_path: Path) -> None:
    first = hold(tmp_path)
    with pytest.raises(KnowctlError) as raised:
        hold(tmp_path)
    assert raised.value.failure.exit_code is ExitCode.REFUSED
    assert "by another process" in raised.value.failure.message
    (tmp_path / "supervisor.json").write_text('{"pid": 7}')
    with pytest.raises(KnowctlError) as raised:
        hold(tmp_path)
    assert raised.value.failure.message == (
        f"instance {tmp_path.name} is already served by process 7"
    )
    os.close(first)
    os.close(hold(tmp_path))


def test_the_lock_lives_as_long_as_any_copy_of_its_descriptor(tmp_path: Path) -> None:
    first = hold(tmp_path)
    copy = os.dup(first)
    os.close(first)
    with pytest.raises(KnowctlError):
        hold(tmp_path)
    os.close(copy)
    os.close(hold(tmp_path))


@pytest.mark.parametrize("content", [b"", b"\xff", b"[]", b"{", b"[" * 100_000])
def test_a_record_that_can_not_be_read_is_none(tmp_path: Path, content: bytes) -> None:
    assert record_of(tmp_path) is None
    (tmp_path / "supervisor.json").write_bytes(content)
    assert record_of(tmp_path) is None
    (tmp_path / "supervisor.json").write_text(json.dumps({"pid": 1}))
    assert record_of(tmp_path) == {"pid": 1}


def test_nobody_serves_where_nobody_listens(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "file").touch()
    assert run_directory.running([tmp_path, tmp_path / "none", tmp_path / "file"]) == ()
    assert not run_directory.is_served(tmp_path / "a")
    assert not run_directory.is_served(tmp_path / "none")


def test_who_may_not_ask_is_told_who_may(tmp_path: Path) -> None:
    with pytest.raises(KnowctlError) as raised:
        run_directory.refuse_to_ask(tmp_path)
    assert raised.value.failure.exit_code is ExitCode.REFUSED
    assert "sudo -u" in raised.value.failure.hint
