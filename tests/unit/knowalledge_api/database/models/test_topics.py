"""Topics, and what was written about them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from knowalledge_api.database.models import GeneratedContent, Topic
from knowalledge_api.database.models.topics import LONGEST_TOPIC
from knowalledge_api.services import topics

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def test_every_topic_that_is_accepted_fits() -> None:
    assert topics.LONGEST == LONGEST_TOPIC


def test_content_knows_its_topic(session: Session) -> None:
    topic = Topic(digest=topics.digest("力"), text="力", created_at=NOON)
    content = GeneratedContent(
        cache_key=topics.digest("key"),
        topic=topic,
        kind="subtopics",
        language="zh",
        source="offline",
        content=["一"],
        quality_score=1.0,
        created_at=NOON,
    )
    session.add(content)
    session.flush()
    assert content.topic_id == topic.id
