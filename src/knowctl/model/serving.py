"""A server that runs or is about to, and what is said meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from knowctl.model.address import Address
from knowctl.model.findings import Finding


@dataclass(frozen=True, slots=True)
class Times:
    """How long a running server takes for what, in seconds; as a supervisor's order has them."""

    drain: float
    grace: float
    retirement: float
    soak: float


@dataclass(frozen=True, slots=True)
class Serving:
    """What runs, and where."""

    address: Address
    server: str
    workers: int
    threads: int
    tls: bool
    development: bool
    instance: str
    run_directory: str
    times: Times
    smoke: tuple[str, ...]
    log_format: str
    log_file: str | None

    @property
    def url(self) -> str:
        """The address as a client writes it."""
        if self.address.path:
            return str(self.address)
        return f"{'https' if self.tls else 'http'}://{self.address}"

    @property
    def size(self) -> str:
        """How much it does at once."""
        workers = "1 worker" if self.workers == 1 else f"{self.workers} workers"
        return f"{workers} x {self.threads} threads"


class Talk(Protocol):
    """What a command says while it works, besides its result."""

    def begin(self, name: str, detail: str) -> None:
        """Something begins that may take its time."""

    def step(self, name: str, detail: str) -> None:
        """A step is done."""

    def warn(self, name: str, detail: str) -> None:
        """Something is not as it may have been meant."""

    def finding(self, finding: Finding) -> None:
        """A finding that does not stop the work, or the one that will."""
