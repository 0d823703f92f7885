"""What is written of checks and settings as text for a person: wrapped, its Markdown plain."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from knowctl.model.configuration import SettingProblem
from knowctl.model.explanation import ExplainedCheck, ExplainedSetting, SettingText
from knowctl.render.style import Style
from knowctl.render.text import of_result, of_warning

MARGIN: Final = 4
GLUE: Final = "\N{NO-BREAK SPACE}"
_CODE: Final = re.compile(r"`+([^`]+)`+")
_LINK: Final = re.compile(r"\[([^]]+)\]\([^)]+\)")


@of_result.register
def _(explained: ExplainedCheck, style: Style) -> str:
    check = explained.check
    after = f", after {' and '.join(check.after)}" if check.after else ""
    parts = (
        ("What it means", check.meaning),
        ("Why", check.why),
        ("What to type", check.type),
    )
    lines = [
        style.paint(f"{check.id} {check.title}", "bold"),
        style.indented(f"{check.severity}{after}; {check.docs}"),
    ]
    for title, words in parts:
        lines += ["", style.paint(title, "bold"), plain(words, style)]
    return "\n".join(lines)


@of_result.register
def _(explained: ExplainedSetting, style: Style) -> str:
    setting = explained.setting
    rows = [*_meaning(setting), ("value", f"{explained.value or 'unset'} ({explained.origin})")]
    rows += [("checked by", f"{each.id} {each.title}") for each in explained.checks]
    lines = [
        style.paint(setting.name, "bold"),
        style.indented(setting.help),
        "",
        *(_row(name, words, style) for name, words in rows),
    ]
    for each in explained.problems:
        lines += ["", *_problem(each, style)]
    return "\n".join(lines)


def plain(markdown: str, style: Style) -> str:
    """Paragraphs wrapped to the width; what stands as code stays on one line where it has room."""
    paragraphs = re.split(r"\n\s*\n", markdown)
    return "\n\n".join(_wrapped(each, style) for each in paragraphs)


def _wrapped(paragraph: str, style: Style) -> str:
    def bare(code: re.Match[str]) -> str:
        fits = len(code[1]) <= style.width - MARGIN
        return code[1].replace(" ", GLUE) if fits else code[1]

    return style.indented(_CODE.sub(bare, _LINK.sub(r"\1", paragraph))).replace(GLUE, " ")


def _meaning(setting: SettingText) -> Iterator[tuple[str, str]]:
    yield "expects", setting.expects
    yield "default", setting.default or "unset"
    if setting.required_outside_development:
        yield "required", "outside development"
    if setting.file:
        yield "secret", f"never shown in full; {setting.file} may name a file that holds it"


def _row(name: str, words: str, style: Style) -> str:
    label = f"    {name:<12}"
    return label + style.indented(words, len(label))[len(label) :]


def _problem(problem: SettingProblem, style: Style) -> Iterator[str]:
    yield of_warning(problem.name, "can't be read", style)
    yield style.indented(problem.cause)
    yield style.paint(style.indented(f"{style.glyph('→')} {problem.hint}"), "cyan")
