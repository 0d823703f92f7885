"""Work that gives way to what serves: a candidate boots beside it, on the same processors."""

from __future__ import annotations

import os
import runpy
import sys
import threading
from collections.abc import Callable, Sequence
from typing import Final, TypeVar

T = TypeVar("T")
NICENESS: Final = 10
"""A tenth of the usual share of a busy processor (sched(7): a factor of 1.25 a step)."""


def gently(work: Callable[[], T]) -> T:
    """Do it in a thread of low priority, and give or raise what comes of it.

    The process keeps its own priority, which it could not have back. Linux alone has priorities
    of threads; elsewhere it is done at once.
    """
    if sys.platform != "linux":
        return work()
    results: list[T] = []
    errors: list[BaseException] = []

    def run() -> None:
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
        try:
            results.append(work())
        except BaseException as error:  # noqa: BLE001 -- whoever waits raises it
            errors.append(error)

    thread = threading.Thread(target=run, name="boot")
    thread.start()
    thread.join()
    if errors:
        raise errors[0]
    return results[0]


def main(argv: Sequence[str]) -> None:
    """Run a module as a program of low priority: its name, then its arguments."""
    os.nice(NICENESS)
    sys.argv = list(argv)
    runpy.run_module(argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(sys.argv[1:])
