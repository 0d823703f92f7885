"""Looks at the environment that runs: its interpreter, its place, and what a shell would find."""

from __future__ import annotations

import platform
import re
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from knowctl.errors import ErrorCode, ExitCode, KnowctlError
from knowctl.model.environment import (
    Activated,
    EnvironmentFacts,
    Interpreter,
    StrayScript,
    WantedExtra,
)
from knowctl.probes.configuration import uses_gemini
from knowctl.probes.distributions import LOCK, DistributionsProbe

ROOT: Final = Path(__file__).parents[3]
"""The checkout that the code is of, if it is of one."""
BIN: Final = "Scripts" if sys.platform == "win32" else "bin"
COMMAND: Final = "knowctl"
MARKS: Final = ("pyvenv.cfg", "conda-meta")
"""What shows that an interpreter's directory is an environment. Sources: PEP 405; conda."""
LOOKED_AT: Final = (COMMAND, "pip", "gunicorn", "alembic")
"""Commands by which a moved environment is known: pip writes each with its interpreter."""
_STARTS: Final = re.compile(rb"#!(?:/bin/sh\n'''exec' )?\"?(/[^\"\n]*?)\"?(?: \"\$0\"[^\n]*)?\n")
"""The interpreter of a script; a path that is long or has a blank goes through the shell."""
FIRST_BYTES: Final = 1024


@dataclass(frozen=True, slots=True)
class EnvironmentProbe:
    """The environment of this process; `values` are the settings by attribute."""

    environ: Mapping[str, str]
    values: Mapping[str, Any]
    distributions: DistributionsProbe
    root: Path | None = None
    prefix: Path = Path(sys.prefix)
    executable: str = sys.executable
    now: Callable[[], float] = time.time

    def facts(self, extras: tuple[str, ...] = ()) -> EnvironmentFacts:
        """All of it, with these extras beside those that the settings need.

        KnowctlError where one of them is none of this distribution's.
        """
        self._require(extras)
        wanted = (*needed_extras(self.values), *(WantedExtra(name, "--extra") for name in extras))
        return EnvironmentFacts(
            interpreter=self._interpreter(),
            packages=self.distributions.packages(wanted),
            now=self.now(),
            installed_at=self.distributions.installed_at(),
            activated=self._activated(),
            strays=tuple(self._strays()),
            command=self._command(),
            own_command=self._own_command(),
            checkout=str(self.root) if self.root else None,
        )

    def _interpreter(self) -> Interpreter:
        version = platform.python_version()
        wanted, fits = self.distributions.python(version)
        isolated = any((self.prefix / mark).exists() for mark in MARKS)
        return Interpreter(version, self.executable, str(self.prefix), isolated, wanted, fits)

    def _activated(self) -> Activated | None:
        named = self.environ.get("VIRTUAL_ENV")
        if not named:
            return None
        path = Path(named)
        if not path.is_dir():
            return Activated(named, runs=False, trouble="there is no such directory")
        if not (path / "pyvenv.cfg").is_file():
            return Activated(named, runs=False, trouble="it is no virtual environment")
        python = path / BIN / ("python.exe" if sys.platform == "win32" else "python")
        if not python.exists():  # a link to nothing is not there either
            return Activated(named, runs=False, trouble="the Python that it was made with is gone")
        return Activated(named, runs=path.samefile(self.prefix))

    def _strays(self) -> Iterator[StrayScript]:
        """Commands whose interpreter lies elsewhere; without an environment any place is right."""
        if not (self.prefix / "pyvenv.cfg").is_file():
            return
        for name in LOOKED_AT:
            script = self.prefix / BIN / name
            starts = started_by(script)
            if starts and not _is_in(starts, self.prefix / BIN):
                yield StrayScript(str(script), starts)

    def _command(self) -> str | None:
        """What PATH finds, by this environment's own name of it where it is the same file."""
        found = shutil.which(COMMAND, path=self.environ.get("PATH", ""))
        own = self._own_command()
        if found and own and Path(found).samefile(own):
            return own
        return found

    def _own_command(self) -> str | None:
        return shutil.which(COMMAND, path=str(self.prefix / BIN))

    def _require(self, extras: tuple[str, ...]) -> None:
        known = self.distributions.extras()
        for name in extras:
            if name not in known:
                raise no_such_extra(name, known)


def needed_extras(values: Mapping[str, Any]) -> Iterator[WantedExtra]:
    """The extras that the settings need, and the setting that needs them."""
    for name in ("database_url", "database_migration_url"):
        url = values[name]
        if url and urlsplit(url.reveal()).scheme.startswith(("mysql", "mariadb")):
            yield WantedExtra("mysql", name.upper())
            break
    if uses_gemini(values):
        yield WantedExtra("gemini", "GOOGLE_API_KEY" if values["google_api_key"] else "AI_PROVIDER")


def no_such_extra(name: str, known: tuple[str, ...]) -> KnowctlError:
    """That there is no extra of that name."""
    return KnowctlError(
        ErrorCode.USAGE,
        f"there is no extra {name[:40]!r}",
        cause=f"there are {', '.join(known)}" if known else "this release has none",
        hint="leave --extra away, or name one of them" if known else "leave --extra away",
        exit_code=ExitCode.USAGE,
    )


def checkout_of(root: Path = ROOT) -> Path | None:
    """The checkout of the source that the code is of; None where it was installed as a wheel."""
    return root if all((root / name).is_file() for name in ("pyproject.toml", LOCK)) else None


def started_by(script: Path) -> str | None:
    """The interpreter that a script names; None where it is no script, or can't be read."""
    with suppress(OSError), script.open("rb") as file:
        found = _STARTS.match(file.read(FIRST_BYTES))
        return found[1].decode(errors="surrogateescape") if found else None
    return None


def _is_in(interpreter: str, directory: Path) -> bool:
    try:
        return Path(interpreter).parent.samefile(directory)
    except OSError:
        return False  # the place that it names is gone
