"""PostgreSQL through psycopg2; what needs a server is told by the integration tests."""

from __future__ import annotations

import os
from collections.abc import Iterator

import psycopg2
import pytest
from psycopg2 import extensions
from sqlalchemy import make_url

from knowalledge_api.database import postgresql
from knowalledge_api.database.limits import Limits

LIMITS = Limits("name", 2, statement=30.0, silence=1.0)


class Link:
    """What the wait callback sees of a connection: a descriptor, and states one after another."""

    def __init__(self, descriptor: int, states: Iterator[int], patience: float | None) -> None:
        self._descriptor = descriptor
        self._states = states
        if patience is not None:
            self.patience = patience

    def fileno(self) -> int:
        return self._descriptor

    def poll(self) -> int:
        return next(self._states)


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    ends = os.pipe()
    yield ends
    for end in ends:
        os.close(end)


@pytest.mark.parametrize("patience", [None, 5.0])
def test_waiting_ends_with_the_answer(pipe: tuple[int, int], patience: float | None) -> None:
    reading, writing = pipe
    os.write(writing, b"x")
    states = iter([extensions.POLL_READ, extensions.POLL_OK])
    postgresql.wait(Link(reading, states, patience))
    states = iter([extensions.POLL_WRITE, extensions.POLL_OK])
    postgresql.wait(Link(writing, states, patience))
    assert next(states, None) is None


@pytest.mark.parametrize("patience", [0.0, 0.001])
def test_silence_ends_the_waiting(pipe: tuple[int, int], patience: float) -> None:
    states = iter([extensions.POLL_READ] * 9)
    with pytest.raises(psycopg2.OperationalError, match="no answer from the server"):
        postgresql.wait(Link(pipe[0], states, patience))


def test_limits_go_to_the_server_behind_what_the_url_says() -> None:
    url = make_url("postgresql+psycopg2://h/x?options=-c a=1")
    arguments = postgresql.connect_arguments(url, LIMITS)
    assert arguments["options"] == "-c a=1 -c statement_timeout=30000"
    assert arguments["application_name"] == "name"
    migrating = postgresql.connect_arguments(make_url("postgresql://h/x"), Limits("n", 2, lock=5.0))
    assert migrating["options"] == "-c lock_timeout=5000"
    twice = make_url("postgresql://h/x?options=a&options=b")
    assert postgresql.connect_arguments(twice, LIMITS)["options"].startswith("a b -c ")


def test_a_pooler_gets_no_options() -> None:
    limits = Limits("name", 2, statement=30.0, pooled=True)
    assert "options" not in postgresql.connect_arguments(make_url("postgresql://h/x"), limits)
