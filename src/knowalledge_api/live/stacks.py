"""Where every thread of this process is, without a value of any variable."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterable
from time import perf_counter
from types import FrameType
from typing import Any, Final

from knowalledge_api.live.requests import MILLISECONDS, InFlight

DEEPEST: Final = 200
"""Frames told of one thread, the innermost ones."""


def frames_of(innermost: FrameType | None) -> list[dict[str, Any]]:
    """File, line and function of each frame, the innermost last."""
    frames: list[dict[str, Any]] = []
    while innermost is not None and len(frames) < DEEPEST:
        code = innermost.f_code
        line = innermost.f_lineno
        frames.append({"file": code.co_filename, "line": line, "function": code.co_qualname})
        innermost = innermost.f_back
    frames.reverse()
    return frames


def stack_of(thread: int) -> list[str]:
    """The frames of one thread as lines for a log; none where it has ended."""
    frames = frames_of(sys._current_frames().get(thread))  # noqa: SLF001 -- its documented name
    return [f"{frame['file']}:{frame['line']} {frame['function']}" for frame in frames]


def thread_names() -> dict[int, str]:
    """The names of the threads that Python started."""
    return {each.ident: each.name for each in threading.enumerate() if each.ident is not None}


def threads(inflight: Iterable[InFlight]) -> list[dict[str, Any]]:
    """Every thread with its frames and the request that it serves."""
    names = thread_names()
    serving = {request.thread: _brief(request) for request in inflight}
    return [
        {
            "name": names.get(ident, str(ident)),
            "ident": ident,
            "request": serving.get(ident),
            "frames": frames_of(frame),
        }
        for ident, frame in sys._current_frames().items()  # noqa: SLF001 -- its documented name
    ]


def _brief(request: InFlight) -> dict[str, Any]:
    age = (perf_counter() - request.started) * MILLISECONDS
    return {
        "id": request.id,
        "method": request.method,
        "route": request.route,
        "age_ms": round(age, 3),
    }
