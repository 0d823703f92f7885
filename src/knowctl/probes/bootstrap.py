"""Makes the checkout's virtual environment from its lock and, for production, starts the server."""

from __future__ import annotations

import argparse
import hashlib
import itertools
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

if sys.platform == "win32":  # pragma: no cover - the suite runs on POSIX
    import msvcrt
else:
    import fcntl
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

ROOT = Path(__file__).resolve().parents[3]
MINIMUM, NEWEST = (3, 11), (3, 14)  # for which the lock has all; this file runs from 3.7 on
CANDIDATES = tuple(f"python3.{minor}" for minor in range(NEWEST[1], MINIMUM[1] - 1, -1))
LOCKS = {"production": "requirements.lock", "development": "requirements-dev.lock"}
STAMP, MISSING, PROJECT = "knowctl.stamp", "there is none", "the project"
EXIT_FAILED, EXIT_NOT_FOUND, EXIT_INTERRUPTED = 1, 127, 130
SHOWN_LINES, STANDARD_ERROR, POLL_SECONDS = 20, 2, 0.2
LOCKED_BYTE = 1 << 30  # Windows lets nobody read a locked byte: one past the end of the file
HINTS = {  # by the first pattern that is found in what a tool said
    r"no space left|quota exceeded": "free some disk space, then run this again",
    r"read-only file|permission denied|access is denied": "make it writable, then run this again",
    r"no module named '?(ensurepip|venv)": "apt install python3-venv, then run this again",
    r"not match the hashes": "find out why first; a damaged cache is cured by: pip cache purge",
    r"retrying \(|from versions: none|timed out": "check network and proxy, then run this again",
    r"no such file.*(\.lock|\.toml)'": "git checkout -- pyproject.toml requirements*.lock",
    r"": "run it again with KNOWCTL_VERBOSE=1 to see all that is said",
}


@dataclass(eq=False)
class SetupFailed(Exception):  # noqa: N818 -- an event with three lines, not a kind of error
    """A step that failed: the fact, its cause and the next thing to type."""

    fact: str
    cause: str
    hint: str


@dataclass(frozen=True)
class Checkout:
    """The directory that an environment is made from, for which profile, and where it is made."""

    root: Path
    profile: str
    venv: Path

    @property
    def python(self) -> str:
        """The environment's own interpreter."""
        return str(self.venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))

    def digests(self) -> list[str]:
        """SHA-256 of what decides each profile; the development lock holds the other one whole."""
        names = LOCKS.values() if self.profile == "development" else [LOCKS[self.profile]]
        end = (self.root / "pyproject.toml").read_bytes()
        return [hashlib.sha256((self.root / each).read_bytes() + end).hexdigest() for each in names]

    def steps(self) -> Iterator[tuple[str, list[str]]]:
        """What pip installs, one after the other, each with what it is called."""
        lock = self.root / LOCKS[self.profile]
        yield lock.name, ["--no-deps", "--require-hashes", "-r", str(lock)]
        yield PROJECT, ["--no-deps", "--no-build-isolation", "-e", str(self.root)]


@dataclass(frozen=True)
class Hands:
    """What the set-up knows of the machine, and all that it does to it outside the checkout."""

    ask: Callable[[Sequence[str]], subprocess.CompletedProcess[str]]  # silently
    run: Callable[[Sequence[str]], subprocess.CompletedProcess[str]]  # shown where that is wanted
    become: Callable[[Sequence[str]], int]  # returns only where a process cannot be replaced
    say: Callable[[str], None]
    wait: Callable[[float], None] = time.sleep
    version: tuple[int, ...] = tuple(sys.version_info[:3])
    executable: str = getattr(sys, "_base_executable", None) or sys.executable  # of no environment


def main(argv: Sequence[str], hands: Hands | None = None, root: Path = ROOT) -> int:
    """Set up the checkout and, for production, serve; return the exit code."""
    options, arguments = _parse(argv)
    hands = hands or real_hands(verbose=options.verbose)
    checkout = Checkout(root, options.profile, root / ".venv")
    try:
        if not MINIMUM <= hands.version[:2] <= NEWEST:
            return hands.become([fitting_python(hands), "-I", __file__, *argv])
        ensure(checkout, hands)
        return serve(checkout, arguments, hands) if options.profile == "production" else 0
    except (SetupFailed, OSError) as error:
        sys.stderr.write(three_lines(error, sys.stderr.encoding))
        return EXIT_FAILED
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED


def real_hands(*, verbose: bool = False) -> Hands:
    """Return the machine itself; verbose (or KNOWCTL_VERBOSE) shows what tools say as they run."""
    shown = partial(_run, echo=verbose or bool(os.environ.get("KNOWCTL_VERBOSE")))
    return Hands(partial(_run, echo=False), shown, _become, _say)


def fitting_python(hands: Hands) -> str:
    """Return the newest Python on PATH that fits and really runs: a version manager's may not."""
    for name in CANDIDATES:
        if MINIMUM <= _version(name, hands)[:2] <= NEWEST:
            return name
    wanted = f"{_python(MINIMUM)} to 3.{NEWEST[1]}"
    fact = f"{wanted} is needed; this is {_python(hands.version)}"
    cause = f"none of {', '.join(CANDIDATES)} on PATH runs"
    raise SetupFailed(fact, cause, f"install {wanted}, then run this again")


def ensure(checkout: Checkout, hands: Hands) -> bool:
    """Make or repair the environment, or raise SetupFailed or OSError; return whether it had to."""
    if not any(outstanding(checkout, hands)):
        return False
    project = checkout.root / "pyproject.toml"  # locked and left as it is
    with project.open("rb+" if os.access(str(project), os.W_OK) else "rb") as file:
        _lock(file.fileno(), hands)
        fault, stale = outstanding(checkout, hands)  # another set-up may have done it meanwhile
        if fault:
            _create(checkout, fault, hands)
        if stale:
            _install(checkout, hands)
    return True


def outstanding(checkout: Checkout, hands: Hands) -> tuple[str, bool]:
    """Return why to make the environment (or nothing), and whether to install; change nothing."""
    fault = _fault(checkout, hands)
    return fault, bool(fault) or not set(recorded(checkout.venv)).issuperset(checkout.digests())


def serve(checkout: Checkout, arguments: Sequence[str], hands: Hands) -> int:
    """Become `knowctl serve` in the checkout, with settings made first where there are none."""
    os.chdir(checkout.root)
    os.environ["APP_ENV"] = os.environ.get("APP_ENV") or "production"
    knowctl = [checkout.python, "-m", "knowctl"]
    if not Path(".env").exists():
        hands.say("writing .env")
        init = [*knowctl, "config", "init", "--environment", "production"]
        made = hands.run(init)
        sys.stderr.write(made.stdout or "")
        if made.returncode:
            cause = f"knowctl config init ended with exit code {made.returncode}, as it says above"
            raise SetupFailed(".env could not be written", cause, " ".join(init))
    return hands.become([*knowctl, "serve", "--migrate", *arguments])


def three_lines(error: SetupFailed | OSError, encoding: str) -> str:
    """Word a failure, with its signs in ASCII where the encoding has no other."""
    if isinstance(error, OSError):
        error = _explained("the environment could not be made", str(error))
    glyph, arrow = ("✖", "→") if "✖".encode(encoding, "ignore") else ("x", "->")
    return f"{_paint(glyph, '31')} {error.fact}\n    {error.cause}\n    {arrow} {error.hint}\n"


def _fault(checkout: Checkout, hands: Hands) -> str:
    venv, stamp, real = checkout.venv, recorded(checkout.venv), checkout.venv.resolve()
    if not (venv / "pyvenv.cfg").exists():
        return MISSING
    if stamp and not Path(stamp[0]).resolve() == real == venv.parent.resolve() / real.name:
        return "it was moved"
    version = _version(checkout.python, hands, "import pip; ")
    age = "" if MINIMUM <= version[:2] <= NEWEST else f"its {_python(version)} does not fit"
    return age if version else "its Python or pip does not run"


def _version(python: str, hands: Hands, first: str = "") -> tuple[int, ...]:
    answer = hands.ask([python, "-I", "-c", first + "import sys; print(*sys.version_info[:3])"])
    numbers = re.search(r"^(\d+) (\d+) (\d+)$", answer.stdout, re.MULTILINE)
    return tuple(map(int, numbers.groups())) if numbers and answer.returncode == 0 else ()


def _python(version: tuple[int, ...]) -> str:
    return "Python " + ".".join(map(str, version))


def _create(checkout: Checkout, fault: str, hands: Hands) -> None:
    venv, linked = checkout.venv, checkout.venv.is_symlink()
    taken = any(venv.iterdir()) if venv.is_dir() else os.path.lexists(str(venv))
    if taken and (fault == MISSING or linked):
        cause = f"{venv} is {'a link' if linked else 'no environment'}, and may hold what is yours"
        raise SetupFailed(f"{venv.name} is in the way", cause, f"mv {venv} {venv}.old")
    hands.say(f"creating {venv.name} with {_python(hands.version)}: {fault}")
    make = [hands.executable, "-I", "-m", "venv", "--clear", "--without-pip", str(venv)]
    pip = [checkout.python, "-I", "-m", "ensurepip", "--default-pip"]  # by venv it fails unheard
    try:
        for command in (make, pip):
            _must("the virtual environment could not be made", hands.run(command))
    except BaseException:  # half an environment would pass for a whole one
        shutil.rmtree(str(venv), ignore_errors=True)
        raise


def _install(checkout: Checkout, hands: Hands) -> None:
    retries = () if os.environ.get("PIP_RETRIES") else ("--retries", "3")
    bounds = ["--disable-pip-version-check", "--no-input", *retries]
    _record(checkout.venv)  # from here to the end nothing counts as installed
    for what, arguments in checkout.steps():
        hands.say(f"installing {what}")
        pip = [checkout.python, "-I", "-m", "pip", "install", *bounds, *arguments]
        _must(f"{what} could not be installed", hands.run(pip))
    _record(checkout.venv, *checkout.digests())


def _must(fact: str, finished: subprocess.CompletedProcess[str]) -> None:
    if finished.returncode:
        said = finished.stdout or ""
        shown = f"\n{said}".partition("\nTraceback (")[0].strip().splitlines()
        sys.stderr.writelines(f"{line}\n" for line in shown[-SHOWN_LINES:])
        raise _explained(fact, f"it ended with exit code {finished.returncode}\n{said}")


def _explained(fact: str, text: str) -> SetupFailed:
    said = [line.strip() for line in text.splitlines() if line.strip()]
    hits = (([line for line in said if re.search(p, line.lower())], h) for p, h in HINTS.items())
    telling, hint = next(hit for hit in hits if hit[0])
    errors = [line for line in said if re.match("error.*[^:]$", line.lower())]
    return SetupFailed(fact, (errors or telling)[-1], hint)


def recorded(venv: Path) -> list[str]:
    """Return where an environment was made, and the digests of what is installed in it."""
    stamp = venv / STAMP
    return stamp.read_text("utf-8", "replace").splitlines() if stamp.exists() else []


def _record(venv: Path, *digests: str) -> None:
    (venv / f"{STAMP}.new").write_text("\n".join((str(venv), *digests, "")), encoding="utf-8")
    (venv / f"{STAMP}.new").replace(venv / STAMP)


def _lock(descriptor: int, hands: Hands) -> None:
    """Take the exclusive lock, which ends with the closing of the file or with this process."""
    for attempt in itertools.count():
        try:
            if sys.platform == "win32":  # pragma: no cover - the suite runs on POSIX
                os.lseek(descriptor, LOCKED_BYTE, os.SEEK_SET)
                msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
            else:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):
            if attempt == 0:
                hands.say("waiting for another set-up of this checkout to end")
            hands.wait(POLL_SECONDS)
        else:
            return


def _run(argv: Sequence[str], *, echo: bool) -> subprocess.CompletedProcess[str]:
    out, err = STANDARD_ERROR if echo else subprocess.PIPE, subprocess.STDOUT
    try:
        return subprocess.run(argv, input="", stdout=out, stderr=err, errors="replace", check=False)
    except OSError as error:
        return subprocess.CompletedProcess(argv, EXIT_NOT_FOUND, str(error))


def _become(command: Sequence[str]) -> int:
    if os.name == "nt":  # pragma: no cover - there exec would leave the console to two processes
        with subprocess.Popen(command) as child:
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # the server ends first, in its own time
            return child.wait()
    return os.execvp(command[0], list(command))  # noqa: S606 -- signals reach the server itself


def _say(step: str) -> None:
    sys.stderr.write(f"{_paint('==>', '1;32')} {step}\n")


def _paint(text: str, code: str) -> str:
    coloured = sys.stderr.isatty() and not os.environ.get("NO_COLOR")
    return f"\033[{code}m{text}\033[0m" if coloured else text


def _parse(argv: Sequence[str]) -> tuple[argparse.Namespace, Sequence[str]]:
    at = [*argv, "--"].index("--")  # what follows it is for the server
    parser = argparse.ArgumentParser(prog="bootstrap.py", description=__doc__)
    parser.add_argument("profile", choices=sorted(LOCKS))
    parser.add_argument("-v", "--verbose", action="store_true", help="show what the tools say")
    return parser.parse_args(argv[:at]), argv[at + 1 :]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
