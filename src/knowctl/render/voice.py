"""Where a run's words go: the result to stdout, the talk to stderr, in text or JSON."""

from __future__ import annotations

import contextlib
import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Final, NamedTuple, TextIO, TypeVar

from knowctl.choices import Output
from knowctl.errors import ErrorCode, ExitCode, Failure, KnowctlError
from knowctl.render import json, text
from knowctl.render.style import Style, style_of

if TYPE_CHECKING:
    from knowctl.model.findings import Finding
    from knowctl.model.results import Result

T = TypeVar("T", bound="Result")
CLEAR: Final = "\x1b[H\x1b[2J"


class VoiceOptions(NamedTuple):
    """What the command line says of the output; `output` None leaves it to KNOWCTL_OUTPUT."""

    output: Output | None = None
    quiet: bool = False
    verbose: bool = False
    no_color: bool = False


class Voice:
    """How one run speaks."""

    def __init__(
        self,
        options: VoiceOptions,
        environ: Mapping[str, str] = os.environ,
        stdout: TextIO | None = None,
        stderr: TextIO | None = None,
    ) -> None:
        self._options = options
        self._environ = environ
        self._stdout: TextIO | None = stdout or sys.stdout
        self._stderr: TextIO | None = stderr or sys.stderr
        self._output = options.output or _default(environ)
        self._json = self._output is Output.JSON

    def expect(self, *, findings: bool) -> None:
        """Refuse an output that has no words for the result to come, before any work is done."""
        if findings or not self._output.findings_only:
            return
        if self._options.output is None:  # KNOWCTL_OUTPUT speaks of the commands that can
            self._output = Output.TEXT
            return
        raise KnowctlError(
            ErrorCode.USAGE,
            f"-o {self._output.value} can't be used here",
            cause="it has words for findings alone, and this command checks nothing",
            hint="-o text, or -o json",
            exit_code=ExitCode.USAGE,
        )

    def emit(self, result: Result) -> None:
        """Write a result to stdout."""
        self._shown(self._rendered(result))

    def watch(self, read: Callable[[], T], pause: Callable[[], None]) -> T:
        """Show one result after another until the reader has enough; the last one.

        A terminal is drawn anew each time; a program gets one JSON document a line.
        """
        if not (self._json or _is_terminal(self._stdout)):
            raise _unwatched()
        while True:
            result = read()
            if not self._shown(json.line_of(result) if self._json else self._drawn(result)):
                return result
            pause()

    def _drawn(self, result: Result) -> str:
        plain = self._environ.get("TERM") == "dumb"
        return ("" if plain else CLEAR) + self._rendered(result)

    def _shown(self, written: str) -> bool:
        """Write to stdout; False where the reader has read enough."""
        try:
            self._write(self._stdout, written)
        except BrokenPipeError:
            return False
        except OSError as error:
            raise KnowctlError(
                ErrorCode.FILE,
                "the result can't be written",
                cause=error.strerror or str(error),
                hint="see where stdout goes: a full disk, or a device that is gone",
            ) from error
        return True

    def _rendered(self, result: Result) -> str:
        if self._output.findings_only:  # `expect` has seen to it that it is a report
            return _of_findings(result, self._output)
        if self._json:
            return json.of_result(result)
        return text.of_result(result, self._style(self._stdout))

    def fail(self, failure: Failure) -> int:
        """Say why the command could not go on, and give back its exit code."""
        if self._json:
            self._say(self._stdout, json.of_failure(failure))
        else:
            self._say(self._stderr, text.of_failure(failure, self._style(self._stderr)))
        return failure.exit_code

    def begin(self, name: str, detail: str) -> None:
        """Say on stderr that something begins which may take its time, unless told to be quiet."""
        if not self._options.quiet:
            self._say(self._stderr, text.of_begun(name, detail, self._style(self._stderr)))

    def step(self, name: str, detail: str) -> None:
        """Say on stderr that a step is done, unless told to be quiet."""
        if not self._options.quiet:
            self._say(self._stderr, text.of_step(name, detail, self._style(self._stderr)))

    def warn(self, name: str, detail: str) -> None:
        """Say a warning on stderr, quiet or not."""
        self._say(self._stderr, text.of_warning(name, detail, self._style(self._stderr)))

    def finding(self, finding: Finding) -> None:
        """Say a finding on stderr, quiet or not: it has to be known."""
        self._say(self._stderr, text.of_result(finding, self._style(self._stderr)))

    def confirm(self, question: str) -> bool:
        """Ask at the terminal, quiet or not; False where there is none, or a program listens."""
        if self._json or not (_is_terminal(sys.stdin) and _is_terminal(self._stderr)):
            return False
        self._write(self._stderr, f"{question} [y/N] ", end="")
        return sys.stdin.readline().strip().lower() in {"y", "yes"}

    def _style(self, stream: TextIO | None) -> Style:
        if stream is None:
            return Style()
        return style_of(
            stream,
            self._environ,
            no_color=self._options.no_color or self._json,
            verbose=self._options.verbose,
        )

    def _say(self, stream: TextIO | None, words: str) -> None:
        with contextlib.suppress(OSError):  # nobody listens, and the exit code still tells
            self._write(stream, words)

    def _write(self, stream: TextIO | None, words: str, end: str = "\n") -> None:
        if stream is None or not words:  # it was closed before this process began
            return
        encoding = stream.encoding or "utf-8"
        try:
            stream.write(words.encode(encoding, "backslashreplace").decode(encoding) + end)
            stream.flush()
        except OSError:
            _abandon(stream)
            raise


def _unwatched() -> KnowctlError:
    return KnowctlError(
        ErrorCode.USAGE,
        "--watch needs a terminal",
        cause="what is drawn anew every second makes no file that anybody can read",
        hint="leave --watch away, or add -o json: one document a line",
        exit_code=ExitCode.USAGE,
    )


def _of_findings(report: Result, output: Output) -> str:
    renderer = import_module(f"knowctl.render.{output.value}")  # only who asks pays for XML
    return str(renderer.of_report(report))


def _is_terminal(stream: TextIO | None) -> bool:
    return stream is not None and not stream.closed and stream.isatty()


def _abandon(stream: TextIO) -> None:
    """Keep what is still buffered from failing again at the interpreter's end.

    Source: Python's documentation of signal, "Note on SIGPIPE".
    """
    with contextlib.suppress(OSError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def _default(environ: Mapping[str, str]) -> Output:
    wanted = environ.get("KNOWCTL_OUTPUT") or Output.TEXT
    try:
        return Output(wanted.lower())
    except ValueError as error:
        raise KnowctlError(
            ErrorCode.USAGE,
            "KNOWCTL_OUTPUT can't be used",
            cause=f"{wanted[:40]!r} is not one of {', '.join(Output)}",
            hint="unset KNOWCTL_OUTPUT",
            exit_code=ExitCode.USAGE,
        ) from error


_OUTPUT_FLAG: Final = re.compile(r"-[qv]*o|--output(=|$)")
"""`-o`, alone or behind the flags that may share its dash, and its long form."""


def spoken(argv: Sequence[str], environ: Mapping[str, str]) -> VoiceOptions:
    """The output that a command line asks for, read before it is parsed.

    So a misspelt command line is answered in the form it wanted.
    """
    wanted = environ.get("KNOWCTL_OUTPUT", "").lower()
    for word, following in zip(argv, [*argv, ""][1:], strict=True):
        flag = _OUTPUT_FLAG.match(word)
        if flag:
            wanted = word[flag.end() :] or following
    known = Output(wanted) if wanted in set(Output) else Output.TEXT
    return VoiceOptions(
        known, quiet="-q" in argv or "--quiet" in argv, no_color="--no-color" in argv
    )
