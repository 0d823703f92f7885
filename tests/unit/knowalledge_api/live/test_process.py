"""The live part of an application."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from knowalledge_api.cache import CacheState
from knowalledge_api.database.pool import PoolState
from knowalledge_api.generation import Generation
from knowalledge_api.live import watch
from knowalledge_api.live.asking import ask
from knowalledge_api.live.process import REPLACE_ME, Live
from knowalledge_api.live.state import Serving
from knowalledge_api.live.transport import listen_on_unix_socket
from knowalledge_api.metrics import table
from knowalledge_api.metrics.recording import Recorder
from knowalledge_api.providers.breaker import FAILURES, AiBreaker, BreakerPhase
from knowalledge_api.providers.capacity import Capacity
from knowalledge_api.providers.choice import Ai
from knowalledge_api.providers.faults import AiError, Fault
from knowalledge_api.stores.store import Mode
from tests.support.live import LONG, Request


class Database:
    def pool_state(self) -> PoolState | None:
        return None


class Cache:
    def __init__(self) -> None:
        self.forgotten: list[str | None] = []

    def stats(self) -> CacheState:
        return CacheState(Mode.MEMORY, 0.0, "", 0, 0, 0, 0)

    def forget(self, namespace: str | None) -> int:
        self.forgotten.append(namespace)
        return 3


@pytest.fixture
def generation(tmp_path: Path) -> Iterator[Generation]:
    directory = tmp_path / "gen-4"
    directory.mkdir()
    gate, opener = os.pipe()
    os.write(opener, b"!")
    yield Generation(4, directory, gate, -1)
    os.close(gate)
    os.close(opener)


def live(stuck_after: float = 120.0) -> Live:
    return Live(Database(), Cache(), stuck_after, leave=lambda _: None)


def test_before_it_is_started_it_tells_its_state_and_runs_nothing() -> None:
    before = threading.active_count()
    application = live()
    assert application.state()["server"] == "none"
    assert application.everyone()["total"]["workers"] == 1
    application.stop()
    assert threading.active_count() == before


def test_under_a_supervisor_it_answers_at_its_private_place(generation: Generation) -> None:
    application = live()
    application.start(Serving("gunicorn", 4, generation))
    place = generation.live_socket(os.getpid())
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    state = ask(place, {"ask": "state"}, LONG)
    assert (state["generation"], state["server"], state["state"]) == (4, "gunicorn", "serving")
    assert (state["threads"]["total"], application._stuck.threads) == (4, 4)
    stacks = ask(place, {"ask": "stacks"}, LONG)
    assert (stacks["pid"], stacks["generation"]) == (os.getpid(), 4)
    assert "live" in {thread["name"] for thread in stacks["threads"]}
    assert ask(place, {"ask": "passwords"}, LONG) == {
        "error": "ask for state, stacks, clear or reset"
    }
    application.stop()
    assert list(generation.directory.iterdir()) == []
    application.stop()


def test_every_process_is_had_ask_the_ai_again(generation: Generation) -> None:
    ai = Ai("gemini", Capacity(1), AiBreaker())
    application = Live(Database(), Cache(), 120.0, recorder=Recorder(), ai=ai)

    def give_up() -> None:
        for _ in range(FAILURES):
            with pytest.raises(AiError), ai.breaker.guard():
                raise AiError(Fault.TIMEOUT)
        assert ai.breaker.state().phase is BreakerPhase.OPEN

    give_up()
    application.reset_everywhere()
    assert ai.breaker.state().phase is BreakerPhase.CLOSED
    application.start(Serving("gunicorn", 4, generation))
    give_up()
    application.reset_everywhere()
    application.stop()
    assert ai.breaker.state().phase is BreakerPhase.CLOSED
    assert live().reset()["reset"]


def test_what_was_counted_is_told_with_the_numbers_of_now(generation: Generation) -> None:
    recorder = Recorder()
    application = Live(Database(), Cache(), 120.0, recorder=recorder)
    application.start(Serving("gunicorn", 4, generation))
    application.requests.enter(Request())
    told = application.measured()
    assert told.numbers[table.IN_FLIGHT.name] == 1
    assert (told.workers, told.numbers[table.WORKERS_STARTED.name]) == (1, 1)
    assert list(generation.metrics_directory.glob("worker-*"))
    application.stop()
    application.stop()
    assert (recorder.gather().workers, recorder.gather().numbers) == (1, {})


def test_everyone_is_asked_and_the_silent_are_named(generation: Generation) -> None:
    application = live()
    application.start(Serving("gunicorn", 4, generation))
    silent = listen_on_unix_socket(generation.live_socket(1))
    told = application.everyone()
    silent.close()
    application.stop()
    assert [worker["state"] for worker in told["workers"]] == ["silent", "serving"]
    assert told["workers"][0] == {"pid": 1, "generation": 4, "state": "silent"}
    assert (told["total"]["workers"], told["total"]["threads"]["total"]) == (1, 4)


def test_without_a_supervisor_there_is_no_place_to_ask() -> None:
    application = live()
    application.start(Serving("waitress", 4))
    (worker,) = application.everyone()["workers"]
    assert (worker["server"], worker["generation"]) == ("waitress", 0)
    application.stop()


def test_a_place_that_can_not_be_opened_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        live().start(Serving("gunicorn", 4, Generation(1, tmp_path / "gone", -1, -1)))


@pytest.mark.parametrize(("master", "expected"), [(os.getppid(), [REPLACE_ME]), (None, [])])
def test_a_process_all_of_whose_threads_are_stuck_is_left_where_another_follows(
    master: int | None, expected: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "LOOK", 0.01)
    left: list[int] = []
    looked = threading.Event()

    class Counted(Database):
        def pool_state(self) -> PoolState | None:
            return None

    application = Live(Counted(), Cache(), 1.0, leave=left.append)
    application.requests.enter(Request(started=0.0))
    application._stuck.apart = lambda task, seconds: looked.set() if seconds else task()
    application.start(Serving("gunicorn", 1, master=master))
    assert looked.wait(LONG)
    application.stop()
    assert left == expected
    assert application.state()["stuck"] == 1


def test_a_process_that_leaves_takes_its_socket_away(
    generation: Generation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "LOOK", 0.01)
    gone = threading.Event()
    seen: list[bool] = []

    def leave(_: int) -> None:
        seen.append(generation.live_socket(os.getpid()).exists())
        gone.set()

    application = Live(Database(), Cache(), 1.0, leave)
    application.requests.enter(Request(started=0.0))
    application.start(Serving("gunicorn", 1, generation))
    assert gone.wait(LONG)
    application.stop()
    assert seen == [False]


def test_every_worker_empties_its_cache(generation: Generation) -> None:
    cache = Cache()
    application = Live(Database(), cache, 120.0, leave=lambda _: None)
    assert application.clear_everywhere("a") == 3  # without a supervisor there is this one alone
    application.start(Serving("gunicorn", 4, generation))
    silent = listen_on_unix_socket(generation.live_socket(1))
    assert application.clear_everywhere(None) == 3
    place = generation.live_socket(os.getpid())
    assert ask(place, {"ask": "clear", "namespace": 1}, LONG) == {"error": "a namespace is text"}
    told = ask(place, {"ask": "clear", "namespace": "b"}, LONG)
    silent.close()
    application.stop()
    assert told == {"pid": os.getpid(), "generation": 4, "cleared": 3}
    assert cache.forgotten == ["a", None, "b"]
