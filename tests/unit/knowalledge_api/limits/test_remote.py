"""Counters in Redis: what it is told, and what is made of its answers."""

from __future__ import annotations

import struct
from hashlib import sha1
from typing import Any

import pytest
from redis.exceptions import NoScriptError

from knowalledge_api.limits import remote
from knowalledge_api.limits.windows import FRESH, Rate
from knowalledge_api.stores.links import Command
from knowalledge_api.stores.store import StoreAwayError
from tests.support.stores import LOST, FakeLinks, store_of

RATES = (Rate(10, 60), Rate(100, 3600))
ANSWER = [1, 99000, 4, 98000, 8]


def windows() -> list[Any]:
    kept = list(FRESH)
    kept[3:6] = (99.0, 3, 0)
    kept[6:9] = (98.0, 7, 0)
    return kept


def count(links: FakeLinks) -> remote.Counted:
    return remote.count(store_of(links), "general:a", RATES, windows(), (2, 5), 100.5)


def test_redis_is_told_everything_in_one_question() -> None:
    links = FakeLinks(lambda _: ANSWER)
    assert count(links) == (True, ((99.0, 4), (98.0, 8)))
    digest = sha1(remote.SCRIPT.encode(), usedforsecurity=False).hexdigest()
    minute, hour = (60000, 10, 99000, 3, 2), (3600000, 100, 98000, 7, 5)
    key = "ka:rate:60.3600:general:a"
    ((*command, told),) = links.asked
    assert command == ["EVALSHA", digest, 1, key]
    assert struct.unpack("<11d", told) == (100500, *minute, *hour)


def test_a_redis_that_was_restarted_is_told_the_script() -> None:
    def forgetful(command: Command) -> Any:
        if command[0] == "EVALSHA":
            raise NoScriptError("NOSCRIPT")
        return ANSWER

    links = FakeLinks(forgetful)
    assert count(links)[0]
    assert links.asked[1][:2] == ("EVAL", remote.SCRIPT)
    assert links.asked[1][2:] == links.asked[0][2:]


def test_a_refusal_counts_nothing() -> None:
    allowed, _ = count(FakeLinks(lambda _: [0, 99000, 10, 98000, 8]))
    assert not allowed


@pytest.mark.parametrize("answer", [None, b"OK", [], [1, 2, 3], [1, b"x", 2, 3, 4], 7])
def test_an_answer_that_makes_no_sense_is_as_good_as_none(answer: Any) -> None:
    with pytest.raises(StoreAwayError):
        count(FakeLinks(lambda _: answer))


def test_a_redis_that_is_away_is_told_as_such() -> None:
    links = FakeLinks()
    links.broken = LOST
    with pytest.raises(StoreAwayError):
        count(links)
