"""Where the text of a setting comes from."""

from __future__ import annotations

import errno
import os
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from knowalledge_api.settings.sources import (
    LARGEST_FILE,
    EnvFile,
    Origin,
    Problem,
    ProblemKind,
    Raw,
    _unreadable,
    from_mapping,
    read_env_file,
    read_secret_file,
)

ROOT = hasattr(os, "geteuid") and os.geteuid() == 0


def read(tmp_path: Path, content: bytes) -> EnvFile:
    file = tmp_path / "env"
    file.write_bytes(content)
    return read_env_file(file, required=True)


def values(tmp_path: Path, content: str) -> dict[str, str]:
    return {name: raw.text for name, raw in read(tmp_path, content.encode()).values.items()}


def test_a_file_is_read_as_people_write_it(tmp_path: Path) -> None:
    content = "\ufeffA='one two' # note\r\nB=it's\r\nexport C=3\n# D=4\nE=\nA=last\nF=x#y\n"
    assert values(tmp_path, content) == {"A": "last", "B": "it's", "C": "3", "F": "x#y"}


def test_an_empty_value_takes_an_earlier_one_back(tmp_path: Path) -> None:
    assert values(tmp_path, "A=1\nA=\n") == {}


def test_a_line_that_is_none_is_named(tmp_path: Path) -> None:
    found = read(tmp_path, b"A=1\n\n?what\nB\n")
    assert [(problem.kind, problem.origin.line) for problem in found.problems] == [
        (ProblemKind.SYNTAX, 3),
        (ProblemKind.SYNTAX, 4),
    ]


@pytest.mark.parametrize("mode", [0o666, 0o602, 0o777])
def test_a_file_that_everybody_may_write_to_is_in_doubt_unless_it_was_named(
    tmp_path: Path, mode: int
) -> None:
    file = tmp_path / ".env"
    file.write_text("A=1\n")
    file.chmod(mode)
    found = read_env_file(file, required=False)
    assert found.doubt == f"may be written by everybody (mode {mode:04o})"
    assert found.values["A"].text == "1"
    assert read_env_file(file, required=True).doubt == ""


@pytest.mark.parametrize("mode", [0o600, 0o644, 0o664, 0o660])
def test_a_file_that_its_group_may_write_to_is_not_in_doubt(tmp_path: Path, mode: int) -> None:
    file = tmp_path / ".env"
    file.touch()
    file.chmod(mode)
    assert read_env_file(file, required=False).doubt == ""


@pytest.mark.skipif(not ROOT, reason="only root can give a file away")
def test_a_file_of_somebody_else_is_in_doubt_unless_it_was_named(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.touch()
    os.chown(file, 65534, 65534)
    assert read_env_file(file, required=False).doubt == "belongs to user id 65534"
    assert read_env_file(file, required=True).doubt == ""


def test_a_missing_file_matters_where_it_was_asked_for(tmp_path: Path) -> None:
    missing = tmp_path / "none"
    assert read_env_file(missing, required=False) == EnvFile({})
    (problem,) = read_env_file(missing, required=True).problems
    assert problem.cause == f"{missing} does not exist"
    assert problem.hint == f"knowctl config init --env-file {missing}"


def test_a_file_that_others_own_is_not_to_be_mended() -> None:
    denied = _unreadable(Path("a.env"), PermissionError(errno.EACCES, "Permission denied"))
    assert denied.cause == "a.env can't be read: Permission denied"
    assert denied.hint.startswith("ls -l a.env; run as its owner, or ")


def test_what_is_no_text_file_is_a_problem(tmp_path: Path) -> None:
    contents = (b"A=\xff", b"A=\0", b"A" * (LARGEST_FILE + 1))
    causes = [read(tmp_path, content).problems[0].cause for content in contents]
    assert [cause.partition("read: ")[2] for cause in causes] == [
        "it is not UTF-8 (byte 2)",
        "it holds a NUL byte, so it is no text file",
        "it is larger than 1 MiB",
    ]
    (problem,) = read_env_file(tmp_path, required=False).problems
    assert problem.kind is ProblemKind.UNREADABLE


def test_a_secret_file_loses_one_newline(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    pointer = Raw(str(file), Origin("environment"))
    for content, text in ((b"x\n", "x"), (b"x\r\n", "x"), (b"x\n\n", "x\n"), (b"x", "x")):
        file.write_bytes(content)
        assert read_secret_file("X", pointer) == Raw(text, Origin("secret file", str(file)))
    file.unlink()
    assert isinstance(read_secret_file("X", pointer), Problem)


def test_an_origin_is_a_place_or_a_kind() -> None:
    origins = (Origin("default"), Origin("file", "x"), Origin("file", "x", 3))
    assert list(map(str, origins)) == ["default", "x", "x:3"]


def test_an_empty_entry_of_a_mapping_is_none() -> None:
    assert from_mapping({"A": "", "B": "1"}, "k") == {"B": Raw("1", Origin("k"))}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300))
def test_no_bytes_raise(tmp_path: Path, content: bytes) -> None:
    found = read(tmp_path, content)
    assert all(problem.cause for problem in found.problems)


@pytest.mark.skipif(sys.platform == "win32", reason="named pipes")
def test_a_pipe_is_read_when_somebody_writes_to_it(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=("A=1\n",), daemon=True)
    writer.start()
    found = read_env_file(pipe, required=True)
    writer.join()
    assert (found.values["A"].text, found.problems) == ("1", ())


@pytest.mark.skipif(sys.platform == "win32", reason="devices")
def test_a_device_without_end_is_larger_than_a_file_may_be() -> None:
    (problem,) = read_env_file(Path("/dev/zero"), required=True).problems
    assert "larger than 1 MiB" in problem.cause
