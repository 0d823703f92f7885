"""A writer of content whose calls are counted."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from knowalledge_api.metrics.recording import LabelledCounter, Recorder
from knowalledge_api.metrics.table import AI_CALLS
from knowalledge_api.providers.counted import CountedProvider
from knowalledge_api.providers.offline import OfflineProvider
from knowalledge_api.providers.protocol import Language, Picture


class Writer(OfflineProvider):
    source = "gemini"


class Failing(Writer):
    def subtopics(self, topic: str, language: Language) -> tuple[str, ...]:
        raise TimeoutError(f"{topic} in {language}")


def calls(recorder: Recorder) -> Mapping[str, float]:
    return {
        key.partition("\t")[2]: number
        for key, number in recorder.gather().numbers.items()
        if key.startswith(AI_CALLS.name)
    }


def test_a_call_is_counted_under_the_name_of_who_wrote() -> None:
    recorder = Recorder()
    counted = CountedProvider(Writer(), LabelledCounter(AI_CALLS, recorder))
    assert counted.source == "gemini"
    made = counted.subtopics("Algebra", Language.ENGLISH)
    assert made == OfflineProvider().subtopics("Algebra", Language.ENGLISH)
    topic = counted.picture_topic(Picture(b"", "0" * 64, ("red", "fox")), Language.ENGLISH)
    assert topic == "red fox"
    assert calls(recorder) == {"gemini\tok": 2}


def test_what_is_written_offline_is_no_call() -> None:
    recorder = Recorder()
    counted = CountedProvider(OfflineProvider(), LabelledCounter(AI_CALLS, recorder))
    counted.subtopics("Algebra", Language.ENGLISH)
    assert calls(recorder) == {}


def test_a_failure_is_counted_and_goes_on_to_who_asked() -> None:
    recorder = Recorder()
    counted = CountedProvider(Failing(), LabelledCounter(AI_CALLS, recorder))
    with pytest.raises(TimeoutError):
        counted.subtopics("Algebra", Language.ENGLISH)
    assert calls(recorder) == {"gemini\tfailed": 1}
