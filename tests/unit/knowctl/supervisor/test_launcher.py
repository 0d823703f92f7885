from __future__ import annotations

import faulthandler
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from knowctl.supervisor import launcher

if sys.platform == "win32":
    pytest.skip("generations need POSIX", allow_module_level=True)

SECRET = "c4n4ry" * 6
FROM_FILE = "c4n4ry-" * 6


class Report:
    """The pipe on which a failure is told."""

    def __init__(self) -> None:
        self.reader, self.writer = os.pipe()
        os.set_blocking(self.reader, False)

    def told(self) -> list[dict[str, object]]:
        """What was told since the last time."""
        try:
            return [json.loads(line) for line in os.read(self.reader, 65536).splitlines()]
        except BlockingIOError:
            return []


@pytest.fixture
def report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Report]:
    """An environment as the supervisor makes it, and faulthandler as pytest has it afterwards."""
    made = Report()
    facts = {"number": 1, "directory": str(tmp_path), "gate": 4, "report": made.writer}
    monkeypatch.setattr(os, "environ", {"KNOWCTL_GENERATION": json.dumps(facts)})
    monkeypatch.chdir(tmp_path)
    enabled: list[object] = []
    monkeypatch.setattr(faulthandler, "enable", enabled.append)
    yield made
    for file in enabled:
        file.close()  # type: ignore[attr-defined]  # a file
    os.close(made.reader)
    os.close(made.writer)


def start_with(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """Let the start of any server end so."""

    def start(server: str, supervisor: int, *, gentle: bool) -> int:
        assert (server, supervisor, gentle) == ("gunicorn", 7, False)
        raise error

    monkeypatch.setattr(launcher, "start", start)


def test_the_inherited_socket_is_named_and_nothing_acts_behind_our_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    foreign = dict.fromkeys(launcher.FOREIGN, "x")
    monkeypatch.setattr(os, "environ", {**foreign, "PATH": "/bin"})
    launcher.prepare_environment()
    expected = {"PATH": "/bin", "LISTEN_FDS": "1", "LISTEN_PID": str(os.getpid())}
    assert os.environ == expected


def test_a_supervisor_that_is_gone_needs_no_server(
    report: Report, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "other")
    assert launcher.main(["gunicorn", str(os.getppid() + 1)]) == 0
    assert report.told() == []
    assert (tmp_path / "stack").exists()


def test_what_keeps_it_from_starting_is_told_and_written(
    report: Report, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    start_with(monkeypatch, ModuleNotFoundError("No module named 'x'\nmore"))
    assert launcher.main(["gunicorn", "7"]) == 1
    (told,) = report.told()
    assert (told["event"], told["pid"]) == ("failed", os.getpid())
    assert told["cause"] == "ModuleNotFoundError: No module named 'x'"
    assert str(told["where"]).startswith(f"{__file__}:")
    said = capsys.readouterr().err
    assert said.startswith("Traceback")
    assert said.endswith("more\n")


@pytest.mark.parametrize("code", [1, 3, -1])
def test_what_gunicorn_hides_behind_an_exit_code_is_told(
    report: Report, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    left = SystemExit(code)
    left.__context__ = ValueError("hidden")
    start_with(monkeypatch, left)
    with pytest.raises(SystemExit):
        launcher.main(["gunicorn", "7"])
    assert [told["cause"] for told in report.told()] == ["ValueError: hidden"]


@pytest.mark.parametrize(
    ("code", "causes"),
    [(0, []), (None, []), (1, []), (3, ["SystemExit: 3"]), (4, ["SystemExit: 4"])],
)
def test_a_worker_tells_only_that_it_could_not_boot(
    report: Report, monkeypatch: pytest.MonkeyPatch, code: int | None, causes: list[str]
) -> None:
    pids = iter([1, 1, 2, 2])  # it was forked while the launcher was within start
    start_with(monkeypatch, SystemExit(code))
    monkeypatch.setattr(os, "getpid", lambda: next(pids))
    with pytest.raises(SystemExit):
        launcher.main(["gunicorn", "7"])
    assert [told["cause"] for told in report.told()] == causes


def test_code_that_can_not_be_read_is_told_with_its_line() -> None:
    error = SyntaxError("invalid syntax", ("/srv/app.py", 12, 1, "(", 12, 2))
    assert launcher.place_of(error) == "/srv/app.py:12"


def test_an_error_that_was_never_raised_has_no_place() -> None:
    assert launcher.place_of(ValueError()) == ""


def test_what_is_told_fits_into_one_write(report: Report) -> None:
    launcher.tell_failure(report.writer, ValueError("力" * 9000))
    raw = os.read(report.reader, 65536)
    assert len(raw) < 4000
    assert raw.endswith(b"\n")


@pytest.mark.parametrize(
    "text",
    [
        f"bad {SECRET}",
        f"postgresql://me:{SECRET}@host/db",
        f'password "{SECRET}-pw" is wrong',
        f"from the file: {FROM_FILE}",
    ],
)
@pytest.mark.usefixtures("report")
def test_secrets_stay_secret(text: str, tmp_path: Path) -> None:
    os.environ["SECRET_KEY"] = SECRET
    os.environ["DATABASE_URL"] = f"postgresql://me:{SECRET}-pw@host/db"
    (tmp_path / ".env").write_text(f"GOOGLE_API_KEY={FROM_FILE}\n")
    shown = launcher.without_secrets(text)
    assert "c4n4ry" not in shown
    assert "********" in shown


@pytest.mark.usefixtures("report")
def test_short_values_are_no_secrets() -> None:
    os.environ["A_KEY"] = "a"
    assert launcher.without_secrets("a cat") == "a cat"
