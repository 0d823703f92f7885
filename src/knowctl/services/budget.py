"""The budget of connections, reckoned from the settings alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, Protocol

from knowctl.model.budget import ReckonedBudget, Room, room_of
from knowctl.model.configuration import ConfigurationFacts
from knowctl.model.pool import Sizes

NAMES: Final = (
    *("DATABASE_URL", "DATABASE_URL_FILE", "DB_POOLER", "DB_POOL_SIZE", "DB_MAX_OVERFLOW"),
    *("SERVER", "GUNICORN_WORKERS", "GUNICORN_THREADS", "WAITRESS_THREADS"),
    *("REPLICAS", "REPLICAS_SURGE"),
)


class Source(Protocol):
    """The settings."""

    def trusted(self, *names: str) -> Mapping[str, Any]:
        """KnowctlError where these can't be read."""

    def facts(self) -> ConfigurationFacts:
        """What they say."""


def budget(source: Source, replicas: int | None, max_connections: int | None) -> ReckonedBudget:
    """The budget of the settings, with another number of replicas or connections where given."""
    facts = facts_of(source)
    sizes = sizes_of(facts, replicas)
    return ReckonedBudget(facts.server, sizes, room_in(facts, max_connections))


def facts_of(source: Source) -> ConfigurationFacts:
    """The settings; KnowctlError where those that count here can't be read."""
    source.trusted(*NAMES)
    return source.facts()


def sizes_of(facts: ConfigurationFacts, replicas: int | None = None) -> Sizes:
    """What the settings say of connections, with another number of replicas where given."""
    return replace(facts.sizes, replicas=replicas or facts.sizes.replicas)


def room_in(facts: ConfigurationFacts, max_connections: int | None) -> Room:
    """What the database of the settings has room for."""
    return room_of(facts.database_scheme, str(facts.values["DB_POOLER"]), max_connections)
