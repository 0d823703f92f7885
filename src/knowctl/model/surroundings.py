"""What the configuration speaks of: its secrets, files, servers and machine, without a secret."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What the file system says of a file; `mode` None where modes do not exist."""

    path: str
    mode: int | None


@dataclass(frozen=True, slots=True)
class Strength:
    """How hard a secret is to guess, in bits at most, and how hard it should be."""

    name: str
    bits: float
    wanted: float


@dataclass(frozen=True, slots=True)
class Committed:
    """Files with secrets that git tracks; `unknown` says why it could not be asked."""

    files: tuple[str, ...] = ()
    unknown: str = ""


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a TLS server would find: `days_left` of `days` in all, None where they can't be read.

    `unusable` says why no server could start with it, `mismatch` that its key is another's.
    """

    unusable: str = ""
    mismatch: bool = False
    not_yet: bool = False
    days_left: float | None = None
    days: float | None = None


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """A server that an address names; `local` is this machine, `tls` that it is demanded."""

    host: str
    local: bool
    tls: bool
    password: bool


@dataclass(frozen=True, slots=True)
class ListedOrigin:
    """An origin as it is listed, and as browsers send it; None where no browser has such a one.

    `exposed` says that its pages cross a network in the clear.
    """

    text: str
    plain: str | None = None
    exposed: bool = False


@dataclass(frozen=True, slots=True)
class Surroundings:
    """All that is found beside the settings' own values.

    `missing` are the packages that the settings need and that are not installed. `memory_mb` is
    what this process and its children may take, None where nothing says.
    """

    strengths: tuple[Strength, ...] = ()
    secret_files: tuple[FileFacts, ...] = ()
    key_file: FileFacts | None = None
    committed: Committed = field(default_factory=Committed)
    certificate: Certificate | None = None
    database: ServerFacts | None = None
    redis: ServerFacts | None = None
    origins: tuple[ListedOrigin, ...] = ()
    gemini: ServerFacts | None = None
    missing: tuple[str, ...] = ()
    flask_debug: bool = False
    memory_mb: int | None = None
