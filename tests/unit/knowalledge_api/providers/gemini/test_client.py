"""One call through Google's SDK, against a server that speaks its protocol well or badly."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from knowalledge_api.providers.faults import AiError, Fault
from knowalledge_api.providers.gemini.client import MOST_BYTES, GeminiClient
from knowalledge_api.providers.gemini.drafts import accepted
from knowalledge_api.providers.gemini.prompts import Prompt, prompt_for
from knowalledge_api.providers.tasks import DivideTopic, NamePicture, Picture
from tests.support import gemini as wire
from tests.support.gemini import KEY, MODEL, Gemini, Said, Saying, serving_gemini

TASK = DivideTopic(topic="C++ Programming")
PROMPT: Prompt = prompt_for(TASK)
PATIENCE = 1.0


@pytest.fixture
def gemini() -> Iterator[Gemini]:
    with serving_gemini() as server:
        yield server


@pytest.fixture
def client(gemini: Gemini) -> Iterator[GeminiClient]:
    client = GeminiClient(KEY, MODEL, gemini.url)
    yield client
    client.close()


def test_a_good_answer_comes_with_its_tokens(client: GeminiClient, gemini: Gemini) -> None:
    reply = client.ask(PROMPT, PATIENCE)
    assert len(accepted(TASK, reply.text)) == 15
    assert (reply.input_tokens, reply.output_tokens, reply.fault) == (
        wire.INPUT_TOKENS,
        wire.OUTPUT_TOKENS,
        None,
    )
    [asked] = gemini.asked
    assert asked.data == {"topic": "C++ Programming"}
    assert asked.instruction == PROMPT.instruction
    assert asked.schema["required"] == ["subtopics"]


def test_a_picture_goes_along_as_it_is(client: GeminiClient, gemini: Gemini) -> None:
    picture = Picture(bytes(range(256)), "0" * 64, media_type="image/webp")
    reply = client.ask(prompt_for(NamePicture(picture=picture)), PATIENCE)
    assert accepted(NamePicture(picture=picture), reply.text) == "The Water Cycle"
    assert gemini.asked[0].picture == ("image/webp", picture.data)


@pytest.mark.parametrize(
    ("saying", "fault"),
    [
        (wire.status(500, "INTERNAL"), Fault.FAILED),
        (wire.status(503, "UNAVAILABLE"), Fault.FAILED),
        (wire.status(504, "DEADLINE_EXCEEDED"), Fault.TIMEOUT),
        (wire.overloaded(), Fault.OVERLOADED),
        (wire.bad_key(), Fault.REFUSED),
        (wire.status(403, "PERMISSION_DENIED"), Fault.REFUSED),
        (wire.status(404, "NOT_FOUND"), Fault.REFUSED),
        (wire.status(400, "FAILED_PRECONDITION"), Fault.REFUSED),
        (wire.status(400, "INVALID_ARGUMENT"), Fault.REJECTED),
        (Said(b"<html>Bad Gateway</html>", 502), Fault.FAILED),
        (Said(b"[1, 2]", 500), Fault.FAILED),
        (Said(b"", 302, (("Location", "http://127.0.0.1:1/"),)), Fault.REFUSED),
        (Said(b'{"candidates": [', cut=50), Fault.UNREACHABLE),
        (Said(b"<html>"), Fault.UNUSABLE),
        (Said(b'{"candidates": 7}'), Fault.UNUSABLE),
        (Said(b"[" * 100_000), Fault.UNUSABLE),
        (Said(b"[" + b" " * MOST_BYTES + b"]"), Fault.UNUSABLE),
        (wire.packed, Fault.UNUSABLE),
        (wire.slow(1.4), Fault.TIMEOUT),
        (wire.dripping, Fault.TIMEOUT),
    ],
    ids=lambda value: value.value if isinstance(value, Fault) else "",
)
def test_every_way_to_fail_has_its_name_in_time_and_tells_no_text_of_google(
    client: GeminiClient,
    gemini: Gemini,
    saying: Saying | Said,
    fault: Fault,
    caplog: pytest.LogCaptureFixture,
) -> None:
    gemini.say(saying)
    began = time.monotonic()
    with pytest.raises(AiError) as caught:
        client.ask(PROMPT, PATIENCE)
    assert caught.value.fault is fault
    assert time.monotonic() - began < 10 * PATIENCE
    assert len(gemini.asked) == 1
    assert "canary" not in caplog.text + caught.value.detail
    assert KEY not in caplog.text


def test_a_model_is_described_without_being_asked_anything(
    client: GeminiClient, gemini: Gemini
) -> None:
    client.describe(PATIENCE)
    assert (gemini.described, gemini.asked) == (1, [])


@pytest.mark.parametrize(
    ("description", "fault", "told"),
    [
        (wire.status(403, "PERMISSION_DENIED"), Fault.REFUSED, "403 PERMISSION_DENIED"),
        (wire.bad_key(), Fault.REFUSED, "400 INVALID_ARGUMENT API_KEY_INVALID"),
        (wire.status(404, "NOT_FOUND"), Fault.REFUSED, "404 NOT_FOUND"),
        (wire.overloaded(), Fault.OVERLOADED, "429 RESOURCE_EXHAUSTED"),
        (wire.status(503, "UNAVAILABLE"), Fault.FAILED, "503 UNAVAILABLE"),
        (Said(b"<html>"), Fault.UNUSABLE, "can't be read"),
        (Said(b"{}" * 100, pieces=100, seconds=0.1), Fault.TIMEOUT, "within 1.0 s"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_model_that_is_not_described_is_a_fault_and_operators_are_told_what_came(
    client: GeminiClient, gemini: Gemini, description: Said, fault: Fault, told: str
) -> None:
    gemini.description = description
    with pytest.raises(AiError) as caught:
        client.describe(PATIENCE)
    assert caught.value.fault is fault
    assert told in caught.value.told
    assert told not in caught.value.detail
    assert "canary" not in caught.value.told


@pytest.mark.parametrize(
    ("saying", "fault"),
    [
        (wire.blocked, Fault.BLOCKED),
        (wire.answer("", "SAFETY"), Fault.BLOCKED),
        (wire.answer("", "PROHIBITED_CONTENT"), Fault.BLOCKED),
        (wire.answer('{"subtopics": ["a', "MAX_TOKENS"), Fault.UNUSABLE),
        (wire.answer("", "A_REASON_OF_NEXT_YEAR"), Fault.UNUSABLE),
        (Said(b"{}"), Fault.UNUSABLE),
        (Said(b'{"candidates": []}'), Fault.UNUSABLE),
    ],
    ids=lambda value: value.value if isinstance(value, Fault) else "",
)
@pytest.mark.filterwarnings("ignore:A_REASON_OF_NEXT_YEAR:UserWarning")
def test_an_answer_without_content_says_why(
    client: GeminiClient, gemini: Gemini, saying: Saying | Said, fault: Fault
) -> None:
    gemini.say(saying)
    assert client.ask(PROMPT, PATIENCE).fault is fault


@pytest.mark.parametrize(
    ("told", "seconds"),
    [("7s", 7.0), ("0.25s", 0.25), ("-3s", 0.0), ("nans", 0.0), ("x", 0.0), ("1e9s", 3600.0)],
)
def test_when_google_wants_to_be_asked_again_is_known(
    client: GeminiClient, gemini: Gemini, told: str, seconds: float
) -> None:
    gemini.say(wire.overloaded(told))
    with pytest.raises(AiError) as caught:
        client.ask(PROMPT, PATIENCE)
    assert caught.value.wanted_after == seconds


@pytest.mark.parametrize(
    ("saying", "words"),
    [
        (wire.bad_key(), "Gemini answered 400 INVALID_ARGUMENT API_KEY_INVALID"),
        (wire.status(404, "NOT_FOUND"), "Gemini answered 404 NOT_FOUND"),
        (wire.slow(1.4), f"Gemini did not answer within {PATIENCE:.1f} s"),
    ],
)
def test_the_log_says_what_is_to_be_mended(
    client: GeminiClient,
    gemini: Gemini,
    saying: Saying | Said,
    words: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    gemini.say(saying)
    with pytest.raises(AiError):
        client.ask(PROMPT, PATIENCE)
    assert [record.getMessage() for record in caplog.records] == [words]


def test_nobody_at_the_address_is_unreachable(caplog: pytest.LogCaptureFixture) -> None:
    client = GeminiClient(KEY, MODEL, "http://127.0.0.1:1")
    with pytest.raises(AiError) as caught:
        client.ask(PROMPT, PATIENCE)
    assert caught.value.fault is Fault.UNREACHABLE
    assert caplog.messages == ["Gemini can't be reached: Connection refused"]
    client.close()


def test_many_threads_ask_at_once(client: GeminiClient, gemini: Gemini) -> None:
    gemini.say(wire.slow(0.1))
    with ThreadPoolExecutor(16) as threads:
        found = list(threads.map(lambda _: client.ask(PROMPT, 10).fault, range(32)))
    assert found == [None] * 32
    assert gemini.most_at_once > 4


def test_a_child_that_was_forked_has_connections_of_its_own(
    client: GeminiClient, gemini: Gemini
) -> None:
    client.ask(PROMPT, PATIENCE)
    child = os.fork()
    if child == 0:  # pragma: no cover -- in the child
        status = 1
        try:
            status = 0 if client.ask(PROMPT, 10).fault is None else 2
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert client.ask(PROMPT, PATIENCE).fault is None
    assert len(gemini.asked) == 3


def test_variables_of_the_sdk_change_nothing(
    gemini: Gemini, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOOGLE_GENAI_USE_VERTEXAI", "true")
    monkeypatch.setenv("GOOGLE_GENAI_API_VERSION", "v9")
    monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("GEMINI_API_KEY", "another")
    client = GeminiClient(KEY, MODEL, gemini.url)
    assert client.ask(PROMPT, PATIENCE).fault is None
    client.close()
