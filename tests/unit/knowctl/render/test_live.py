from __future__ import annotations

from typing import Any

import pytest

from knowctl.model.live import (
    Draining,
    Frame,
    Placed,
    Reloaded,
    RequestsInFlight,
    Serves,
    Silent,
    Stacks,
    Status,
    Stopped,
    SupervisorFacts,
    ThreadStack,
    Workers,
    WorkerStacks,
)
from knowctl.model.results import Result
from knowctl.probes import answers
from knowctl.render.style import Style
from knowctl.render.text import of_result
from tests.conftest import Golden
from tests.support import fake_server

NOW = 1_700_064_800.0
WHO = SupervisorFacts(4300, 1_700_000_000.0, "gunicorn", "5000", "http://127.0.0.1:5000")
SILENT = Silent(4303, 3, "no answer in 1.5 s")
ONE = answers.worker(fake_server.state(4301))
BUSY = answers.worker(
    fake_server.state(
        4302,
        threads={"busy": 24, "total": 24},
        in_flight=31,
        requests=1_234_567,
        p99_ms=12_345.0,
        stuck=2,
        pool=fake_server.pool(in_use=12, overflow=2, waiting=5),
        inflight=[
            fake_server.request("f" * 32, 130_000.0, user="ada@example.org"),
            fake_server.request("e" * 32, 3.2, route=None, address="", connection_held_ms=None),
        ],
    )
)
FRESH = answers.worker(
    fake_server.state(
        4400,
        generation=4,
        state="waiting",
        age_s=2.0,
        requests=0,
        in_flight=0,
        p50_ms=None,
        p99_ms=None,
        pool=None,
        cache={},
        inflight=[],
    )
)
NOTHING: dict[str, Any] = {}
AI: dict[str, Any] = {"name": "gemini", "busy": 3, "total": 12, "state": "closed", "why": "failed"}
SAID = answers.supervision(fake_server.supervision())


def status(*workers: object, **changed: object) -> Status:
    given = {"supervisor": WHO, "supervision": SAID, "now": NOW, **changed}
    return Status(workers=Workers(*workers), **given)  # type: ignore[arg-type]  # by name


def placed() -> RequestsInFlight:
    requests = tuple(
        Placed(worker.pid, worker.generation, each)
        for worker in (BUSY, ONE)
        for each in worker.inflight
    )
    return RequestsInFlight(
        tuple(sorted(requests, key=lambda each: -each.request.age_ms)), (SILENT,)
    )


LONELY = ThreadStack(
    "lonely", 1, None, (Frame("C:\\lib\\waitress\\task.py", 3, "T.handler_thread"),)
)
TWINS = tuple(ThreadStack(name, 3, None, (Frame("loop.py", 1, "run"),)) for name in "ab")
NAMELESS = ThreadStack("worker-1", 2, Serves("ab", "GET", None, 12.0), ())
RESULTS: dict[str, Result] = {
    "status": status((ONE, BUSY)),
    "status-reload": status(
        (ONE, BUSY, FRESH),
        (SILENT,),
        supervision=answers.supervision(
            fake_server.supervision(
                draining=True,
                doing="reload",
                workers_wanted=4,
                generations=[
                    {"number": 3, "state": "serving", "workers": [4301, 4302, 4303]},
                    {"number": 4, "state": "proving", "workers": [4400]},
                ],
            )
        ),
    ),
    "status-ai": status(
        tuple(
            answers.worker(fake_server.state(4301 + number, ai={**AI, **changed}))
            for number, changed in enumerate(
                (NOTHING, {"busy": 12}, {"state": "open", "why": "timeout"}, {"state": "open"})
            )
        )
    ),
    "status-supervisor-silent": status((ONE,), supervision="it said nothing final within 3 s"),
    "status-nobody": status(
        (),
        supervision=answers.supervision(fake_server.supervision(generation=None, generations=[])),
        supervisor=SupervisorFacts(4300, 0.0, "gunicorn", "5000", ""),
    ),
    "inflight": placed(),
    "inflight-none": RequestsInFlight(()),
    "stacks": Stacks((answers.stacks(fake_server.stacks(4301)),), (SILENT,)),
    "stacks-waitress": Stacks((WorkerStacks(1, 2, (LONELY, NAMELESS, *TWINS)),)),
    "stacks-busy": Stacks((WorkerStacks(1, 2, (NAMELESS,)),)),
    "stacks-none": Stacks(()),
    "drain": Draining(draining=True),
    "drain-off": Draining(draining=False),
    "reload": Reloaded(4, 3.21),
    "stop": Stopped(4300, 5.1),
}


@pytest.mark.parametrize("name", RESULTS)
def test_a_live_result_reads_as_it_should(golden: Golden, name: str) -> None:
    text = of_result(RESULTS[name], Style())
    golden(f"{text}\n", f"live/{name}.txt")
    assert max(map(len, text.splitlines())) <= 80
    assert of_result(RESULTS[name], Style(unicode=False)).isascii()
    assert "\x1b" not in text


def test_a_thread_that_serves_stands_out() -> None:
    assert "\x1b[33m  worker-7  POST /api/quiz" in of_result(RESULTS["stacks"], Style(color=True))
