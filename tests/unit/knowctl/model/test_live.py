from __future__ import annotations

from typing import Any

from knowctl.errors import ErrorCode, ExitCode
from knowctl.model.live import Placed, RequestsInFlight, Silent, Status, Workers
from knowctl.probes import answers
from tests.support import fake_server

SAID = answers.supervision(fake_server.supervision())
ONE = answers.worker(fake_server.state(4301))
TWO = answers.worker(fake_server.state(4302, generation=4, pool=None, stuck=1))
SILENT = Silent(4300, 3, "no answer in 1 s")


def data(status: Status) -> dict[str, Any]:
    assert isinstance(status.data, dict)
    return status.data


def test_totals_are_sums_over_those_that_answered() -> None:
    total = Status(SAID.supervisor, SAID, Workers((ONE, TWO), (SILENT,)), 0.0).total
    assert (total["workers"], total["silent"]) == (2, 1)
    assert (total["threads"].busy, total["threads"].total) == (2, 48)
    assert (total["in_flight"], total["requests"], total["stuck"]) == (2, 2468, 1)
    assert (total["rss_bytes"], total["pool"].size) == (2 * 98 << 20, 10)


def test_the_data_of_a_status_has_a_row_a_worker_the_silent_ones_with_their_cause() -> None:
    found = data(Status(SAID.supervisor, SAID, Workers((TWO, ONE), (SILENT,)), 0.0))
    assert (found["generation"], found["supervisor"].pid) == (3, SAID.supervisor.pid)
    assert (found["draining"], found["doing"], found["workers_wanted"]) == (False, "", 2)
    assert [row["pid"] for row in found["workers"]] == [4300, 4301, 4302]
    silent, one, _ = found["workers"]
    assert (silent["state"], silent["cause"], silent["threads"]) == (
        "silent",
        "no answer in 1 s",
        None,
    )
    assert set(one) == {
        *("pid", "generation", "state", "age_s", "threads", "in_flight", "requests"),
        *("rss_bytes", "p50_ms", "p99_ms", "stuck", "pool", "cache", "ai"),
    }
    assert set(silent) == {*one, "cause"}


def test_a_silent_supervisor_is_a_failure_and_its_workers_tell_the_generation() -> None:
    status = Status(SAID.supervisor, "it hangs", Workers((ONE, TWO)), 0.0)
    assert status.failure is not None
    assert (status.failure.code, status.failure.exit_code) == (ErrorCode.CHANNEL, ExitCode.FAILED)
    assert status.failure.cause == "it hangs"
    assert (status.generation, data(status)["reloads"]) == (4, None)
    assert Status(SAID.supervisor, "x", Workers(()), 0.0).generation is None
    assert Status(SAID.supervisor, SAID, Workers(()), 0.0).failure is None


def test_requests_in_flight_are_rows_with_their_worker() -> None:
    [request] = ONE.inflight
    found = RequestsInFlight((Placed(4301, 3, request),), (SILENT,)).data
    assert isinstance(found, dict)
    [row] = found["requests"]
    assert (row["pid"], row["generation"], row["route"]) == (4301, 3, "/api/quiz")
    assert (row["age_ms"], row["connection_held_ms"]) == (4321.5, 3210.0)
    assert found["silent"] == (SILENT,)
