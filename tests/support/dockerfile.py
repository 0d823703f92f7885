"""A Dockerfile as data: its stages, their instructions, and what its context holds."""

from __future__ import annotations

import fnmatch
import json
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

_FLAG = re.compile(r"--([a-z-]+)=(\S+)\s+")
_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction: COPY, its flags, and what follows them."""

    name: str
    flags: Mapping[str, str]
    text: str

    @property
    def words(self) -> list[str]:
        """The exec form where it is one, else the words that are separated by blanks."""
        if self.text.startswith("["):
            found: list[str] = json.loads(self.text)
            return found
        return shlex.split(self.text)


@dataclass(frozen=True, slots=True)
class Stage:
    """What stands between one FROM and the next."""

    base: str
    name: str
    instructions: tuple[Instruction, ...]

    def of(self, name: str) -> list[Instruction]:
        """Its instructions of one kind, in their order."""
        return [each for each in self.instructions if each.name == name]

    def only(self, name: str) -> Instruction:
        """The one instruction of a kind."""
        (found,) = self.of(name)
        return found


def stages(text: str) -> tuple[Stage, ...]:
    """The stages of a Dockerfile, with the arguments before the first FROM filled in."""
    found: list[Stage] = []
    arguments: dict[str, str] = {}
    for each in _instructions(text):
        if each.name == "FROM":
            base, _, name = each.text.partition(" AS ")
            found.append(Stage(expanded(base, arguments), name, ()))
        elif found:
            last = found[-1]
            found[-1] = Stage(last.base, last.name, (*last.instructions, each))
        else:
            name, _, value = each.text.partition("=")
            arguments[name] = value
    return tuple(found)


def environment(stage: Stage, around: Mapping[str, str]) -> dict[str, str]:
    """What its ENV instructions make of what was there."""
    found = dict(around)
    for each in stage.of("ENV"):
        found |= environment_of(each, found)
    return found


def environment_of(each: Instruction, around: Mapping[str, str]) -> dict[str, str]:
    """The variables of one ENV, each with what stood before the instruction filled in."""
    pairs = (word.split("=", 1) for word in each.words)
    return {name: expanded(value, around) for name, value in pairs}


def expanded(text: str, values: Mapping[str, str]) -> str:
    """Text with $NAME and ${NAME} replaced, by nothing where they are not set."""
    return _VARIABLE.sub(lambda each: values.get(each[1] or each[2], ""), text)


def context(root: Path) -> list[Path]:
    """The files that .dockerignore lets into the context of a build, relative to its root."""
    rules = [line for line in (root / ".dockerignore").read_text().splitlines() if line.strip()]
    rules = [line for line in rules if not line.startswith("#")]
    files = (path.relative_to(root) for path in root.rglob("*") if path.is_file())
    return sorted(path for path in files if not _ignored(path, rules))


def _ignored(path: Path, rules: list[str]) -> bool:
    """By the last rule that names it or a directory above it, as Docker decides."""
    ignored = False
    for rule in rules:
        pattern = rule.removeprefix("!").rstrip("/")
        if any(_matches(each, pattern) for each in (path, *path.parents)):
            ignored = not rule.startswith("!")
    return ignored


def _matches(path: Path, pattern: str) -> bool:
    if pattern.startswith("**/"):
        return fnmatch.fnmatchcase(path.name, pattern.removeprefix("**/"))
    parts = pattern.split("/")
    return len(parts) == len(path.parts) and all(map(fnmatch.fnmatchcase, path.parts, parts))


def _instructions(text: str) -> Iterator[Instruction]:
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    for line in joined.splitlines():
        name, _, rest = line.strip().partition(" ")
        rest, flags = rest.strip(), {}
        while flag := _FLAG.match(rest):
            flags[flag[1]] = flag[2]
            rest = rest[flag.end() :]
        yield Instruction(name.upper(), flags, rest)
