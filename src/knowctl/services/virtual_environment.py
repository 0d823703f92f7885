"""Makes or repairs a virtual environment, and refuses to destroy what nobody offered."""

from __future__ import annotations

from typing import Final, Protocol

from knowctl.errors import ErrorCode, ExitCode, KnowctlError
from knowctl.model.results import Plan
from knowctl.model.virtual_environment import MadeEnvironment, Target

YES: Final = "the same again with --yes, or another --path"


class Workshop(Protocol):
    """Where a virtual environment is made, from which lock and with which extras."""

    def target(self) -> Target:
        """What is there, and what there is to do; KnowctlError where nothing can be made."""

    def make(self) -> None:
        """Do it; KnowctlError with the cause where that fails."""


class Person(Protocol):
    """Somebody who may be asked."""

    def confirm(self, question: str) -> bool:
        """Whether the answer is yes."""


def plan(workshop: Workshop) -> Plan:
    """What would be done, also where it would ask first; KnowctlError where it never may."""
    target = workshop.target()
    _require_room(target)
    return Plan(target.steps)


def create(workshop: Workshop, person: Person, *, confirmed: bool) -> MadeEnvironment:
    """Make or repair it; where nothing is to do, nothing is done."""
    target = workshop.target()
    if target.steps:
        _require_room(target)
        loss = _loss(target)
        if loss and not (confirmed or person.confirm(f"{target.path}: {loss}. Go on?")):
            raise _refusal(f"{target.path} is not touched", loss, YES)
        workshop.make()
    return MadeEnvironment(target.path, target.steps)


def _require_room(target: Target) -> None:
    if target.occupied:
        cause = "it is no virtual environment, and may hold something of yours"
        raise _refusal(f"{target.path} is in the way", cause, _another_place(target.path))
    if target.running and target.fault:
        cause = f"this command runs from it, and it has to be made anew: {target.fault}"
        hint = "run knowctl from another environment; ./start_production.sh mends its own .venv"
        raise _refusal(f"{target.path} can't be made anew", cause, hint)


def _another_place(path: str) -> str:
    """What has the name of a virtual environment may be moved; a directory of the system not."""
    if path.endswith("venv"):
        return f"mv {path} {path}.old"
    return f"knowctl env create --path {path}/.venv"


def _loss(target: Target) -> str:
    """What would be lost or changed that may be somebody's; nothing where all is ours."""
    if not target.there or not target.packages:
        return ""
    if target.fault:
        return f"it is made anew ({target.fault}), and the {target.packages} packages in it go"
    if not target.ours:
        return f"knowctl did not make it, and changes its {target.packages} packages"
    return ""


def _refusal(message: str, cause: str, hint: str) -> KnowctlError:
    return KnowctlError(
        ErrorCode.REFUSED, message, cause=cause, hint=hint, exit_code=ExitCode.REFUSED
    )
