"""One configuration from all its sources, with every problem found, not the first alone."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from knowalledge_api.settings.kinds import Secret
from knowalledge_api.settings.machine import available_cpus
from knowalledge_api.settings.sources import (
    EnvFile,
    Origin,
    Problem,
    ProblemKind,
    Raw,
    from_mapping,
    read_env_file,
    read_secret_file,
)
from knowalledge_api.settings.table import TABLE, Basis, Derived, Environment, Setting, Settings

DEFAULT = Origin("default")
LONGEST_SHOWN = 60
SENT: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "GEMINI_BASE_URL": ("GOOGLE_API_KEY",),
        "KNOWCTL_CA_CERT": ("KNOWCTL_API_KEY", "METRICS_TOKEN"),
        "KNOWCTL_URL": ("KNOWCTL_API_KEY", "METRICS_TOKEN"),
    }
)
"""What says where keys are sent, or whom to take for that place, and the keys."""


class Shown(NamedTuple):
    """A setting's effective value as it may be shown, and its origin."""

    name: str
    text: str
    origin: Origin


class Loaded(NamedTuple):
    """What the sources say: the settings (None where a problem bars them) and the problems.

    `values` holds each setting by attribute, its default where it could not be read; `given`
    every name that a source gave, known or not; `origins` where each setting is read from, a
    secret's own file included. `empty` are names without a value, which count as unset;
    `overruled` those whose value in .env another source replaces, and where it stands.
    """

    settings: Settings | None
    values: Mapping[str, Any]
    shown: tuple[Shown, ...]
    given: Mapping[str, Raw]
    origins: Mapping[str, Origin]
    problems: tuple[Problem, ...]
    empty: Mapping[str, Origin]
    overruled: Mapping[str, Origin]


class SettingsError(Exception):
    """The settings can't be used; `problems` says why, one by one."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("; ".join(problem.cause for problem in problems))
        self.problems = problems


def require(loaded: Loaded) -> Settings:
    """The settings, or SettingsError with all that is wrong."""
    if loaded.settings is None:
        raise SettingsError(loaded.problems)
    return loaded.settings


def load(
    environ: Mapping[str, str],
    *,
    env_file: Path | None = None,
    overrides: Mapping[str, str] | None = None,
    cpus: int | None = None,
) -> Loaded:
    """Gather the sources, the first that has a name winning: command line, environment, .env.

    `env_file` was asked for and has to be there; without it `.env` in the working directory is
    read where it exists; one that somebody else may have written does not say where a key of
    another source is sent. `overrides` are the command line's, by setting name.
    """
    file = read_env_file(env_file or Path(".env"), required=env_file is not None)
    given = {
        **file.values,
        **from_mapping(environ, "environment"),
        **from_mapping(overrides or {}, "command line"),
    }
    raws, secret_problems = _with_secret_files(given, overrides or {})
    astray = tuple(_astray(raws, file))
    for each in astray:
        del raws[each.name]
    values, problems = _read_all(raws, cpus if cpus is not None else available_cpus())
    path = env_file or Path(".env")
    missing = _missing(raws, values["app_env"], path if os.path.exists(path) else None)  # noqa: PTH110 -- Path's own raises on some paths
    found = (*file.problems, *secret_problems, *astray, *problems, *missing)
    return Loaded(
        settings=None if found else Settings(**values),
        values=values,
        shown=tuple(_show(values, raws, {each.name for each in problems})),
        given=given,
        origins={name: raw.origin for name, raw in raws.items()},
        problems=found,
        empty=_empty(environ, file),
        overruled=_overruled(file, given),
    )


def _empty(environ: Mapping[str, str], file: EnvFile) -> dict[str, Origin]:
    """Names without a value: nothing else gives them one."""
    nowhere = {name for name, text in environ.items() if not text} - file.values.keys()
    inherited = {name: Origin("environment") for name in nowhere}
    unset = {name: place for name, place in file.empty.items() if not environ.get(name)}
    return {**inherited, **unset}


def _overruled(file: EnvFile, given: Mapping[str, Raw]) -> dict[str, Origin]:
    return {name: raw.origin for name, raw in file.values.items() if given[name].text != raw.text}


def _with_secret_files(
    given: Mapping[str, Raw], overrides: Mapping[str, str]
) -> tuple[dict[str, Raw], list[Problem]]:
    raws = {row.name: given[row.name] for row in TABLE if row.name in given}
    problems = []
    for row in TABLE:
        pointer = given.get(f"{row.name}_FILE")
        if not row.secret or pointer is None or row.name in overrides:
            continue
        if row.name in raws:
            problems.append(_twice(row, raws[row.name], pointer))
            continue
        content = read_secret_file(row.name, pointer)
        if isinstance(content, Problem):
            problems.append(content)
        elif content.text:
            raws[row.name] = content
    return raws, problems


def _astray(raws: Mapping[str, Raw], file: EnvFile) -> Iterable[Problem]:
    """Places that a file in doubt names for keys which it does not hold itself."""
    for name, keys in SENT.items():
        raw = raws.get(name)
        if not file.doubt or raw is None or raw is not file.values.get(name):
            continue
        sent = [key for key in keys if key in raws and raws[key] is not file.values.get(key)]
        if sent:
            yield _untrusted(raw.origin, name, sent[0], file.doubt)


def _untrusted(place: Origin, name: str, key: str, doubt: str) -> Problem:
    path = place.file
    cause = f"{path} {doubt}, and names {name}: that may not decide where {key} is sent"
    hint = (
        f"read {path}; where it is right, name it: --env-file {path} (KNOWCTL_ENV_FILE={path}),"
        f" or make it yours alone: chown and chmod 600 {path}"
    )
    return Problem(ProblemKind.UNTRUSTED, name, cause, hint, place)


def _read_all(raws: Mapping[str, Raw], cpus: int) -> tuple[dict[str, Any], list[Problem]]:
    values: dict[str, Any] = {}
    problems = []
    for row in TABLE:
        raw = raws.get(row.name)
        try:
            values[row.attribute] = row.kind.read(raw.text) if raw else _default(row, values, cpus)
        except ValueError:
            problems.append(_bad_value(row, raws[row.name]))
            values[row.attribute] = _default(row, values, cpus)
    return values, problems


def _default(row: Setting, values: Mapping[str, Any], cpus: int) -> Any:
    if isinstance(row.default, Derived):
        return row.default.compute(Basis(values, cpus))
    return row.default


def _missing(
    raws: Mapping[str, Raw], environment: Environment, file: Path | None
) -> Iterable[Problem]:
    if environment is Environment.DEVELOPMENT:
        return
    for row in TABLE:
        if row.required_outside_development and row.name not in raws:
            cause = f"{row.name} is not set, and {environment} requires it ({row.help})"
            init = f"knowctl config init --environment {environment}"
            hint = f'echo "{row.name}=$(openssl rand -hex 32)" >> {file}' if file else init
            yield Problem(ProblemKind.MISSING, row.name, cause, hint, DEFAULT)


def _twice(row: Setting, value: Raw, pointer: Raw) -> Problem:
    cause = f"{row.name} is set ({value.origin}) and so is {row.name}_FILE ({pointer.origin})"
    hint = f"unset {row.name} or {row.name}_FILE"
    return Problem(ProblemKind.TWICE, row.name, cause, hint, value.origin)


def _bad_value(row: Setting, raw: Raw) -> Problem:
    shown = "its value" if row.secret else repr(raw.text[:LONGEST_SHOWN])
    cause = f"{row.name}: {shown} is not {row.kind.expects}"
    place = raw.origin if raw.origin.file else f"the {raw.origin}"
    hint = f"mend or unset {row.name} in {place}"
    return Problem(ProblemKind.VALUE, row.name, cause, hint, raw.origin)


def _show(
    values: Mapping[str, Any], raws: Mapping[str, Raw], unusable: set[str]
) -> Iterable[Shown]:
    for row in TABLE:
        used = row.name in raws and row.name not in unusable
        origin = raws[row.name].origin if used else DEFAULT
        yield Shown(row.name, _text(values[row.attribute]), origin)


def _text(value: Any) -> str:
    """A value as .env would spell it, without the secret part."""
    if value is None:
        return ""
    if isinstance(value, Secret):
        return value.shown
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)
