"""The run directory of a server: where it is, that it is ours alone, and who holds it."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from stat import S_IMODE, S_ISDIR, S_ISLNK
from typing import Any, Final, NoReturn

from knowalledge_api.live.transport import connect
from knowctl.errors import ErrorCode, ExitCode, KnowctlError

if sys.platform == "win32":  # pragma: no cover - the suite runs on POSIX
    import msvcrt
else:
    import fcntl

CONTROL, RECORD, LOCK = "control.sock", "supervisor.json", "lock"
LONGEST: Final = "gen-999/live-4194304.sock"
"""The longest name below it: the largest process id of Linux, and many reloads."""
SOCKET_BYTES: Final = 100
"""A path of a Unix socket has at most 104 bytes on macOS and 108 on Linux (unix(7), sun_path)."""
PATIENCE: Final = 0.5
SHORTER: Final = "set KNOWCTL_RUN_DIR to something shorter"
ELSEWHERE: Final = "set KNOWCTL_RUN_DIR to a directory of yours"
OTHERS_WRITE: Final = 0o022
"""The bits of a mode by which a group or everybody may put things into a directory."""


def location(values: Mapping[str, Any], environ: Mapping[str, str]) -> Path:
    """The run directory that the settings name; `values` are theirs by attribute."""
    if values["knowctl_run_dir"]:
        return Path(values["knowctl_run_dir"]).absolute()
    return bases(environ)[0] / named(values["instance"])


def candidates(
    values: Mapping[str, Any], environ: Mapping[str, str], instance: str | None
) -> tuple[Path, ...]:
    """Where that instance may run, or the one of the settings; the likeliest place first."""
    given = Path(values["knowctl_run_dir"]).absolute() if values["knowctl_run_dir"] else None
    if given and instance in {None, given.name, values["instance"]}:
        return (given,)
    name = named(instance or values["instance"])
    return tuple(base / name for base in bases(environ))


def bases(environ: Mapping[str, str]) -> tuple[Path, ...]:
    """Where run directories of this user's instances may be, the one for new ones first.

    A service that systemd starts sees no XDG_RUNTIME_DIR, and its user's shell does.
    """
    runtime = environ.get("XDG_RUNTIME_DIR", "")
    usable = Path(runtime).is_absolute() and _is_ours(Path(runtime))
    own = Path(tempfile.gettempdir()) / f"knowctl-{_user()}"
    return (Path(runtime) / "knowctl", own) if usable else (own,)


def named(instance: str) -> str:
    """An instance's name, KnowctlError where it can't be that of a directory."""
    if instance in {"", ".", ".."} or set(instance) & set("/\\\0"):
        raise KnowctlError(
            ErrorCode.USAGE,
            f"no instance can be called {instance!r}",
            cause="its name is that of a directory, too",
            hint="INSTANCE and --instance take letters, digits, dots and dashes",
            exit_code=ExitCode.USAGE,
        )
    return instance


def prepare(directory: Path | str) -> Path:
    """Make it where it is not there, and see that nobody else can get in; KnowctlError else."""
    path = Path(directory)
    longest = len(os.fsencode(path / LONGEST))
    if longest >= SOCKET_BYTES:
        cause = (
            f"sockets in it would have names of {longest} bytes; {SOCKET_BYTES - 1} are possible"
        )
        _refuse(path, cause, SHORTER)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _see_that_its_place_is_safe(path)
        path.mkdir(mode=0o700, exist_ok=True)
        _see_that_it_is_safe(path)
    except OSError as error:
        _refuse(path, error.strerror or str(error), ELSEWHERE)
    return path


def hold(directory: Path | str) -> int:
    """Take the directory's lock, until the descriptor given back is closed wherever it is open.

    KnowctlError with exit code 4 where another supervisor has it.
    """
    path = Path(directory)
    descriptor = os.open(path / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _lock(descriptor)
    except OSError as error:
        os.close(descriptor)
        holder = (record_of(path) or {}).get("pid")
        process = f"process {holder}" if holder else "another process, which starts or stops"
        raise KnowctlError(
            ErrorCode.REFUSED,
            f"instance {path.name} is already served by {process}",
            cause=f"it holds {path / LOCK}",
            hint="knowctl reload, knowctl stop, or another PORT or INSTANCE for a second server",
            exit_code=ExitCode.REFUSED,
        ) from error
    return descriptor


def record_of(directory: Path) -> dict[str, Any] | None:
    """What the supervisor wrote of itself; None without one, or where nobody can read it."""
    try:
        record = json.loads((directory / RECORD).read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None


def introduce(directory: Path, facts: Mapping[str, Any]) -> None:
    """Say who serves there, at once for whoever looks."""
    fresh = directory / f"{RECORD}.new"
    fresh.write_text(json.dumps(facts))
    fresh.replace(directory / RECORD)


def withdraw(directory: Path) -> None:
    """Say that nobody serves there any more."""
    (directory / RECORD).unlink(missing_ok=True)


def running(places: Iterable[Path]) -> tuple[Path, ...]:
    """The run directories below these whose supervisor lives, by name; those of others left out."""
    return tuple(
        path
        for place in places
        if _is_ours(place)
        for path in sorted(place.iterdir())
        if _is_ours(path) and is_served(path)
    )


def is_served(directory: Path) -> bool:
    """Whether a supervisor listens there; KnowctlError where that is not this user's to know.

    Root asks the servers of others where KNOWCTL_RUN_DIR names them, and believes nobody else
    in a place of its own.
    """
    if sys.platform != "win32":
        _see_that_it_may_be_believed(directory)
    try:
        asker, _ = connect(directory / CONTROL, PATIENCE)
    except PermissionError:
        refuse_to_ask(directory)
    except (TimeoutError, BlockingIOError):
        return True  # it is there, and busy
    except (OSError, ValueError):
        return False
    asker.close()
    return True


def refuse_to_ask(directory: Path) -> NoReturn:
    """Say that this user may not ask the server whose run directory it is."""
    raise KnowctlError(
        ErrorCode.REFUSED,
        "the server may not be asked by this user",
        cause=f"{directory} is private to the user that serves",
        hint="run the same command as that user: sudo -u USER knowctl …",
        exit_code=ExitCode.REFUSED,
    )


def _see_that_it_is_safe(path: Path) -> None:
    if sys.platform == "win32":  # pragma: no cover - a user's temporary directory is its own
        return
    if path.is_symlink() or not path.is_dir():
        _refuse(path, "it is no directory, but a link or a file", f"remove {path}")
    if path.stat().st_uid != os.geteuid():
        _refuse_to_share(path, path)
    if path.stat().st_mode & 0o077:
        path.chmod(0o700)


def _see_that_its_place_is_safe(path: Path) -> None:
    """Nobody else may put another directory, or a link to one, where this one is looked for.

    A place that KNOWCTL_RUN_DIR names may be root's, and a link of root's, as /var/run is one.
    """
    if sys.platform == "win32":  # pragma: no cover - a user's temporary directory is its own
        return
    parent, ours = path.parent, {0, os.geteuid()}
    found = parent.lstat()
    if not _is_implicit(path):
        if found.st_uid not in ours or parent.stat().st_uid not in ours:
            _refuse_to_share(path, parent)
    elif S_ISLNK(found.st_mode):
        _refuse(path, f"{parent} is a link", f"remove {parent}, or {ELSEWHERE}")
    elif found.st_uid != os.geteuid():
        _refuse_to_share(path, parent)
    elif found.st_mode & OTHERS_WRITE:
        cause = f"others may write into {parent} (mode {S_IMODE(found.st_mode):04o})"
        _refuse(path, cause, f"chmod 700 {parent}")


def _see_that_it_may_be_believed(directory: Path) -> None:
    owner, implicit = _owner(directory), _is_implicit(directory)
    if implicit and _owner(directory.parent) is not None:
        _see_that_its_place_is_safe(directory)
    if owner in {None, os.geteuid()}:
        return
    if os.geteuid():
        refuse_to_ask(directory)
    if implicit:
        _refuse_to_share(directory, directory)


def _is_implicit(directory: Path) -> bool:
    """Whether it is where run directories are that nobody names."""
    return directory.parent in bases(os.environ)


def _is_ours(path: Path) -> bool:
    """Whether it is a directory of this user, and no link to one."""
    try:
        found = path.lstat()
    except OSError:
        return False
    return S_ISDIR(found.st_mode) and (sys.platform == "win32" or found.st_uid == os.geteuid())


def _owner(path: Path) -> int | None:
    """The user id that it belongs to, None where it is not there or can't be looked at."""
    try:
        return path.lstat().st_uid
    except OSError:
        return None


def _user() -> str:
    if sys.platform == "win32":  # pragma: no cover - the suite runs on POSIX
        return os.environ.get("USERNAME", "user")
    return str(os.geteuid())


def _lock(descriptor: int) -> None:
    if sys.platform == "win32":  # pragma: no cover - the suite runs on POSIX
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
    else:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _refuse(path: Path, cause: str, hint: str) -> NoReturn:
    raise KnowctlError(
        ErrorCode.REFUSED,
        f"the run directory {path} can't be used",
        cause=cause,
        hint=hint,
        exit_code=ExitCode.REFUSED,
    )


def _refuse_to_share(path: Path, foreign: Path) -> NoReturn:
    """Refuse it for a part of it, itself or its parent, that is another user's."""
    found = foreign.lstat()
    if S_ISLNK(found.st_mode) and found.st_uid in {0, os.geteuid()}:
        found = foreign.stat()
    cause = f"{foreign} belongs to user id {found.st_uid}, and this is {_user()}"
    _refuse(path, cause, f"run as that user, or {ELSEWHERE}")
