"""How long a connection may wait for what."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator

import pytest
from sqlalchemy import create_engine
from sqlalchemy.pool import QueuePool

from knowalledge_api.database.limits import (
    DDL_LOCK_WAIT,
    LONGEST_NAME,
    Limits,
    application_name,
    bound_ping,
)
from knowalledge_api.generation import VARIABLE, current
from tests.support.configuration import settings_of


def test_a_request_is_bounded_on_both_sides() -> None:
    settings = settings_of(
        INSTANCE="a",
        DB_CONNECT_TIMEOUT="3",
        DB_STATEMENT_TIMEOUT="2.5",
        DB_DEADLINE="5",
        DB_POOLER="pgbouncer",
    )
    name = f"knowalledge/a/0/{os.getpid()}"
    assert Limits.serving(settings) == Limits(name, 3, statement=2.5, silence=4, pooled=True)
    assert Limits.migrating(settings) == Limits(name, 3, lock=DDL_LOCK_WAIT)


def test_the_server_ends_a_statement_before_the_client_gives_it_up() -> None:
    limits = Limits.serving(settings_of())
    assert limits.statement == 1.3
    assert limits.silence == 1.6
    assert limits.ping == 0.8
    assert Limits.migrating(settings_of()).ping is None


def test_a_connection_in_the_pool_is_trusted_less() -> None:
    engine = create_engine("sqlite://", poolclass=QueuePool)
    bound_ping(engine, Limits("n", 1, silence=4))

    class Link:
        patience: float | None = None

    link = Link()
    engine.pool.dispatch.checkin(link, None)
    assert link.patience == 2
    engine.pool.dispatch.checkout(link, None, None)
    assert link.patience == 4
    engine.pool.dispatch.checkin(None, None)


@pytest.fixture
def generation(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This process belongs to generation 12345."""
    facts = {"number": 12345, "directory": "/run", "gate": 4, "report": 5}
    monkeypatch.setenv(VARIABLE, json.dumps(facts))
    current.cache_clear()
    yield
    current.cache_clear()


@pytest.mark.usefixtures("generation")
@pytest.mark.parametrize(("instance", "shown"), [("a", "a"), ("x" * 40, "x" * 40), ("ü/力", "?/?")])
def test_a_connection_is_named_for_instance_generation_and_process(
    instance: str, shown: str
) -> None:
    name = application_name(settings_of(INSTANCE=instance))
    end = f"/12345/{os.getpid()}"
    assert name.endswith(end)
    assert name == f"knowalledge/{shown}"[: LONGEST_NAME - len(end)] + end
    assert len(name.encode()) <= LONGEST_NAME == 63


def test_it_is_the_instance_that_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getpid", lambda: 4194304)
    name = application_name(settings_of(INSTANCE="x" * 40))
    assert name == f"knowalledge/{'x' * 40}/0/4194304"
    monkeypatch.setattr(os, "getpid", lambda: 10**12)
    name = application_name(settings_of(INSTANCE="x" * 40))
    assert (len(name), name.endswith("x/0/1000000000000")) == (63, True)
