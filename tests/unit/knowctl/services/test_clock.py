from __future__ import annotations

from knowctl.services.clock import Clock
from tests.unit.knowctl.conftest import HandClock


def test_a_clock_is_a_moment_and_a_way_to_wait() -> None:
    hand = HandClock()
    now, sleep = Clock(lambda: hand.at, hand.sleep)
    sleep(2.5)
    assert now() == 2.5
