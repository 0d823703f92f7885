"""What a server's process owes its supervisor: to end with it, to answer it, to retire in time."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import sys
from pathlib import Path
from typing import Final

from knowalledge_api.generation import Generation
from knowalledge_api.settings import Settings

PR_SET_PDEATHSIG: Final = 1
PRIVATE_BACKLOG: Final = 64


def end_with(parent: int) -> bool:
    """Get SIGTERM when the parent ends; False where it has ended already.

    Linux alone can do that: prctl(2). A change of user undoes it, so it comes after that.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    return os.getppid() == parent


def listen_privately(path: Path) -> socket.socket:
    """A Unix socket on which a server answers its supervisor; its directory keeps others out."""
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listener.bind(str(path))
        path.chmod(0o600)
        listener.listen(PRIVATE_BACKLOG)
    except OSError:
        listener.close()
        raise
    listener.settimeout(0)
    return listener


def grace(settings: Settings, generation: Generation | None) -> int:
    """Seconds that a server which was told to end may take to finish what it has.

    A retiring generation has another one beside it and may wait for its longest request, and
    then for the client of an idle connection; how long a stop may take the supervisor decides.
    """
    graceful = settings.gunicorn_graceful_timeout
    if generation is None:
        return graceful
    longest = max(graceful, settings.ai_request_budget)
    return int(longest + settings.gunicorn_keepalive)
