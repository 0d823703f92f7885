from __future__ import annotations

import os
import socket

import pytest

from knowctl.supervisor.hand_over import HandOver, of_text, receive
from tests.unit.knowctl.supervisor.conftest import an_order


def test_an_order_is_handed_over_with_its_descriptors() -> None:
    ours, theirs = socket.socketpair()
    reader, writer = os.pipe()
    with ours, theirs:
        HandOver(theirs.fileno(), bind=True, first=True).send(an_order(), [writer])
        prepared = receive(ours)
    os.close(writer)
    assert prepared is not None
    assert prepared.order == an_order()
    (inherited,) = prepared.descriptors
    assert not os.get_inheritable(inherited)
    os.write(inherited, b"x")
    os.close(inherited)
    assert os.read(reader, 9) == b"x"
    os.close(reader)


def test_a_failure_is_handed_over_in_words() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        HandOver(theirs.fileno(), bind=False, first=False).fail("the port is taken", "another")
        prepared = receive(ours)
    assert prepared is not None
    assert (prepared.order, prepared.cause, prepared.hint) == (None, "the port is taken", "another")


def test_nothing_is_received_from_one_who_has_gone() -> None:
    ours, theirs = socket.socketpair()
    theirs.close()
    with ours:
        assert receive(ours) is None


@pytest.mark.parametrize("bind", [True, False])
@pytest.mark.parametrize("first", [True, False])
def test_an_errand_survives_the_command_line(*, bind: bool, first: bool) -> None:
    errand = HandOver(3, bind, first)
    assert of_text(str(errand)) == errand


@pytest.mark.parametrize(
    "text", ["", "3", "x:bind:first", "3:y:first", "3:bind:z", "3:bind:first:"]
)
def test_what_is_no_errand_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        of_text(text)
