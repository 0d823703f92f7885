from __future__ import annotations

from dataclasses import replace
from typing import Any

from knowctl.supervisor.loop import Loop, Steps
from knowctl.supervisor.order import Order

ORDER = Order(
    server="gunicorn",
    workers=2,
    threads=24,
    url="http://127.0.0.1:5000",
    tls=False,
    instance="5000",
    run_directory="/run/knowctl/5000",
    environ={},
    drain=0.0,
    grace=5.0,
    retirement=30.0,
    soak=0.0,
    smoke=(),
    log_format="console",
    log_file=None,
)


def an_order(**changes: Any) -> Order:
    """An order that differs from the usual one in what a test is about."""
    return replace(ORDER, **changes)


class HandClock:
    """Time that passes when a test says so."""

    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


class HurriedLoop(Loop):
    """A loop in which nothing is waited for: time jumps to what is due next."""

    def __init__(self) -> None:
        self.at = 0.0
        super().__init__(lambda: self.at)

    def _patience(self) -> float:
        self.at = max(self.at, min(self._due.values(), default=self.at))
        return 0.0

    def do(self, steps: Steps[None]) -> None:
        """Run until these steps are through."""

        def then_end() -> Steps[None]:
            yield from steps
            self.end()

        self._ended = False
        self.start(then_end())
        self.run()
