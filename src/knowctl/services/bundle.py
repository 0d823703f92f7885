"""One archive for somebody who helps: what was found, set, installed, running and logged."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from knowctl.errors import Failure, KnowctlError
from knowctl.model.bundle import LogTail, Processes, Versions
from knowctl.model.configuration import ShownSettings
from knowctl.model.findings import Report
from knowctl.model.results import Result, WrittenFile
from knowctl.model.serving import Talk

CONTENTS: Final = {
    "report.json": "every finding of knowctl doctor",
    "settings.json": "the effective settings and their origins, secrets masked",
    "versions.json": "knowctl, Python, the system, and every installed package",
    "status.json": "the running server and its workers, or why it was not asked",
    "processes.json": "the processes of knowctl and of its server",
    "log.txt": "the end of LOG_FILE",
}
"""What is in a bundle, by name."""
LIMITS: Final = """\
Known secrets are masked in every file, however they are spelt, and so is what looks like a key, a
token or a password in an address. Ids of users, their addresses, names of hosts and paths are as
they are in settings and log: read log.txt before you send it.
"""


class Renderer(Protocol):
    """How results and failures become documents."""

    def of_result(self, result: Result) -> str:
        """The document of a result."""

    def of_failure(self, failure: Failure) -> str:
        """The document of a failure."""


class Archive(Protocol):
    """The file to be written, for its owner alone."""

    def require(self) -> None:
        """KnowctlError where it is there already, or can't be made."""

    def write(self, members: Mapping[str, str]) -> WrittenFile:
        """Write these files into it, by name."""


@dataclass(frozen=True, slots=True)
class Ports:
    """What a bundle is made of; a source that raises KnowctlError is told with its reason."""

    settings: Callable[[], ShownSettings]
    versions: Callable[[], Versions]
    status: Callable[[], Result]
    processes: Callable[[], Processes]
    log: Callable[[], LogTail]
    archive: Archive
    documents: Renderer
    redacted: Callable[[str], str]
    talk: Talk


def write(ports: Ports, report: Report) -> WrittenFile:
    """Gather what there is, take out what is secret, write it."""
    written = ports.archive.write(members(ports, report))
    ports.talk.step("bundle", f"{written.path}: {written.what}")
    return written


def members(ports: Ports, report: Report) -> dict[str, str]:
    """The files by name, the one that explains the others first; nothing secret in any."""
    log = ports.log()
    found = {
        "report.json": ports.documents.of_result(report),
        "settings.json": _told(ports, ports.settings),
        "versions.json": _told(ports, ports.versions),
        "status.json": _told(ports, ports.status),
        "processes.json": _told(ports, ports.processes),
    }
    if not log.missing:
        found["log.txt"] = log.text
    texts = {"README.txt": _explained(log), **found}
    return {name: ports.redacted(text) for name, text in texts.items()}


def _told(ports: Ports, source: Callable[[], Result]) -> str:
    try:
        return ports.documents.of_result(source())
    except KnowctlError as error:
        return ports.documents.of_failure(error.failure)


def _explained(log: LogTail) -> str:
    """What is in the archive, and what is not."""
    notes = {"log.txt": f"not here: {log.missing}"} if log.missing else {}
    if log.cut:
        notes["log.txt"] = f"{CONTENTS['log.txt']}, as much as is kept of it"
    lines = [f"{name:<15} {notes.get(name, what)}" for name, what in CONTENTS.items()]
    return "\n".join(("Written by knowctl doctor --bundle.", "", *lines, "", LIMITS))
