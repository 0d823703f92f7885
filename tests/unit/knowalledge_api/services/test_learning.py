from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowalledge_api.errors import ApiError
from knowalledge_api.services.learning import HandedIn, Learning, mastery
from tests.support.people import People, people

QUIZ = HandedIn("  Newton's   laws ", " Inertia ", None, 4, 5)


@pytest.fixture
def crowd(tmp_path: Path) -> Iterator[People]:
    with people(tmp_path) as found:
        yield found


@pytest.mark.parametrize(
    ("score", "total", "level"),
    [(0, 1, 1), (49, 100, 1), (1, 2, 2), (79, 100, 2), (4, 5, 3), (1, 1, 3), (799, 1000, 2)],
)
def test_mastery_has_three_levels(score: int, total: int, level: int) -> None:
    assert mastery(score, total) == level


@given(st.integers(0, 10_000), st.integers(1, 10_000))
def test_who_answers_more_is_never_known_less(score: int, total: int) -> None:
    score = min(score, total)
    assert 1 <= mastery(max(0, score - 1), total) <= mastery(score, total) <= 3


def submit(crowd: People, quiz: HandedIn) -> int:
    number = crowd.add("ada").account.number
    with crowd.database.session() as session:
        return Learning(crowd.database).submit(session, number, quiz)


def test_what_was_handed_in_is_known_in_one_normal_form(crowd: People) -> None:
    assert submit(crowd, QUIZ) == 3
    learning = Learning(crowd.database)
    (known,) = learning.progress(1)
    assert (known.topic, known.subtopic, known.mastery_level) == ("Newton's laws", "Inertia", 3)
    assert learning.progress(1, "Newton's laws") == (known,)
    assert learning.progress(1, "newton's laws") == ()
    assert learning.progress(2) == ()


@pytest.mark.parametrize("subtopic", [None, "", "  "])
def test_without_a_subtopic_the_topic_is_known_as_a_whole(
    crowd: People, subtopic: str | None
) -> None:
    submit(crowd, HandedIn("x", subtopic, None, 0, 3))
    (known,) = Learning(crowd.database).progress(1)
    assert (known.subtopic, known.mastery_level) == (None, 1)


@pytest.mark.parametrize(
    ("quiz", "field"),
    [
        (HandedIn("x", None, None, 99, 3), "score"),
        (HandedIn(" ", None, None, 1, 3), "topic"),
        (HandedIn("x", "a\x00b", None, 1, 3), "subtopic"),
        (HandedIn("x", "y" * 201, None, 1, 3), "subtopic"),
    ],
)
def test_what_can_not_be_is_refused_and_kept_nowhere(
    crowd: People, quiz: HandedIn, field: str
) -> None:
    with pytest.raises(ApiError) as raised:
        submit(crowd, quiz)
    assert (raised.value.status, raised.value.problems[0].field) == (400, field)
    assert Learning(crowd.database).progress(1) == ()
