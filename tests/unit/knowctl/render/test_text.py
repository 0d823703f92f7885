from __future__ import annotations

from dataclasses import replace
from textwrap import dedent

import pytest

from knowctl.choices import Severity
from knowctl.errors import ErrorCode, Failure
from knowctl.model import (
    Component,
    Diagnosis,
    Finding,
    Health,
    HealthStatus,
    LockWait,
    LongTransaction,
    Migration,
    Outcome,
    Part,
    PartStatus,
    Plan,
    Report,
    Result,
    Revision,
    Revisions,
    RevisionState,
    Schema,
    SchemaStatus,
    ShownSetting,
    ShownSettings,
    Statements,
    Step,
    Where,
    WrittenFile,
)
from knowctl.render.style import Style
from knowctl.render.text import of_failure, of_finding, of_result, of_step, of_unknown, of_warning

PLAIN, COLOUR, ASCII, NARROW = (
    Style(),
    Style(color=True),
    Style(unicode=False),
    Style(width=40),
)
RED, GREEN, YELLOW, CYAN, DIM, BOLD = (f"\x1b[{code}m" for code in (31, 32, 33, 36, 2, 1))
END = "\x1b[0m"
FAILURE = Failure(
    ErrorCode.ADDRESS,
    "can't listen on 127.0.0.1:5000",
    "another program listens there",
    "knowctl health shows whether it is this product; else choose another --bind",
)

SECOND = Revision("0002", ("0001",), "Users [and] more", head=True, state=RevisionState.PENDING)
FIRST = Revision("0001", (), "Topics", head=False, state=RevisionState.CURRENT)


def finding(
    outcome: Outcome,
    severity: Severity = Severity.ERROR,
    cause: str = "PORT is x",
    where: Where | None = None,
) -> Finding:
    return Finding(
        "KC103", severity, outcome, "Every value holds", cause, "set PORT", where or Where()
    )


PASS = Finding("KC102", Severity.ERROR, Outcome.PASS, "No secret is given twice")
REPORT = Report(
    "the configuration",
    (
        PASS,
        finding(Outcome.FAIL, where=Where(".env", 3, "PORT")),
        finding(Outcome.FAIL, Severity.WARNING, where=Where(variable="PORT")),
        finding(Outcome.FAIL, Severity.INFO),
        finding(Outcome.SKIPPED, cause="needs KC101"),
        finding(Outcome.UNKNOWN, cause="the check could not judge: KeyError"),
    ),
)
SHOWN = (
    ShownSetting("PORT", "5000", ".env:3"),
    ShownSetting("REDIS_URL", "", "default"),
    ShownSetting("HOST", "[::1] [bold]x[/bold]", "environment"),
)
HEALTH = Health(
    {
        "server": Component(HealthStatus.OK, 3.4),
        "redis": Component(HealthStatus.DEGRADED, None, "it is gone", "start it"),
        "database": Component(HealthStatus.FAILED, 12.0, "refused", "start the database"),
    }
)


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


def told(text: str) -> str:
    return dedent(text).strip("\n")


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
    (
        REPORT,
        PLAIN,
        """
        ✔ KC102 No secret is given twice
        ✖ KC103 Every value holds
            PORT is x (.env:3)
            → set PORT
        ! KC103 Every value holds
            PORT is x
            → set PORT
        i KC103 Every value holds
            PORT is x
            → set PORT
        - KC103 Every value holds (skipped: needs KC101)
        ? KC103 Every value holds
            the check could not judge: KeyError
            → set PORT

        6 checked: 1 passed, 1 failed, 1 warned, 1 noted, 1 skipped, 1 unknown
        """,
    ),
    (
        Report("it", (PASS, finding(Outcome.FAIL))),
        ASCII,
        """
        + KC102 No secret is given twice
        x KC103 Every value holds
            PORT is x
            -> set PORT

        2 checked: 1 passed, 1 failed
        """,
    ),
    (
        ShownSettings(SHOWN, with_origin=True),
        PLAIN,
        """
        SETTING    VALUE                 ORIGIN
        PORT       5000                  .env:3
        REDIS_URL  -                     default
        HOST       [::1] [bold]x[/bold]  environment
        """,
    ),
    (
        ShownSettings(SHOWN[:2]),
        ASCII,
        """
        SETTING    VALUE
        PORT       5000
        REDIS_URL  -
        """,
    ),
    (
        ShownSettings(SHOWN[:1], problem=Failure(ErrorCode.CONFIGURATION, "fact", "why", "do")),
        PLAIN,
        """
        SETTING  VALUE
        PORT     5000

        ✖ fact
            why
            → do
        """,
    ),
    (
        ShownSettings((ShownSetting("DATABASE_URL", "postgresql://somewhere/very-far", "d"),)),
        NARROW,
        """
        SETTING       VALUE
        DATABASE_URL  postgresql://somewhere/ver
                      y-far
        """,
    ),
    (
        WrittenFile(".env", "fresh secrets"),
        PLAIN,
        "✔ written        .env: fresh secrets",
    ),
    (
        WrittenFile(".env", "fresh secrets", ".env.1.bak"),
        ASCII,
        """
        + written        .env: fresh secrets
            the former file is .env.1.bak
        """,
    ),
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
    (
        HEALTH,
        PLAIN,
        """
        ✔ server     ok  3 ms
        ! redis      degraded
            it is gone
            → start it
        ✖ database   failed  12 ms
            refused
            → start the database
        """,
    ),
    (
        Plan((Step("check", "configuration"), Step("bind", "http://127.0.0.1:5000"))),
        PLAIN,
        """
        → check     configuration
        → bind      http://127.0.0.1:5000
        """,
    ),
    (Plan((Step("run", "gunicorn"),)), ASCII, "-> run       gunicorn"),
]


@pytest.mark.parametrize(("result", "style", "text"), TEXTS)
def test_a_result_reads_as_it_should(result: Result, style: Style, text: str) -> None:
    assert of_result(result, style) == told(text)


def test_a_report_of_nothing_says_so() -> None:
    assert of_result(Report("it", ()), PLAIN) == "0 checked: nothing"


def test_verbose_adds_where_a_finding_is_explained_unless_all_is_well() -> None:
    verbose = Style(verbose=True)
    explained = replace(finding(Outcome.FAIL), docs="docs/checks.md#kc103")
    assert of_finding(explained, verbose) == told(
        """
        ✖ KC103 Every value holds
            PORT is x
            → set PORT
            docs/checks.md#kc103
        """
    )
    assert "docs/" not in of_finding(explained, PLAIN)
    assert "docs/" not in of_finding(replace(PASS, docs=explained.docs), verbose)


def test_a_warning_is_one_line() -> None:
    assert of_warning("environment", "X is ignored", PLAIN) == "! environment    X is ignored"
    assert of_warning("a", "b", COLOUR).startswith(f"{YELLOW}!{END} a ")


def test_what_is_not_known_has_its_own_sign() -> None:
    assert of_unknown("database", "x", PLAIN) == "? database       x"


def test_a_failure_is_fact_cause_and_next_thing() -> None:
    assert of_failure(FAILURE, PLAIN) == told(
        """
        ✖ can't listen on 127.0.0.1:5000
            another program listens there
            → knowctl health shows whether it is this product; else choose another
            --bind
        """
    )


def test_statements_for_somebody_else_are_not_wrapped() -> None:
    sql = ("CREATE USER \"app\" PASSWORD '…';", 'CREATE DATABASE "knowalledge" OWNER "app";')
    asked = Failure(ErrorCode.REFUSED, "fact", "why", "have this run:", sql=sql)
    assert of_failure(asked, NARROW) == told(
        """
        ✖ fact
            why
            → have this run:
              CREATE USER "app" PASSWORD '…';
              CREATE DATABASE "knowalledge" OWNER "app";
        """
    )


def test_a_failure_fits_a_narrow_terminal() -> None:
    text = of_failure(FAILURE, NARROW)
    assert text == told(
        """
        ✖ can't listen on 127.0.0.1:5000
            another program listens there
            → knowctl health shows whether it is
            this product; else choose another
            --bind
        """
    )
    assert max(map(len, text.splitlines())) <= 40


def test_a_failure_without_a_hint_has_no_arrow() -> None:
    assert of_failure(Failure(ErrorCode.BUG, "fact", "", ""), PLAIN) == "✖ fact"


def test_colours_tell_good_from_bad() -> None:
    assert of_step("address", "http://x", COLOUR) == f"{GREEN}✔{END} address        http://x"
    assert of_failure(Failure(ErrorCode.BUG, "fact", "why", "do"), COLOUR) == (
        f"{RED}✖{END} fact\n    why\n{CYAN}    → do{END}"
    )
    assert of_result(Report("it", (PASS,)), COLOUR) == (
        f"{GREEN}✔{END} KC102 No secret is given twice\n\n{BOLD}1 checked: 1 passed{END}"
    )


@pytest.mark.parametrize(
    ("one", "begins"),
    [
        (finding(Outcome.FAIL, Severity.ERROR), f"{RED}✖{END}"),
        (finding(Outcome.FAIL, Severity.WARNING), f"{YELLOW}!{END}"),
        (finding(Outcome.FAIL, Severity.INFO), f"{CYAN}i{END}"),
        (finding(Outcome.SKIPPED), f"{DIM}-{END}"),
        (finding(Outcome.UNKNOWN), f"{YELLOW}?{END}"),
        (PASS, f"{GREEN}✔{END}"),
    ],
)
def test_a_finding_begins_with_its_sign(one: Finding, begins: str) -> None:
    assert of_finding(one, COLOUR).startswith(f"{begins} {one.id} ")


@pytest.mark.parametrize(
    ("result", "begins"),
    [
        (Health({"a": Component(HealthStatus.OK)}), f"{GREEN}✔{END} a          ok"),
        (Health({"a": Component(HealthStatus.FAILED)}), f"{RED}✖{END} a          failed"),
        (
            Diagnosis("x", {"tls": Part(PartStatus.FAILED, "none")}),
            f"{RED}✖{END} tls          none",
        ),
        (Schema("x", SchemaStatus.BEHIND, ("1",), ("2",)), f"{YELLOW}!{END} schema behind\n"),
        (Revisions("x", (FIRST,)), "\x1b[1mREVISION"),
        (Schema("x", SchemaStatus.OK, ("1",), ("1",)), f"{GREEN}✔{END} schema ok\n"),
        (ShownSettings(SHOWN), "\x1b[1mSETTING"),
    ],
)
def test_results_are_coloured(result: Result, begins: str) -> None:
    assert of_result(result, COLOUR).startswith(begins)


@pytest.mark.parametrize("result", [each[0] for each in TEXTS])
def test_ascii_style_writes_ascii_and_plain_style_no_escapes(result: Result) -> None:
    assert of_result(result, ASCII).isascii()
    assert "\x1b" not in of_result(result, PLAIN)


def test_a_lone_surrogate_is_no_obstacle() -> None:
    text = of_failure(Failure(ErrorCode.FILE, "\udcff", "\udcff", "\udcff"), PLAIN)
    assert text.count("\udcff") == 3
    shown = of_result(ShownSettings((ShownSetting("A", "\udcff", "\udcff"),)), PLAIN)
    assert "\udcff" in shown


def test_a_thing_that_has_no_text_is_named() -> None:
    with pytest.raises(TypeError, match="no text for int"):
        of_result(3, PLAIN)


def test_a_long_report_shows_what_did_not_pass() -> None:
    skipped = finding(Outcome.SKIPPED)
    many = (*[PASS] * 20, finding(Outcome.FAIL), skipped, replace(skipped, id="KC999"))
    lines = of_result(Report("it", many), PLAIN).splitlines()
    assert lines[-1].startswith("23 checked: 20 passed, ")
    assert lines[-1].endswith("2 skipped; -v shows each")
    assert not any(line.startswith(("✔", "- KC")) for line in lines)
    assert f"- 2 skipped: {skipped.cause}" in lines
    assert f"    {skipped.id}, KC999" in lines
    each = of_result(Report("it", many), replace(PLAIN, verbose=True)).splitlines()
    assert sum(line.startswith("✔") for line in each) == 20


def test_a_long_report_in_which_all_passed_is_one_line() -> None:
    assert of_result(Report("it", (PASS,) * 21), PLAIN) == ("21 checked: 21 passed; -v shows each")
