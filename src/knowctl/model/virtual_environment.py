"""A virtual environment that is to be made: what is there, and what was done."""

from __future__ import annotations

from dataclasses import dataclass

from knowctl.model.results import Step, Succeeded


@dataclass(frozen=True, slots=True)
class Target:
    """The place of a virtual environment as it is before anything is done.

    `fault` is why it has to be made (anew), empty where it is as it should be; `steps` is what
    there is to do. `ours` says that knowctl made what is there, `packages` how many there are in
    it, `occupied` that something else is there, `running` that this very command runs from it.
    """

    path: str
    steps: tuple[Step, ...] = ()
    fault: str = ""
    there: bool = False
    ours: bool = False
    occupied: bool = False
    running: bool = False
    packages: int = 0


@dataclass(frozen=True, slots=True)
class MadeEnvironment(Succeeded):
    """A virtual environment that is as it should be, and the steps that led there."""

    path: str
    steps: tuple[Step, ...]
