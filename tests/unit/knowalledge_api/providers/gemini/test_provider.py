"""Gemini as a writer: tried again where that helps, within its time, its places and its budget."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from knowalledge_api.metrics import table
from knowalledge_api.metrics.recording import RECORDER
from knowalledge_api.providers.breaker import FAILURES, AiBreaker, BreakerPhase
from knowalledge_api.providers.capacity import Capacity
from knowalledge_api.providers.faults import AiError, Fault
from knowalledge_api.providers.gemini.client import Reply
from knowalledge_api.providers.gemini.prompts import Prompt
from knowalledge_api.providers.gemini.provider import Clock, GeminiProvider
from knowalledge_api.providers.protocol import Terms
from knowalledge_api.providers.tasks import DivideTopic

TASK = DivideTopic(topic="CI/CD")
GOOD = Reply(json.dumps({"subtopics": [f"part {number}" for number in range(15)]}), 3, 5)
BAD = Reply('{"subtopics": []}', 3, 5)
CUT = Reply("", 3, 5, Fault.UNUSABLE)
BLOCKED = Reply("", 3, 0, Fault.BLOCKED)


@dataclass
class Site:
    """A client, an account and a clock that do what a test wants."""

    says: list[Reply | AiError] = field(default_factory=lambda: [GOOD])
    seconds: list[float] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)
    tallied: list[tuple[int | None, int, int]] = field(default_factory=list)
    spent: int = 0
    budget: int = 100
    now: float = 0.0
    took: float = 0.0
    model: str = "gemini-x"

    def ask(self, prompt: Prompt, seconds: float) -> Reply:
        assert "CI/CD" in prompt.data
        self.seconds.append(seconds)
        self.now += self.took
        said = self.says.pop(0) if len(self.says) > 1 else self.says[0]
        if isinstance(said, AiError):
            raise said
        return said

    def spend(self) -> None:
        if self.spent >= self.budget:
            raise AiError(Fault.SPENT, 60)
        self.spent += 1

    def tally(self, user: int | None, input_tokens: int, output_tokens: int) -> None:
        self.tallied.append((user, input_tokens, output_tokens))

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def site() -> Site:
    return Site()


@pytest.fixture
def provider(site: Site) -> GeminiProvider:
    clock = Clock(lambda: site.now, site.sleep, lambda: 0.5)
    return GeminiProvider(site, site, Capacity(2), AiBreaker(clock=lambda: site.now), 20, clock)


@pytest.fixture
def counted() -> Callable[[], dict[str, float]]:
    """What was counted of the AI since the test began, by series and labels."""
    before = _numbers()
    return lambda: {
        key: number - before.get(key, 0)
        for key, number in _numbers().items()
        if number != before.get(key, 0)
    }


def _numbers() -> dict[str, float]:
    return {
        key: number
        for key, number in RECORDER.gather().numbers.items()
        if key.startswith(f"{table.PREFIX}ai_")
    }


def fault_of(provider: GeminiProvider, terms: Terms = Terms(until=60)) -> Fault:  # noqa: B008 -- frozen
    with pytest.raises(AiError) as caught:
        provider.write(TASK, terms)
    return caught.value.fault


def test_an_answer_is_counted_timed_and_paid_for(
    provider: GeminiProvider, site: Site, counted: Callable[[], dict[str, float]]
) -> None:
    site.took = 2.0
    assert len(provider.write(TASK, Terms(user=7, until=60))) == 15
    assert (site.spent, site.tallied, site.seconds) == (1, [(7, 3, 5)], [20])
    assert counted() == {
        "knowalledge_ai_calls_total\tgemini\tok": 1,
        "knowalledge_ai_seconds_total\tgemini": 2,
        "knowalledge_ai_tokens_total\tgemini\tinput": 3,
        "knowalledge_ai_tokens_total\tgemini\toutput": 5,
    }


def test_the_model_and_the_prompts_are_part_of_what_is_kept(provider: GeminiProvider) -> None:
    assert (provider.source, provider.version) == ("gemini", "gemini-x/1")


@pytest.mark.parametrize("fault", [Fault.OVERLOADED, Fault.FAILED, Fault.UNREACHABLE])
def test_what_passes_is_tried_again_after_a_pause_by_chance(
    provider: GeminiProvider, site: Site, fault: Fault, counted: Callable[[], dict[str, float]]
) -> None:
    site.says = [AiError(fault), AiError(fault), GOOD]
    provider.write(TASK, Terms(until=60))
    assert site.slept == [0.25, 0.5]
    assert site.spent == 3
    assert counted()[f"knowalledge_ai_calls_total\tgemini\t{fault}"] == 2


def test_three_calls_are_enough(provider: GeminiProvider, site: Site) -> None:
    site.says = [AiError(Fault.FAILED)]
    assert fault_of(provider) is Fault.FAILED
    assert site.spent == 3


@pytest.mark.parametrize("fault", [Fault.TIMEOUT, Fault.REFUSED, Fault.REJECTED])
def test_what_does_not_pass_is_told_at_once(
    provider: GeminiProvider, site: Site, fault: Fault
) -> None:
    site.says = [AiError(fault)]
    assert fault_of(provider) is fault
    assert (site.spent, site.slept) == (1, [])


def test_google_is_not_asked_again_before_it_wants_to_be(
    provider: GeminiProvider, site: Site
) -> None:
    site.says = [AiError(Fault.OVERLOADED, 7), GOOD]
    provider.write(TASK, Terms(until=60))
    assert site.slept == [7.25]


def test_a_wait_beyond_the_time_of_the_request_is_the_client_s(
    provider: GeminiProvider, site: Site
) -> None:
    site.says = [AiError(Fault.OVERLOADED, 90)]
    with pytest.raises(AiError) as caught:
        provider.write(TASK, Terms(until=60))
    assert (caught.value.retry_after, site.spent, site.slept) == (90, 1, [])


def test_nobody_keeps_a_place_for_a_long_wait(provider: GeminiProvider, site: Site) -> None:
    site.says = [AiError(Fault.OVERLOADED, 30), GOOD]
    with pytest.raises(AiError) as caught:
        provider.write(TASK, Terms(until=60))
    assert (caught.value.retry_after, site.spent, site.slept) == (30, 1, [])


def test_a_bug_is_no_success(
    provider: GeminiProvider, site: Site, counted: Callable[[], dict[str, float]]
) -> None:
    site.says = []
    with pytest.raises(IndexError):
        provider.write(TASK, Terms(until=60))
    assert counted()["knowalledge_ai_calls_total\tgemini\tfailed"] == 1


def test_a_call_has_what_is_left_of_the_request_s_time(
    provider: GeminiProvider, site: Site
) -> None:
    site.took = 9
    site.says = [AiError(Fault.FAILED)]
    assert fault_of(provider, Terms(until=20)) is Fault.FAILED
    assert site.seconds == [20, 10.75, 1.25]
    assert fault_of(provider, Terms(until=site.now)) is Fault.LATE
    assert len(site.seconds) == 3


@pytest.mark.parametrize("bad", [BAD, CUT])
def test_an_unusable_answer_is_asked_for_once_more(
    provider: GeminiProvider, site: Site, bad: Reply, counted: Callable[[], dict[str, float]]
) -> None:
    site.says = [bad, GOOD]
    assert len(provider.write(TASK, Terms(until=60))) == 15
    site.says = [bad]
    assert fault_of(provider) is Fault.UNUSABLE
    assert site.spent == 4
    assert len(site.tallied) == 4
    assert counted()["knowalledge_ai_calls_total\tgemini\tunusable"] == 3


def test_what_is_declined_is_not_asked_for_again(provider: GeminiProvider, site: Site) -> None:
    site.says = [BLOCKED]
    assert fault_of(provider) is Fault.BLOCKED
    assert (site.spent, site.tallied) == (1, [(None, 3, 0)])


def test_beyond_its_places_nobody_asks_unless_patient(
    provider: GeminiProvider, site: Site, counted: Callable[[], dict[str, float]]
) -> None:
    with provider.capacity.place(), provider.capacity.place():
        assert fault_of(provider) is Fault.BUSY
        assert fault_of(provider, Terms(until=0.05, patient=True)) is Fault.BUSY
    assert site.spent == 0
    assert counted() == {"knowalledge_ai_refused_total\tbusy": 2}
    assert provider.capacity.busy == 0


def test_a_spent_budget_is_told_with_its_end_and_is_no_failure(
    provider: GeminiProvider, site: Site, counted: Callable[[], dict[str, float]]
) -> None:
    site.budget = 0
    for _ in range(FAILURES + 1):
        assert fault_of(provider) is Fault.SPENT
    assert provider.breaker.state().phase is BreakerPhase.CLOSED
    assert counted() == {"knowalledge_ai_refused_total\tdaily_budget": FAILURES + 1}


def test_failures_open_the_breaker_in_the_midst_of_tries(
    provider: GeminiProvider, site: Site
) -> None:
    site.says = [AiError(Fault.FAILED)]
    assert [fault_of(provider) for _ in range(3)] == [
        Fault.FAILED,
        Fault.RESTING,
        Fault.RESTING,
    ]
    assert site.spent == FAILURES
