"""One call to Gemini through Google's SDK: bounded in time and size, its failures by name."""

from __future__ import annotations

import encodings.idna  # noqa: F401 -- the SDK's first connection would import it, on a request
import logging
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from threading import Lock, local
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

import httpx2
import pydantic.root_model  # noqa: F401 -- the first schema of an answer would import it, likewise
from google import genai
from google.genai import errors, types

from knowalledge_api.providers.faults import AiError, Fault
from knowalledge_api.providers.gemini.prompts import Prompt

if TYPE_CHECKING:
    from google.genai.models import Models

log = logging.getLogger(__name__)

MOST_BYTES: Final = 4 * 1024 * 1024
"""Of one answer, unpacked: fifty times what the longest of ours has."""
MOST_TOKENS: Final = 16384
"""Of one answer and of what a model thinks before it, which Gemini counts together."""
LONGEST_WORD: Final = 60
LONGEST_DELAY: Final = 3600.0
"""Seconds that are believed where Google says when to come again."""
GOOGLE: Final = "https://generativelanguage.googleapis.com"
VERSION: Final = "v1beta"
"""Of Google's API, which has had all that is sent from the beginning: v1 has refused some of it."""
PLAIN: Final = "identity"
_UNTOLD: Final = re.compile(r"[^A-Za-z0-9_ ]")
MILLISECONDS: Final = 1000
OVERLOADED: Final = 429
GATEWAY_TIMEOUT: Final = 504
FAILED: Final = range(500, 600)
ABOUT_THE_REQUEST: Final = frozenset({400, 413, 422})
ABOUT_THE_ACCOUNT: Final = "FAILED_PRECONDITION"
"""The name of the 400 that says that an account or its country is not served."""
UNREADABLE: Final = (ValueError, TypeError, AttributeError, LookupError, RecursionError)
"""What the SDK raises for JSON that is none, or that is not what it trusts it to be."""
BLOCKING: Final = frozenset(
    {
        types.FinishReason.SAFETY,
        types.FinishReason.RECITATION,
        types.FinishReason.BLOCKLIST,
        types.FinishReason.PROHIBITED_CONTENT,
        types.FinishReason.SPII,
    }
)
"""Why Gemini leaves something unwritten; every other end but STOP is an answer cut short."""


class CarrierError(Exception):
    """What the environment says of proxies and certificates can't be used; no text of it."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer's text, the tokens that it took, and why it is none where it is none."""

    text: str
    input_tokens: int
    output_tokens: int
    fault: Fault | None = None


class GeminiClient:
    """Google's SDK with this key, model and address (None: Google's own).

    Made before the fork, when all that it needs is imported; connected on first use after it.
    CarrierError where the environment keeps it from being made.
    """

    def __init__(self, key: str, model: str, base_url: str | None) -> None:
        self.model = model
        self._key = key
        self._base_url = base_url
        self._turn = local()
        self._lock = Lock()
        self._pid = 0
        try:
            self._carrier, self._sdk = self._made()
        except (ImportError, OSError, ValueError, httpx2.InvalidURL) as error:
            raise CarrierError(type(error).__name__) from error

    def ask(self, prompt: Prompt, seconds: float) -> Reply:
        """Gemini's answer within `seconds`; AiError where there is none. Safe between threads."""
        contents, config = _contents(prompt), _config(prompt, seconds)
        with self._within(seconds) as models:
            answer = models.generate_content(model=self.model, contents=contents, config=config)
        return _reply(answer)

    def describe(self, seconds: float) -> None:
        """Have Google describe the model, which no bill knows; AiError where it does not."""
        config = types.GetModelConfig(http_options=_until(seconds))
        with self._within(seconds) as models:
            if not models.get(model=self.model, config=config).name:
                raise ValueError("that is no model")

    @contextmanager
    def _within(self, seconds: float) -> Iterator[Models]:
        """Call in this block; AiError, by name, for all that may go wrong with a call."""
        self._turn.until = monotonic() + seconds
        try:
            yield self._of_this_process().models
        except errors.APIError as error:
            raise _named(error) from error
        except httpx2.TimeoutException as error:
            told = f"Gemini did not answer within {seconds:.1f} s"
            raise _failed(Fault.TIMEOUT, told) from error
        except httpx2.HTTPError as error:
            told = f"Gemini can't be reached: {_reason(error)}"
            raise _failed(Fault.UNREACHABLE, told) from error
        except UnicodeEncodeError as error:
            raise _failed(Fault.REFUSED, "Gemini's key holds what no header may hold") from error
        except UNREADABLE as error:
            told = f"Gemini's answer can't be read: {type(error).__name__}"
            raise _failed(Fault.UNUSABLE, told) from error

    def close(self) -> None:
        """Close what is open."""
        self._carrier.close()

    def _of_this_process(self) -> genai.Client:
        if self._pid != os.getpid():
            with self._lock:
                if self._pid != os.getpid():
                    self._carrier, self._sdk = self._made()
                    self._pid = os.getpid()
        return self._sdk

    def _made(self) -> tuple[httpx2.Client, genai.Client]:
        carrier = httpx2.Client(
            follow_redirects=False,  # or the key would go along
            headers={"Accept-Encoding": PLAIN},
            event_hooks={"response": [self._bound]},
        )
        sdk = genai.Client(
            vertexai=False,
            api_key=self._key,
            http_options=types.HttpOptions(
                base_url=self._base_url or GOOGLE,
                api_version=VERSION,
                retry_options=types.HttpRetryOptions(attempts=1),
                httpx_client=carrier,
            ),
        )
        return carrier, sdk

    def _bound(self, response: httpx2.Response) -> None:
        """Let an answer's body end in time and in size; called when its head is there."""
        if response.headers.get("Content-Encoding", PLAIN) != PLAIN:
            raise ValueError("the answer is packed, and may unfold to any size")
        if isinstance(response.stream, httpx2.SyncByteStream):
            response.stream = Bounded(response.stream, self._turn.until)


class Bounded(httpx2.SyncByteStream):
    """A body that ends with an exception where it is too large or too late."""

    def __init__(self, stream: httpx2.SyncByteStream, until: float) -> None:
        self._stream = stream
        self._until = until

    def __iter__(self) -> Iterator[bytes]:
        size = 0
        for piece in self._stream:
            size += len(piece)
            if size > MOST_BYTES:
                raise ValueError("the answer is too large")
            if monotonic() > self._until:
                raise httpx2.ReadTimeout("the answer took too long")
            yield piece

    def close(self) -> None:
        """Close what is bounded."""
        self._stream.close()


def _contents(prompt: Prompt) -> list[types.Part]:
    parts = [types.Part.from_text(text=prompt.data)]
    if prompt.picture is not None:
        picture = prompt.picture
        parts.append(types.Part.from_bytes(data=picture.data, mime_type=picture.media_type))
    return parts


def _config(prompt: Prompt, seconds: float) -> types.GenerateContentConfig:
    return types.GenerateContentConfig(
        system_instruction=prompt.instruction,
        response_mime_type="application/json",
        response_schema=prompt.shape,
        max_output_tokens=MOST_TOKENS,
        candidate_count=1,
        automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True),
        http_options=_until(seconds),
    )


def _until(seconds: float) -> types.HttpOptions:
    return types.HttpOptions(timeout=int(seconds * MILLISECONDS))


def _reply(answer: types.GenerateContentResponse) -> Reply:
    used = answer.usage_metadata or types.GenerateContentResponseUsageMetadata()
    output = (used.candidates_token_count or 0) + (used.thoughts_token_count or 0)
    candidate = answer.candidates[0] if answer.candidates else None
    parts = (candidate.content.parts if candidate and candidate.content else None) or ()
    return Reply(
        "".join(part.text or "" for part in parts if not part.thought),
        used.prompt_token_count or 0,
        output,
        _missing(answer, candidate),
    )


def _missing(
    answer: types.GenerateContentResponse, candidate: types.Candidate | None
) -> Fault | None:
    """Why an answer is none, or not a whole one."""
    if answer.prompt_feedback is not None and answer.prompt_feedback.block_reason:
        return Fault.BLOCKED
    if candidate is None:
        return Fault.UNUSABLE
    if candidate.finish_reason is types.FinishReason.STOP:
        return None
    return Fault.BLOCKED if candidate.finish_reason in BLOCKING else Fault.UNUSABLE


def _reason(error: BaseException) -> str:
    """The system's own word for it, which tells a name from a port and from a certificate."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror
        cause = cause.__cause__ or cause.__context__
    return type(error).__name__


def _named(error: errors.APIError) -> AiError:
    """What an answer other than 200 means; its text is Google's and stays in no record of ours."""
    words = (error.status, *(info.get("reason", "") for info in _infos(error.details)))
    named = " ".join(filter(None, (_UNTOLD.sub("", str(each))[:LONGEST_WORD] for each in words)))
    told = f"Gemini answered {error.code} {named}"
    if error.code == OVERLOADED:
        return _failed(Fault.OVERLOADED, told, _retry_delay(error.details))
    if error.code == GATEWAY_TIMEOUT:
        return _failed(Fault.TIMEOUT, told)
    if error.code in FAILED:
        return _failed(Fault.FAILED, told)
    return _failed(Fault.REJECTED if _is_about_the_request(error) else Fault.REFUSED, told)


def _failed(fault: Fault, told: str, wanted_after: float = 0) -> AiError:
    log.warning(told)
    return AiError(fault, wanted_after, told)


def _is_about_the_request(error: errors.APIError) -> bool:
    """Whether another request may fare better; a bad key is answered with 400 too."""
    is_key = any(info.get("reason") == "API_KEY_INVALID" for info in _infos(error.details))
    return error.code in ABOUT_THE_REQUEST and error.status != ABOUT_THE_ACCOUNT and not is_key


def _retry_delay(details: Any) -> float:
    """Seconds after which Google wants to be asked again: google.rpc.RetryInfo, such as "7s"."""
    for info in _infos(details):
        delay = info.get("retryDelay")
        if isinstance(delay, str) and delay.endswith("s"):
            with suppress(ValueError):
                seconds = float(delay[:-1])
                return min(seconds, LONGEST_DELAY) if seconds > 0 else 0.0
    return 0.0


def _infos(details: Any) -> list[dict[str, Any]]:
    """What an error says besides its message: google.rpc.ErrorInfo, RetryInfo and others."""
    error = details.get("error") if isinstance(details, dict) else None
    infos = error.get("details") if isinstance(error, dict) else None
    return [each for each in infos if isinstance(each, dict)] if isinstance(infos, list) else []
