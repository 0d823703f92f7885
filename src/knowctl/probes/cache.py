"""Clears what servers share: the content in the database, and the cache in Redis."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass

from knowalledge_api.cache.shared import Shared
from knowalledge_api.database import Database
from knowalledge_api.database.contents import drop_contents
from knowalledge_api.settings import Settings
from knowalledge_api.stores.store import StoreAwayError, make_store
from knowctl.errors import ErrorCode, KnowctlError
from knowctl.probes.database import clear_errors, require_file
from knowctl.probes.wording import words


@dataclass(frozen=True, slots=True)
class CacheProbe:
    """The database and the Redis that the settings name."""

    settings: Settings

    def clear_contents(self, namespace: str | None) -> int:
        """Drop the content of a namespace, or all; how many went. KnowctlError where it can't."""
        name = self.settings.database_url.shown
        with clear_errors(name), closing(Database(self.settings)) as database:
            require_file(database, name)
            with database.session() as session:
                return drop_contents(session, namespace)

    def clear_cache(self, namespace: str | None) -> int | None:
        """Drop our values of a namespace, or all of them, and no key of anybody else.

        How many went; None where no Redis is configured, KnowctlError where it can't be asked.
        """
        if self.settings.redis_url is None:
            return None
        with closing(make_store(self.settings)) as store:
            try:
                return Shared(store).clear(namespace)
            except StoreAwayError as error:
                raise KnowctlError(
                    ErrorCode.REDIS,
                    "the cache in Redis could not be cleared",
                    cause=words(error),
                    hint="see that Redis runs, and that REDIS_URL is right",
                ) from error
