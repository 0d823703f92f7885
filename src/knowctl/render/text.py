"""Text for a person: of any result, by the renderer of its noun, and of what all have in common."""

from __future__ import annotations

from functools import singledispatch
from importlib import import_module

from knowctl.errors import Failure
from knowctl.render.style import Style


@singledispatch
def of_result(result: object, style: Style) -> str:
    """The text of a result; the renderer named as its noun's module is loaded when first needed."""
    package, _, name = type(result).__module__.rpartition(".")
    if package == "knowctl.model":
        import_module(f"knowctl.render.{name}")
    renderer = of_result.dispatch(type(result))
    if renderer is of_result.dispatch(object):
        raise TypeError(f"no text for {type(result).__name__} in {style}")
    return renderer(result, style)


def of_failure(failure: Failure, style: Style) -> str:
    """Three lines: the fact, its cause, the next thing to type; what it speaks of below."""
    sign = of_sign(style, "✖", "red")
    text = of_fact(sign, failure.message, failure.cause, failure.hint, style)
    return "\n".join([text, *(f"      {line}" for line in failure.sql)])


def of_begun(name: str, detail: str, style: Style) -> str:
    """A step that begins, and whose end is not known yet."""
    return f"{of_sign(style, '→', 'cyan')} {name:<14} {detail}"


def of_step(name: str, detail: str, style: Style) -> str:
    """A step that is done."""
    return f"{of_sign(style, '✔', 'green')} {name:<14} {detail}"


def of_warning(name: str, detail: str, style: Style) -> str:
    """Something that is not as it may have been meant."""
    return f"{of_sign(style, '!', 'yellow')} {name:<14} {detail}"


def of_unknown(name: str, detail: str, style: Style) -> str:
    """Something that could not be found out."""
    return f"{of_sign(style, '?', 'yellow')} {name:<14} {detail}"


def of_fact(sign: str, fact: str, cause: str, hint: str, style: Style) -> str:
    """A fact behind its sign, and below it why and the next thing to type, where there are any."""
    lines = [f"{sign} {fact}"]
    if cause:
        lines.append(style.indented(cause))
    if hint:
        lines.append(of_hint(hint, style))
    return "\n".join(lines)


def of_hint(hint: str, style: Style) -> str:
    """The next thing to type."""
    return style.paint(style.indented(f"{style.glyph('→')} {hint}"), "cyan")


def of_sign(style: Style, glyph: str, color: str) -> str:
    """What a line begins with."""
    return style.paint(style.glyph(glyph), color)
