"""What an operator sends to somebody who helps: versions, processes, the end of the log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from knowctl.model.results import Succeeded


@dataclass(frozen=True, slots=True)
class Versions(Succeeded):
    """What runs on what; `packages` are versions by name."""

    knowctl: str
    python: str
    platform: str
    packages: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Process:
    """A process; `state` is the system's own letter for it."""

    pid: int
    parent: int
    state: str
    threads: int
    age_s: float
    rss_bytes: int
    command: str


@dataclass(frozen=True, slots=True)
class Processes(Succeeded):
    """The processes of ours on this machine, by id; `unknown` is why they can't be told."""

    processes: tuple[Process, ...]
    unknown: str = ""


@dataclass(frozen=True, slots=True)
class LogTail:
    """The end of a log, in whole lines; `missing` is why there is none, `cut` that more was."""

    text: str = ""
    missing: str = ""
    cut: bool = False
