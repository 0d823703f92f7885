"""Reads the configuration: every source, with what is wrong in each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, unquote_plus

from knowalledge_api.settings import TABLE, Loaded, Problem, Settings, load
from knowctl.errors import ErrorCode, Failure, KnowctlError
from knowctl.probes.wording import printable

if TYPE_CHECKING:
    from knowctl.model.configuration import ConfigurationFacts, ShownSettings
    from knowctl.model.results import Where
    from knowctl.model.serving import Serving


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
        return self.usable(*names, str(self.env_file or Path(".env")))

    def usable(self, *names: str) -> Mapping[str, Any]:
        """Every value by attribute; KnowctlError where these can't be used."""
        found = tuple(each for each in self._loaded.problems if each.name in names)
        if found:
            raise _error(_failure(found))
        return self._loaded.values

    def facts(self) -> ConfigurationFacts:
        """What checks may know: no secret's value is among it, only whether there is one."""
        from knowctl.probes.configuration import facts_of

        return facts_of(self._loaded, self.environ, self.env_file or Path(".env"))

    def places(self) -> Mapping[str, Where]:
        """Where the value of each setting that is given came from."""
        from knowctl.probes.configuration import places_of

        return places_of(self._loaded)

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
        from knowctl.probes.configuration import serving_of

        return serving_of(self.settings(), self._loaded.values, self.environ)

    def shown(self, names: tuple[str, ...], *, with_origin: bool) -> ShownSettings:
        """The effective settings, masked; all of them without names."""
        from knowctl.probes.configuration import shown_of

        problems = self._loaded.problems
        problem = _failure(problems) if problems else None
        return shown_of(self._loaded, names, problem, with_origin=with_origin)


def _error(failure: Failure) -> KnowctlError:
    return KnowctlError(failure.code, failure.message, cause=failure.cause, hint=failure.hint)


def _failure(problems: tuple[Problem, ...]) -> Failure:
    first, *others = problems
    message = "the configuration can't be used"
    if others:
        message += f": {len(problems)} problems, the first of them"
    hint = f"{first.hint}; then knowctl config check" if others else first.hint
    return Failure(ErrorCode.CONFIGURATION, message, printable(first.cause), printable(hint))


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
