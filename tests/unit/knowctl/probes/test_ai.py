from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import pytest

from knowctl.errors import ErrorCode, Failure, KnowctlError
from knowctl.probes.ai import AiProbe
from tests.support import gemini as wire
from tests.support.configuration import settings_of
from tests.support.gemini import Gemini, Said, serving_gemini


@pytest.fixture
def gemini() -> Iterator[Gemini]:
    with serving_gemini() as server:
        yield server


def failure(**values: str) -> Failure:
    with pytest.raises(KnowctlError) as told:
        AiProbe(settings_of(**values)).describe()
    assert told.value.failure.code is ErrorCode.AI
    return told.value.failure


def test_where_the_offline_provider_writes_nobody_is_asked() -> None:
    assert AiProbe(settings_of()).describe() is None


def test_gemini_describes_its_model(gemini: Gemini) -> None:
    took = AiProbe(settings_of(**gemini.environment)).describe()
    assert took is not None
    assert took > 0
    assert (gemini.described, gemini.asked) == (1, [])


@pytest.mark.parametrize(
    ("changed", "cause", "hint"),
    [
        ({"GOOGLE_API_KEY": "AIza-canary-other"}, "400 INVALID_ARGUMENT API_KEY_IN", "GOOGLE_API"),
        ({"GOOGLE_API_KEY": "canary-\u201cquoted\u201d"}, "what no header may", "mend GOOGLE_API"),
        ({"GEMINI_MODEL": "gemini-of-old"}, "Gemini answered 404 NOT_FOUND", "or GEMINI_MODEL"),
        ({"GEMINI_BASE_URL": "http://127.0.0.1:1"}, "Connection refused", "mend GEMINI_BASE_URL"),
        ({"AI_PROVIDER": "gemini", "GOOGLE_API_KEY": ""}, "without a key", "set GOOGLE_API_KEY"),
    ],
)
def test_what_is_wrong_with_the_settings_is_told_without_the_key(
    gemini: Gemini, changed: dict[str, str], cause: str, hint: str
) -> None:
    found = failure(**{**gemini.environment, **changed})
    assert cause in found.cause
    assert hint in found.hint
    assert "canary" not in repr(found)


@pytest.mark.parametrize(
    ("description", "cause", "hint"),
    [
        (wire.overloaded(), "429 RESOURCE_EXHAUSTED", "the key's quota"),
        (wire.status(503, "UNAVAILABLE"), "503 UNAVAILABLE", "status page"),
        (Said(b"<html>"), "can't be read", "GEMINI_BASE_URL leads to Gemini"),
        (Said(b'{"status": "ok"}'), "can't be read", "GEMINI_BASE_URL leads to Gemini"),
    ],
)
def test_what_is_wrong_elsewhere_is_told_with_the_next_thing_to_do(
    gemini: Gemini, description: Said, cause: str, hint: str
) -> None:
    gemini.description = description
    found = failure(**gemini.environment)
    assert cause in found.cause
    assert hint in found.hint


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ALL_PROXY", "socks5://user:canary@127.0.0.1:9"),
        ("HTTPS_PROXY", "ftp://user:canary@127.0.0.1:9"),
        ("HTTPS_PROXY", "http://user:canary@127.0.0.1:port"),
        ("SSL_CERT_FILE", "/nowhere/canary.pem"),
    ],
)
def test_a_proxy_or_certificate_that_can_not_be_used_is_named_without_its_text(
    gemini: Gemini, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    found = failure(**gemini.environment)
    assert name in found.hint
    assert "canary" not in repr(found)


def test_the_whole_question_is_bounded_whatever_takes_so_long(
    gemini: Gemini, monkeypatch: pytest.MonkeyPatch
) -> None:
    def resolve(*_: object, **__: object) -> None:
        time.sleep(5)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    began = time.monotonic()
    found = failure(**gemini.environment, AI_TIMEOUT="1")
    assert time.monotonic() - began < 4
    assert "did not answer within 1 s" in found.cause
