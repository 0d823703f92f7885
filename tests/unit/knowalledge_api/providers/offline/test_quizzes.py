"""What is asked about a subtopic, in each language."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowalledge_api.providers.offline.quizzes import ask_questions
from knowalledge_api.providers.tasks import OPTIONS, AskQuestions, Language

MOST_QUESTIONS = 10
TOPICS = (
    "C++ Programming",
    "CI/CD",
    "Newton's laws",
    "量子力学",
    "علم الأحياء",
    "{subject} {}",
    "R",
)

every_language = pytest.mark.parametrize("language", list(Language))


def task(language: Language = Language.ENGLISH, count: int = MOST_QUESTIONS) -> AskQuestions:
    return AskQuestions(topic="Physics", subtopic="Inertia", count=count, language=language)


@every_language
@pytest.mark.parametrize("count", range(1, MOST_QUESTIONS + 1))
def test_as_many_different_questions_as_asked_for(language: Language, count: int) -> None:
    asked = ask_questions(task(language, count))
    assert len({question.question for question in asked}) == len(asked) == count


@every_language
@pytest.mark.parametrize("topic", TOPICS)
def test_each_question_is_whole_whatever_it_is_about(language: Language, topic: str) -> None:
    for subtopic in ("Sources", topic, f"{topic}?"):
        for question in ask_questions(replace(task(language), topic=topic, subtopic=subtopic)):
            assert topic in question.question
            assert subtopic in question.question
            rest = question.question.replace(subtopic, "").replace(topic, "")
            assert not {"{", "}"} & {*rest, *"".join(question.options), *question.explanation}
            assert len(question.options) == len(set(question.options)) == OPTIONS
            assert question.options.count(question.correct_answer) == 1
            assert question.explanation not in question.options


@every_language
def test_the_right_answer_stands_anywhere(language: Language) -> None:
    places = Counter(
        question.options.index(question.correct_answer)
        for number in range(20)
        for question in ask_questions(replace(task(language), subtopic=f"Part {number}"))
    )
    expected = 20 * MOST_QUESTIONS / OPTIONS
    assert all(expected / 2 < places[place] < expected * 2 for place in range(OPTIONS))


@every_language
def test_the_same_task_has_the_same_questions_and_another_has_others(language: Language) -> None:
    three = task(language, 3)
    assert ask_questions(three) == ask_questions(three)
    assert ask_questions(three) == ask_questions(task(language))[:3]
    assert ask_questions(replace(three, education="undergradLevel")) != ask_questions(three)


@every_language
def test_an_education_is_not_repeated(language: Language) -> None:
    assert "<b>" not in repr(ask_questions(replace(task(language), education="<b>{subject}")))


def test_no_two_languages_share_a_question_or_an_option() -> None:
    for one, other in combinations(Language, 2):
        texts = [
            {
                text
                for question in ask_questions(task(language))
                for text in (question.question, *question.options, question.explanation)
            }
            for language in (one, other)
        ]
        assert not texts[0] & texts[1]


@given(st.text(min_size=1), st.text(min_size=1), st.sampled_from(Language))
def test_any_names_are_asked_about(topic: str, subtopic: str, language: Language) -> None:
    asked = ask_questions(
        AskQuestions(topic=topic, subtopic=subtopic, count=MOST_QUESTIONS, language=language)
    )
    assert all(subtopic in question.question for question in asked)
