"""A strict reader of GitHub's workflow commands, the inverse of its toolkit's writer."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

# Source: github.com/actions/toolkit, packages/core/src/command.ts: `::name key=value,…::message`;
# the message has %, CR and LF escaped, a property : and , as well.
_DATA: Final = r"(?:[^%\r\n]|%25|%0D|%0A)*"
_VALUE: Final = r"(?:[^%\r\n:,]|%25|%0D|%0A|%3A|%2C)+"
_PAIR: Final = rf"(?:file|line|endLine|col|endColumn|title)={_VALUE}"
_COMMAND: Final = re.compile(
    rf"::(?P<level>error|warning|notice)(?: (?P<pairs>{_PAIR}(?:,{_PAIR})*))?::(?P<message>{_DATA})"
)
_ESCAPED: Final = re.compile("%(25|0D|0A|3A|2C)")


@dataclass(frozen=True, slots=True)
class Command:
    """An annotation as GitHub understands it."""

    level: str
    properties: dict[str, str]
    message: str


def commands(text: str) -> list[Command]:
    """Every line a command; AssertionError where one is none."""
    return [command(line) for line in re.split("\r\n|\r|\n", text)] if text else []


def command(line: str) -> Command:
    """One line, read."""
    found = _COMMAND.fullmatch(line)
    assert found, f"{line!r} is no workflow command"
    pairs = [pair.partition("=") for pair in (found["pairs"] or "").split(",") if pair]
    names = [name for name, _, _ in pairs]
    assert len(names) == len(set(names)), "a property is given twice"
    properties = {name: _plain(value) for name, _, value in pairs}
    assert properties.get("line", "1").isdecimal()
    return Command(found["level"], properties, _plain(found["message"]))


def _plain(text: str) -> str:
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
