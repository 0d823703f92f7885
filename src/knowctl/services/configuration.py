"""The configuration: judged, shown, and begun."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from knowctl.checks.catalog import CONFIGURATION, LIVE, MACHINE, SCHEMA
from knowctl.checks.engine import run
from knowctl.checks.selection import Selection, selected
from knowctl.choices import Severity
from knowctl.errors import ErrorCode, ExitCode, KnowctlError
from knowctl.model.configuration import ConfigurationFacts
from knowctl.model.findings import Report
from knowctl.model.results import WrittenFile


class Facts(Protocol):
    """Where the facts come from."""

    def facts(self) -> ConfigurationFacts:
        """What checks may know."""


class EnvFile(Protocol):
    """The .env file to be written."""

    def secret(self) -> str:
        """A fresh random key."""

    def write(self, values: Mapping[str, str], *, force: bool) -> WrittenFile:
        """Write every setting, these with a value, and keep a former file as a backup."""


def check(
    source: Facts,
    *,
    fail_level: Severity = Severity.ERROR,
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
) -> Report:
    """Judge the configuration; `select` and `ignore` name ids, an unknown one is refused.

    One that a connection is needed for may be ignored, and is refused where it is selected.
    """
    live = {each.id for group in (SCHEMA, LIVE, MACHINE) for each in group}
    for each in select:
        if each.upper() in live:
            raise _needs_connection(each.upper())
    ignored = tuple(each for each in ignore if each.upper() not in live)
    selection = Selection(fail_level, tuple(select), ignored)
    findings = run(CONFIGURATION, source.facts())
    return Report("the configuration", selected(CONFIGURATION, findings, selection), fail_level)


def initialise(file: EnvFile, environment: str, *, force: bool) -> WrittenFile:
    """Begin a configuration that serves on this machine alone, with fresh secrets.

    Outside development it is made safe, not complete: loopback and no forced HTTPS until
    someone has decided on TLS, SQLite until there is a database server.
    """
    values = {"APP_ENV": environment, "SECRET_KEY": file.secret()}
    if environment != "development":
        values |= {
            "HOST": "127.0.0.1",
            "FORCE_HTTPS": "false",
            "DATABASE_URL": "sqlite:///./knowalledge.db",
            "METRICS_TOKEN": file.secret(),
        }
    return file.write(values, force=force)


def _needs_connection(name: str) -> KnowctlError:
    return KnowctlError(
        ErrorCode.USAGE,
        f"{name} is not judged offline",
        cause="a connection or the machine alone can tell",
        hint=f"knowctl config check --live --select {name}",
        exit_code=ExitCode.USAGE,
    )
