"""The configuration as nouns: what checks may know of it, what is to run, what may be shown."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from knowalledge_api.settings import (
    TABLE,
    Environment,
    Loaded,
    Origin,
    Provider,
    Secret,
    Server,
    Settings,
)
from knowctl.errors import ErrorCode, ExitCode, Failure, KnowctlError
from knowctl.model.address import Address
from knowctl.model.configuration import (
    ConfigurationFacts,
    SettingProblem,
    ShownSetting,
    ShownSettings,
)
from knowctl.model.results import Where
from knowctl.model.serving import Serving, Times
from knowctl.probes import run_directory
from knowctl.probes.surroundings import file_facts, look_around
from knowctl.probes.wording import printable

NOT_SETTINGS = frozenset({"KNOWCTL_ENV_FILE", "KNOWCTL_GENERATION"})
MARGIN = 5.0
"""Seconds that a generation has beyond what its requests may take."""


def facts_of(loaded: Loaded, environ: Mapping[str, str], env_file: Path) -> ConfigurationFacts:
    """What checks may know: no secret's value is among it, only whether there is one."""
    gemini = uses_gemini(loaded.values)
    return ConfigurationFacts(
        values={row.name: _harmless(loaded.values[row.attribute]) for row in TABLE},
        places=places_of(loaded),
        given=frozenset(map(printable, loaded.given)),
        known=_known_names(),
        problems=tuple(
            SettingProblem(
                each.kind,
                each.name,
                printable(each.cause),
                printable(each.hint),
                _where(each.name, each.origin),
            )
            for each in loaded.problems
        ),
        env_file=file_facts(env_file),
        database_scheme=urlsplit(loaded.values["database_url"].reveal()).scheme,
        gemini=gemini,
        server=loaded.values["server"].here.value,
        empty=_places(loaded.empty),
        overruled=_places(loaded.overruled),
        around=look_around(loaded, environ, env_file, gemini=gemini),
    )


def places_of(loaded: Loaded) -> dict[str, Where]:
    """Where the value of each setting that is given came from."""
    return _places({name: raw.origin for name, raw in loaded.given.items()})


def uses_gemini(values: Mapping[str, Any]) -> bool:
    """Whether Google writes the content, by values by attribute."""
    if values["ai_provider"] is Provider.AUTO:
        return values["google_api_key"] is not None
    return values["ai_provider"] is Provider.GEMINI


def serving_of(
    settings: Settings, values: Mapping[str, Any], environ: Mapping[str, str]
) -> Serving:
    """What is to run, and where."""
    return Serving(
        address=Address.of(settings.host, settings.port),
        server=settings.server.here.value,
        workers=1 if settings.server.here is Server.WAITRESS else settings.gunicorn_workers,
        threads=settings.threads,
        tls=settings.ssl_certfile is not None,
        development=settings.app_env is Environment.DEVELOPMENT,
        instance=settings.instance,
        run_directory=str(run_directory.location(values, environ)),
        times=_times(settings),
        smoke=settings.smoke_paths,
        log_format=settings.log_format.value,
        log_file=settings.log_file,
    )


def shown_of(
    loaded: Loaded, names: tuple[str, ...], problem: Failure | None, *, with_origin: bool
) -> ShownSettings:
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
    rows = (each for each in loaded.shown if not names or each.name in names)
    shown = tuple(ShownSetting(each.name, each.text, str(each.origin)) for each in rows)
    return ShownSettings(shown, with_origin=with_origin, problem=problem)


def _times(settings: Settings) -> Times:
    """A replaced generation may take as long as its longest request: nobody waits for it."""
    longest = max(settings.gunicorn_graceful_timeout, settings.ai_request_budget)
    return Times(
        drain=settings.drain_seconds,
        grace=settings.gunicorn_graceful_timeout,
        retirement=longest + settings.gunicorn_keepalive + MARGIN,
        soak=settings.soak_seconds,
    )


def _known_names() -> frozenset[str]:
    files = {f"{row.name}_FILE" for row in TABLE if row.secret}
    return frozenset({row.name for row in TABLE} | files | NOT_SETTINGS)


def _harmless(value: Any) -> Any:
    return "set" if isinstance(value, Secret) else value


def _where(name: str, origin: Origin) -> Where:
    return Where(file=origin.file, line=origin.line, variable=name)


def _places(origins: Mapping[str, Origin]) -> dict[str, Where]:
    """Where names stand; anybody may have written them, so they are what a terminal may show."""
    shown = ((printable(name), origin) for name, origin in origins.items())
    return {name: _where(name, origin) for name, origin in shown}
