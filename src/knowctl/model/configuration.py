"""The configuration: what checks may know of it, and what may be shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from knowctl.errors import Failure
from knowctl.model.pool import Sizes
from knowctl.model.results import Where
from knowctl.model.surroundings import FileFacts, Surroundings


@dataclass(frozen=True, slots=True)
class SettingProblem:
    """A fault in the sources of the settings."""

    kind: str
    name: str
    cause: str
    hint: str
    where: Where


@dataclass(frozen=True, slots=True)
class ConfigurationFacts:
    """All that checks may know of the configuration: values by setting name, never a secret.

    `empty` are names without a value, `overruled` those whose value in .env does not count, with
    their places there.
    """

    values: Mapping[str, Any]
    places: Mapping[str, Where]
    given: frozenset[str]
    known: frozenset[str]
    problems: tuple[SettingProblem, ...] = ()
    env_file: FileFacts | None = None
    database_scheme: str = "sqlite"
    gemini: bool = False
    server: str = "gunicorn"
    empty: Mapping[str, Where] = field(default_factory=dict)
    overruled: Mapping[str, Where] = field(default_factory=dict)
    around: Surroundings = field(default_factory=Surroundings)

    @property
    def environment(self) -> str:
        """development, staging or production."""
        return str(self.values["APP_ENV"])

    @property
    def development(self) -> bool:
        """Whether the service runs on a developer's machine."""
        return self.environment == "development"

    @property
    def production(self) -> bool:
        """Whether it is the real thing."""
        return self.environment == "production"

    @property
    def threads(self) -> tuple[str, int]:
        """The setting that says how many threads serve, and how many."""
        name = "WAITRESS_THREADS" if self.server == "waitress" else "GUNICORN_THREADS"
        return name, int(self.values[name])

    @property
    def sizes(self) -> Sizes:
        """What the settings say of connections; waitress is one process."""
        values = self.values
        return Sizes(
            threads=self.threads[1],
            workers=1 if self.server == "waitress" else values["GUNICORN_WORKERS"],
            size=values["DB_POOL_SIZE"],
            overflow=values["DB_MAX_OVERFLOW"],
            replicas=values["REPLICAS"],
            surge=values["REPLICAS_SURGE"],
        )

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach the server."""
        host = str(self.values["HOST"])
        return host in {"localhost", "[::1]"} or host.startswith(("127.", "unix:"))

    def where(self, name: str) -> Where:
        """Where the value of a setting came from."""
        return self.places.get(name, Where(variable=name))


@dataclass(frozen=True, slots=True)
class ShownSetting:
    """One effective setting, masked, with the place it came from."""

    name: str
    value: str
    origin: str


@dataclass(frozen=True, slots=True)
class ShownSettings:
    """The effective configuration as it may be shown."""

    settings: tuple[ShownSetting, ...]
    with_origin: bool = False
    problem: Failure | None = None

    @property
    def failure(self) -> Failure | None:
        """Set where the settings can't be used as they are."""
        return self.problem

    @property
    def data(self) -> object:
        """The rows."""
        return {"settings": self.settings}
