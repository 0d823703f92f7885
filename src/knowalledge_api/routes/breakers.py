"""The circuit breakers by name: what each tells of itself, and how it is had asked again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Protocol

from knowalledge_api.live.process import Live
from knowalledge_api.providers.breaker import BreakerPhase
from knowalledge_api.stores.store import Store

WORST_FIRST: Final = (BreakerPhase.OPEN, BreakerPhase.HALF_OPEN, BreakerPhase.CLOSED)


class Breaker(Protocol):
    """What stops asking a part that does not answer."""

    def told(self) -> Mapping[str, Any]:
        """State, mode, since and failures, as the API answers them."""
        ...

    def look(self) -> None:
        """Have it asked now instead of later."""
        ...


class RedisBreaker:
    """The one place that decides between Redis and memory, in this worker."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def told(self) -> Mapping[str, Any]:
        """The cause is for the log, and for administrators elsewhere."""
        state = self._store.state()
        return {
            "state": BreakerPhase.OPEN if state.degraded else BreakerPhase.CLOSED,
            "mode": state.mode,
            "since": round(state.since, 3),
            "failures": state.degradations,
        }

    def look(self) -> None:
        """Ask Redis now."""
        self._store.look()


class AiBreakers:
    """The breakers of all workers of this server, told as one: open where one of them is."""

    def __init__(self, live: Live) -> None:
        self._live = live

    def told(self) -> Mapping[str, Any]:
        """The worst of them, since it is so; how often any of them opened."""
        found = [each["ai"] for each in self._live.everyone()["workers"] if each.get("ai")]
        phases = {one["state"] for one in found}
        worst = next((phase for phase in WORST_FIRST if phase in phases), BreakerPhase.CLOSED)
        return {
            "state": worst,
            "mode": None,
            "since": min((one["since"] for one in found if one["state"] == worst), default=0.0),
            "failures": sum(one["opened"] for one in found),
        }

    def look(self) -> None:
        """Have every worker ask again."""
        self._live.reset_everywhere()
