from __future__ import annotations

import errno
import io
import json
import os
from collections.abc import Callable, Mapping

import pytest

from knowctl.choices import Output, Severity
from knowctl.errors import ErrorCode, ExitCode, Failure, KnowctlError
from knowctl.model.findings import Finding, Outcome
from knowctl.model.results import Plan, Step
from knowctl.render.voice import CLEAR, Voice, VoiceOptions, spoken

PLAN = Plan((Step("bind", "x"),))
FAILURE = Failure(ErrorCode.EXISTS, "fact", "cause", "hint", ExitCode.REFUSED)
FINDING = Finding(
    *("KC101", Severity.ERROR, Outcome.FAIL, "Title", "cause", "hint"),
    docs="docs/checks.md#kc101",
)
JSON = VoiceOptions(Output.JSON)


class Broken(io.StringIO):
    """A stream on which every write fails."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self._number = number

    def write(self, _: str, /) -> int:
        raise OSError(self._number, os.strerror(self._number))


class Screen(io.TextIOWrapper):
    """A stream that is a terminal."""

    def __init__(self) -> None:
        super().__init__(io.BytesIO(), "utf-8")

    def isatty(self) -> bool:
        return True

    def shown(self) -> str:
        self.seek(0)
        return self.read()


class Streams:
    """Voices that speak into memory."""

    def __init__(self, encoding: str = "utf-8") -> None:
        self.bytes_out, self.bytes_err = io.BytesIO(), io.BytesIO()
        self._out = io.TextIOWrapper(self.bytes_out, encoding)
        self._err = io.TextIOWrapper(self.bytes_err, encoding)

    def voice(
        self, options: VoiceOptions | None = None, environ: Mapping[str, str] | None = None
    ) -> Voice:
        return Voice(options or VoiceOptions(), environ or {}, self._out, self._err)

    @property
    def out(self) -> str:
        return self.bytes_out.getvalue().decode(self._out.encoding)

    @property
    def err(self) -> str:
        return self.bytes_err.getvalue().decode(self._err.encoding)


@pytest.fixture
def streams() -> Streams:
    return Streams()


def test_a_result_goes_to_stdout_and_the_talk_to_stderr(streams: Streams) -> None:
    voice = streams.voice()
    voice.step("address", "http://x")
    voice.finding(FINDING)
    voice.emit(PLAN)
    assert streams.out == "→ bind      x\n"
    assert streams.err == ("✔ address        http://x\n✖ KC101 Title\n    cause\n    → hint\n")


def test_a_failure_in_text_is_three_lines_on_stderr(streams: Streams) -> None:
    assert streams.voice().fail(FAILURE) == 4
    assert (streams.out, streams.err) == ("", "✖ fact\n    cause\n    → hint\n")


@pytest.mark.parametrize(
    ("options", "environ"),
    [(JSON, {}), (JSON, {"KNOWCTL_OUTPUT": "text"}), (None, {"KNOWCTL_OUTPUT": "json"})],
)
def test_in_json_a_failure_is_one_document_on_stdout(
    streams: Streams, options: VoiceOptions | None, environ: dict[str, str]
) -> None:
    assert streams.voice(options, environ).fail(FAILURE) == 4
    assert json.loads(streams.out)["error"]["code"] == "exists"
    assert streams.err == ""


def test_in_json_the_result_is_one_document_on_stdout(streams: Streams) -> None:
    voice = streams.voice(JSON)
    voice.step("address", "http://x")
    voice.emit(PLAN)
    assert json.loads(streams.out) == {
        "schema": 1,
        "ok": True,
        "data": {"steps": [{"name": "bind", "detail": "x"}]},
    }
    assert streams.err == "✔ address        http://x\n"


def test_the_command_line_wins_over_the_environment(streams: Streams) -> None:
    streams.voice(VoiceOptions(Output.TEXT), {"KNOWCTL_OUTPUT": "json"}).emit(PLAN)
    assert streams.out == "→ bind      x\n"


def test_what_only_begins_does_not_look_done(streams: Streams) -> None:
    streams.voice(VoiceOptions()).begin("database", "waiting up to 30 s")
    assert streams.err == "→ database       waiting up to 30 s\n"


def test_quiet_keeps_steps_back_but_no_finding_and_no_failure(streams: Streams) -> None:
    voice = streams.voice(VoiceOptions(quiet=True))
    voice.begin("database", "waiting")
    voice.step("address", "http://x")
    assert streams.err == ""
    voice.warn("environment", "X is ignored")
    voice.finding(FINDING)
    voice.fail(FAILURE)
    assert streams.err.startswith("! environment    X is ignored\n")
    assert "KC101" in streams.err
    assert "fact" in streams.err


@pytest.mark.parametrize("options", [VoiceOptions(), JSON])
def test_a_warning_goes_to_stderr(streams: Streams, options: VoiceOptions) -> None:
    streams.voice(options).warn("environment", "X is ignored")
    assert (streams.out, streams.err) == ("", "! environment    X is ignored\n")


def test_verbose_says_where_a_finding_is_explained(streams: Streams) -> None:
    streams.voice(VoiceOptions(verbose=True)).finding(FINDING)
    assert streams.err == "✖ KC101 Title\n    cause\n    → hint\n    docs/checks.md#kc101\n"


@pytest.mark.parametrize("word", ["JSON", "Json", "json"])
def test_knowctl_output_is_read_in_any_case(streams: Streams, word: str) -> None:
    environ = {"KNOWCTL_OUTPUT": word}
    assert streams.voice(environ=environ).fail(FAILURE) == 4
    assert json.loads(streams.out)["error"]["code"] == "exists"
    assert spoken(["x"], environ).output is Output.JSON
    assert spoken(["x", "-o", "text"], environ).output is Output.TEXT


def test_a_bad_knowctl_output_is_wrong_usage(streams: Streams) -> None:
    with pytest.raises(KnowctlError) as raised:
        streams.voice(environ={"KNOWCTL_OUTPUT": "xml" * 100})
    failure = raised.value.failure
    assert (failure.code, failure.exit_code) == (ErrorCode.USAGE, ExitCode.USAGE)
    assert "is not one of text, json" in failure.cause
    assert len(failure.cause) < 100


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "ascii", "cp1252"])
@pytest.mark.parametrize("options", [VoiceOptions(Output.TEXT), JSON])
def test_no_character_is_an_obstacle_on_any_console(encoding: str, options: VoiceOptions) -> None:
    streams = Streams(encoding)
    voice = streams.voice(options)
    odd = "\udcff é ✔ 😀"
    voice.step(odd, odd)
    voice.emit(Plan((Step("bind", odd),)))
    assert voice.fail(Failure(ErrorCode.FILE, odd, odd, odd)) == 1
    if options is JSON:
        document, _ = json.JSONDecoder().raw_decode(streams.out)
        assert document["data"]["steps"][0]["detail"] == odd.replace("\udcff", "\ufffd")


def test_a_console_without_glyphs_gets_ascii() -> None:
    streams = Streams("latin-1")
    streams.voice().fail(FAILURE)
    assert streams.err == "x fact\n    cause\n    -> hint\n"


@pytest.mark.parametrize("options", [VoiceOptions(), JSON])
def test_a_stream_that_was_closed_from_the_start_is_no_obstacle(
    monkeypatch: pytest.MonkeyPatch, options: VoiceOptions
) -> None:
    monkeypatch.setattr("sys.stdout", None)
    monkeypatch.setattr("sys.stderr", None)
    voice = Voice(options, {})
    voice.emit(PLAN)
    voice.step("address", "x")
    assert voice.fail(FAILURE) == 4


def test_a_full_disk_is_told() -> None:
    voice = Voice(VoiceOptions(), {}, Broken(errno.ENOSPC), io.StringIO())
    with pytest.raises(KnowctlError) as raised:
        voice.emit(PLAN)
    assert raised.value.failure.message == "the result can't be written"
    assert raised.value.failure.cause == os.strerror(errno.ENOSPC)


def test_a_reader_that_has_read_enough_is_no_failure() -> None:
    Voice(VoiceOptions(), {}, Broken(errno.EPIPE), io.StringIO()).emit(PLAN)


@pytest.mark.parametrize("options", [VoiceOptions(), JSON])
def test_the_exit_code_of_a_failure_that_nobody_hears_stays(options: VoiceOptions) -> None:
    voice = Voice(options, {}, Broken(errno.EPIPE), Broken(errno.EPIPE))
    voice.step("address", "x")
    voice.finding(FINDING)
    assert voice.fail(FAILURE) == 4


def test_a_stream_that_failed_is_led_nowhere_so_that_it_does_not_fail_again() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    out = os.fdopen(writing, "w")
    Voice(VoiceOptions(), {}, out, io.StringIO()).emit(PLAN)
    out.write("more")
    out.close()


@pytest.mark.parametrize(
    ("argv", "output"),
    [
        ([], Output.TEXT),
        (["config", "check"], Output.TEXT),
        (["-o", "json", "chekc"], Output.JSON),
        (["config", "-ojson", "chekc"], Output.JSON),
        (["config", "chekc", "--output", "json"], Output.JSON),
        (["config", "chekc", "--output=json"], Output.JSON),
        (["config", "chekc", "-qo", "json"], Output.JSON),
        (["config", "chekc", "-qvojson"], Output.JSON),
        (["-o", "json", "config", "-o", "text"], Output.TEXT),
        (["config", "check", "-o"], Output.TEXT),
        (["config", "check", "-o", "xml"], Output.TEXT),
        (["--output-file=json"], Output.TEXT),
    ],
)
def test_a_misspelt_command_line_is_answered_in_the_form_it_wanted(
    argv: list[str], output: Output
) -> None:
    assert spoken(argv, {}).output is output


def test_the_environment_speaks_where_the_command_line_does_not() -> None:
    assert spoken(["x"], {"KNOWCTL_OUTPUT": "json"}).output is Output.JSON
    assert spoken(["x"], {"KNOWCTL_OUTPUT": "xml"}).output is Output.TEXT


def test_flags_are_heard_before_parsing() -> None:
    assert spoken(["x", "--quiet", "--no-color"], {}) == VoiceOptions(
        Output.TEXT, quiet=True, no_color=True
    )
    assert spoken(["-q"], {}).quiet


class Terminal(io.StringIO):
    """A stream that a person reads or writes."""

    def isatty(self) -> bool:
        return True


def asked(
    monkeypatch: pytest.MonkeyPatch,
    stdin: io.StringIO | None,
    stderr: io.StringIO,
    options: VoiceOptions | None = None,
) -> bool:
    monkeypatch.setattr("sys.stdin", stdin)
    voice = Voice(options or VoiceOptions(), {}, io.StringIO(), stderr)
    return voice.confirm("Undo 0002?")


@pytest.mark.parametrize(
    ("answer", "agreed"),
    [
        ("y\n", True),
        (" YES \n", True),
        ("n\n", False),
        ("\n", False),
        ("", False),
        ("yea\n", False),
    ],
)
def test_a_person_at_a_terminal_is_asked_once(
    monkeypatch: pytest.MonkeyPatch, answer: str, *, agreed: bool
) -> None:
    stderr = Terminal()
    quiet = VoiceOptions(quiet=True)
    assert asked(monkeypatch, Terminal(answer), stderr, quiet) is agreed
    assert stderr.getvalue() == "Undo 0002? [y/N] "


@pytest.mark.parametrize(
    ("stdin", "stderr", "options"),
    [
        (io.StringIO("y\n"), Terminal(), VoiceOptions()),
        (Terminal("y\n"), io.StringIO(), VoiceOptions()),
        (None, Terminal(), VoiceOptions()),
        (Terminal("y\n"), Terminal(), JSON),
    ],
)
def test_who_can_not_answer_is_not_asked_and_has_not_agreed(
    monkeypatch: pytest.MonkeyPatch,
    stdin: io.StringIO | None,
    stderr: io.StringIO,
    options: VoiceOptions,
) -> None:
    assert not asked(monkeypatch, stdin, stderr, options)
    assert stderr.getvalue() == ""


class EnoughError(Exception):
    """Somebody pressed Ctrl-C."""


def pause_of(times: int) -> Callable[[], None]:
    left = iter(range(times))

    def pause() -> None:
        if next(left, None) is None:
            raise EnoughError

    return pause


def test_watching_a_terminal_draws_each_result_anew() -> None:
    out = Screen()
    with pytest.raises(EnoughError):
        Voice(VoiceOptions(), {}, out, out).watch(lambda: PLAN, pause_of(1))
    assert out.shown() == f"{CLEAR}→ bind      x\n" * 2


def test_watching_a_terminal_that_knows_no_sequences_writes_none() -> None:
    out = Screen()
    with pytest.raises(EnoughError):
        Voice(VoiceOptions(), {"TERM": "dumb"}, out, out).watch(lambda: PLAN, pause_of(0))
    assert out.shown() == "→ bind      x\n"


def test_watching_for_a_program_is_a_document_a_line(streams: Streams) -> None:
    with pytest.raises(EnoughError):
        streams.voice(JSON).watch(lambda: PLAN, pause_of(2))
    lines = streams.out.splitlines()
    assert [json.loads(line)["ok"] for line in lines] == [True] * 3


def test_watching_without_a_terminal_is_wrong_usage(streams: Streams) -> None:
    with pytest.raises(KnowctlError) as raised:
        streams.voice().watch(lambda: PLAN, pause_of(0))
    assert raised.value.failure.exit_code is ExitCode.USAGE
    assert "-o json" in raised.value.failure.hint


def test_watching_ends_with_its_reader() -> None:
    out = Broken(errno.EPIPE)
    assert Voice(JSON, {}, out, out).watch(lambda: PLAN, pause_of(0)) is PLAN
