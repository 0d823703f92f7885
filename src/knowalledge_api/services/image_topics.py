"""Name the topic of an uploaded picture, after its own bytes have shown that it is one."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from knowalledge_api.errors import ApiError, FieldProblem
from knowalledge_api.providers.offline.provider import OFFLINE
from knowalledge_api.providers.tasks import Language, NamePicture, Picture
from knowalledge_api.services.contents import Contents
from knowalledge_api.services.pictures import NotAPictureError, shape_of

MOST_WORDS: Final = 5
LONGEST_WORD: Final = 30
LONGEST_NAME: Final = 255
UNSEEN: Final = "This topic was chosen offline, without looking at the picture."
OFFLINE_SCORE: Final = 0.1
"""It may fit by chance, or where the file's name tells what is in it."""
SEEN_SCORE: Final = 1.0
MEDIA_TYPES: Final = {
    "png": "image/png",
    "gif": "image/gif",
    "jpg": "image/jpeg",
    "webp": "image/webp",
}
_SEPARATORS: Final = re.compile(r"[\s_\-.+]+")
_MADE_UP: Final = frozenset(
    {"blob", "dsc", "dscn", "file", "image", "img", "photo", "picture", "pxl", "screenshot"}
)
"""Words by which cameras and browsers name what nobody named."""


@dataclass(frozen=True, slots=True)
class ImageTopic:
    """A topic of 1 to 5 words; `quality_score` is from 0 to 1."""

    generated_topic: str
    quality_score: float
    warnings: tuple[str, ...]
    source: str


class ImageTopicService:
    """Refuses what is no picture or unfolds to more than `most_pixels`."""

    def __init__(self, contents: Contents, most_pixels: int) -> None:
        self._contents = contents
        self._most_pixels = most_pixels

    def name(
        self, data: bytes, file_name: str, language: Language, user: int | None = None
    ) -> ImageTopic:
        """The topic of a picture; ApiError, 422 where the picture can't be used."""
        task = NamePicture(picture=self._picture(data, file_name), language=language)
        provider = self._contents.provider
        with self._contents.place():
            topic = provider.write(task, self._contents.terms(user))
        if provider.source == OFFLINE:
            return ImageTopic(topic, OFFLINE_SCORE, (UNSEEN,), OFFLINE)
        return ImageTopic(topic, SEEN_SCORE, (), provider.source)

    def _picture(self, data: bytes, file_name: str) -> Picture:
        try:
            shape = shape_of(data)
        except NotAPictureError:
            raise _refused("it is no whole PNG, JPEG, GIF or WebP file") from None
        if shape.pixels > self._most_pixels:
            raise _refused(
                f"it has more than {self._most_pixels} pixels, all frames taken together"
            )
        return Picture(data, sha256(data).hexdigest(), words_of(file_name), MEDIA_TYPES[shape.kind])


def words_of(file_name: str) -> tuple[str, ...]:
    """The words of a file's name where it is plain; none where anything else is in it."""
    if len(file_name) > LONGEST_NAME:  # to normalise marks without end takes seconds
        return ()
    stem = unicodedata.normalize("NFC", file_name).rpartition(".")[0]
    words = tuple(word for word in _SEPARATORS.split(stem) if word)
    if len(words) > MOST_WORDS:
        return ()
    if not all(word.isalpha() and len(word) <= LONGEST_WORD for word in words):
        return ()
    return () if _MADE_UP & {word.lower() for word in words} else words


def _refused(reason: str) -> ApiError:
    return ApiError(422, f"The image can't be used: {reason}.", (FieldProblem("image", reason),))
