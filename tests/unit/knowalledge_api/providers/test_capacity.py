"""How many may do something at once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from knowalledge_api.providers.capacity import Capacity
from knowalledge_api.providers.faults import AiError, Fault


def test_who_comes_beyond_the_size_is_refused_and_told_when_to_come_again() -> None:
    capacity = Capacity(2)
    with capacity.place(), capacity.place():
        assert capacity.busy == 2
        with pytest.raises(AiError) as caught, capacity.place():
            pass
    assert (caught.value.fault, caught.value.status, caught.value.retry_after) == (
        Fault.BUSY,
        503,
        5,
    )
    assert capacity.busy == 0


def test_a_place_is_given_back_whatever_happens_in_it() -> None:
    capacity = Capacity(1)
    with pytest.raises(RuntimeError), capacity.place():
        raise RuntimeError
    with capacity.place():
        assert capacity.busy == 1


def test_the_patient_gets_the_place_that_becomes_free() -> None:
    capacity, inside, over = Capacity(1), threading.Event(), threading.Event()

    def hold() -> None:
        with capacity.place():
            inside.set()
            over.wait(30)

    def wait() -> bool:
        with capacity.place(30):
            return over.is_set()

    with ThreadPoolExecutor(2) as threads:
        holding = threads.submit(hold)
        assert inside.wait(30)
        waiting = threads.submit(wait)
        over.set()
        assert waiting.result(30)
        holding.result(30)


def test_who_comes_later_takes_no_place_from_who_waits() -> None:
    capacity, inside, over = Capacity(1), threading.Event(), threading.Event()

    def wait() -> None:
        with capacity.place(30):
            inside.set()
            over.wait(30)

    with ThreadPoolExecutor(1) as threads:
        with capacity.place():
            waiting = threads.submit(wait)
            while not capacity._free._waiters:  # type: ignore[attr-defined]  # until it waits
                pass
        with pytest.raises(AiError), capacity.place():
            pass
        assert inside.wait(30)
        over.set()
        waiting.result(30)
    with capacity.place():
        assert capacity.busy == 1


def test_patience_ends() -> None:
    capacity = Capacity(1)
    with capacity.place(), pytest.raises(AiError), capacity.place(0.01):
        pass
