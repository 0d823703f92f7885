"""Redis as long as it answers."""

from __future__ import annotations

import logging
import os
import threading
from typing import Any

import pytest
from redis.exceptions import NoScriptError
from redis.exceptions import TimeoutError as SilentError

from knowalledge_api.settings import SettingsError
from knowalledge_api.stores import store as stores
from knowalledge_api.stores.links import BusyLinksError, Command
from knowalledge_api.stores.store import UNSET, Mode, Store, StoreAwayError, cause_of, make_store
from tests.support.configuration import settings_of
from tests.support.stores import LOST, REFUSED, FakeLinks, store_of
from tests.support.waiting import wait_for


def test_without_redis_it_says_so_at_once() -> None:
    store = Store(None)
    assert (store.usable, store.away) == (False, False)
    state = store.state()
    assert (state.mode, state.why, state.degraded) == (Mode.MEMORY, UNSET, False)
    with pytest.raises(StoreAwayError, match=UNSET):
        store.ask("PING")
    store.look()
    store.close()


def test_while_redis_answers_it_is_asked() -> None:
    links = FakeLinks(lambda command: command[0].encode())
    store = store_of(links)
    assert store.ask("GET", "a") == b"GET"
    assert store.ask_all((("GET", "a"), ("TTL", "a"))) == [b"GET", b"TTL"]
    assert (store.state().mode, store.state().degraded) == (Mode.REDIS, False)
    store.close()


@pytest.mark.parametrize("error", [LOST, SilentError("Timeout"), REFUSED, OSError("unreachable")])
def test_after_one_failure_nobody_asks_until_a_look_finds_it_back(error: Exception) -> None:
    counted: list[int] = []
    links = FakeLinks()
    store = Store(links, "ka:", lambda: counted.append(1), lambda: 7.0, lambda _: None)
    links.broken = error
    with pytest.raises(StoreAwayError):
        store.ask("GET", "a")
    asked = len(links.asked)
    for _ in range(3):
        with pytest.raises(StoreAwayError, match=str(error)):
            store.ask("GET", "a")
    assert (len(links.asked), links.abandoned, counted) == (asked, 1, [1])
    state = store.state()
    assert (state.mode, state.since, state.why, state.degradations, state.degraded) == (
        *(Mode.MEMORY, 7.0, str(error), 1, True),
    )
    assert store.away
    store.look()
    assert not store.usable
    links.broken = None
    store.look()
    assert links.asked[-1] == ("SET", "ka:probe", "1", "PX", "1000")
    assert store.ask("GET", "a") == b"OK"
    assert (store.state().mode, store.state().why) == (Mode.REDIS, "")
    store.close()


def test_each_change_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    links = FakeLinks()
    store = store_of(links)
    links.broken = LOST
    for _ in range(3):
        store.look()
    links.broken = None
    for _ in range(3):
        store.look()
    assert [(each.levelname, each.getMessage().split(",")[0]) for each in caplog.records] == [
        ("WARNING", "Redis is away"),
        ("INFO", "Redis is used again"),
    ]
    assert "Connection refused." in caplog.text


def test_a_script_that_redis_does_not_know_is_no_failure() -> None:
    def unknown(_: Command) -> Any:
        raise NoScriptError("NOSCRIPT")

    store = store_of(FakeLinks(unknown))
    with pytest.raises(NoScriptError):
        store.ask("EVALSHA", "x")
    assert store.usable
    store.close()


def test_one_for_whom_there_is_no_connection_goes_another_way_alone() -> None:
    links = FakeLinks()
    links.broken = BusyLinksError("all in use")
    store = store_of(links)
    with pytest.raises(StoreAwayError, match="all in use"):
        store.ask("PING")
    assert store.usable
    store.close()


def test_what_failed_before_it_was_last_opened_does_not_close_it_again() -> None:
    def away_and_back(_: Command) -> Any:
        links.answer = lambda _: b"OK"
        links.broken = LOST
        store.look()
        links.broken = None
        store.look()
        raise LOST

    links = FakeLinks(away_and_back)
    store = store_of(links)
    with pytest.raises(StoreAwayError):
        store.ask("GET", "a")
    assert store.usable
    assert store.state().degradations == 1
    store.close()


def test_a_look_that_saw_it_answer_does_not_open_what_was_closed_meanwhile() -> None:
    def fails_for_others(_: Any) -> None:
        links.broken = LOST
        with pytest.raises(StoreAwayError):
            store.ask("GET", "a")
        links.broken = None

    links = FakeLinks()
    store = store_of(links)
    store.on_look(fails_for_others)
    store.look()
    assert not store.usable


def test_what_others_want_is_done_while_it_is_used_and_before_it_is_used_again() -> None:
    done: list[str] = []
    links = FakeLinks()
    store = store_of(links)
    store.on_look(lambda ask: done.append(f"look {ask('PING')!r}"))
    store.on_return(lambda _: done.append(f"return {store.usable}"))
    store.look()
    links.broken = LOST
    store.look()
    links.broken = None
    store.look()
    assert done == ["look b'OK'", "return False"]


def test_it_is_not_used_where_what_is_owed_to_it_fails() -> None:
    def fails(_: Any) -> None:
        raise REFUSED

    links = FakeLinks()
    store = store_of(links)
    links.broken = LOST
    store.look()
    links.broken = None
    store.on_return(fails)
    store.look()
    assert not store.usable


def test_a_thread_of_its_own_looks_from_the_first_question_on(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(stores, "PERIOD", 0.001)
    links = FakeLinks()
    store = Store(links)
    looks: list[int] = []
    before = set(threading.enumerate())

    def ours() -> list[str]:
        return [each.name for each in set(threading.enumerate()) - before]

    def stumbles(_: Any) -> None:
        looks.append(1)
        raise LookupError("a bug")

    store.on_look(stumbles)
    assert ours() == []
    store.state()
    store.state()
    wait_for("it goes on looking", lambda: len(looks) > 2, 5)
    assert ours() == ["redis"]
    store.close()
    wait_for("it ends", lambda: ours() == [], 5)
    assert "looking for Redis failed" in caplog.text


def test_a_forked_process_takes_it_over(monkeypatch: pytest.MonkeyPatch) -> None:
    links = FakeLinks()
    forgotten: list[int] = []
    monkeypatch.setattr(links, "forget", lambda: forgotten.append(1))
    store = store_of(links)
    store.ask("PING")
    monkeypatch.setattr(os, "getpid", lambda: -1)
    store.ask("PING")
    store.ask("PING")
    assert forgotten == [1, 1]
    store.close()


def test_the_settings_say_where_it_is_and_a_bad_option_is_told_without_the_secret() -> None:
    assert not make_store(settings_of()).usable
    store = make_store(settings_of(REDIS_URL="redis://:canary@h:1/2", REDIS_PREFIX="x:"))
    assert (store.usable, store.prefix) == (True, "x:")
    with pytest.raises(SettingsError) as caught:
        make_store(settings_of(REDIS_URL="redis://:canary@h?colour=red"))
    assert "REDIS_URL" in str(caught.value)
    assert "canary" not in str(caught.value)


def test_a_cause_is_one_line_and_not_without_end() -> None:
    assert cause_of(OSError("a\n b")) == "a b"
    assert cause_of(OSError()) == "OSError"
    assert len(cause_of(OSError("x" * 999))) == 200
