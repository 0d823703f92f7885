"""What the unit tests of knowctl share: a clean machine, a clock that is moved by hand, facts."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import pytest

from knowctl.cli import main
from knowctl.errors import ErrorCode, KnowctlError
from knowctl.model.address import Address
from knowctl.model.configuration import ConfigurationFacts
from knowctl.model.database import Migration, Schema, SchemaStatus
from knowctl.model.findings import Finding
from knowctl.model.serving import Serving, Times
from knowctl.probes.settings import SettingsProbe
from knowctl.services.clock import Clock

KEY = "0123456789abcdef0123456789abcdef"
"""A signing key that is long enough and no sample."""


@dataclass(frozen=True, slots=True)
class Said:
    """What one command line answered."""

    code: int
    out: str
    err: str


class Run(Protocol):
    """Run one command line in this process."""

    def __call__(self, *argv: str) -> Said:
        """Its exit code and what it wrote."""


@dataclass
class HandClock:
    """A clock that only sleeping moves."""

    at: float = 0.0
    slept: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += seconds

    @property
    def clock(self) -> Clock:
        return Clock(lambda: self.at, self.sleep)


@dataclass
class FakeDatabase:
    """A database that answers after `silent` refusals and has these schemas one after another.

    The next comes with a migration, or `by_itself` with each time that somebody asks.
    """

    schemas: tuple[SchemaStatus, ...] = (SchemaStatus.OK,)
    silent: int = 0
    causes: tuple[str, ...] = ("refused",)
    by_itself: bool = False
    pings: int = 0
    waits: list[float] = field(default_factory=list)
    wanted: list[tuple[str, float]] = field(default_factory=list)
    asked: int = 0

    def ping(self) -> float:
        self.pings += 1
        if self.pings <= self.silent:
            cause = self.causes[min(self.pings, len(self.causes)) - 1]
            raise KnowctlError(ErrorCode.DATABASE, "no answer", cause=cause, hint="start it")
        return 1.5

    def schema(self) -> Schema:
        self.asked += 1
        moves = len(self.waits) or (self.asked - 1 if self.by_itself else 0)
        return schema(self.schemas[min(moves, len(self.schemas) - 1)])

    def migrate(self, wait: float, to: str = "head", lock_wait: float = 5.0) -> Migration:
        self.waits.append(wait)
        self.wanted.append((to, lock_wait))
        return Migration("sqlite:///x", (), ("0001",), ("0001",))


@dataclass
class Talked:
    """Keeps what a service says while it works."""

    begun: list[tuple[str, str]] = field(default_factory=list)
    steps: list[tuple[str, str]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    warnings: list[tuple[str, str]] = field(default_factory=list)
    agrees: bool = False
    questions: list[str] = field(default_factory=list)

    def begin(self, name: str, detail: str) -> None:
        self.begun.append((name, detail))

    def step(self, name: str, detail: str) -> None:
        self.steps.append((name, detail))

    def warn(self, name: str, detail: str) -> None:
        self.warnings.append((name, detail))

    def finding(self, finding: Finding) -> None:
        self.findings.append(finding)

    def confirm(self, question: str) -> bool:
        self.questions.append(question)
        return self.agrees


def schema(status: SchemaStatus) -> Schema:
    current = () if status is SchemaStatus.EMPTY else ("0001",)
    return Schema("sqlite:///x", status, current, ("0002",))


@pytest.fixture(scope="session")
def _temporary() -> Iterator[str]:
    """A temporary directory whose path leaves room for the names of sockets."""
    with tempfile.TemporaryDirectory(prefix="kt-", dir="/tmp") as directory:
        yield directory


@pytest.fixture(autouse=True)
def _clean_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, _temporary: str) -> None:
    """An empty working directory, a terminal of 80 columns and no setting in the environment.

    No server of this machine can be found: `knowctl stop` would stop it.
    """
    monkeypatch.chdir(tmp_path)
    names = ("KNOWCTL_OUTPUT", "KNOWCTL_ENV_FILE", "NO_COLOR", "TERM", "APP_ENV")
    for name in (*names, "KNOWCTL_RUN_DIR", "INSTANCE", "KNOWCTL_URL", "XDG_RUNTIME_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("tempfile.tempdir", _temporary)
    monkeypatch.setenv("COLUMNS", "80")


@pytest.fixture
def facts_of(tmp_path: Path) -> Callable[..., ConfigurationFacts]:
    """Facts from the real loader, of these variables and no .env file."""

    def build(**environ: str) -> ConfigurationFacts:
        return SettingsProbe(environ).facts()

    assert not (tmp_path / ".env").exists()
    return build


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Command lines, run in this process."""

    def once(*argv: str) -> Said:
        code = main(argv)
        said = capsys.readouterr()
        return Said(code, said.out, said.err)

    return once


def a_serving(*, development: bool = True) -> Serving:
    """A server that is about to run."""
    return Serving(
        address=Address("127.0.0.1", 5000),
        server="gunicorn",
        workers=2,
        threads=24,
        tls=False,
        development=development,
        instance="5000",
        run_directory="/run/knowctl/5000",
        times=Times(drain=5.0, grace=30.0, retirement=70.0, soak=2.0),
        smoke=("/health",),
        log_format="console",
        log_file=None,
    )
