"""Asks the Redis of the settings about itself, each question in REDIS_TIMEOUT."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from time import time
from typing import Any, Final
from urllib.parse import urlsplit

from redis import RedisError
from redis.exceptions import AuthenticationError, ResponseError

from knowalledge_api.database.diagnosis.facts import route_to
from knowalledge_api.settings import Settings
from knowalledge_api.stores.links import Links, connecting
from knowalledge_api.stores.store import cause_of
from knowctl.errors import ErrorCode, KnowctlError
from knowctl.model.diagnosis import Route, Unanswered
from knowctl.model.live_check import RedisFacts, RedisMemory
from knowctl.probes.wording import words

MILLION: Final = 1_000_000
ADDRESS: Final = "knowctl config show --origin REDIS_URL"


@dataclass(frozen=True, slots=True)
class RedisProbe:
    """The Redis that the settings name; `now` tells the time of this machine."""

    settings: Settings
    now: Callable[[], float] = time

    def facts(self) -> RedisFacts | None:
        """What it says; None where none is configured, KnowctlError where it does not answer."""
        url = self.settings.redis_url
        if url is None:
            return None
        parts = urlsplit(url.reveal())
        with self._links() as links:
            links.ask((("PING",),))
            info = _info(links)
        return RedisFacts(
            route=Route.SOCKET if parts.scheme == "unix" else Route(route_to(parts.hostname)),
            encrypted=parts.scheme == "rediss",
            authenticated=bool(parts.password),
            version=info if isinstance(info, Unanswered) else _version(info),
            memory=info if isinstance(info, Unanswered) else _memory(info),
        )

    def ahead(self) -> float | Unanswered | None:
        """By how many seconds its clock is ahead; None where none is configured.

        KnowctlError where it does not answer.
        """
        if self.settings.redis_url is None:
            return None
        with self._links() as links:
            links.ask((("PING",),))
            before = self.now()
            try:
                seconds, micros = links.ask((("TIME",),))[0]
            except ResponseError as error:
                return _refused(error, "TIME")
            return int(seconds) + int(micros) / MILLION - (before + self.now()) / 2

    @contextmanager
    def _links(self) -> Iterator[Links]:
        url, seconds = self.settings.redis_url, self.settings.redis_timeout
        assert url is not None  # noqa: S101 -- it was looked at before
        try:
            with closing(Links(connecting(url.reveal(), seconds), 1)) as links:
                yield links
        except AuthenticationError as error:
            raise _away(error, f"mend user and password in REDIS_URL: {ADDRESS}") from error
        except (RedisError, OSError) as error:
            raise _away(error, f"start Redis, or mend REDIS_URL: {ADDRESS}") from error
        except (TypeError, ValueError) as error:
            cause = ValueError("it has an option that redis-py does not know, or can't read")
            raise _away(cause, "mend what follows the ? in REDIS_URL") from error


def _info(links: Links) -> dict[str, str] | Unanswered:
    try:
        [told] = links.ask((("INFO",),))
    except ResponseError as error:
        return _refused(error, "INFO")
    lines = (line.partition(":") for line in told.decode(errors="replace").splitlines())
    return {name: words(value) for name, _, value in lines if value}


def _version(info: dict[str, str]) -> str | Unanswered:
    return info.get("redis_version") or _silent("its version")


def _memory(info: dict[str, str]) -> RedisMemory | Unanswered:
    try:
        return RedisMemory(
            used=int(info["used_memory"]),
            limit=int(info["maxmemory"]),
            machine=int(info.get("total_system_memory", 0)),
            policy=info["maxmemory_policy"],
        )
    except (KeyError, ValueError):
        return _silent("its memory")


def _silent(what: str) -> Unanswered:
    return Unanswered(f"INFO does not tell {what}", "redis-cli INFO")


def _refused(error: Exception, command: str) -> Unanswered:
    return Unanswered(
        words(cause_of(error)), f"ACL SETUSER … +{command.lower()}, for the user in REDIS_URL"
    )


def _away(error: Any, hint: str) -> KnowctlError:
    cause = words(cause_of(error))
    return KnowctlError(ErrorCode.REDIS, "Redis does not answer", cause=cause, hint=hint)
