"""What a machine and a database allow, and the settings that make the most of both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from knowctl.errors import ErrorCode, Failure
from knowctl.model.budget import Room
from knowctl.model.pool import Budget, Sizes
from knowctl.model.sizing import memory_mb

MEBI: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Machine:
    """Processors and bytes of memory (None where nobody can tell), and who says so."""

    cpus: int
    memory: int | None
    cpus_from: str = "this machine"
    memory_from: str = "this machine"

    @property
    def megabytes(self) -> int | None:
        """The memory, in the unit in which the need of workers was measured."""
        return None if self.memory is None else self.memory // MEBI


@dataclass(frozen=True, slots=True)
class Demand:
    """All that a recommendation is made from; `now` are the sizes of the settings."""

    machine: Machine
    room: Room
    now: Sizes
    server: str

    @property
    def waitress(self) -> bool:
        """Whether one process serves all."""
        return self.server == "waitress"


@dataclass(frozen=True, slots=True)
class Recommendation:
    """One setting: what it is, what it should be, and why."""

    name: str
    now: int
    recommended: int
    why: str


@dataclass(frozen=True, slots=True)
class Binding:
    """What keeps the workers, and the connections of each, from being more."""

    workers: str
    connections: str


@dataclass(frozen=True, slots=True)
class Tuning:
    """The settings that suit, with what they come to."""

    demand: Demand
    sizes: Sizes
    settings: tuple[Recommendation, ...]
    bound_by: Binding

    @property
    def budget(self) -> Budget:
        """The connections that there may be."""
        return Budget.of(self.sizes, self.demand.room.limit)

    @property
    def memory_mb(self) -> int:
        """Megabytes that the server takes while it reloads."""
        return memory_mb(self.sizes.workers)

    @property
    def memory_fits(self) -> bool | None:
        """Whether there is so much memory; None where nobody can tell."""
        there = self.demand.machine.megabytes
        return None if there is None else self.memory_mb <= there

    @property
    def env(self) -> str:
        """The lines for a .env file."""
        return "\n".join(f"{each.name}={each.recommended}" for each in self.settings)

    @property
    def failure(self) -> Failure | None:
        """Set where not even the least there can be has room."""
        if self.budget.fits is False:
            cause = f"{self.budget.peak} connections at least, room for {self.budget.limit}"
            hint = "a larger max_connections, or fewer replicas: --max-connections, --replicas"
        elif self.memory_fits is False:
            there = self.demand.machine.megabytes
            cause = f"one worker and its successor take {self.memory_mb} MB, and there are {there}"
            hint = "more memory: --memory 512M tells what would do"
        else:
            return None
        return Failure(ErrorCode.FINDINGS, "no configuration fits", cause, hint)

    @property
    def data(self) -> object:
        """The recommendation, and all that it was made from."""
        return {
            "server": self.demand.server,
            "settings": self.settings,
            "bound_by": self.bound_by,
            "machine": self.demand.machine,
            "memory": {"needed_mb": self.memory_mb, "fits": self.memory_fits},
            "room": self.demand.room.data,
            "budget": self.budget.data,
            "env": self.env,
        }
