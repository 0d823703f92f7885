"""Which provider the settings ask for."""

from __future__ import annotations

import logging

from knowalledge_api.providers.counted import CountedProvider
from knowalledge_api.providers.offline import OfflineProvider
from knowalledge_api.providers.protocol import ContentProvider
from knowalledge_api.settings import Settings

log = logging.getLogger(__name__)


def make_provider(settings: Settings) -> ContentProvider:
    """The offline provider; a warning says so where a key was given for another."""
    if settings.google_api_key is not None:
        log.warning("GOOGLE_API_KEY is set, but this version writes all content offline")
    return CountedProvider(OfflineProvider())
