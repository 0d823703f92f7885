"""Plain command lines, read without typer: what probes and scripts run has to start fast."""

from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from inspect import Parameter
from types import NoneType
from typing import Any, Final, NamedTuple, get_args

from knowctl.boundary import guarded
from knowctl.options import COMMON, Option, act, own_options

ALONE: Final = ("reload", "stop", "drain", "status", "inflight", "stacks", "health")
"""The commands that are in no group, each a function in a module of the same name."""
COMPLETION: Final = "_KNOWCTL_COMPLETE"
"""Set where a shell asks what may follow."""


class Spelt(NamedTuple):
    """An option by one of its spellings: the parameter that it is for, and what it takes."""

    parameter: str
    kind: type[Any]
    option: Option


def attempt(argv: Sequence[str], environ: Mapping[str, str]) -> int | None:
    """Run a plain command line and give its exit code; None where typer has to read it.

    Plain is the name of a command that is in no group, then options, spelt out and with values
    that fit. All else is typer's: help, mistakes, options before the name or run together.
    """
    if not argv or argv[0] not in ALONE or COMPLETION in environ:
        return None
    function = getattr(import_module(f"knowctl.commands.{argv[0]}"), argv[0])
    own = own_options(function)
    said = read(argv[1:], spellings({**own, **COMMON}))
    if said is None:
        return None

    def run(options: dict[str, Any]) -> int:
        options.update({name: value for name, value in said.items() if name in COMMON})
        return act(function, options, {name: said[name] for name in said if name in own})

    return guarded(argv, run)


def spellings(parameters: Mapping[str, Parameter]) -> dict[str, Spelt]:
    """These options by every spelling."""
    return dict(pair for each in parameters.values() for pair in _spellings(each))


def read(words: Sequence[str], known: Mapping[str, Spelt]) -> dict[str, Any] | None:
    """What options say, by parameter, the last of equal ones winning; None if they aren't plain."""
    said: dict[str, Any] = {}
    rest = iter(words)
    for word in rest:
        name, equals, text = word.partition("=")
        spelt = known.get(name)
        if spelt is None or (equals and not name.startswith("--")):
            return None
        if spelt.kind is bool:
            value = None if equals else True
        else:
            value = _value(spelt, text if equals else next(rest, ""))
        if value is None:
            return None
        said[spelt.parameter] = value
    return said


def _spellings(parameter: Parameter) -> Iterator[tuple[str, Spelt]]:
    taken, option = get_args(parameter.annotation)
    [kind] = [each for each in get_args(taken) or (taken,) if each is not NoneType]
    for spelling in option.names or (f"--{parameter.name.replace('_', '-')}",):
        yield spelling, Spelt(parameter.name, kind, option)


def _value(spelt: Spelt, text: str) -> Any:
    """The text as the option's kind of value; None where that needs a word of typer's."""
    if not text or text.startswith("-"):
        return None
    try:
        value = spelt.kind(text)
    except ValueError:
        return None
    bounds = spelt.option.words
    fits = bounds.get("min", value) <= value <= bounds.get("max", value)
    return value if fits else None
