"""What of an answer is accepted."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowalledge_api.providers.gemini.drafts import (
    ACCEPT,
    LONGEST_TEXT,
    SHAPES,
    UnusableError,
    accepted,
)
from knowalledge_api.providers.tasks import (
    AskQuestions,
    DivideTopic,
    Explain,
    Explanation,
    NamePicture,
    Picture,
    Question,
    Recommend,
    Recommendation,
    Task,
)

DIVIDE = DivideTopic(topic="CI/CD")
EXPLAIN = Explain(topic="CI/CD", subtopic="CI", level="juniorLevel", words=100)
ASK = AskQuestions(topic="CI/CD", subtopic="CI", count=2)
RECOMMEND = Recommend(topic="CI/CD")
NAME = NamePicture(picture=Picture(b"", "0" * 64))
TASKS: tuple[Task[Any], ...] = (DIVIDE, EXPLAIN, ASK, RECOMMEND, NAME)


def question(number: int = 1, **members: Any) -> dict[str, Any]:
    whole = {
        "question": f"What is {number}?",
        "options": ["one", "two", "three", "four"],
        "correct_answer": "two",
        "explanation": "Because.",
    }
    return {**whole, **members}


def test_subtopics_are_cleaned_and_no_more_than_were_asked_for() -> None:
    lines = [f" part\t{number} " for number in range(20)]
    assert accepted(DIVIDE, json.dumps({"subtopics": [*lines, "part 0"]})) == tuple(
        f"part {number}" for number in range(15)
    )


def test_a_text_without_end_is_not_accepted() -> None:
    with pytest.raises(UnusableError, match="endless"):
        accepted(DIVIDE, json.dumps({"subtopics": ["a" + "\u0301" * LONGEST_TEXT] * 10}))


def test_too_few_different_subtopics_are_no_division() -> None:
    with pytest.raises(UnusableError, match="too few"):
        accepted(DIVIDE, json.dumps({"subtopics": ["a", "A", " a "] * 10}))


def test_an_explanation_keeps_its_lines_and_loses_what_is_no_text() -> None:
    answer = {
        "explanation": " One.\n\nTwo.\u0007 ",
        "real_world_application": "Here.",
        "youtube_search_query": "ci\ncd",
    }
    assert accepted(EXPLAIN, json.dumps(answer)) == Explanation("One.\n\nTwo.", "Here.", "ci cd")


@pytest.mark.parametrize("name", ["explanation", "real_world_application", "youtube_search_query"])
def test_an_explanation_has_all_its_parts(name: str) -> None:
    answer = dict.fromkeys(("explanation", "real_world_application", "youtube_search_query"), "x")
    with pytest.raises(UnusableError):
        accepted(EXPLAIN, json.dumps({**answer, name: " "}))
    with pytest.raises(UnusableError):
        accepted(EXPLAIN, json.dumps({**answer, "explanation": "x" * 10_001}))


def test_the_right_answer_is_an_option_to_the_letter() -> None:
    answer = {"questions": [question(correct_answer=" TWO "), question(2), question(3)]}
    first, second = accepted(ASK, json.dumps(answer))
    options = ("one", "two", "three", "four")
    assert first == Question("What is 1?", options, "two", "Because.")
    assert second.question == "What is 2?"


@pytest.mark.parametrize(
    "members",
    [
        {"options": ["one", "two", "three"]},
        {"options": ["one", "two", "three", "two"]},
        {"options": ["one", "two", "three", "TWO"]},
        {"options": ["one", "two", "three", " "]},
        {"correct_answer": "five"},
        {"correct_answer": ""},
        {"question": ""},
        {"explanation": " "},
    ],
)
def test_a_question_that_can_t_be_asked_is_not_accepted(members: dict[str, Any]) -> None:
    with pytest.raises(UnusableError):
        accepted(ASK, json.dumps({"questions": [question(**members), question(2)]}))


def test_the_same_question_twice_is_one() -> None:
    with pytest.raises(UnusableError, match="too few"):
        accepted(ASK, json.dumps({"questions": [question(), question()]}))


def test_recommendations_are_three_different_ones() -> None:
    some = [{"subtopic": f"part {number}", "reason": "so"} for number in range(5)]
    found = accepted(RECOMMEND, json.dumps({"recommendations": some}))
    assert found == tuple(Recommendation(f"part {number}", "so") for number in range(3))
    with pytest.raises(UnusableError, match="too few"):
        accepted(RECOMMEND, json.dumps({"recommendations": [some[0]] * 3}))


@pytest.mark.parametrize(("topic", "fits"), [("Cells", True), ("a b c d e f", False), ("", False)])
def test_the_topic_of_a_picture_has_one_to_five_words(topic: str, fits: bool) -> None:
    answer = json.dumps({"topic": topic})
    if fits:
        assert accepted(NAME, answer) == topic
        return
    with pytest.raises(UnusableError):
        accepted(NAME, answer)


@pytest.mark.parametrize("task", TASKS, ids=lambda task: type(task).__name__)
@pytest.mark.parametrize("answer", ["", "{", "[]", "null", "{}", '"x"', '{"subtopics": "x"}'])
def test_another_shape_is_told(task: Task[Any], answer: str) -> None:
    with pytest.raises(UnusableError, match="shape"):
        accepted(task, answer)


def test_every_task_has_a_shape_and_a_check() -> None:
    kinds = {type(task) for task in TASKS}
    assert kinds == SHAPES.keys() == ACCEPT.keys()
    assert {kind.__name__ for kind in kinds} == {kind.__name__ for kind in Task.__subclasses__()}


@given(st.lists(st.text(), max_size=40))
def test_whatever_comes_is_accepted_or_unusable(texts: list[str]) -> None:
    try:
        found = accepted(DIVIDE, json.dumps({"subtopics": texts}))
    except UnusableError:
        return
    assert all(text == " ".join(text.split()) for text in found)
    assert len({text.casefold() for text in found}) == len(found)
