"""The words of the offline provider in each language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from knowalledge_api.providers.offline.languages.arabic import ARABIC
from knowalledge_api.providers.offline.languages.chinese import CHINESE
from knowalledge_api.providers.offline.languages.english import ENGLISH
from knowalledge_api.providers.offline.languages.french import FRENCH
from knowalledge_api.providers.offline.languages.german import GERMAN
from knowalledge_api.providers.offline.languages.hebrew import HEBREW
from knowalledge_api.providers.offline.languages.japanese import JAPANESE
from knowalledge_api.providers.offline.languages.persian import PERSIAN
from knowalledge_api.providers.offline.languages.spanish import SPANISH
from knowalledge_api.providers.offline.languages.urdu import URDU
from knowalledge_api.providers.offline.phrases import Phrases
from knowalledge_api.providers.tasks import Language

PHRASEBOOK: Final[Mapping[Language, Phrases]] = {
    Language.ENGLISH: ENGLISH,
    Language.SPANISH: SPANISH,
    Language.FRENCH: FRENCH,
    Language.GERMAN: GERMAN,
    Language.CHINESE: CHINESE,
    Language.JAPANESE: JAPANESE,
    Language.ARABIC: ARABIC,
    Language.HEBREW: HEBREW,
    Language.PERSIAN: PERSIAN,
    Language.URDU: URDU,
}
