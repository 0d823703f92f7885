from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from knowctl.errors import ErrorCode, ExitCode, KnowctlError
from knowctl.model.pool import Sizes
from knowctl.probes.remote import RemoteProbe, sizes_of, token_of
from knowctl.probes.server import Answer
from knowctl.probes.settings import SettingsProbe
from tests.support import fake_server


@dataclass
class FakeServer:
    """Answers so; keeps what it was asked."""

    status: int = 200
    body: dict[str, Any] = field(default_factory=dict)
    silent: bool = False
    url: str = "http://x"
    asked: list[tuple[str, str | None]] = field(default_factory=list)

    def ask(self, path: str, token: str | None = None) -> Answer:
        self.asked.append((path, token))
        if self.silent:
            raise ConnectionError("Connection refused")
        return Answer(self.status, self.body, 1.0)


def refusal(server: FakeServer, token: str | None = None) -> KnowctlError:
    with pytest.raises(KnowctlError) as raised:
        RemoteProbe(server, token).workers()
    return raised.value


def test_the_workers_are_asked_for_with_the_key() -> None:
    server = FakeServer(body={"workers": [fake_server.state(4301)]})
    found = RemoteProbe(server, "key").workers()
    assert [each.pid for each in found.answered] == [4301]
    assert found.silent == ()
    assert server.asked == [("/api/admin/live", "key")]


def test_who_is_silent_or_makes_no_sense_is_told() -> None:
    told = [
        {"pid": 1, "generation": 3, "state": "silent"},
        {"pid": 2, "generation": 3, "error": "why"},
        {"pid": 3, "generation": 3, "state": "serving"},
        7,
    ]
    found = RemoteProbe(FakeServer(body={"workers": told}), None).workers()
    assert [(each.pid, each.cause) for each in found.silent] == [
        (1, "it is silent"),
        (2, "why"),
        (3, "its answer makes no sense: threads"),
        (0, "its answer makes no sense: threads"),
    ]


@pytest.mark.parametrize("status", [401, 403])
def test_a_server_that_refuses_is_exit_code_4(status: int) -> None:
    failure = refusal(FakeServer(status), "key").failure
    assert (failure.code, failure.exit_code) == (ErrorCode.REFUSED, ExitCode.REFUSED)
    assert str(status) in failure.cause
    assert "key that was sent" in failure.cause
    assert "no key was sent" in refusal(FakeServer(status)).failure.cause


@pytest.mark.parametrize(
    "server", [FakeServer(404), FakeServer(200, {}), FakeServer(500, {"workers": []})]
)
def test_another_program_is_told_from_ours(server: FakeServer) -> None:
    failure = refusal(server).failure
    assert (failure.code, failure.exit_code) == (ErrorCode.CHANNEL, ExitCode.FAILED)
    assert str(server.status) in failure.cause


def test_a_server_that_does_not_answer_is_told() -> None:
    assert refusal(FakeServer(silent=True)).failure.cause == (
        "nothing answers at http://x: Connection refused"
    )


def test_the_key_is_an_administrators_else_the_scrapers() -> None:
    def token(**environ: str) -> str | None:
        return token_of(SettingsProbe(environ).values())

    assert token() is None
    assert token(METRICS_TOKEN="m") == "m"
    assert token(METRICS_TOKEN="m", KNOWCTL_API_KEY="k") == "k"


def test_sizes_are_those_of_the_settings() -> None:
    environ = {"GUNICORN_WORKERS": "3", "GUNICORN_THREADS": "4", "DB_POOL_SIZE": "5"}
    more = {"DB_MAX_OVERFLOW": "6", "REPLICAS": "7", "REPLICAS_SURGE": "8"}
    assert sizes_of(SettingsProbe({**environ, **more}).values()) == Sizes(4, 3, 5, 6, 7, 8)
