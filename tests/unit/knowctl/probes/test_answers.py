from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowctl.model.cache import Emptied
from knowctl.model.live import AiCalls, Frame, GenerationFacts, Serves, Threads
from knowctl.model.pool import Holder
from knowctl.probes import answers
from knowctl.probes.answers import NonsenseError
from tests.support import fake_server

WORDS = ("pid", "generation", "threads", "pool", "inflight", "supervisor", "holders", "frames")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(WORDS) | st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=12,
)
READERS: dict[str, tuple[Callable[[Any], object], dict[str, Any]]] = {
    "worker": (answers.worker, fake_server.state(4301)),
    "stacks": (answers.stacks, fake_server.stacks(4301)),
    "supervision": (answers.supervision, fake_server.supervision()),
}


def test_a_worker_is_read_with_all_that_it_says() -> None:
    found = answers.worker(fake_server.state(4301))
    assert (found.pid, found.generation, found.state, found.age_s) == (4301, 3, "serving", 754.2)
    assert (found.threads, found.in_flight) == (Threads(1, 24), 1)
    assert (found.requests, found.p50_ms, found.p99_ms, found.stuck) == (1234, 4.21, 85.3, 0)
    assert (found.rss_bytes, found.cache["mode"]) == (98 << 20, "memory")
    [request] = found.inflight
    assert (request.id[:4], request.method, request.route) == ("0a1b", "POST", "/api/quiz")
    assert (request.user, request.address, request.path) == (None, "203.0.113.9", None)
    assert (request.age_ms, request.connection_held_ms) == (4321.5, 3210.0)
    assert found.pool is not None
    assert (found.pool.size, found.pool.checkouts, found.pool.worst_wait_ms) == (10, 100, 12.0)
    assert found.pool.holders == (
        Holder("/api/quiz", "0a1b2c3d4e5f60718293a4b5c6d7e8f9", 3210.0, "worker-7"),
    )


def test_a_worker_may_have_an_ai() -> None:
    said = {"name": "gemini", "busy": 3, "total": 12, "state": "open", "why": "timeout", "more": 1}
    found = answers.worker(fake_server.state(4301, ai=said))
    assert found.ai == AiCalls("gemini", 3, 12, "open", "timeout")
    assert found.row["ai"] == found.ai
    assert answers.worker(fake_server.state(4301)).ai is None
    with pytest.raises(answers.NonsenseError):
        answers.worker(fake_server.state(4301, ai={**said, "busy": "x"}))


def test_a_worker_may_have_no_pool_no_past_and_no_memory_that_it_can_read() -> None:
    changed = {"pool": None, "p50_ms": None, "p99_ms": None, "rss_bytes": None, "cache": 7}
    found = answers.worker(fake_server.state(4301, **changed))
    assert (found.pool, found.p50_ms, found.p99_ms) == (None, None, None)
    assert (found.rss_bytes, found.cache) == (0, {})


def test_what_a_newer_release_adds_is_passed_over_and_what_an_older_one_lacks_is_zero() -> None:
    document = fake_server.state(4301, more={"x": 1})
    del document["stuck"]
    assert answers.worker(document).stuck == 0
    older = fake_server.supervision()
    del older["doing"], older["recycled"]
    found = answers.supervision(older)
    assert (found.doing, found.recycled, found.reloads) == ("", 0, 2)


def test_a_supervisor_is_read() -> None:
    found = answers.supervision(fake_server.supervision(draining=True, doing="reload"))
    assert (found.generation, found.draining, found.doing) == (3, True, "reload")
    assert found.generations == (GenerationFacts(3, "serving", (4301, 4302)),)
    assert found.supervisor.url == "http://127.0.0.1:5000"
    assert answers.supervision(fake_server.supervision(generation=None)).generation is None


def test_stacks_are_read() -> None:
    found = answers.stacks(fake_server.stacks(4301))
    assert [each.name for each in found.threads][:2] == ["MainThread", "worker-7"]
    serves = found.threads[1]
    assert serves.request == Serves("0a1b2c3d", "POST", "/api/quiz", 4321.5)
    assert serves.frames[-1] == Frame("/srv/app/src/knowalledge_api/routes/content.py", 61, "quiz")


@pytest.mark.parametrize(
    ("changed", "name"),
    [
        ({"pid": "4301"}, "pid"),
        ({"pid": True}, "pid"),
        ({"age_s": math.nan}, "age_s"),
        ({"age_s": math.inf}, "age_s"),
        ({"threads": 3}, "threads"),
        ({"threads": {"busy": 1}}, "total"),
        ({"pool": []}, "pool"),
        ({"pool": fake_server.pool(waiting=None)}, "waiting"),
        ({"inflight": {}}, "inflight"),
        ({"inflight": [1]}, "inflight"),
    ],
)
def test_nonsense_is_named(changed: dict[str, Any], name: str) -> None:
    with pytest.raises(NonsenseError, match=f"^{name}$"):
        answers.worker(fake_server.state(4301, **changed))


@pytest.mark.parametrize("pids", [None, "x", [1, "2"]])
def test_a_generation_has_process_ids(pids: object) -> None:
    generation = {"number": 1, "state": "serving", "workers": pids}
    with pytest.raises(NonsenseError, match="workers"):
        answers.supervision(fake_server.supervision(generations=[generation]))


@pytest.mark.parametrize("name", READERS)
@given(st.data())
def test_nothing_that_is_said_ends_otherwise_than_as_nonsense(name: str, data: Any) -> None:
    read, document = READERS[name]
    changed = data.draw(st.dictionaries(st.sampled_from(sorted(document)), JSON, max_size=3))
    try:
        read({**document, **changed})
    except NonsenseError:
        return


def test_what_a_worker_says_of_its_cache_is_text_for_a_terminal() -> None:
    found = answers.worker(fake_server.state(4301, cache={"mode": "mem\x1b[2Jory", "hits": 3}))
    assert found.cache == {"mode": "mem\N{REPLACEMENT CHARACTER}[2Jory", "hits": 3}


def test_an_error_in_place_of_an_answer_is_a_reason() -> None:
    assert answers.reason({"error": "no such question"}) == "no such question"
    assert answers.reason({"pid": 1}) == ""
    assert answers.reason({"error": None}) == ""


def test_a_workers_cache_is_read_and_an_older_worker_tells_less() -> None:
    cache = {"mode": "memory", "hits": 3, "misses": 2, "size": 1}
    said = {"pid": 7, "generation": 2, "cache": cache}
    old = answers.worker_cache(said)
    assert (old.pid, old.mode, old.since, old.why, old.degradations) == (7, "memory", 0.0, "", 0)
    more = {"since": 1.5, "why": "gone\n", "degradations": 4}
    new = answers.worker_cache({**said, "cache": {**cache, **more}})
    assert (new.since, new.why, new.degradations, new.hits) == (
        1.5,
        "gone\N{REPLACEMENT CHARACTER}",
        4,
        3,
    )
    for wrong in ({**said, "cache": None}, {**said, "cache": {**cache, "hits": "x"}}):
        with pytest.raises(answers.NonsenseError):
            answers.worker_cache(wrong)


def test_what_a_worker_dropped_is_a_number() -> None:
    said = {"pid": 7, "generation": 2, "cleared": 3}
    assert answers.emptied(said) == Emptied(7, 2, 3)
    with pytest.raises(answers.NonsenseError):
        answers.emptied({**said, "cleared": True})
