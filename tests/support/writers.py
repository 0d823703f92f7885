"""Writers of content for tests: what they are asked, and what they do about it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from knowalledge_api.providers.offline.provider import OfflineProvider
from knowalledge_api.providers.protocol import Terms
from knowalledge_api.providers.tasks import Result, Task


@dataclass
class Writer:
    """Writes as the offline provider does, after `before` was called with the task."""

    source: str = "gemini"
    version: str = "1"
    before: Callable[[Task[Any], Terms], object] = lambda _task, _terms: None
    asked: list[tuple[Task[Any], Terms]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def write(self, task: Task[Result], terms: Terms) -> Result:
        """What the offline provider writes, unless `before` raises."""
        with self.lock:
            self.asked.append((task, terms))
        self.before(task, terms)
        return OfflineProvider().write(task, terms)

    @property
    def tasks(self) -> list[Task[Any]]:
        """What was asked so far."""
        return [task for task, _ in self.asked]
