"""How a subtopic is explained, in each language."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowalledge_api.providers.offline.explanations import LONGEST_SEARCH, explain
from knowalledge_api.providers.offline.headings import divide
from knowalledge_api.providers.offline.phrasebook import PHRASEBOOK
from knowalledge_api.providers.offline.phrases import HIGH_SCHOOL, JUNIOR, UNDERGRADUATE
from knowalledge_api.providers.tasks import DivideTopic, Explain, Explanation, Language

TOPICS = (
    *("C++ Programming", "CI/CD", "Newton's laws", "量子力学", "علم الأحياء", "היסטוריה"),
    *("{topic}", "{0} {} }{", 'the "quoted" “word”', "a % b \\ c", "R"),
)
LEVELS = (JUNIOR, HIGH_SCHOOL, UNDERGRADUATE, "whoever is interested")
STYLES = ("visual", "auditory", "reading", "kinesthetic")
DETAILS = (100, 150, 300)

every_language = pytest.mark.parametrize("language", list(Language))


def task(language: Language = Language.ENGLISH, subtopic: str = "Inertia") -> Explain:
    return Explain(
        topic="Newton's laws", subtopic=subtopic, level=JUNIOR, words=150, language=language
    )


def subtopics(topic: str, language: Language) -> tuple[str, ...]:
    return (topic, "Sources", *divide(DivideTopic(topic=topic, language=language)))


def words(explained: Explanation, language: Language) -> float:
    text = explained.explanation
    if language in {Language.CHINESE, Language.JAPANESE}:
        return len("".join(text.split())) / 1.6
    return len(text.split())


@every_language
@pytest.mark.parametrize("asked", DETAILS)
def test_a_lesson_is_as_long_as_asked_for(language: Language, asked: int) -> None:
    for topic in TOPICS:
        for subtopic in subtopics(topic, language):
            for level, style in [(level, style) for level in LEVELS for style in ("", *STYLES)]:
                explained = explain(
                    Explain(
                        topic=topic,
                        subtopic=subtopic,
                        level=level,
                        words=asked,
                        style=style,
                        language=language,
                    )
                )
                assert 0.8 * asked <= words(explained, language) <= 1.2 * asked


@every_language
@pytest.mark.parametrize("topic", TOPICS)
def test_names_stand_as_they_are_and_nothing_is_left_open(language: Language, topic: str) -> None:
    for subtopic in ("Sources", f"{topic}?", topic):
        explained = explain(replace(task(language), topic=topic, subtopic=subtopic))
        assert subtopic in explained.explanation
        assert topic in explained.explanation
        assert subtopic in explained.real_world_application
        assert topic in explained.youtube_search_query
        rest = repr(explained).replace(subtopic, "").replace(topic, "")
        rest = rest.replace(repr(topic)[1:-1], "")
        assert "{" not in rest
        assert "}" not in rest


@every_language
def test_the_same_task_has_the_same_lesson_and_another_subtopic_another(language: Language) -> None:
    assert explain(task(language)) == explain(task(language))
    lessons = {
        explain(task(language, subtopic)).explanation.replace(subtopic, "")
        for subtopic in ("Mass", "Force", "Inertia", "Motion", "Rest")
    }
    assert len(lessons) > 1


@every_language
def test_levels_details_and_styles_make_a_difference(language: Language) -> None:
    same = task(language)
    lessons = [
        *(explain(replace(same, level=level)).explanation for level in LEVELS),
        *(explain(replace(same, words=asked)).explanation for asked in (100, 300)),
        *(explain(replace(same, style=style)).explanation for style in STYLES),
    ]
    assert len(set(lessons)) == len(lessons)
    searches = {explain(replace(same, level=level)).youtube_search_query for level in LEVELS}
    assert len(searches) == len(LEVELS)


@every_language
def test_a_style_is_known_however_it_is_written(language: Language) -> None:
    visual = explain(replace(task(language), style="visual"))
    assert PHRASEBOOK[language].styles["visual"] in visual.explanation
    assert explain(replace(task(language), style=" Visual ")) == visual


@every_language
def test_what_else_stands_in_level_and_style_is_not_repeated(language: Language) -> None:
    plain = explain(replace(task(language), level="", style=""))
    assert explain(replace(task(language), level="<b>{name}", style="<i>{subject}")) == plain


def test_no_two_languages_have_a_paragraph_in_common() -> None:
    for one, other in combinations(Language, 2):
        paragraphs = [
            set(explain(task(language)).explanation.split("\n\n")) for language in (one, other)
        ]
        assert not paragraphs[0] & paragraphs[1]


@every_language
def test_a_lesson_has_an_opening_sections_and_a_closing(language: Language) -> None:
    opening, *sections, closing = explain(task(language)).explanation.split("\n\n")
    assert "Inertia" in opening
    assert len(sections) >= 2
    assert closing == PHRASEBOOK[language].voices[JUNIOR].closing


@every_language
def test_each_application_is_given_to_some_subtopic(language: Language) -> None:
    given = {
        explain(task(language, f"part {number}")).real_world_application.replace(str(number), "", 1)
        for number in range(10, 60)
    }
    assert len(given) == len(PHRASEBOOK[language].applications)


@every_language
@pytest.mark.parametrize("name", ["量" * 200, "one two " * 25, "x" * 92 + " " + "y" * 107])
def test_a_long_name_is_cut_where_it_is_searched_for(language: Language, name: str) -> None:
    search = explain(task(language, name)).youtube_search_query
    ending = PHRASEBOOK[language].voices[JUNIOR].search.removeprefix("{words}")
    assert len(search) <= LONGEST_SEARCH
    assert search.endswith(ending)
    kept = search.removesuffix(ending)
    assert name.startswith(kept)
    assert " " not in name or name[len(kept)] == " " or " " not in name[: len(kept) + 1]


def test_a_name_is_cut_at_the_end_of_a_word_that_just_fits() -> None:
    ending = " explained for kids"
    fits = "x" * 40 + " " + "y" * (LONGEST_SEARCH - len(ending) - 41)
    assert explain(task(subtopic=fits)).youtube_search_query == fits + ending
    assert explain(task(subtopic=fits + "y")).youtube_search_query == "x" * 40 + ending


@given(
    st.text(min_size=1, max_size=200), st.text(min_size=1, max_size=200), st.sampled_from(Language)
)
def test_any_names_are_explained(topic: str, subtopic: str, language: Language) -> None:
    explained = explain(
        Explain(topic=topic, subtopic=subtopic, level="", words=100, language=language)
    )
    assert subtopic in explained.explanation
    assert len(explained.youtube_search_query) <= LONGEST_SEARCH
