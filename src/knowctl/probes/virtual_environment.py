"""Makes a virtual environment from the lock, by the hands of the start scripts."""

from __future__ import annotations

import hashlib
import json
import re
import sys
import tempfile
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from importlib.metadata import distributions
from pathlib import Path
from typing import Any, Final

from knowctl.errors import ErrorCode, ExitCode, KnowctlError
from knowctl.model.results import Step
from knowctl.model.virtual_environment import Target
from knowctl.probes import bootstrap
from knowctl.probes.bootstrap import Checkout, Hands, SetupFailed
from knowctl.probes.distributions import canonical
from knowctl.probes.environment import no_such_extra

PROFILE: Final = "production"
CHOSEN: Final = "knowctl.lock"
"""The pins that chosen extras leave of the lock, kept in the environment."""
_PIN: Final = re.compile(r"^([\w.-]+)(==\S+[^\\\n]*)(?:\\\n[^\\\n]*)*", re.MULTILINE)


@dataclass(frozen=True)
class ChosenCheckout(Checkout):
    """A checkout of whose lock only some extras are wanted."""

    extras: tuple[str, ...]

    def digests(self) -> list[str]:
        """Where the whole lock is installed, these extras are as well."""
        whole = super().digests()
        if set(bootstrap.recorded(self.venv)).issuperset(whole):
            return whole
        words = "".join((*whole, *self.extras))
        return [hashlib.sha256(words.encode()).hexdigest()]

    def steps(self) -> Iterator[tuple[str, list[str]]]:
        """What pip would install of the lock, asked first; then that, and the project."""
        (lock, _), project = super().steps()
        text = (self.root / lock).read_text(encoding="utf-8")
        with tempfile.TemporaryDirectory() as directory:
            pins, report = Path(directory) / "pins.txt", Path(directory) / "report.json"
            pins.write_text(unhashed(text), encoding="utf-8")
            asking = ["--dry-run", "--ignore-installed", "--report", str(report), "-c", str(pins)]
            named = ", ".join(self.extras)
            yield f"a plan of what {named} takes", [*asking, *declared(self.root, self.extras)]
            planned = json.loads(report.read_bytes())["install"]
        chosen = self.venv / CHOSEN
        names = {canonical(each["metadata"]["name"]) for each in planned}
        chosen.write_text(reduced(text, names), encoding="utf-8")
        yield f"{lock} for {named}", ["--no-deps", "--require-hashes", "-r", str(chosen)]
        yield project


@dataclass(frozen=True)
class VirtualEnvironmentProbe:
    """The environment at `path`, to be made from the checkout; all extras where none is chosen."""

    root: Path | None
    path: Path
    extras: tuple[str, ...] = ()
    hands: Hands = field(default_factory=bootstrap.real_hands)
    prefix: Path = Path(sys.prefix)

    def target(self) -> Target:
        """What is there, and what there is to do; KnowctlError where there is no lock."""
        checkout = self._checkout()
        venv = checkout.venv
        there = (venv / "pyvenv.cfg").exists()
        fault, stale = bootstrap.outstanding(checkout, self.hands)
        return Target(
            path=str(self.path),
            steps=tuple(self._steps(fault, stale=stale)),
            fault=fault,
            there=there,
            ours=bool(bootstrap.recorded(venv)),
            occupied=not there and _is_taken(venv),
            running=there and venv.samefile(self.prefix),
            packages=_count(venv),
        )

    def make(self) -> None:
        """Do it; KnowctlError with the cause where that fails."""
        try:
            bootstrap.ensure(self._checkout(), self.hands)
        except SetupFailed as error:
            raise _failed(error) from error
        except OSError as error:
            hint = f"make {self.path} writable and not full, or name another --path"
            raise _failed(
                SetupFailed(f"{self.path} could not be made", str(error), hint)
            ) from error

    def saying(self, say: Callable[[str], None]) -> VirtualEnvironmentProbe:
        """The same, which says its steps to somebody."""
        return replace(self, hands=replace(self.hands, say=say))

    def _checkout(self) -> Checkout:
        if self.root is None:
            raise _no_lock()
        place = (self.root, PROFILE, self.path.absolute())
        known = tuple(_project(self.root)["optional-dependencies"])
        for name in self.extras:
            if name not in known:
                raise no_such_extra(name, known)
        chosen = tuple(sorted(set(self.extras)))
        if not chosen or set(chosen) == set(known):  # the lock holds them all
            return Checkout(*place)
        return ChosenCheckout(*place, chosen)

    def _steps(self, fault: str, *, stale: bool) -> Iterator[Step]:
        if fault:
            python = ".".join(map(str, self.hands.version))
            yield Step("create", f"{self.path} with Python {python}: {fault}")
        if stale:
            chosen = f" for {', '.join(self.extras)}" if self.extras else ""
            yield Step("install", f"{bootstrap.LOCKS[PROFILE]}{chosen}")
            yield Step("install", bootstrap.PROJECT)


def declared(root: Path, extras: tuple[str, ...]) -> list[str]:
    """What the project asks for with these extras, and what builds it."""
    table = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    project = table["project"]
    optional = project["optional-dependencies"]
    chosen = [asked for name in extras for asked in optional[name]]
    return [*project["dependencies"], *chosen, *table["dependency-groups"]["build"]]


def unhashed(lock: str) -> str:
    """The pins of a lock as constraints: with hashes, pip would want one of the project too."""
    return "\n".join(f"{pin[1]}{pin[2]}" for pin in _PIN.finditer(lock)) + "\n"


def reduced(lock: str, names: set[str]) -> str:
    """The pins of these names, with their hashes."""
    kept = (pin[0] for pin in _PIN.finditer(lock) if canonical(pin[1]) in names)
    return "\n".join(kept) + "\n"


def _project(root: Path) -> dict[str, Any]:
    content = (root / "pyproject.toml").read_text(encoding="utf-8")
    return dict(tomllib.loads(content)["project"])


def _is_taken(venv: Path) -> bool:
    return any(venv.iterdir()) if venv.is_dir() else venv.is_symlink() or venv.exists()


def _count(venv: Path) -> int:
    """The packages in it, without those that every environment begins with."""
    sites = [str(each) for each in (*venv.glob("lib/python*/site-packages"), venv / "Lib")]
    names = {canonical(each.name or "") for each in distributions(path=sites)}
    return len(names - {"pip", "setuptools", "wheel"})


def _failed(error: SetupFailed) -> KnowctlError:
    return KnowctlError(ErrorCode.ENVIRONMENT, error.fact, cause=error.cause, hint=error.hint)


def _no_lock() -> KnowctlError:
    return KnowctlError(
        ErrorCode.REFUSED,
        "there is no lock to make an environment from",
        cause="knowctl was installed as a package, and the lock is in its checkout",
        hint="python3 -m venv .venv && .venv/bin/python -m pip install knowctl",
        exit_code=ExitCode.REFUSED,
    )
