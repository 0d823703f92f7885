"""The topic of an uploaded picture."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowalledge_api.cache import Cache
from knowalledge_api.database import Database
from knowalledge_api.errors import ApiError
from knowalledge_api.providers.offline.pictures import PICTURE_TOPICS
from knowalledge_api.providers.offline.provider import OfflineProvider
from knowalledge_api.providers.protocol import ContentProvider
from knowalledge_api.providers.tasks import Language, NamePicture
from knowalledge_api.services.contents import Contents
from knowalledge_api.services.image_topics import ImageTopicService, words_of
from knowalledge_api.stores.store import Store
from tests.support.configuration import settings_of
from tests.support.pictures import gif, jpeg, lossy, png, riff
from tests.support.writers import Writer


def service(provider: ContentProvider) -> ImageTopicService:
    contents = Contents(Database(settings_of()), Cache(Store(None)), provider, budget=10)
    return ImageTopicService(contents, most_pixels=100)


SERVICE = service(OfflineProvider())


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("water_cycle.png", ("water", "cycle")),
        ("Der Große-Wagen.jpeg", ("Der", "Große", "Wagen")),
        ("IMG_photo.jpg", ()),
        ("a b c d e f.png", ()),
        ("cell2.png", ()),
        ("../../etc/passwd.png", ()),
        ("<script>.png", ()),
        ("a\r\nb: c.png", ()),
        ("a\0b.png", ()),
        (f"{'x' * 31}.png", ()),
        (f"{'a ' * 200}.png", ()),
        ("noextension", ()),
        ("", ()),
    ],
)
def test_only_a_plain_file_name_has_words(name: str, words: tuple[str, ...]) -> None:
    assert words_of(name) == words


def test_a_name_without_end_is_not_normalised(monkeypatch: pytest.MonkeyPatch) -> None:
    unused = SimpleNamespace(normalize=lambda *_: pytest.fail("it takes seconds"))
    monkeypatch.setattr("knowalledge_api.services.image_topics.unicodedata", unused)
    assert words_of("a" + "\u0301" * 300 + ".png") == ()


@given(st.text(max_size=60))
def test_any_file_name_makes_a_topic_of_one_to_five_words(name: str) -> None:
    topic = SERVICE.name(png(2, 2), name, Language.ENGLISH).generated_topic
    assert 1 <= len(topic.split()) <= 5
    assert topic in PICTURE_TOPICS or topic.replace(" ", "").isalpha()


def test_the_same_picture_has_the_same_topic_and_says_that_nobody_looked() -> None:
    first, second = (SERVICE.name(png(2, 2), "", Language.ENGLISH) for _ in range(2))
    assert first == second
    assert first.source == "offline"
    assert "without looking" in first.warnings[0]


@pytest.mark.parametrize("data", [b"<svg/>", png(11, 10), gif(10, 10, frames=2)])
def test_what_is_no_picture_or_too_large_is_422(data: bytes) -> None:
    with pytest.raises(ApiError) as caught:
        SERVICE.name(data, "x.png", Language.ENGLISH)
    assert (caught.value.status, caught.value.problems[0].field) == (422, "image")


@pytest.mark.parametrize(
    ("data", "media_type"),
    [
        (png(2, 2), "image/png"),
        (jpeg(2, 2), "image/jpeg"),
        (gif(2, 2), "image/gif"),
        (riff(lossy(2, 2)), "image/webp"),
    ],
)
def test_an_ai_gets_the_picture_with_the_type_that_its_bytes_tell(
    data: bytes, media_type: str
) -> None:
    writer = Writer()
    named = service(writer).name(data, "x.exe", Language.GERMAN, 7)
    assert (named.quality_score, named.warnings, named.source) == (1.0, (), "gemini")
    [(task, terms)] = writer.asked
    assert isinstance(task, NamePicture)
    assert (task.picture.data, task.picture.media_type, task.language, terms.user) == (
        data,
        media_type,
        Language.GERMAN,
        7,
    )
