"""Which provider the settings ask for."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from knowalledge_api.providers.breaker import AiBreaker
from knowalledge_api.providers.capacity import Capacity
from knowalledge_api.providers.offline.provider import OfflineProvider
from knowalledge_api.providers.protocol import Account, ContentProvider
from knowalledge_api.settings import Origin, Problem, ProblemKind, Settings, SettingsError
from knowalledge_api.settings.table import Provider

if TYPE_CHECKING:
    from knowalledge_api.providers.gemini.client import GeminiClient

SPARE: Final = 6
"""One of so many threads is kept free of what waits for the AI, and two at least."""
HELPERS: Final = 3
"""Calls that a request with several pieces may have made beside its own."""


@dataclass(frozen=True, slots=True)
class Ai:
    """The AI as its server looks after it: how much of it is busy, and whether it is asked."""

    name: str
    capacity: Capacity
    breaker: AiBreaker


@dataclass(frozen=True, slots=True)
class Writers:
    """Who writes; `place` is where requests wait for it, `helpers` may write beside a request."""

    provider: ContentProvider
    place: Callable[[], AbstractContextManager[None]] = nullcontext
    helpers: int = 0
    ai: Ai | None = None


def make_writers(settings: Settings, account: Account) -> Writers:
    """Gemini where it is asked for or has a key, else the offline provider.

    SettingsError where Gemini is asked for and can't be.
    """
    client = gemini_client(settings)
    if client is None:
        return Writers(OfflineProvider())
    from knowalledge_api.providers.gemini.provider import (  # noqa: PLC0415 -- an extra
        GEMINI,
        GeminiProvider,
    )

    calls = min(settings.ai_concurrency, max(1, settings.threads - 2))
    ai = Ai(GEMINI, Capacity(calls), AiBreaker())
    provider = GeminiProvider(client, account, ai.capacity, ai.breaker, settings.ai_timeout)
    places = Capacity(max(calls, settings.threads - max(2, settings.threads // SPARE)))
    return Writers(provider, places.place, HELPERS, ai)


def gemini_client(settings: Settings) -> GeminiClient | None:
    """Who asks Gemini; None where the offline provider writes.

    SettingsError where Gemini is asked for and can't be.
    """
    wanted, key = settings.ai_provider, settings.google_api_key
    if wanted is Provider.OFFLINE or (wanted is Provider.AUTO and key is None):
        return None
    if key is None:
        hint = "set GOOGLE_API_KEY, or AI_PROVIDER=offline"
        raise _refused("GOOGLE_API_KEY", "AI_PROVIDER is gemini, without a key", hint)
    try:
        from knowalledge_api.providers.gemini.client import (  # noqa: PLC0415 -- an extra
            CarrierError,
            GeminiClient,
        )
    except ModuleNotFoundError as error:
        cause = f"Gemini is to write, and {error.name} is not installed"
        hint = "pip install 'knowctl[gemini]', or set AI_PROVIDER=offline"
        raise _refused("AI_PROVIDER", cause, hint) from error
    try:
        return GeminiClient(key.reveal(), settings.gemini_model, settings.gemini_base_url)
    except CarrierError as error:
        cause = f"Gemini can't be asked through what the environment says of proxies ({error})"
        hint = "mend HTTPS_PROXY, ALL_PROXY, NO_PROXY or SSL_CERT_FILE, or unset them"
        raise _refused("GEMINI_BASE_URL", cause, hint) from error


def _refused(name: str, cause: str, hint: str) -> SettingsError:
    problem = Problem(ProblemKind.VALUE, name, cause, hint, Origin("settings"))
    return SettingsError((problem,))
