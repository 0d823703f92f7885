"""R11: every documented operation bears what a schema-driven fuzzer sends it."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from requests import Session
from schemathesis.checks import not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from knowalledge_api.app import create_app
from knowalledge_api.routes.openapi.document import document
from tests.support.configuration import settings_of
from tests.support.pictures import png
from tests.support.processes import Running, free_port, knowctl, serving

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="the run directory is a supervisor's"),
    pytest.mark.timeout(600),
]

CASES: Final = 100
SHARE: Final = 0.2
SETTINGS: Final = {
    "RATE_LIMIT_ENABLED": "false",
    "AI_PROVIDER": "offline",
    "LOG_LEVEL": "warning",
    "LOG_FORMAT": "json",
    "GUNICORN_MAX_REQUESTS": "0",
}
CHECKS: Final = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
VICTIM: Final = "victim"
GENERATE: Final = "/api/auth/admin/generate-key"
REVOKES: Final = "DELETE /api/auth/keys/{key_id}"
LOGS_IN: Final = "POST /api/auth/login"
NAMES_PICTURES: Final = "POST /api/image2topic"
REGISTERS: Final = "POST /api/auth/register"
DESCRIBED: Final = {
    f"{method.upper()} {path}": operation
    for path, methods in document(create_app(settings_of()))["paths"].items()
    for method, operation in methods.items()
}
TAKING: Final = [
    label for label, one in DESCRIBED.items() if {"parameters", "requestBody"} & {*one}
]
"""Those that can be sent something that does not fit."""
CLOSED: Final = [
    label for label, one in DESCRIBED.items() if one["x-access"] != "public" and "/api" in label
]


@dataclass
class Target:
    """A server, its description, an administrator's key, and that of one who may lose it."""

    running: Running
    schema: Any
    key: str
    victim: str
    session: Session
    number: int = 0
    revocable: list[int] = field(default_factory=list)

    @property
    def address(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.running.port}"

    def bear(
        self, label: str, mode: GenerationMode, key: str | None = None, cases: int = CASES
    ) -> Counter[int]:
        """Send so many cases of an operation, each checked; by status."""
        own = self.victim if label == REVOKES else self.key
        seen: Counter[int] = Counter()
        numbers: list[int] = []
        operation = self.schema.find_operation_by_label(label)

        @settings(
            max_examples=cases,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def send(case: Any) -> None:
            headers = {"X-API-Key": own if key is None else key}
            self.spare_its_key(case)
            if mode is GenerationMode.POSITIVE and len(numbers) % 2:
                self.make_good(label, case, len(numbers))
            numbers.append(1)
            answer = case.call(base_url=self.address, session=self.session, headers=headers)
            case.validate_response(answer, checks=CHECKS)
            seen[answer.status_code] += 1

        while sum(seen.values()) < cases:  # few inputs make few cases: they are sent again
            send()
        return seen

    def make_good(self, label: str, case: Any, number: int) -> None:
        """Replace what nobody can make up: a key that there is, an id that there is not."""
        if label == LOGS_IN:
            case.body["api_key"] = self.key
        elif label == NAMES_PICTURES:
            case.body["image"] = png(3, 2)
        elif label == REGISTERS:
            case.body["user_id"] = f"fuzzed-{number}"
        elif label == REVOKES and self.revocable:
            case.path_parameters["key_id"] = self.revocable.pop()

    def spare_its_key(self, case: Any) -> None:
        """Let no guess hit the key that is in use."""
        if str(case.path_parameters.get("key_id")) == str(self.number):
            case.path_parameters["key_id"] = self.number + 1_000_000

    def issue_keys(self) -> None:
        """Give who may lose keys some to lose."""
        for _ in range(CASES // 3):
            body = {"user_id": VICTIM}
            self.running.request("POST", GENERATE, body, **{"X-API-Key": self.key})
        keys = self.running.request("GET", "/api/auth/keys", **{"X-API-Key": self.victim}).body
        self.number, *self.revocable = sorted(row["id"] for row in keys["keys"])


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    directory = tmp_path_factory.mktemp("fuzzing")
    environ = {**SETTINGS, "KNOWCTL_RUN_DIR": str(directory / "run")}
    command = [sys.executable, "-m", "knowctl", "serve", "--migrate"]
    command += ["--workers", "2", "--threads", "4"]
    with serving(command, cwd=directory, port=free_port(), environ=environ) as running:
        config = SchemathesisConfig.from_dict({"generation": {"with-security-parameters": False}})
        schema = schemathesis.openapi.from_url(
            f"http://127.0.0.1:{running.port}/api/openapi.json", config=config
        )
        with Session() as session:
            key, victim = (_key_of(name, running, environ) for name in ("fuzzer", VICTIM))
            made = Target(running, schema, key, victim, session)
            made.issue_keys()
            yield made
        assert "Traceback" not in running.said()


def _key_of(name: str, running: Running, environ: Mapping[str, str]) -> str:
    """The key of a new administrator."""

    def run(*words: str) -> str:
        settings = {"PORT": str(running.port), **environ}
        done = knowctl(*words, cwd=running.log.parent, environ=settings)
        assert done.returncode == 0, done.stderr
        return done.stdout

    run("users", "create", name, "--role", "admin")
    return run("keys", "issue", name).strip()


@pytest.mark.parametrize("label", DESCRIBED)
def test_what_fits_the_description_is_answered_as_it_says(target: Target, label: str) -> None:
    seen = target.bear(label, GenerationMode.POSITIVE)
    good = sum(number for status, number in seen.items() if status < 400)
    print(f"{label}: {dict(seen)}")  # noqa: T201 -- figures of the run
    assert good >= SHARE * sum(seen.values()), seen


@pytest.mark.parametrize("label", TAKING)
def test_what_does_not_fit_it_is_refused_as_it_says(target: Target, label: str) -> None:
    seen = target.bear(label, GenerationMode.NEGATIVE)
    assert 401 not in seen or label == LOGS_IN, "its key is good"
    print(f"{label}: {dict(seen)}")  # noqa: T201 -- figures of the run


@pytest.mark.parametrize("label", CLOSED)
@pytest.mark.parametrize("key", ["", "sk_nobody", "a.b.c"])
def test_without_credentials_that_hold_there_is_nothing_but_401(
    target: Target, label: str, key: str
) -> None:
    assert set(target.bear(label, GenerationMode.POSITIVE, key, 10)) == {401}


def test_there_is_something_to_try() -> None:
    assert len(DESCRIBED) > 15
    assert len(TAKING) > 3
    assert len(CLOSED) > 6
