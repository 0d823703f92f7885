"""The record of what was done."""

from __future__ import annotations

import contextlib

from sqlalchemy import select

from knowalledge_api.database.accounts.audit import Deed, record
from knowalledge_api.database.models import AuditEntry
from knowalledge_api.logs import request_id
from tests.support.people import NOON, People

DEED = Deed("ada", "user.disable", "bob", NOON)


def test_a_deed_is_kept_with_the_request_that_did_it(crowd: People) -> None:
    for current in ("", "the-request"):
        token = request_id.set(current)
        with crowd.database.session() as session:
            record(session, DEED, role=["user", "admin"])
        request_id.reset(token)
    with crowd.database.session() as session:
        first, second = session.scalars(select(AuditEntry).order_by(AuditEntry.id))
    assert (first.actor, first.action, first.subject) == ("ada", "user.disable", "bob")
    assert (first.happened_at, first.detail) == (NOON, {"role": ["user", "admin"]})
    assert (first.request_id, second.request_id) == (None, "the-request")


def test_what_is_undone_was_not_recorded(crowd: People) -> None:
    with contextlib.suppress(KeyError), crowd.database.session() as session:
        record(session, DEED)
        raise KeyError
    assert crowd.deeds() == []


def test_a_name_beyond_the_column_is_cut(crowd: People) -> None:
    with crowd.database.session() as session:
        record(session, Deed("x" * 999, "user.disable", "bob", NOON))
    assert crowd.deeds() == [("x" * 200, "user.disable", "bob")]
