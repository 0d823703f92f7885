from __future__ import annotations

from knowctl.model.live_check import LiveFacts
from tests.support.live_checking import SIZES, live_facts


def test_who_was_not_asked_is_none() -> None:
    facts = LiveFacts(live_facts().configuration, SIZES)
    assert (facts.database, facts.share, facts.redis, facts.clocks) == (None, None, None, {})
