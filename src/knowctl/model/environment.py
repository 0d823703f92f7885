"""The environment that runs: interpreter, virtual environment, and what is installed in it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Interpreter:
    """The Python that runs; `wanted` is what the release asks for, `fits` whether it is that.

    `fits` is None where that can't be judged.
    """

    version: str
    executable: str
    prefix: str
    isolated: bool
    wanted: str = ""
    fits: bool | None = None


@dataclass(frozen=True, slots=True)
class Activated:
    """The environment that VIRTUAL_ENV names; `trouble` is why it can't be used at all."""

    path: str
    runs: bool
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class StrayScript:
    """A command of this environment that starts the interpreter of another place."""

    path: str
    starts: str


@dataclass(frozen=True, slots=True)
class InstalledSelf:
    """What the metadata of this distribution say: `code` is where the code that runs lies.

    `elsewhere` is where another copy was installed, which does not run.
    """

    version: str
    code_version: str
    code: str
    elsewhere: str = ""


@dataclass(frozen=True, slots=True)
class Need:
    """A distribution that another asks for: `asked` as pip takes it, `by` whom, for which extra.

    `installed` is the version that is there, None where there is none.
    """

    name: str
    asked: str
    by: str
    installed: str | None
    allowed: bool
    extra: str = ""

    @property
    def holds(self) -> bool:
        """Whether it is there, at a version that is allowed."""
        return self.installed is not None and self.allowed


@dataclass(frozen=True, slots=True)
class WantedExtra:
    """An extra that is to be there, and for whose sake: a setting or an option."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Pin:
    """A version that the lock names, in which line, and the one that is there."""

    name: str
    version: str
    line: int
    installed: str


@dataclass(frozen=True, slots=True)
class Lock:
    """A lock file, and its pins that are installed at another version."""

    path: str
    different: tuple[Pin, ...]


@dataclass(frozen=True, slots=True)
class Broken:
    """A distribution that is not whole: `name` is what to install again, or `paths` to remove."""

    cause: str
    name: str = ""
    paths: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Packages:
    """What is installed: `unread` says why requirements could not be read, and all else is empty.

    `extras` are those that are wanted, `needs` what this distribution asks for, its extras'
    included; `conflicts` are needs of others that do not hold.
    """

    own: InstalledSelf | None
    unread: str = ""
    extras: tuple[WantedExtra, ...] = ()
    needs: tuple[Need, ...] = ()
    conflicts: tuple[Need, ...] = ()
    broken: tuple[Broken, ...] = ()
    lock: Lock | None = None


@dataclass(frozen=True, slots=True)
class EnvironmentFacts:
    """All that checks may know of the environment; times in seconds of the Unix epoch.

    `command` is the `knowctl` that PATH finds and `own_command` this environment's, None where
    there is none; `checkout` is where the code lies where that is a checkout of the source.
    """

    interpreter: Interpreter
    packages: Packages
    now: float
    installed_at: float | None = None
    activated: Activated | None = None
    strays: tuple[StrayScript, ...] = ()
    command: str | None = None
    own_command: str | None = None
    checkout: str | None = None

    @property
    def pip(self) -> str:
        """How pip of this very environment is called."""
        return f"{self.interpreter.executable} -m pip"
