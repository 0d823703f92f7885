"""README's console blocks: what is typed, what is shown, and how to bring it up to date."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

README = Path(__file__).parents[2] / "README.md"
_BLOCK = re.compile(r"(?:<!-- (?P<kind>[a-z]+) -->\n)?```console\n(?P<text>.*?)```\n", re.DOTALL)
_VARYING = (
    (re.compile(r"\b\d+(\.\d+)? ms\b"), "N ms"),
    (re.compile(r"Python 3\.\d+\.\d+"), "Python 3.x"),
    (re.compile(r"SQLite 3\.\d+\.\d+"), "SQLite 3.x"),
    (re.compile(r"127\.0\.0\.1:\d+"), "127.0.0.1:5000"),
    (re.compile(r"localhost:\d+"), "localhost:5000"),
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:[0-9:.]+(\+00:00|Z)?"), "TIME"),
    (re.compile(r"\b1 worker x|\b\d+ workers x"), "N workers x"),
)


@dataclass(frozen=True)
class Shown:
    """A command of README and the output it claims; `kind` says what it needs around it."""

    kind: str
    command: str
    output: str


def shown(kind: str = "") -> tuple[Shown, ...]:
    """The commands of the blocks of a kind, in their order."""
    found = []
    for block in _BLOCK.finditer(README.read_text(encoding="utf-8")):
        if (block["kind"] or "") == kind:
            parts = re.split(r"^\$ ", block["text"], flags=re.MULTILINE)[1:]
            found += [_command(kind, part) for part in parts]
    return tuple(found)


def comparable(text: str) -> str:
    """Output with what differs from run to run taken out."""
    for pattern, plain in _VARYING:
        text = pattern.sub(plain, text)
    return text.strip()


def rewrite(each: Shown, output: str) -> None:
    """Put a command's real output into README."""
    text = README.read_text(encoding="utf-8")
    old = f"$ {each.command}\n{each.output}"
    if old not in text:
        raise AssertionError(f"README changed meanwhile: {each.command}")
    output = re.sub(r"(?<=http://)127\.0\.0\.1:\d+", "127.0.0.1:5000", output)
    said = output.strip("\n").rstrip()
    new = f"$ {each.command}\n{said}\n"
    README.write_text(text.replace(old, new, 1), encoding="utf-8")


def _command(kind: str, part: str) -> Shown:
    command, _, output = part.partition("\n")
    return Shown(kind, command, output.removesuffix("\n") + "\n" if output.strip() else "")
