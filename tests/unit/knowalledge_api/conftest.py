"""What the unit tests of the API share: a database with tables, and that no timer is left over."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from knowalledge_api.database import Database
from knowalledge_api.database.models import Base
from tests.support.configuration import sqlite_settings


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with closing(Database(sqlite_settings(tmp_path))) as database:
        Base.metadata.create_all(database.engine)
        yield database


@pytest.fixture(autouse=True)
def _no_timer_outlives_its_test() -> Iterator[None]:
    """What a test puts off ends with it: the threads that others count stay their own."""
    before = set(threading.enumerate())
    yield
    while timers := [
        each
        for each in threading.enumerate()
        if isinstance(each, threading.Timer) and each not in before
    ]:
        for timer in timers:
            timer.cancel()
            timer.join()
