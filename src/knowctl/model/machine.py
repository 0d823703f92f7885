"""The machine that a server is to run on: its limits, and the places that are written to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from knowctl.model.pool import Sizes
from knowctl.model.results import Where


@dataclass(frozen=True, slots=True)
class ThreadLimit:
    """A limit of threads and processes together, and how many there are under it now."""

    name: str
    limit: int
    used: int


@dataclass(frozen=True, slots=True)
class Place:
    """A directory that is written to, for the sake of `setting`; sizes in bytes.

    `trouble` is why it can't be written to, empty where it can; `missing` that it is not there.
    """

    path: str
    setting: str
    trouble: str = ""
    missing: bool = False
    free: int = 0
    size: int = 0


@dataclass(frozen=True, slots=True)
class MachineFacts:
    """What the machine allows; `open_files` a process, None where nothing limits them."""

    open_files: int | None
    rooms: tuple[ThreadLimit, ...]
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class HostFacts:
    """A machine, and the server that is to run on it: `redis` says whether one is configured.

    `origins` tells where a setting's value came from.
    """

    machine: MachineFacts
    sizes: Sizes
    server: str
    redis: bool = False
    origins: Mapping[str, Where] = field(default_factory=dict)

    def where(self, name: str) -> Where:
        """Where the value of a setting came from."""
        return self.origins.get(name, Where(variable=name))
