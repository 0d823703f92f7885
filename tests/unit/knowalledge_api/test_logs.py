"""One line a record."""

from __future__ import annotations

import json
import logging
import logging.config
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowalledge_api import logs
from tests.support.configuration import settings_of


@pytest.fixture(autouse=True)
def root() -> Iterator[logging.Logger]:
    """The root logger, left as it was found."""
    logger = logging.getLogger()
    handlers, level = logger.handlers[:], logger.level
    yield logger
    for handler in logger.handlers:
        if handler not in handlers:
            handler.close()
    logger.handlers[:] = handlers
    logger.setLevel(level)


def record(message: str, **extra: object) -> logging.LogRecord:
    made = logging.makeLogRecord({"name": "a", "levelname": "INFO", "msg": message, "created": 0})
    vars(made).update(extra)
    return made


def failed() -> logging.LogRecord:
    error = ValueError("bad\n2026 ERROR forged")
    return record("oh", exc_info=(ValueError, error, None))


def test_a_record_is_one_object() -> None:
    logs.request_id.set("r1")
    line = logs.JsonFormatter().format(record("hello %s", args=("you",), status=200))
    logs.request_id.set("")
    assert json.loads(line) == {
        "time": "1970-01-01T00:00:00.000+00:00",
        "level": "info",
        "logger": "a",
        "message": "hello you",
        "request_id": "r1",
        "status": 200,
    }


def test_a_record_with_an_id_of_its_own_keeps_it() -> None:
    logs.request_id.set("thread's")
    line = logs.JsonFormatter().format(record("x", request_id="own"))
    logs.request_id.set("")
    assert json.loads(line)["request_id"] == "own"


@given(st.text(st.characters(exclude_categories=())), st.text(), st.integers())
def test_nothing_forges_a_line_of_json(message: str, extra: str, number: int) -> None:
    given_ = record("%s", args=(message,), extra=extra, number=number)
    line = logs.JsonFormatter().format(given_)
    assert len(line.splitlines()) == 1
    assert line.isprintable() or not set(line) & {
        chr(code) for code in (*range(32), *range(127, 160))
    }
    read = json.loads(line)
    assert (read["extra"], read["number"]) == (extra, number)
    assert read["message"] == message
    line.encode()


@given(st.text(st.characters(exclude_categories=())))
def test_nothing_forges_a_line_on_the_console(message: str) -> None:
    line = logs.ConsoleFormatter().format(record("%s", args=(message,), extra=message))
    assert len(line.splitlines()) == 1
    assert line.startswith("1970-01-01T00:00:00 INFO    a: ")
    line.encode()


def test_no_value_passes_for_another_field_on_the_console(
    capsys: pytest.CaptureFixture[str],
) -> None:
    forged = "/x status=200 user=root1"
    line = access_lines({"path": forged, "status": 404}, capsys, "console")
    assert line.endswith(f'request path="{forged}" status=404\n')
    shown = logs.ConsoleFormatter().format(record("oh", path=forged, status=404))
    assert shown.endswith(f'a: oh path="{forged}" status=404')


def test_a_tag_that_nobody_sees_is_spelt_out_and_read_back(
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = "/x\U000e0041\u200e"
    line = access_lines({"path": path}, capsys, "json")
    assert r"/x\udb40\udc41\u200e" in line
    assert json.loads(line)["path"] == path


def test_the_reading_direction_can_not_be_turned() -> None:
    assert "\u202e" not in logs.JsonFormatter().format(record("a\u202eb"))
    assert "a\\u202eb" in logs.ConsoleFormatter().format(record("a\u202eb"))


def test_what_json_can_not_hold_is_written_as_text() -> None:
    read = json.loads(logs.JsonFormatter().format(record("x", path=Path("/a"), keys={1: 2})))
    assert (read["path"], read["keys"]) == ("/a", {"1": 2})


def test_a_traceback_belongs_to_its_record() -> None:
    read = json.loads(logs.JsonFormatter().format(failed()))
    assert "ValueError: bad\n2026 ERROR forged" in read["exception"]
    lines = logs.ConsoleFormatter().format(failed()).split("\n")
    assert lines[0].endswith("a: oh")
    assert all(line.startswith("  | ") for line in lines[1:])


def test_records_go_to_stderr_as_people_read_them(
    root: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure(settings_of())
    logs.configure(settings_of())
    assert sum(isinstance(each, logs.StderrHandler) for each in root.handlers) == 1
    logging.getLogger("a").info("hello")
    logging.getLogger("a").debug("not this")
    assert capsys.readouterr().err.endswith("INFO    a: hello\n")


def test_records_go_to_the_file_as_json(tmp_path: Path) -> None:
    file = tmp_path / "log"
    logs.configure(settings_of(LOG_FILE=str(file), LOG_FORMAT="json", LOG_LEVEL="debug"))
    logging.getLogger("a").debug("力")
    (read,) = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    assert (read["message"], read["level"]) == ("力", "debug")


def test_a_file_that_can_not_be_written_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        logs.configure(settings_of(LOG_FILE=str(tmp_path / "none" / "log")))


def test_a_record_that_can_not_be_written_ends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(logging, "raiseExceptions", False)
    for settings in (settings_of(), settings_of(LOG_FILE=str(tmp_path / "log"))):
        handler = logs.make_handler(settings)
        handler.handle(record("%d", args=("x",)))
        handler.close()
    assert capsys.readouterr().err == ""


def test_gunicorn_writes_through_the_same_formatter(
    root: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    config = logs.gunicorn_logconfig(settings_of(LOG_FORMAT="json"))
    config["incremental"] = False
    logging.config.dictConfig(config)
    logging.getLogger("gunicorn.error").info("boots")
    assert json.loads(capsys.readouterr().err)["message"] == "boots"
    logs.configure(settings_of(LOG_FORMAT="json"))
    assert sum(isinstance(each, logs.StderrHandler) for each in root.handlers) == 1


def test_a_file_that_was_renamed_is_left_for_a_new_one(tmp_path: Path) -> None:
    file = tmp_path / "log"
    logs.configure(settings_of(LOG_FILE=str(file)))
    logging.getLogger("a").info("before")
    rotated = file.rename(tmp_path / "log.1")
    logging.getLogger("a").info("between")
    logs.reopen()
    logging.getLogger("a").info("after")
    assert [line.rpartition(": ")[2] for line in rotated.read_text().splitlines()] == [
        "before",
        "between",
    ]
    assert file.read_text().endswith("a: after\n")


def test_a_file_that_can_not_be_reopened_is_kept_and_the_reason_is_in_it(tmp_path: Path) -> None:
    directory = tmp_path / "logs"
    directory.mkdir()
    logs.configure(settings_of(LOG_FILE=str(directory / "log")))
    directory.rename(tmp_path / "away")
    logs.reopen()
    logging.getLogger("a").info("still")
    said = (tmp_path / "away" / "log").read_text()
    assert "ERROR   knowalledge_api.logs: LOG_FILE can't be reopened, the old file is kept" in said
    assert said.endswith("a: still\n")


def test_what_goes_to_stderr_needs_no_reopening(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(settings_of())
    logs.reopen()
    assert capsys.readouterr().err == ""


def access_lines(fields: dict[str, object], capsys: pytest.CaptureFixture[str], form: str) -> str:
    logs.configure(settings_of(LOG_FORMAT=form))
    logs.write_access(fields)
    return capsys.readouterr().err


def test_the_record_of_a_request_is_one_object(capsys: pytest.CaptureFixture[str]) -> None:
    line = access_lines({"request_id": "r1", "status": 200, "user": None}, capsys, "json")
    read = json.loads(line)
    moment = read.pop("time")
    assert abs(datetime.fromisoformat(moment) - datetime.now(UTC)) < timedelta(minutes=1)
    assert len(moment) == len("1970-01-01T00:00:00.000+00:00")
    assert read == {
        "level": "info",
        "logger": "knowalledge_api.access",
        "message": "request",
        "request_id": "r1",
        "status": 200,
        "user": None,
    }


def test_on_the_console_it_tells_what_is_known(capsys: pytest.CaptureFixture[str]) -> None:
    line = access_lines({"status": 200, "user": None}, capsys, "console")
    assert line[19:] == " INFO    knowalledge_api.access: request status=200\n"


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_nothing_forges_the_record_of_a_request(path: str) -> None:
    for formatter in (logs.JsonFormatter(), logs.ConsoleFormatter()):
        line = formatter.access({"path": path}).decode()
        assert line.endswith("\n")
        assert len(line.splitlines()) == 1
        assert not set(line[:-1]) & {chr(code) for code in (*range(32), *range(127, 160))}
    assert json.loads(logs.JsonFormatter().access({"path": path}))["path"] == path


def test_below_its_level_it_is_not_written(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(settings_of(LOG_LEVEL="warning"))
    logs.write_access({"status": 200})
    assert capsys.readouterr().err == ""


def test_the_record_of_a_request_goes_to_the_file_in_one_write(tmp_path: Path) -> None:
    file = tmp_path / "log"
    logs.configure(settings_of(LOG_FILE=str(file), LOG_FORMAT="json"))
    logs.write_access({"path": "/力"})
    (read,) = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    assert read["path"] == "/力"


def test_records_that_are_held_are_written_when_somebody_has_time(tmp_path: Path) -> None:
    file = tmp_path / "log"
    logs.configure(settings_of(LOG_FILE=str(file), LOG_FORMAT="json"))
    logs.hold_access()
    for number in range(100):
        logs.write_access({"path": "x" * 100, "number": number})
    assert file.read_text() == ""
    handler = next(logs._ours())
    writes: list[bytes] = []
    handler.write = writes.append  # type: ignore[assignment]  # to see how much is written at once
    logs.write_held()
    lines = b"".join(writes).splitlines()
    assert [json.loads(line)["number"] for line in lines] == list(range(100))
    assert all(len(each) <= logs.ATOMIC and each.endswith(b"\n") for each in writes)
    assert len(writes) < 20
    logs.write_held()
    assert len(b"".join(writes).splitlines()) == 100


def test_a_record_that_is_longer_than_a_pipe_takes_at_once_is_written_by_itself(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logs.configure(settings_of(LOG_FORMAT="json"))
    logs.hold_access()
    for path in ("a", "b" * 2 * logs.ATOMIC, "c"):
        logs.write_access({"path": path})
    logs.write_held()
    lines = capsys.readouterr().err.splitlines()
    assert [json.loads(line)["path"][0] for line in lines] == ["a", "b", "c"]


def test_held_records_that_can_not_be_written_end_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging, "raiseExceptions", False)
    logs.configure(settings_of(LOG_FILE=str(tmp_path / "log"), LOG_FORMAT="json"))
    logs.hold_access()
    logs.write_access({"status": 200})
    handler = next(logs._ours())
    handler.close()
    logs.write_held()
    assert not handler.waiting


def test_handlers_of_others_get_it_as_any_record(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    logs.write_access({"status": 200})
    (got,) = caplog.records
    assert (got.name, got.getMessage(), vars(got)["status"]) == (
        *("knowalledge_api.access", "request", 200),
    )


def test_the_record_of_a_request_that_can_not_be_written_ends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(logging, "raiseExceptions", False)
    logs.configure(settings_of(LOG_FILE=str(tmp_path / "log"), LOG_FORMAT="json"))
    logs.write_access({"path": "\ud800"})
    assert capsys.readouterr().err == ""


def test_sqlalchemy_writes_through_the_same_formatter(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(settings_of(LOG_FORMAT="json"))
    logging.getLogger("sqlalchemy.engine").warning("slow\nforged")
    (line,) = capsys.readouterr().err.splitlines()
    assert json.loads(line)["logger"] == "sqlalchemy.engine"
