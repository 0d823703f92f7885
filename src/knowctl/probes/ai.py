"""Asks the AI of the settings whether it takes the key and knows the model; no bill knows of it."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Final

from knowalledge_api.providers.choice import gemini_client
from knowalledge_api.providers.faults import AiError, Fault
from knowalledge_api.settings import Settings, SettingsError
from knowctl.errors import ErrorCode, KnowctlError

if TYPE_CHECKING:
    from knowalledge_api.providers.gemini.client import GeminiClient

SECONDS: Final = 5.0
"""What the question may take, where AI_TIMEOUT is not less: a probe waits no longer."""
ELSEWHERE: Final = "let this machine reach it (DNS, firewall, HTTPS_PROXY), or mend GEMINI_BASE_URL"
KEY: Final = "mend GOOGLE_API_KEY or GEMINI_MODEL; Google AI Studio shows both"
LATER: Final = "try again; where it lasts, see Google's status page"
HINTS: Final[Mapping[Fault, str]] = {
    Fault.UNREACHABLE: ELSEWHERE,
    Fault.TIMEOUT: ELSEWHERE,
    Fault.UNUSABLE: "see that GEMINI_BASE_URL leads to Gemini",
    Fault.REFUSED: KEY,
    Fault.REJECTED: KEY,
    Fault.OVERLOADED: "see the key's quota in Google AI Studio",
}

logging.getLogger("knowalledge_api").addHandler(logging.NullHandler())  # failures are told once


@dataclass(frozen=True, slots=True)
class AiProbe:
    """The AI that the settings name."""

    settings: Settings

    def describe(self) -> float | None:
        """Milliseconds until the model was described; None where nobody has to be asked.

        KnowctlError where it is not to be had.
        """
        try:
            client = gemini_client(self.settings)
        except SettingsError as error:
            [problem] = error.problems
            raise _away(problem.cause, problem.hint) from error
        if client is None:
            return None
        began = time.monotonic()
        try:
            _describe(client, min(SECONDS, self.settings.ai_timeout))
        except AiError as error:
            raise _away(error.told, HINTS.get(error.fault, LATER)) from error
        return (time.monotonic() - began) * 1000


def _describe(client: GeminiClient, seconds: float) -> None:
    """AiError where it was not described in time, whatever takes it: names, addresses, an answer.

    The SDK's own limit holds for each of a name's addresses, and not for the name.
    """
    said: SimpleQueue[AiError | None] = SimpleQueue()

    def ask() -> None:
        try:
            client.describe(seconds)
        except AiError as error:
            said.put(error)
        else:
            said.put(None)
        client.close()

    Thread(target=ask, daemon=True).start()
    try:
        error = said.get(timeout=seconds)
    except Empty:
        raise AiError(Fault.TIMEOUT, told=f"Gemini did not answer within {seconds:g} s") from None
    if error is not None:
        raise error


def _away(cause: str, hint: str) -> KnowctlError:
    return KnowctlError(ErrorCode.AI, "the AI is not to be had", cause=cause, hint=hint)
