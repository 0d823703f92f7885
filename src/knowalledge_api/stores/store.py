"""Redis as long as it answers, and a clear no while it does not: nobody waits for it twice."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from time import time
from typing import Any, Final

from redis import RedisError
from redis.exceptions import NoScriptError

from knowalledge_api.settings import Origin, Problem, ProblemKind, Settings, SettingsError
from knowalledge_api.stores.links import BusyLinksError, Command, Links, connecting

log = logging.getLogger(__name__)

PERIOD: Final = 1.0
"""Seconds between looks whether Redis answers: it is found away, or back, within two of them."""
SPARE: Final = 4
"""Connections beyond one a thread that serves: for the look, and for what else runs."""
LONGEST: Final = 200
UNSET: Final = "REDIS_URL is not set"

Ask = Callable[..., Any]
Look = Callable[[Ask], None]


def in_a_thread(watch: Callable[[], None]) -> None:
    """Run it beside everything else, until the process ends."""
    threading.Thread(target=watch, name="redis", daemon=True).start()


class Mode(StrEnum):
    """Where what servers share is kept now."""

    REDIS = "redis"
    MEMORY = "memory"


@dataclass(frozen=True, slots=True)
class StoreState:
    """Where it is kept, since when (seconds of the Unix epoch), and why if not as configured."""

    mode: Mode
    since: float
    why: str
    degradations: int

    @property
    def degraded(self) -> bool:
        """Whether Redis was asked for and is away."""
        return self.mode is Mode.MEMORY and self.why != UNSET


class StoreAwayError(Exception):
    """Redis is not asked now: it is away, or not configured."""


class Store:
    """One for a process and all its threads. Made before the fork, connected when first used.

    The first failure closes it for everyone: those who wait for an answer are let go at once, and
    a thread of its own looks for Redis until it answers again. `links` is None where no Redis is
    configured; `degraded` is called at each change to memory, `beside` runs the thread.
    """

    def __init__(
        self,
        links: Links | None,
        prefix: str = "",
        degraded: Callable[[], object] = lambda: None,
        clock: Callable[[], float] = time,
        beside: Callable[[Callable[[], None]], object] = in_a_thread,
    ) -> None:
        self.prefix = prefix
        self._links = links
        self._degraded = degraded
        self._clock = clock
        self._beside = beside
        self._lock = threading.Lock()
        self._returns: list[Look] = []
        self._looks: list[Look] = []
        self._pid = 0
        self._over = threading.Event()
        self._turn = 0
        mode = Mode.MEMORY if links is None else Mode.REDIS
        self._state = StoreState(mode, clock(), "" if links else UNSET, 0)
        self.usable = links is not None
        """Whether it is worth asking: read without a lock by whoever has another way."""

    def ask(self, *command: Any) -> Any:
        """Redis' answer to one command.

        Raises StoreAwayError, at once while Redis is away; NoScriptError.
        """
        return self.ask_all((command,))[0]

    def ask_all(self, commands: Sequence[Command]) -> list[Any]:
        """The answers to commands sent together; raises as `ask` does."""
        if self._links is None or not self.usable:
            raise StoreAwayError(self._state.why)
        if self._pid != os.getpid():
            self._begin()
        turn = self._turn
        try:
            return self._links.ask(commands)
        except NoScriptError:
            raise
        except BusyLinksError as error:
            raise StoreAwayError(str(error)) from error
        except (RedisError, OSError) as error:
            self._fail(error, turn)
            raise StoreAwayError(cause_of(error)) from error

    def state(self) -> StoreState:
        """Where things are kept now; a process that never asked begins to look."""
        if self._links is not None and self._pid != os.getpid():
            self._begin()
        return self._state

    @property
    def away(self) -> bool:
        """Whether there is a Redis, and it is not used now."""
        return self._links is not None and not self.usable

    def on_return(self, look: Look) -> None:
        """Have this done each time before Redis is used again; where it fails Redis is away."""
        self._returns.append(look)

    def on_look(self, look: Look) -> None:
        """Have this done at each look while Redis is used."""
        self._looks.append(look)

    def close(self) -> None:
        """Look no more, and close what is open."""
        self._over.set()
        if self._links is not None:
            self._links.close()

    def look(self) -> None:
        """Find out whether Redis answers, and takes what is written."""
        if self._links is None:
            return
        used, turn = self.usable, self._turn
        try:
            if used:
                self._ask_looking("PING")
                self._all(self._looks)
            else:
                self._ask_looking("SET", f"{self.prefix}probe", "1", "PX", "1000")
                self._all(self._returns)
        except (RedisError, OSError, BusyLinksError) as error:
            self._fail(error, turn)
        else:
            if not used:  # or else somebody has found it away meanwhile
                self._recover()

    def _all(self, looks: list[Look]) -> None:
        for look in looks:
            look(self._ask_looking)

    def _ask_looking(self, *command: Any) -> Any:
        assert self._links is not None  # noqa: S101 -- nothing looks without
        return self._links.ask((command,))[0]

    def _begin(self) -> None:
        """Take the store over in this process, and look after it from now on."""
        with self._lock:
            if self._pid == os.getpid() or self._links is None:
                return
            self._links.forget()
            over = self._over = threading.Event()
            self._pid = os.getpid()
            self._beside(lambda: self._watch(over))

    def _watch(self, over: threading.Event) -> None:
        while not over.is_set():
            try:
                self.look()
            except Exception:
                log.exception("looking for Redis failed; it is tried again")
            over.wait(PERIOD)

    def _fail(self, error: Exception, turn: int) -> None:
        """Close the store, unless what failed began before it was last opened."""
        with self._lock:
            if not self.usable or turn != self._turn:
                return
            self.usable = False
            self._turn += 1
            why, count = cause_of(error), self._state.degradations + 1
            self._state = StoreState(Mode.MEMORY, self._clock(), why, count)
        assert self._links is not None  # noqa: S101 -- nothing fails without
        self._links.abandon()
        log.warning("Redis is away, memory is used instead: %s", why)
        self._degraded()

    def _recover(self) -> None:
        with self._lock:
            if self.usable:
                return
            before, self._state = (
                self._state,
                StoreState(Mode.REDIS, self._clock(), "", self._state.degradations),
            )
            self._turn += 1
            self.usable = True
        log.info("Redis is used again, after %.1f s", self._state.since - before.since)


def make_store(settings: Settings, degraded: Callable[[], object] = lambda: None) -> Store:
    """The store of these settings, connected to nothing yet; SettingsError where it can't be."""
    if settings.redis_url is None:
        return Store(None)
    try:
        connect = connecting(settings.redis_url.reveal(), settings.redis_timeout)
    except (TypeError, ValueError) as error:
        cause = "REDIS_URL has an option that redis-py does not know, or a value that it can't read"
        hint = "mend what follows the ? in REDIS_URL"
        raise SettingsError(
            (Problem(ProblemKind.VALUE, "REDIS_URL", cause, hint, Origin("settings")),)
        ) from error
    threads = max(settings.gunicorn_threads, settings.waitress_threads)
    return Store(Links(connect, threads + SPARE), settings.redis_prefix, degraded)


def cause_of(error: Exception) -> str:
    """What failed, in one line without a secret: redis-py names host and port, no more."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
