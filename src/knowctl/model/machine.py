"""The machine that a server is to run on: its limits, and the places that are written to."""

from __future__ import annotations

from dataclasses import dataclass


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
