"""Results as one JSON document: `schema`, `ok`, and `data` or `error`."""

from __future__ import annotations

import json
import re
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any, Final

from knowctl.errors import Failure

if TYPE_CHECKING:
    from knowctl.model.results import Result

SCHEMA = 1
_ESCAPES: Final = re.compile(
    r"\\(?:ud[89ab]..\\ud[c-f]..|(?P<half>ud[89a-f]..)|.)"  # json.dumps writes small letters
)


def of_result(result: Result) -> str:
    """The document of a result, with the error beside the data when it is no success."""
    if result.failure is None:
        return _document({"ok": True, "data": result.data})
    return _document({"ok": False, "error": _error(result.failure), "data": result.data})


def line_of(result: Result) -> str:
    """The document of a result on one line, as one of many."""
    return json.dumps(json.loads(of_result(result)))


def of_failure(failure: Failure) -> str:
    """The document of a command that could not go on; `data.sql` is what its hint speaks of."""
    data = {"data": {"sql": "\n".join(failure.sql)}} if failure.sql else {}
    return _document({"ok": False, "error": _error(failure), **data})


def of_document(content: dict[str, Any]) -> str:
    """A document of another schema, such as SARIF."""
    # ASCII: stdout may be in any encoding
    return _whole(json.dumps(content, indent=2, default=_fields))


def _whole(written: str) -> str:
    """The same without halves of surrogate pairs: strict readers refuse them (RFC 8259, 8.2)."""
    if r"\ud" not in written:
        return written
    return _ESCAPES.sub(lambda found: r"\ufffd" if found["half"] else found[0], written)


def _error(failure: Failure) -> dict[str, str]:
    return {
        "code": failure.code,
        "message": failure.message,
        "cause": failure.cause,
        "hint": failure.hint,
    }


def _document(content: dict[str, Any]) -> str:
    return of_document({"schema": SCHEMA, **content})


def _fields(noun: object) -> dict[str, Any]:
    if is_dataclass(noun) and not isinstance(noun, type):
        return {each.name: getattr(noun, each.name) for each in fields(noun)}
    raise TypeError(f"no JSON for {type(noun).__name__}")
