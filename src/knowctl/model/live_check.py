"""What only a connection or the machine can tell of a configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from knowctl.errors import Failure
from knowctl.model.configuration import ConfigurationFacts
from knowctl.model.diagnosis import DatabaseFacts, Route, Unanswered
from knowctl.model.pool import DatabaseShare, Sizes


@dataclass(frozen=True, slots=True)
class RedisMemory:
    """Bytes in use and allowed, 0 for no limit; `machine` is what the machine has in all."""

    used: int
    limit: int
    machine: int
    policy: str


@dataclass(frozen=True, slots=True)
class RedisFacts:
    """A Redis that answers; `authenticated` says that it was told who asks, and checked that."""

    route: Route
    encrypted: bool
    authenticated: bool
    version: str | Unanswered
    memory: RedisMemory | Unanswered


@dataclass(frozen=True, slots=True)
class LiveFacts:
    """All that the live checks may know.

    `database` and `share` are None where the database does not answer, which the checks of the
    schema tell; `redis` is None where none is configured, `ai`, else milliseconds, where nobody has
    to be asked. `clocks` says by how many seconds those
    that answer are ahead of this machine.
    """

    configuration: ConfigurationFacts
    sizes: Sizes
    database: DatabaseFacts | Failure | None = None
    share: DatabaseShare | Failure | None = None
    redis: RedisFacts | Failure | None = None
    ai: float | Failure | None = None
    clocks: Mapping[str, float | Unanswered] = field(default_factory=dict)
