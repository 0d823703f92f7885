"""The language of an answer: the body's word, else the browser's, else English."""

from __future__ import annotations

from functools import lru_cache

from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from knowalledge_api.providers.tasks import Language


def chosen_language(wanted: object, header: str) -> Language:
    """The language of a body's `language` member, such as "de" or "zh-CN", or of the header.

    A member that names no language of ours means English; one that is absent or empty leaves
    the choice to `header`, the text of Accept-Language.
    """
    if wanted in (None, ""):
        return _preferred(header)
    code = wanted.replace("_", "-").partition("-")[0].lower() if isinstance(wanted, str) else ""
    return Language(code) if code in set(Language) else Language.ENGLISH


@lru_cache(maxsize=256)  # browsers send few different ones, and each costs 30 us to weigh
def _preferred(header: str) -> Language:
    accepted = parse_accept_header(header, LanguageAccept)
    return Language(accepted.best_match(list(Language), default=Language.ENGLISH))
