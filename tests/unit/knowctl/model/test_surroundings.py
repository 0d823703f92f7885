from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest

from knowctl.model.surroundings import Certificate, Committed, ServerFacts, Surroundings


def test_what_nobody_has_looked_for_is_not_there() -> None:
    nothing = Surroundings()
    assert (nothing.certificate, nothing.database, nothing.redis, nothing.gemini) == (None,) * 4
    assert nothing.committed == Committed((), "")
    assert Certificate().days_left is None


def test_facts_can_not_be_changed() -> None:
    server = ServerFacts("db", local=False, tls=True, password=True)
    with pytest.raises(FrozenInstanceError):
        server.tls = False  # type: ignore[misc]  # that is the point
