from __future__ import annotations

from dataclasses import replace

import pytest

from knowctl.model.database import (
    Migration,
    Revision,
    Revisions,
    RevisionState,
    Schema,
    SchemaStatus,
    Statements,
)
from knowctl.model.results import Result
from knowctl.render.style import Style
from knowctl.render.text import of_result
from tests.support.styles import ASCII, COLOUR, END, GREEN, NARROW, PLAIN, YELLOW, told

SECOND = Revision("0002", ("0001",), "Users [and] more", head=True, state=RevisionState.PENDING)
FIRST = Revision("0001", (), "Topics", head=False, state=RevisionState.CURRENT)
TEXTS: list[tuple[Result, Style, str]] = [
    (
        Schema("sqlite:///x", SchemaStatus.OK, ("0001",), ("0001",)),
        PLAIN,
        """
        ✔ schema ok
            database  0001  (sqlite:///x)
            release   0001
        """,
    ),
    (
        Schema("sqlite:///x", SchemaStatus.SEVERAL_HEADS, (), ("0001", "0002")),
        PLAIN,
        """
        ! schema several heads
            database  none  (sqlite:///x)
            release   0001, 0002
        """,
    ),
    (
        Migration("sqlite:///x", (), ("0002",), ("0001", "0002")),
        PLAIN,
        """
        ✔ applied        0001
        ✔ applied        0002
        ✔ database       sqlite:///x: at 0002
        """,
    ),
    (
        Migration("sqlite:///x", ("0002",), ("0002",), ()),
        ASCII,
        "+ database       sqlite:///x: nothing to do, at 0002",
    ),
    (
        Migration("sqlite:///x", (), ("0001",), ("0001",), created=True, seeded=("Newton's laws",)),
        PLAIN,
        """
        ✔ created        sqlite:///x
        ✔ applied        0001
        ✔ seeded         Newton's laws
        ✔ database       sqlite:///x: at 0001
        """,
    ),
    (
        Migration("sqlite:///x", ("0001",), (), undone=("0001",)),
        PLAIN,
        """
        ✔ undone         0001
        ✔ database       sqlite:///x: at none
        """,
    ),
    (
        Statements("sqlite:///x", "DROP TABLE topics;\n\nCOMMIT;"),
        NARROW,
        """
        DROP TABLE topics;

        COMMIT;
        """,
    ),
    (Statements("sqlite:///x", ""), PLAIN, "-- nothing to do"),
    (
        Revisions("sqlite:///x", (SECOND, FIRST)),
        PLAIN,
        """
        REVISION  STATE          WHAT IT DOES
        0002      pending, head  Users [and] more
        0001      current        Topics
        """,
    ),
    (
        Revisions("sqlite:///x", (replace(SECOND, state=None),)),
        PLAIN,
        """
        REVISION  STATE  WHAT IT DOES
        0002      head   Users [and] more
        """,
    ),
]


@pytest.mark.parametrize(("result", "style", "text"), TEXTS)
def test_a_result_reads_as_it_should(result: Result, style: Style, text: str) -> None:
    assert of_result(result, style) == told(text)


@pytest.mark.parametrize(
    ("result", "begins"),
    [
        (Schema("x", SchemaStatus.BEHIND, ("1",), ("2",)), f"{YELLOW}!{END} schema behind\n"),
        (Revisions("x", (FIRST,)), "\x1b[1mREVISION"),
        (Schema("x", SchemaStatus.OK, ("1",), ("1",)), f"{GREEN}✔{END} schema ok\n"),
    ],
)
def test_it_is_coloured(result: Result, begins: str) -> None:
    assert of_result(result, COLOUR).startswith(begins)


@pytest.mark.parametrize("result", [each[0] for each in TEXTS])
def test_ascii_style_writes_ascii_and_plain_style_no_escapes(result: Result) -> None:
    assert of_result(result, ASCII).isascii()
    assert "\x1b" not in of_result(result, PLAIN)
