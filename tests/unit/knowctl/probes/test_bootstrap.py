from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from knowctl.probes import bootstrap
from knowctl.probes.bootstrap import Checkout, Hands, SetupFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from subprocess import CompletedProcess


def finished(said: str = "", code: int = 0) -> CompletedProcess[str]:
    return subprocess.CompletedProcess([], code, said)


def nothing() -> None:
    pass


@dataclass
class Machine:
    """Commands succeed, making the files that they would, unless told otherwise."""

    root: Path
    versions: dict[str, str] = field(default_factory=dict)
    failing: dict[str, CompletedProcess[str]] = field(default_factory=dict)
    meanwhile: Callable[[], None] = nothing
    waited: Callable[[], None] = nothing
    ran: list[list[str]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    became: list[list[str]] = field(default_factory=list)

    @property
    def python(self) -> str:
        return str(self.root / ".venv" / "bin" / "python")

    def hands(self, version: tuple[int, ...] = (3, 12, 1)) -> Hands:
        def wait(_seconds: float) -> None:
            self.waited()

        return Hands(
            self.ask, self.run, self.become, self.said.append, wait, version, "/usr/bin/python3"
        )

    def ask(self, command: Sequence[str]) -> CompletedProcess[str]:
        said = self.versions.get(command[0])
        return finished(f"{said}\n") if said else finished("not found", 127)

    def run(self, command: Sequence[str]) -> CompletedProcess[str]:
        self.ran.append(list(command))
        self.meanwhile()
        for word, result in self.failing.items():
            if word in command:
                return result
        if "venv" in command:
            stamp = self.root / ".venv" / "knowctl.stamp"
            stamp.unlink(missing_ok=True)  # as --clear does
            (self.root / ".venv").mkdir(exist_ok=True)
            (self.root / ".venv" / "pyvenv.cfg").touch()
            self.versions[self.python] = "3 12 1"
        return finished("wrote .env\n" if "init" in command else "")

    def become(self, command: Sequence[str]) -> int:
        self.became.append(list(command))
        return 7

    def words(self) -> list[str]:
        """What was run, each by its telling word."""
        telling = ("venv", "ensurepip", "-r", "-e", "init")
        return [word for command in self.ran for word in telling if word in command]


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    for name in ("APP_ENV", "PIP_RETRIES", "KNOWCTL_VERBOSE", "NO_COLOR"):
        monkeypatch.setenv(name, "")  # set first, so that what the set-up sets is undone
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    for name in ("pyproject.toml", "requirements.lock", "requirements-dev.lock"):
        (tmp_path / name).write_text(name)
    return Machine(tmp_path)


def checkout(machine: Machine, profile: str = "production") -> Checkout:
    return Checkout(machine.root, profile, machine.root / ".venv")


def ready(machine: Machine, profile: str = "production") -> Checkout:
    there = checkout(machine, profile)
    assert bootstrap.ensure(there, machine.hands())
    machine.ran.clear()
    machine.said.clear()
    return there


def stamp(machine: Machine) -> list[str]:
    return (machine.root / ".venv" / "knowctl.stamp").read_text().splitlines()


def test_a_fresh_checkout_gets_an_environment_the_lock_and_the_project(machine: Machine) -> None:
    assert bootstrap.ensure(checkout(machine), machine.hands())
    venv, pip, lock, project = machine.ran
    assert venv[:4] == ["/usr/bin/python3", "-I", "-m", "venv"]
    assert pip[:4] == [machine.python, "-I", "-m", "ensurepip"]
    assert {"--require-hashes", "--no-deps", str(machine.root / "requirements.lock")} < set(lock)
    assert {"--no-build-isolation", "--no-deps", str(machine.root)} < set(project)
    assert machine.said == [
        "creating .venv with Python 3.12.1: there is none",
        "installing requirements.lock",
        "installing the project",
    ]


def test_pip_is_bounded_and_names_no_index(machine: Machine) -> None:
    bootstrap.ensure(checkout(machine), machine.hands())
    for command in machine.ran[2:]:
        assert command[command.index("--retries") + 1] == "3"
        assert {"--disable-pip-version-check", "--no-input"} < set(command)
        assert not [word for word in command if "index" in word or "://" in word]


def test_the_users_own_retries_are_respected(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_RETRIES", "9")
    bootstrap.ensure(checkout(machine), machine.hands())
    assert not [command for command in machine.ran if "--retries" in command]


def test_a_second_run_does_and_says_nothing(machine: Machine) -> None:
    there = ready(machine)
    assert not bootstrap.ensure(there, machine.hands())
    assert (machine.ran, machine.said) == ([], [])


@pytest.mark.parametrize("name", ["requirements.lock", "pyproject.toml"])
def test_a_changed_lock_or_declaration_is_installed_again(machine: Machine, name: str) -> None:
    there = ready(machine)
    (machine.root / name).write_text("other")
    assert bootstrap.ensure(there, machine.hands())
    assert machine.words() == ["-r", "-e"]


def test_development_satisfies_production_too(machine: Machine) -> None:
    ready(machine, "development")
    assert not bootstrap.ensure(checkout(machine), machine.hands())


def test_production_does_not_satisfy_development(machine: Machine) -> None:
    ready(machine)
    assert bootstrap.ensure(checkout(machine, "development"), machine.hands())
    assert str(machine.root / "requirements-dev.lock") in machine.ran[0]


def test_the_stamp_names_the_place_and_the_digests_of_what_was_installed(machine: Machine) -> None:
    ready(machine, "development")
    assert stamp(machine) == [
        str(machine.root / ".venv"),
        hashlib.sha256(b"requirements.lockpyproject.toml").hexdigest(),
        hashlib.sha256(b"requirements-dev.lockpyproject.toml").hexdigest(),
    ]


def test_nothing_counts_as_installed_while_pip_runs(machine: Machine) -> None:
    there = ready(machine)
    (machine.root / "pyproject.toml").write_text("other")
    seen: list[list[str]] = []
    machine.meanwhile = lambda: seen.append(stamp(machine))
    bootstrap.ensure(there, machine.hands())
    assert seen == [[str(there.venv)]] * 2


def test_an_interrupted_install_is_done_again(machine: Machine) -> None:
    there = ready(machine)
    (machine.root / "pyproject.toml").write_text("other")
    machine.failing["-e"] = finished(code=1)
    with pytest.raises(SetupFailed):
        bootstrap.ensure(there, machine.hands())
    machine.failing.clear()
    (machine.root / "pyproject.toml").write_text("pyproject.toml")  # as it was when that was whole
    assert bootstrap.ensure(there, machine.hands())


def test_a_moved_environment_is_made_again(machine: Machine) -> None:
    there = ready(machine)
    place, *digests = stamp(machine)
    (there.venv / "knowctl.stamp").write_text("\n".join([f"{place}-elsewhere", *digests]))
    assert bootstrap.ensure(there, machine.hands())
    assert machine.said[0].endswith("it was moved")
    assert machine.words() == ["venv", "ensurepip", "-r", "-e"]


def test_a_link_to_an_environment_beside_it_is_as_good_as_that_one(machine: Machine) -> None:
    there = ready(machine)
    _, *digests = stamp(machine)
    fresh = there.venv.rename(machine.root / ".venv-fresh")
    (fresh / "knowctl.stamp").write_text("\n".join([str(fresh), *digests]))
    there.venv.symlink_to(fresh.name)
    assert not bootstrap.ensure(there, machine.hands())


def test_what_a_link_leads_to_elsewhere_is_not_emptied(machine: Machine, tmp_path: Path) -> None:
    there = ready(machine)
    other = tmp_path / "other" / ".venv"
    other.parent.mkdir()
    _, *digests = stamp(machine)
    there.venv.rename(other)
    (other / "knowctl.stamp").write_text("\n".join([str(other), *digests]))
    there.venv.symlink_to(other)
    machine.ran.clear()
    with pytest.raises(SetupFailed) as raised:
        bootstrap.ensure(there, machine.hands())
    assert raised.value.cause.endswith("is a link, and may hold what is yours")
    assert (other / "pyvenv.cfg").exists()
    assert machine.ran == []


@pytest.mark.parametrize(
    ("version", "reason"),
    [
        ("", "its Python or pip does not run"),
        ("3 10 13", "its Python 3.10.13 does not fit"),
        ("3 15 0", "its Python 3.15.0 does not fit"),
    ],
)
def test_an_environment_whose_python_does_not_fit_is_made_again(
    machine: Machine, version: str, reason: str
) -> None:
    there = ready(machine)
    machine.versions[machine.python] = version
    assert bootstrap.ensure(there, machine.hands())
    assert machine.said[0] == f"creating .venv with Python 3.12.1: {reason}"


def test_an_environment_made_by_hand_is_completed_not_replaced(machine: Machine) -> None:
    (machine.root / ".venv").mkdir()
    (machine.root / ".venv" / "pyvenv.cfg").touch()
    machine.versions[machine.python] = "3 11 2"
    bootstrap.ensure(checkout(machine), machine.hands())
    assert machine.words() == ["-r", "-e"]


def test_what_python_warns_of_does_not_hide_its_version(machine: Machine) -> None:
    there = ready(machine)
    machine.versions[machine.python] = "ld.so: cannot preload\n3 12 1"
    assert not bootstrap.ensure(there, machine.hands())


def test_a_directory_that_is_no_environment_is_refused_and_kept(machine: Machine) -> None:
    (machine.root / ".venv").mkdir()
    (machine.root / ".venv" / "thesis.txt").touch()
    with pytest.raises(SetupFailed) as raised:
        bootstrap.ensure(checkout(machine), machine.hands())
    assert raised.value.fact == ".venv is in the way"
    assert (machine.root / ".venv" / "thesis.txt").exists()
    assert machine.ran == []


def test_a_file_in_the_environments_place_is_refused(machine: Machine) -> None:
    (machine.root / ".venv").touch()
    with pytest.raises(SetupFailed) as raised:
        bootstrap.ensure(checkout(machine), machine.hands())
    assert raised.value.hint == f"mv {machine.root}/.venv {machine.root}/.venv.old"


def test_an_empty_directory_becomes_the_environment(machine: Machine) -> None:
    (machine.root / ".venv").mkdir()
    assert bootstrap.ensure(checkout(machine), machine.hands())


@pytest.mark.parametrize("step", ["venv", "ensurepip"])
def test_half_an_environment_is_not_left_behind(machine: Machine, step: str) -> None:
    machine.failing[step] = finished("No module named ensurepip", 1)
    with pytest.raises(SetupFailed):
        bootstrap.ensure(checkout(machine), machine.hands())
    assert not (machine.root / ".venv").exists()


def test_a_second_set_up_waits_and_finds_the_work_done(machine: Machine) -> None:
    there = ready(machine)
    done = (there.venv / "knowctl.stamp").rename(machine.root / "done")
    with (machine.root / "pyproject.toml").open("rb+") as other:
        fcntl.flock(other, fcntl.LOCK_EX)

        def end_on_the_second_look() -> None:
            machine.waited = lambda: fcntl.flock(other, fcntl.LOCK_UN)
            done.rename(there.venv / "knowctl.stamp")

        machine.waited = end_on_the_second_look
        bootstrap.ensure(there, machine.hands())
    assert machine.said == ["waiting for another set-up of this checkout to end"]
    assert machine.ran == []


def test_the_lock_is_held_while_pip_runs_and_released_after(machine: Machine) -> None:
    held: list[bool] = []

    def look() -> None:
        with (machine.root / "pyproject.toml").open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                held.append(True)
            else:
                held.append(False)

    machine.meanwhile = look
    bootstrap.ensure(checkout(machine), machine.hands())
    look()
    assert held == [True] * 4 + [False]


def test_a_declaration_that_cannot_be_written_is_locked_all_the_same(machine: Machine) -> None:
    (machine.root / "pyproject.toml").chmod(0o400)
    assert bootstrap.ensure(checkout(machine), machine.hands())


SAYINGS = [
    ("ERROR: [Errno 28] No space left on device", "free some disk space"),
    ("Error: [Errno 30] Read-only file system: '/x'", "make it writable"),
    ("Error: [Errno 13] Permission denied: '/x'", "make it writable"),
    ("/usr/bin/python3: No module named ensurepip", "apt install python3-venv"),
    ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES", "pip cache purge"),
    ("ERROR: No matching distribution (from versions: none)", "check network and proxy"),
    ("ERROR: invalid thing", "KNOWCTL_VERBOSE=1"),
]


@pytest.mark.parametrize(("line", "hint"), SAYINGS)
def test_a_failure_keeps_the_tools_last_error_and_says_what_to_type(
    machine: Machine, line: str, hint: str
) -> None:
    machine.failing["-r"] = finished(f"Collecting x\n{line}\n\n", 1)
    with pytest.raises(SetupFailed) as raised:
        bootstrap.ensure(checkout(machine), machine.hands())
    assert raised.value.fact == "requirements.lock could not be installed"
    assert raised.value.cause == line
    assert hint in raised.value.hint


def test_pips_own_crash_is_told_without_its_traceback(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    crash = "Collecting x\nERROR: Exception:\nTraceback (most recent call last):\n  File\n"
    machine.failing["-r"] = finished(f"{crash}ReadTimeoutError: Read timed out.\n", 2)
    with pytest.raises(SetupFailed) as raised:
        bootstrap.ensure(checkout(machine), machine.hands())
    assert raised.value.cause == "ReadTimeoutError: Read timed out."
    assert capsys.readouterr().err == "Collecting x\nERROR: Exception:\n"


def test_a_tool_that_failed_without_a_word_is_told_by_its_exit_code(machine: Machine) -> None:
    machine.failing["-e"] = finished(code=9)
    with pytest.raises(SetupFailed) as raised:
        bootstrap.ensure(checkout(machine), machine.hands())
    assert raised.value.cause == "it ended with exit code 9"


def test_only_the_last_twenty_lines_of_a_failure_are_shown(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    machine.failing["-e"] = finished("\n".join(map(str, range(50))), 1)
    with pytest.raises(SetupFailed):
        bootstrap.ensure(checkout(machine), machine.hands())
    assert capsys.readouterr().err.split() == [str(number) for number in range(30, 50)]


def test_production_writes_settings_once_and_becomes_the_server(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (
        bootstrap.main(["production", "--", "--workers", "3"], machine.hands(), machine.root) == 7
    )
    assert machine.ran[-1] == [
        *(machine.python, "-m", "knowctl", "config", "init", "--environment", "production")
    ]
    assert machine.became == [
        [machine.python, "-m", "knowctl", "serve", "--migrate", "--workers", "3"]
    ]
    assert capsys.readouterr() == ("", "wrote .env\n")
    (machine.root / ".env").touch()
    machine.ran.clear()
    bootstrap.main(["production"], machine.hands(), machine.root)
    assert machine.ran == []


def test_production_runs_in_the_checkout_as_production(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("APP_ENV", "")
    monkeypatch.chdir("/")
    bootstrap.main(["production"], machine.hands(), machine.root)
    assert os.environ["APP_ENV"] == "production"
    assert Path.cwd() == machine.root


def test_an_environment_that_is_named_already_is_kept(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("APP_ENV", "staging")
    bootstrap.main(["production"], machine.hands(), machine.root)
    assert os.environ["APP_ENV"] == "staging"


def test_development_makes_the_environment_and_serves_nothing(machine: Machine) -> None:
    assert bootstrap.main(["development"], machine.hands(), machine.root) == 0
    assert machine.became == []
    assert machine.words() == ["venv", "ensurepip", "-r", "-e"]


def test_settings_that_cannot_be_written_stop_the_start(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    machine.failing["init"] = finished("✖ no right\n", 4)
    assert bootstrap.main(["production"], machine.hands(), machine.root) == 1
    assert machine.became == []
    assert capsys.readouterr().err.splitlines() == [
        "✖ no right",
        "✖ .env could not be written",
        "    knowctl config init ended with exit code 4, as it says above",
        f"    → {machine.python} -m knowctl config init --environment production",
    ]


@pytest.mark.parametrize("version", [(3, 8, 18), (3, 15, 0), (4, 0, 0)])
def test_a_python_that_does_not_fit_hands_over_to_the_newest_that_does(
    machine: Machine, version: tuple[int, ...]
) -> None:
    machine.versions = {"python3.14": "3 15 0", "python3.12": "3 12 1", "python3.11": "3 11 7"}
    assert bootstrap.main(["production", "--", "-x"], machine.hands(version), machine.root) == 7
    assert machine.became == [["python3.12", "-I", bootstrap.__file__, "production", "--", "-x"]]
    assert machine.ran == []


@pytest.mark.parametrize("version", [(3, 8, 18), (3, 15, 0)])
def test_a_python_that_does_not_fit_alone_says_what_is_needed(
    machine: Machine, capsys: pytest.CaptureFixture[str], version: tuple[int, ...]
) -> None:
    assert bootstrap.main(["development"], machine.hands(version), machine.root) == 1
    out, err = capsys.readouterr()
    fact, cause, hint = err.splitlines()
    assert out == ""
    this = ".".join(map(str, version))
    assert fact == f"✖ Python 3.11 to 3.14 is needed; this is Python {this}"
    assert cause.endswith("python3.12, python3.11 on PATH runs")
    assert hint.startswith("    → install Python 3.11")


def test_a_missing_lock_is_told_in_three_lines(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    (machine.root / "requirements.lock").unlink()
    assert bootstrap.main(["production"], machine.hands(), machine.root) == 1
    _, cause, hint = capsys.readouterr().err.splitlines()
    assert "No such file or directory" in cause
    assert hint.startswith("    → git checkout -- ")


def test_an_interrupt_ends_with_130_and_without_a_word(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    machine.meanwhile = interrupt
    assert bootstrap.main(["development"], machine.hands(), machine.root) == 130
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("arguments", [[], ["staging"], ["development", "--nonsense"]])
def test_wrong_usage_ends_with_2(machine: Machine, arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        bootstrap.main(arguments, machine.hands(), machine.root)
    assert raised.value.code == 2


@pytest.mark.parametrize(
    ("encoding", "glyph", "arrow"),
    [("utf-8", "✖", "→"), ("ascii", "x", "->"), ("cp1252", "x", "->")],
)
def test_the_signs_degrade_with_the_encoding(encoding: str, glyph: str, arrow: str) -> None:
    told = bootstrap.three_lines(SetupFailed("fact", "cause", "hint"), encoding)
    assert told == f"{glyph} fact\n    cause\n    {arrow} hint\n"


class Terminal:
    def __init__(self) -> None:
        self.text = ""

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> None:
        self.text += text


@pytest.mark.parametrize(
    ("no_colour", "said"), [("", "\033[1;32m==>\033[0m x\n"), ("1", "==> x\n")]
)
def test_a_step_is_coloured_on_a_terminal_unless_refused(
    monkeypatch: pytest.MonkeyPatch, no_colour: str, said: str
) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("NO_COLOR", no_colour)
    bootstrap.real_hands().say("x")
    assert terminal.text == said


def test_a_tool_is_heard_with_its_standard_error_and_its_exit_code() -> None:
    program = "import sys; print('out', flush=True); sys.stderr.write('err'); sys.exit(3)"
    heard = bootstrap.real_hands().run([sys.executable, "-I", "-c", program])
    assert (heard.returncode, heard.stdout.splitlines()) == (3, ["out", "err"])


def test_a_tool_that_is_missing_is_a_failed_one() -> None:
    heard = bootstrap.real_hands().ask(["/nowhere/python"])
    assert heard.returncode == 127
    assert "/nowhere/python" in heard.stdout


@pytest.mark.parametrize("environment", ["", "1"])
def test_verbose_shows_on_standard_error_what_tools_say(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, environment: str
) -> None:
    monkeypatch.setenv("KNOWCTL_VERBOSE", environment)
    hands = bootstrap.real_hands(verbose=not environment)
    hands.run([sys.executable, "-I", "-c", "print('seen')"])
    hands.ask([sys.executable, "-I", "-c", "print('unseen')"])
    assert capfd.readouterr() == ("", "seen\n")


def test_becoming_another_program_keeps_the_process() -> None:
    asked = [sys.executable, "-I", "-c", "import os; print(os.getpid())"]
    program = f"from knowctl.probes import bootstrap; bootstrap.real_hands().become({asked!r})"
    child = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert int(child.communicate()[0]) == child.pid
