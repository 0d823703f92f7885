"""What a picture is about, as far as one can tell without looking at it."""

from __future__ import annotations

from knowalledge_api.providers.offline.pictures import PICTURE_TOPICS, name_picture
from knowalledge_api.providers.tasks import NamePicture, Picture


def named(digest: str, *words: str) -> str:
    return name_picture(NamePicture(picture=Picture(b"", digest, words)))


def test_a_picture_without_words_has_the_topic_of_its_digest() -> None:
    assert {named(f"{number:08x}") for number in range(len(PICTURE_TOPICS))} == set(PICTURE_TOPICS)


def test_each_topic_has_one_to_five_words() -> None:
    assert all(1 <= len(topic.split()) <= 5 for topic in PICTURE_TOPICS)


def test_a_picture_is_called_what_its_sender_calls_it() -> None:
    assert named("00000000", "water", "cycle") == "water cycle"
