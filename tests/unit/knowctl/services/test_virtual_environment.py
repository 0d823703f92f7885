from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from knowctl.errors import ErrorCode, ExitCode, KnowctlError
from knowctl.model.results import Plan, Step
from knowctl.model.virtual_environment import MadeEnvironment, Target
from knowctl.services import virtual_environment
from tests.unit.knowctl.conftest import Talked

STEPS = (Step("create", ".venv"), Step("install", "requirements.lock"))
FRESH = Target(".venv", STEPS, fault="there is none")
STALE = Target(".venv", STEPS[1:], there=True, ours=True, packages=40)
MOVED = replace(STALE, steps=STEPS, fault="it was moved")
FOREIGN = replace(STALE, ours=False)
BARE = replace(FOREIGN, packages=0)
OCCUPIED = replace(FRESH, occupied=True)
RUNNING = replace(MOVED, running=True)


@dataclass
class Workshop:
    found: Target
    made: int = 0

    def target(self) -> Target:
        return self.found

    def make(self) -> None:
        self.made += 1


def create(workshop: Workshop, *, confirmed: bool = False, agrees: bool = False) -> MadeEnvironment:
    return virtual_environment.create(workshop, Talked(agrees=agrees), confirmed=confirmed)


@pytest.mark.parametrize("target", [FRESH, STALE, BARE])
def test_what_destroys_nothing_of_anybody_is_done_unasked(target: Target) -> None:
    workshop = Workshop(target)
    assert create(workshop) == MadeEnvironment(".venv", target.steps)
    assert workshop.made == 1


def test_where_nothing_is_to_do_nothing_is_done() -> None:
    workshop = Workshop(replace(STALE, steps=()))
    assert create(workshop).steps == ()
    assert workshop.made == 0


@pytest.mark.parametrize(
    ("target", "loss"),
    [
        (MOVED, "it is made anew (it was moved), and the 40 packages in it go"),
        (FOREIGN, "knowctl did not make it, and changes its 40 packages"),
    ],
)
def test_what_may_be_somebodys_is_asked_for_first(target: Target, loss: str) -> None:
    workshop = Workshop(target)
    person = Talked()
    with pytest.raises(KnowctlError) as refused:
        virtual_environment.create(workshop, person, confirmed=False)
    assert person.questions == [f".venv: {loss}. Go on?"]
    failure = refused.value.failure
    assert (failure.code, failure.exit_code) == (ErrorCode.REFUSED, ExitCode.REFUSED)
    assert failure.cause == loss
    assert workshop.made == 0
    create(workshop, agrees=True)
    create(workshop, confirmed=True)
    assert workshop.made == 2


@pytest.mark.parametrize(
    ("target", "message"),
    [(OCCUPIED, ".venv is in the way"), (RUNNING, ".venv can't be made anew")],
)
def test_what_may_never_be_done_is_refused_also_with_yes(target: Target, message: str) -> None:
    workshop = Workshop(target)
    for act in (
        lambda: create(workshop, confirmed=True),
        lambda: virtual_environment.plan(workshop),
    ):
        with pytest.raises(KnowctlError, match=message) as refused:
            act()
        assert refused.value.failure.exit_code == ExitCode.REFUSED
    assert workshop.made == 0


def test_nobody_is_told_to_move_a_directory_of_the_system() -> None:
    with pytest.raises(KnowctlError) as refused:
        create(Workshop(replace(OCCUPIED, path="/etc")))
    assert refused.value.failure.hint == "knowctl env create --path /etc/.venv"


def test_a_plan_changes_nothing() -> None:
    workshop = Workshop(FOREIGN)
    assert virtual_environment.plan(workshop) == Plan(FOREIGN.steps)
    assert workshop.made == 0
