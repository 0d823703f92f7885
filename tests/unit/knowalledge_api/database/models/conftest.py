"""Empty tables in memory, made from the models."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime

import pytest
from sqlalchemy.orm import Session

from knowalledge_api.database import Database
from knowalledge_api.database.models import Base, User
from tests.support.configuration import settings_of

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.fixture
def session() -> Iterator[Session]:
    with closing(Database(settings_of(DATABASE_URL="sqlite://"))) as database:
        Base.metadata.create_all(database.engine)
        with Session(database.engine) as session:
            yield session


@pytest.fixture
def ada(session: Session) -> User:
    user = User(public_id="ada", created_at=NOON)
    session.add(user)
    session.flush()
    return user
