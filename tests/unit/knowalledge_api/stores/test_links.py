"""Connections to Redis."""

from __future__ import annotations

import os
import socket
from collections.abc import Sequence
from typing import Any

import pytest
from redis import ResponseError
from redis.connection import Connection, SSLConnection, UnixDomainSocketConnection
from redis.exceptions import ConnectionError as LostError

from knowalledge_api.stores.links import IDLE, BusyLinksError, Links, connecting


class Link:
    """A connection that answers from a list."""

    def __init__(self, answers: list[Any], plug: socket.socket | None = None) -> None:
        self.answers = answers
        self.sent: list[Any] = []
        self.open = False
        self.ended = False
        self._sock = plug

    def connect(self) -> None:
        self.open = True

    def can_read(self, timeout: float) -> bool:
        assert timeout == 0
        if self.ended:
            raise LostError("closed")
        return False

    def send_packed_command(self, command: Any, check_health: bool) -> None:
        assert not check_health
        self.sent.append(command)

    def pack_commands(self, commands: Any) -> Any:
        return list(commands)

    def read_response(self) -> Any:
        answer = self.answers.pop(0)
        if callable(answer):
            answer()
            raise LostError("let go")
        if isinstance(answer, Exception):
            raise answer
        return answer

    def disconnect(self) -> None:
        self.open = False


class Makes:
    """Hands out connections one by one."""

    def __init__(self, *links: Link) -> None:
        self.left = list(links)

    def __call__(self) -> Link:
        return self.left.pop(0)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def links_of(links: Sequence[Link], most: int = 9, clock: Clock | None = None) -> Links:
    return Links(Makes(*links), most, clock or Clock())


def test_commands_are_sent_together_on_a_connection_that_is_kept() -> None:
    link = Link([b"1", b"2", b"3"])
    links = links_of([link])
    assert links.ask((("GET", "a"), ("GET", "b"))) == [b"1", b"2"]
    assert links.ask((("GET", "c"),)) == [b"3"]
    assert link.sent == [[("GET", "a"), ("GET", "b")], [("GET", "c")]]


def test_a_refusal_is_raised_after_all_was_read_and_the_connection_is_kept() -> None:
    link = Link([ResponseError("no"), b"2", b"3"])
    links = links_of([link])
    with pytest.raises(ResponseError, match="no"):
        links.ask((("GET", "a"), ("GET", "b")))
    assert links.ask((("GET", "c"),)) == [b"3"]


def test_a_connection_that_gave_no_answer_is_used_no_more() -> None:
    first, second = Link([LostError("gone")]), Link([b"1"])
    links = links_of([first, second])
    with pytest.raises(LostError):
        links.ask((("GET", "a"),))
    assert not first.open
    assert links.ask((("GET", "a"),)) == [b"1"]


def test_there_are_never_more_than_the_most() -> None:
    links = links_of([])

    def ask_again() -> None:
        with pytest.raises(BusyLinksError, match="all 1 connections"):
            links.ask((("PING",),))

    links = links_of([Link([ask_again]), Link([b"1"])], most=1)
    with pytest.raises(LostError):
        links.ask((("PING",),))
    assert links.ask((("PING",),)) == [b"1"]


def test_a_connection_that_failed_to_connect_is_not_counted() -> None:
    class Refused(Link):
        def connect(self) -> None:
            raise LostError("refused")

    links = links_of([Refused([]), Link([b"1"])], most=1)
    with pytest.raises(LostError):
        links.ask((("PING",),))
    assert links.ask((("PING",),)) == [b"1"]


@pytest.mark.parametrize(("idle", "fresh"), [(IDLE / 2, False), (IDLE, True)])
def test_one_that_was_idle_is_looked_at_before_it_is_used(idle: float, fresh: bool) -> None:
    first, second, clock = Link([b"1", b"2"]), Link([b"3"]), Clock()
    links = links_of([first, second], clock=clock)
    links.ask((("PING",),))
    first.ended = True
    clock.now = idle
    assert links.ask((("PING",),)) == ([b"3"] if fresh else [b"2"])


def test_whoever_waits_is_let_go_and_kept_connections_are_closed() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        idle = Link([b"1"])
        waiting = Link([], ours)
        links = links_of([waiting, idle])
        waiting.answers.append(links.abandon)
        with pytest.raises(LostError):
            links.ask((("PING",),))
        assert theirs.recv(1) == b""
        links.ask((("PING",),))
        assert idle.open
        links.abandon()
        assert not idle.open


def test_a_forked_process_begins_with_none() -> None:
    first, second = Link([b"1"]), Link([b"2"])
    links = links_of([first, second])
    links.ask((("PING",),))
    links.forget()
    assert links.ask((("PING",),)) == [b"2"]
    assert first.open, "it is the parent's"


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("redis://user:pass@h:1/2?max_connections=3", Connection),
        ("rediss://h", SSLConnection),
        ("unix:///run/redis.sock", UnixDomainSocketConnection),
    ],
)
def test_a_url_says_how_to_connect_and_the_settings_for_how_long(url: str, kind: type) -> None:
    link = connecting(url, 0.3)()
    assert isinstance(link, kind)
    assert isinstance(link, Connection | UnixDomainSocketConnection)
    assert (link.socket_timeout, link.socket_connect_timeout) == (0.3, 0.3)
    assert link.pid == os.getpid()


@pytest.mark.parametrize("url", ["redis://h?colour=red", "redis://h?socket_timeout=soon"])
def test_an_option_that_makes_no_sense_is_found_before_anything_is_asked(url: str) -> None:
    with pytest.raises((TypeError, ValueError)):
        connecting(url, 0.3)
