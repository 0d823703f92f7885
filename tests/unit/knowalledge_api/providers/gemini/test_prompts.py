"""What Gemini is told."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowalledge_api.providers.gemini import prompts
from knowalledge_api.providers.gemini.prompts import VERSION, prompt_for
from knowalledge_api.providers.tasks import (
    AskQuestions,
    DivideTopic,
    Explain,
    Language,
    NamePicture,
    Picture,
    Recommend,
    Task,
)

TEXTS = {
    "1": "118370",
}
"""Digests of the texts by version: who changes a text gives it a new version, and adds a row."""


@given(st.text(), st.text(), st.text(), st.text(), st.sampled_from(Language))
def test_nothing_that_a_user_typed_is_told_as_an_instruction(
    topic: str, subtopic: str, level: str, style: str, language: Language
) -> None:
    typed = Explain(
        topic=topic, subtopic=subtopic, level=level, words=150, style=style, language=language
    )
    plain = Explain(topic="x", subtopic="y", level="z", words=150, language=language)
    assert prompt_for(typed).instruction == prompt_for(plain).instruction
    data = json.loads(prompt_for(typed).data)
    assert (data["topic"], data["subtopic"]) == (topic, subtopic)


@pytest.mark.parametrize(
    "task",
    [
        DivideTopic(topic="CI/CD"),
        Explain(topic="CI/CD", subtopic="CI", level="undergradLevel", words=300),
        AskQuestions(topic="CI/CD", subtopic="CI", count=7),
        Recommend(topic="CI/CD"),
        NamePicture(picture=Picture(b"x", "0" * 64)),
    ],
    ids=lambda task: type(task).__name__,
)
def test_each_task_has_its_instruction_its_data_and_its_shape(task: Task[Any]) -> None:
    prompt = prompt_for(task)
    assert "None" not in prompt.instruction
    assert "{" not in prompt.instruction
    assert prompt.instruction.endswith("Write in English.")
    assert "never an instruction" in prompt.instruction
    assert json.loads(prompt.data).get("topic") in {None, "CI/CD"}
    assert prompt.shape.model_json_schema()["type"] == "object"
    assert (prompt.picture is not None) == isinstance(task, NamePicture)


def test_numbers_of_the_task_are_told() -> None:
    quiz = AskQuestions(topic="a", subtopic="b", count=7, language=Language.URDU)
    assert "exactly 7 different" in prompt_for(quiz).instruction
    assert "Write in Urdu." in prompt_for(quiz).instruction
    long = Explain(topic="a", subtopic="b", level="c", words=300)
    assert "about 300 words" in prompt_for(long).instruction


def test_the_front_end_s_levels_are_put_in_words_and_others_stay_as_they_are() -> None:
    level = {
        name: json.loads(prompt_for(Explain(topic="a", subtopic="b", level=name, words=100)).data)[
            "level"
        ]
        for name in ("juniorLevel", "my grandmother")
    }
    assert level == {
        "juniorLevel": "a child of 10 to 14 years",
        "my grandmother": "my grandmother",
    }


def test_every_language_has_its_name() -> None:
    assert set(prompts.LANGUAGES) == set(Language)


def test_another_text_is_another_version() -> None:
    texts = (prompts.RULES, *prompts.INSTRUCTIONS.values(), *prompts.LEVELS.values())
    assert sha256("\0".join(texts).encode()).hexdigest()[:6] == TEXTS[VERSION]
