"""Reads the configuration: every source, with what is wrong in each."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import unquote, unquote_plus, urlsplit

from knowalledge_api.settings import (
    TABLE,
    Environment,
    Loaded,
    Origin,
    Problem,
    Provider,
    Secret,
    Server,
    Settings,
    load,
)
from knowctl.errors import ErrorCode, ExitCode, Failure, KnowctlError
from knowctl.model.configuration import (
    ConfigurationFacts,
    SettingProblem,
    ShownSetting,
    ShownSettings,
)
from knowctl.model.results import Where
from knowctl.model.serving import Address, Serving, Times
from knowctl.probes import run_directory
from knowctl.probes.surroundings import file_facts, look_around

NOT_SETTINGS = frozenset({"KNOWCTL_ENV_FILE", "KNOWCTL_GENERATION"})
MARGIN = 5.0
"""Seconds that a generation has beyond what its requests may take."""


@dataclass(frozen=True)
class SettingsProbe:
    """The configuration as the process environment, the .env file and the command line give it."""

    environ: Mapping[str, str]
    env_file: Path | None = None
    overrides: Mapping[str, str] | None = None

    @cached_property
    def _loaded(self) -> Loaded:
        return load(self.environ, env_file=self.env_file, overrides=self.overrides)

    def settings(self) -> Settings:
        """The settings; KnowctlError with the first problem when they can't be used."""
        if self._loaded.settings is not None:
            return self._loaded.settings
        raise _error(_failure(self._loaded.problems))

    def values(self) -> Mapping[str, Any]:
        """Every value by attribute, the default where one can't be used."""
        return self._loaded.values

    def trusted(self, *names: str) -> Mapping[str, Any]:
        """Every value by attribute; KnowctlError where these, or the .env file, can't be read."""
        barred = {*names, str(self.env_file or Path(".env"))}
        found = tuple(each for each in self._loaded.problems if each.name in barred)
        if found:
            raise _error(_failure(found))
        return self._loaded.values

    def facts(self) -> ConfigurationFacts:
        """What checks may know: no secret's value is among it, only whether there is one."""
        loaded, env_file = self._loaded, self.env_file or Path(".env")
        gemini = _uses_gemini(loaded.values)
        return ConfigurationFacts(
            values={row.name: _harmless(loaded.values[row.attribute]) for row in TABLE},
            places={name: _where(name, raw.origin) for name, raw in loaded.given.items()},
            given=frozenset(loaded.given),
            known=_known_names(),
            problems=tuple(
                SettingProblem(
                    each.kind, each.name, each.cause, each.hint, _where(each.name, each.origin)
                )
                for each in loaded.problems
            ),
            env_file=file_facts(env_file),
            database_scheme=urlsplit(loaded.values["database_url"].reveal()).scheme,
            gemini=gemini,
            server=_server(loaded.values["server"]),
            empty=_places(loaded.empty),
            overruled=_places(loaded.overruled),
            around=look_around(loaded, self.environ, env_file, gemini=gemini),
        )

    def secrets(self) -> frozenset[str]:
        """Every secret that a source holds, usable or not, and what is secret within each."""
        loaded = self._loaded
        rows = [row for row in TABLE if row.secret]
        whole = {loaded.given[row.name].text for row in rows if row.name in loaded.given}
        for row in rows:
            value = loaded.values[row.attribute]
            if value != row.default:
                whole.add(value.reveal())
        return frozenset(part for each in whole for part in _secret_parts(each))

    def serving(self) -> Serving:
        """What is to run, and where."""
        settings = self.settings()
        waitress = _server(settings.server) == "waitress"
        return Serving(
            address=address_of(settings.host, settings.port),
            server=_server(settings.server),
            workers=1 if waitress else settings.gunicorn_workers,
            threads=settings.waitress_threads if waitress else settings.gunicorn_threads,
            tls=settings.ssl_certfile is not None,
            development=settings.app_env is Environment.DEVELOPMENT,
            instance=settings.instance,
            run_directory=str(run_directory.location(self._loaded.values, self.environ)),
            times=_times(settings),
            smoke=settings.smoke_paths,
            log_format=settings.log_format.value,
            log_file=settings.log_file,
        )

    def shown(self, names: tuple[str, ...], *, with_origin: bool) -> ShownSettings:
        """The effective settings, masked; all of them without names."""
        unknown = [name for name in names if name not in {row.name for row in TABLE}]
        if unknown:
            raise KnowctlError(
                ErrorCode.USAGE,
                f"there is no setting {unknown[0]}",
                cause="no row of the settings table has that name",
                hint="knowctl config show lists all settings",
                exit_code=ExitCode.USAGE,
            )
        rows = (each for each in self._loaded.shown if not names or each.name in names)
        shown = tuple(ShownSetting(each.name, each.text, str(each.origin)) for each in rows)
        problems = self._loaded.problems
        problem = _failure(problems) if problems else None
        return ShownSettings(shown, with_origin=with_origin, problem=problem)


def address_of(host: str, port: int) -> Address:
    """Where HOST and PORT say that the server listens."""
    return Address(host, port, host.removeprefix("unix:") if host.startswith("unix:") else None)


def _times(settings: Settings) -> Times:
    """A replaced generation may take as long as its longest request: nobody waits for it."""
    longest = max(settings.gunicorn_graceful_timeout, settings.ai_request_budget)
    return Times(
        drain=settings.drain_seconds,
        grace=settings.gunicorn_graceful_timeout,
        retirement=longest + settings.gunicorn_keepalive + MARGIN,
        soak=settings.soak_seconds,
    )


def _error(failure: Failure) -> KnowctlError:
    return KnowctlError(failure.code, failure.message, cause=failure.cause, hint=failure.hint)


def _failure(problems: tuple[Problem, ...]) -> Failure:
    first, *others = problems
    message = "the configuration can't be used"
    if others:
        message += f": {len(problems)} problems, the first of them"
    hint = f"{first.hint}; then knowctl config check" if others else first.hint
    return Failure(ErrorCode.CONFIGURATION, message, first.cause, hint)


def _server(wanted: Server) -> str:
    if wanted is Server.AUTO:
        return "waitress" if os.name == "nt" else "gunicorn"
    return wanted.value


def _known_names() -> frozenset[str]:
    files = {f"{row.name}_FILE" for row in TABLE if row.secret}
    return frozenset({row.name for row in TABLE} | files | NOT_SETTINGS)


def _secret_parts(secret: str) -> Iterator[str]:
    """A secret; of a list its parts, of an address its password and its options' values."""
    yield secret
    yield from (each.strip() for each in secret.split(","))
    if "://" not in secret:
        return
    credentials, _, _ = secret.partition("://")[2].rpartition("@")
    options = secret.partition("?")[2].split("&")
    hidden = (part for each in options for part in each.split("=", 1))
    for each in (credentials.partition(":")[2], *hidden):
        yield from (each, unquote(each), unquote_plus(each))


def _harmless(value: Any) -> Any:
    return "set" if isinstance(value, Secret) else value


def _where(name: str, origin: Origin) -> Where:
    return Where(file=origin.file, line=origin.line, variable=name)


def _places(origins: Mapping[str, Origin]) -> dict[str, Where]:
    return {name: _where(name, origin) for name, origin in origins.items()}


def _uses_gemini(values: Mapping[str, Any]) -> bool:
    if values["ai_provider"] is Provider.AUTO:
        return values["google_api_key"] is not None
    return values["ai_provider"] is Provider.GEMINI
