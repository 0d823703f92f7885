from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from knowctl.errors import ErrorCode, Failure, KnowctlError
from knowctl.model.bundle import LogTail, Processes, Versions
from knowctl.model.configuration import ShownSettings
from knowctl.model.findings import Report
from knowctl.model.results import Result, WrittenFile
from knowctl.services import bundle
from tests.unit.knowctl.conftest import Talked

REPORT = Report("the service", ())
SECRET = "s3cret"


@dataclass
class Archive:
    """Keeps what is written into it."""

    members: dict[str, str] = field(default_factory=dict)

    def require(self) -> None:
        """There is room."""

    def write(self, members: Mapping[str, str]) -> WrittenFile:
        self.members.update(members)
        return WrittenFile("b.tar.gz", "some files")


class Documents:
    """Says what it was given, and a secret."""

    def of_result(self, result: Result) -> str:
        return f"{type(result).__name__} {SECRET}"

    def of_failure(self, failure: Failure) -> str:
        return f"{failure.message} {SECRET}"


def no_server() -> Result:
    raise KnowctlError(ErrorCode.NO_SERVER, "nobody serves", cause="c", hint="h")


def ports(archive: Archive, log: LogTail, talk: Talked | None = None) -> bundle.Ports:
    return bundle.Ports(
        settings=lambda: ShownSettings(()),
        versions=lambda: Versions("1", "CPython 3.12", "Linux", {}),
        status=no_server,
        processes=lambda: Processes(()),
        log=lambda: log,
        archive=archive,
        documents=Documents(),
        redacted=lambda text: text.replace(SECRET, "***"),
        talk=talk or Talked(),
    )


def test_all_that_there_is_is_written_and_nothing_secret() -> None:
    archive, talk = Archive(), Talked()
    written = bundle.write(ports(archive, LogTail(f"a line with {SECRET}\n"), talk), REPORT)
    assert (written.path, talk.steps) == ("b.tar.gz", [("bundle", "b.tar.gz: some files")])
    assert archive.members.pop("README.txt").startswith("Written by knowctl doctor --bundle.\n")
    assert archive.members == {
        "report.json": "Report ***",
        "settings.json": "ShownSettings ***",
        "versions.json": "Versions ***",
        "status.json": "nobody serves ***",
        "processes.json": "Processes ***",
        "log.txt": "a line with ***\n",
    }


def test_every_file_is_explained_in_the_first_one() -> None:
    found = bundle.members(ports(Archive(), LogTail("x")), REPORT)
    assert list(found) == ["README.txt", *bundle.CONTENTS]
    explained = found["README.txt"]
    assert all(f"{name:<15} {what}\n" in explained for name, what in bundle.CONTENTS.items())


def test_a_log_that_is_missing_or_cut_is_said_to_be() -> None:
    found = bundle.members(ports(Archive(), LogTail(missing="LOG_FILE is not set")), REPORT)
    assert "log.txt" not in found
    assert "log.txt         not here: LOG_FILE is not set\n" in found["README.txt"]
    found = bundle.members(ports(Archive(), LogTail("x", cut=True)), REPORT)
    assert "as much as is kept of it" in found["README.txt"]
