"""What a supervisor is to run: decided by a preparation, in words of the standard library."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from typing import Final

REPLACED: Final = ("GUNICORN_CMD_ARGS", "FORWARDED_ALLOW_IPS", "WEB_CONCURRENCY")
"""Variables that would change gunicorn behind the settings' back."""


@dataclass(frozen=True, slots=True)
class Order:
    """How to run a generation, and how long everything may take, in seconds.

    `environ` is what a generation sees besides the supervisor's own environment. `drain` is how
    long /ready says no before a stop, `grace` how long requests then have, `retirement` how long
    those of a replaced generation have; `soak` how long a proved candidate is watched before it
    takes over, and `smoke` the paths that it has to answer besides /ready.
    """

    server: str
    workers: int
    threads: int
    url: str
    tls: bool
    instance: str
    run_directory: str
    environ: dict[str, str]
    drain: float
    grace: float
    retirement: float
    soak: float
    smoke: tuple[str, ...]
    log_format: str
    log_file: str | None

    @property
    def size(self) -> str:
        """How much it does at once."""
        workers = "1 worker" if self.workers == 1 else f"{self.workers} workers"
        return f"{workers} x {self.threads} threads"

    @property
    def processes(self) -> int:
        """How many processes answer requests."""
        return self.workers if self.server == "gunicorn" else 1

    def to_json(self) -> str:
        """The order as one line."""
        return json.dumps(asdict(self))


def from_json(text: str) -> Order:
    """The order of a line; ValueError or KeyError where it is none."""
    document = json.loads(text)
    given = {each.name: document[each.name] for each in fields(Order)}
    return Order(**{**given, "smoke": tuple(given["smoke"])})
