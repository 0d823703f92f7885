from __future__ import annotations

import pytest

from knowctl.model.diagnosis import Diagnosis, LockWait, LongTransaction, Part, PartStatus
from knowctl.model.results import Result
from knowctl.render.style import Style
from knowctl.render.text import of_result
from tests.support.styles import ASCII, COLOUR, END, PLAIN, RED, told

DIAGNOSIS = Diagnosis(
    "postgresql://db/app",
    {
        "connection": Part(PartStatus.OK, "connected in 12 ms, answers in 0.5 ms"),
        "write": Part(PartStatus.FAILED, "read-only", "it is no replica", "let it write"),
        "replication": Part(PartStatus.UNKNOWN, "not known", "it may not be seen", "GRANT IT"),
        "transactions": Part(
            PartStatus.DEGRADED,
            "1 open for over 60 s",
            "it keeps rows",
            "END 7",
            sessions=(LongTransaction(7, 99.4, "idle", "", "ada", "SELECT ?"),),
        ),
        "locks": Part(
            PartStatus.DEGRADED,
            "2 waiting",
            sessions=(
                LockWait(8, 3.2, "topics", "app", "UPDATE topics", 7, "idle", "dba", "SELECT ?"),
                LockWait(9, 1.0, "", "dba", "ALTER TABLE t", None, "", "", ""),
            ),
        ),
        "connections": Part(PartStatus.SKIPPED, "skipped: SQLite keeps no list of them"),
    },
)
TEXTS: list[tuple[Result, Style, str]] = [
    (
        DIAGNOSIS,
        PLAIN,
        """
        ✔ connection   connected in 12 ms, answers in 0.5 ms
        ✖ write        read-only
            it is no replica
            → let it write
        ? replication  not known
            it may not be seen
            → GRANT IT
        ! transactions 1 open for over 60 s
            session 7, 99 s, idle, ada, SELECT ?
            it keeps rows
            → END 7
        ! locks        2 waiting
            session 8, waits 3 s for topics, app, UPDATE topics
            behind session 7, idle, dba, SELECT ?
            session 9, waits 1 s, dba, ALTER TABLE t
        - connections  skipped: SQLite keeps no list of them
        """,
    ),
    (
        Diagnosis("x", {"tls": Part(PartStatus.DEGRADED, "none", "in the clear", "encrypt it")}),
        ASCII,
        """
        ! tls          none
            in the clear
            -> encrypt it
        """,
    ),
]


@pytest.mark.parametrize(("result", "style", "text"), TEXTS)
def test_a_result_reads_as_it_should(result: Result, style: Style, text: str) -> None:
    assert of_result(result, style) == told(text)


@pytest.mark.parametrize(
    ("result", "begins"),
    [
        (
            Diagnosis("x", {"tls": Part(PartStatus.FAILED, "none")}),
            f"{RED}✖{END} tls          none",
        ),
    ],
)
def test_it_is_coloured(result: Result, begins: str) -> None:
    assert of_result(result, COLOUR).startswith(begins)


@pytest.mark.parametrize("result", [each[0] for each in TEXTS])
def test_ascii_style_writes_ascii_and_plain_style_no_escapes(result: Result) -> None:
    assert of_result(result, ASCII).isascii()
    assert "\x1b" not in of_result(result, PLAIN)
