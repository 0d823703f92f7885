"""Windows as far as another platform can be it: what it lacks is gone, what it has is played."""

from __future__ import annotations

import importlib.abc
import os
import pathlib
import select
import selectors
import shutil
import signal
import socket
import sys
from collections.abc import Callable
from importlib import import_module
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, Final

if sys.platform != "win32":
    import fcntl

ROOT: Final = Path(__file__).resolve().parents[2]
PRETENDING: Final = """
import sys
from tests.support.windows import pretend
pretend()
"""
"""What a script begins with that is to run there; it needs ROOT on its path."""
KNOWCTL: Final = f"""{PRETENDING}
from knowctl.__main__ import run
run()
"""
WITHOUT: Final = (
    *("fcntl", "grp", "pwd", "pty", "resource", "syslog", "termios", "tty"),
    *("gunicorn", "_posixsubprocess"),
)
"""Modules that Windows has not, and a package that is not installed there."""
LACKS: Final[tuple[tuple[Any, tuple[str, ...]], ...]] = (
    (
        os,
        (
            *("fork", "forkpty", "getuid", "geteuid", "getgid", "getegid", "getpgid", "killpg"),
            *("setsid", "setuid", "setgid", "chown", "fchmod", "fchown", "statvfs", "sysconf"),
            *("register_at_fork", "posix_fallocate", "posix_spawn", "posix_spawnp", "pipe2"),
            *("mkfifo", "mknod", "sched_getaffinity", "set_blocking", "uname", "getloadavg"),
            *("WNOHANG", "O_NONBLOCK", "O_NOFOLLOW", "O_CLOEXEC", "O_DIRECTORY"),
        ),
    ),
    (
        signal,
        (
            *("SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGKILL", "SIGCHLD", "SIGPIPE"),
            *("SIGALRM", "SIGTTIN", "SIGTTOU", "SIGSTOP", "SIGCONT", "alarm", "setitimer"),
            *("pthread_sigmask", "sigwait", "siginterrupt"),
        ),
    ),
    (socket, ("AF_UNIX", "SO_REUSEPORT", "send_fds", "recv_fds")),
    (select, ("poll", "epoll", "kqueue")),
)
"""Names that Windows has not. Source: the availability that Python's documentation states."""

LOADED_BEFORE: Final = ("asyncio", "ctypes", "flask", "rich.console", "sqlalchemy", "typer")
"""Modules of others that load what only Windows has."""


class _Missing(importlib.abc.MetaPathFinder):
    """Finds that a module is not there."""

    def find_spec(self, fullname: str, *_: object) -> ModuleSpec | None:
        if fullname.partition(".")[0] in WITHOUT:
            raise ModuleNotFoundError(f"No module named {fullname!r}", name=fullname)
        return None


def pretend() -> None:
    """Make of this process one that runs on Windows, before anything of ours is imported.

    What of others' asks Windows' own libraries is loaded before, as it is for this platform.
    """
    for name in LOADED_BEFORE:
        import_module(name)
    vars(shutil)["disk_usage"] = _disk_usage(os.statvfs)
    for module, names in LACKS:
        for name in names:
            vars(module).pop(name, None)
    for name in [each for each in sys.modules if each.partition(".")[0] in WITHOUT]:
        del sys.modules[name]
    sys.meta_path.insert(0, _Missing())
    sys.modules["msvcrt"] = _msvcrt()
    socket.socketpair = _socketpair  # type: ignore[assignment]
    selectors.DefaultSelector = selectors.SelectSelector  # type: ignore[misc,assignment]
    vars(signal).update(SIGBREAK=signal.SIGTERM, CTRL_C_EVENT=0, CTRL_BREAK_EVENT=1)
    vars(os).update(O_BINARY=0, O_NOINHERIT=0)
    vars(pathlib)["WindowsPath"] = pathlib.PosixPath  # whose files these are all the same
    os.name = "nt"
    sys.platform = "win32"


def _msvcrt() -> ModuleType:
    """The module, with the one thing of it that is used."""
    module = ModuleType("msvcrt")
    lockf, wanted = fcntl.lockf, fcntl.LOCK_EX | fcntl.LOCK_NB

    def locking(descriptor: int, mode: int, number: int) -> None:
        """Lock bytes from where the file stands; OSError where somebody else has them."""
        assert mode == vars(module)["LK_NBLCK"]
        lockf(descriptor, wanted, number, 0, os.SEEK_CUR)

    vars(module).update(LK_NBLCK=2, locking=locking)
    return module


def _disk_usage(statvfs: Callable[[Any], os.statvfs_result]) -> Callable[[Any], Any]:
    """What shutil has for Windows, which asks nothing of os."""

    def disk_usage(path: Any) -> Any:
        found = statvfs(path)
        total, free = (blocks * found.f_frsize for blocks in (found.f_blocks, found.f_bavail))
        return SimpleNamespace(total=total, used=total - free, free=free)

    return disk_usage


def _socketpair(*_: Any) -> tuple[socket.socket, socket.socket]:
    """Two ends over the loopback, as there."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        one = socket.create_connection(listener.getsockname())
        return one, listener.accept()[0]
