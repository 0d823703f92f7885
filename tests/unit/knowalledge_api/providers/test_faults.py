"""What a client is told of what went wrong with the AI."""

from __future__ import annotations

import pytest

from knowalledge_api.providers.faults import ANSWERS, AiError, Fault
from knowalledge_api.routes.problems import SENTENCES


@pytest.mark.parametrize("fault", list(Fault))
def test_every_fault_has_a_status_that_clients_know_and_a_sentence(fault: Fault) -> None:
    error = AiError(fault)
    assert error.status in SENTENCES
    assert error.detail.endswith(".")
    assert (error.retry_after is None) == (error.status == 422)


def test_what_is_known_of_when_to_come_again_is_told_in_whole_seconds() -> None:
    assert AiError(Fault.SPENT, 3600.2).retry_after == 3601
    assert AiError(Fault.RESTING, 0.1).retry_after == 1
    assert AiError(Fault.BUSY).retry_after == 5


def test_no_two_causes_look_alike_to_metrics() -> None:
    assert len({fault.value for fault in ANSWERS}) == len(Fault)
