from __future__ import annotations

import pytest

from knowctl.checks import schema as checks
from knowctl.checks.catalog import SCHEMA
from knowctl.checks.engine import run
from knowctl.errors import ErrorCode, Failure
from knowctl.model.database import Complaint, Drift, Schema, SchemaFacts, SchemaStatus, Unlinted
from knowctl.model.findings import Finding, Outcome

AWAY = Failure(ErrorCode.DATABASE, "the database does not answer", "refused", "start it")
EMPTY, BEHIND, OK, AHEAD, DIVERGED, SEVERAL = (
    SchemaStatus.EMPTY,
    SchemaStatus.BEHIND,
    SchemaStatus.OK,
    SchemaStatus.AHEAD,
    SchemaStatus.DIVERGED,
    SchemaStatus.SEVERAL_HEADS,
)


def facts(status: SchemaStatus = OK, *current: str, **more: object) -> SchemaFacts:
    schema = Schema("sqlite:///x", status, current or ("0001",), ("0002",))
    return SchemaFacts(schema, **{"drift": Drift(), **more})  # type: ignore[arg-type]  # as each test says


def found(of: SchemaFacts) -> dict[str, Finding]:
    """The last finding of each check."""
    return {each.id: each for each in run(SCHEMA, of)}


def outcomes(of: SchemaFacts) -> str:
    """One letter a check, in the order of their ids."""
    return "".join(each.outcome.value[0] for each in found(of).values())


@pytest.mark.parametrize(
    ("of", "letters"),
    [
        (SchemaFacts(failure=AWAY), "fsssssss"),
        (facts(SEVERAL), "pfssssss"),
        (facts(DIVERGED), "ppfsssss"),
        (facts(EMPTY), "pppfpssp"),
        (facts(BEHIND), "pppfpssp"),
        (facts(AHEAD), "ppppfssp"),
        (facts(OK), "pppppppp"),
        (facts(OK, drift=Drift(("table a",))), "pppppfpp"),
        (facts(OK, drift=Drift((), ("table a",))), "ppppppfp"),
        (facts(OK, drift=AWAY), "pppppuup"),
        (facts(OK, drift=None), "pppppuup"),
        (facts(BEHIND, lint=(Complaint("0002", "r", "m"),)), "pppfpssf"),
        (facts(BEHIND, lint=Unlinted("no squawk", "get it")), "pppfpsss"),
        (SchemaFacts(), "pussssss"),
    ],
)
def test_each_state_fails_its_own_check_and_what_needs_it_is_skipped(
    of: SchemaFacts, letters: str
) -> None:
    assert outcomes(of) == letters


@pytest.mark.parametrize(
    ("of", "name", "cause", "hint"),
    [
        (SchemaFacts(failure=AWAY), "KC310", "refused", "start it"),
        (facts(SEVERAL), "KC311", "they end in 0002", "alembic merge heads"),
        (facts(DIVERGED, "x"), "KC312", "at x, and 0002 of this release", "DATABASE_URL"),
        (facts(DIVERGED, "x", "y"), "KC312", "at x, y at once", "DATABASE_URL"),
        (facts(EMPTY), "KC313", "no tables yet", "knowctl db upgrade"),
        (facts(BEHIND), "KC313", "at 0001, this release at 0002", "knowctl db upgrade"),
        (facts(AHEAD, "0003"), "KC314", "at 0003, past this release's 0002", "rollback"),
        (facts(OK, drift=Drift(("table a",))), "KC315", "table a is missing", "--autogenerate"),
        (facts(OK, drift=Drift(("column a.b: type is X, not Y",))), "KC315", "X, not Y", "auto"),
        (facts(OK, drift=Drift((), ("index i",))), "KC316", "index i is in the d", "add it"),
        (facts(OK, drift=AWAY), "KC315", "refused", "start it"),
        (
            facts(BEHIND, lint=(Complaint("0002", "ban-drop-table", "It drops."),)),
            "KC317",
            "0002: It drops. (ban-drop-table)",
            "https://squawkhq.com/docs/ban-drop-table",
        ),
        (facts(BEHIND, lint=Unlinted("no squawk", "get it")), "KC317", "no squawk", "get it"),
    ],
)
def test_a_finding_says_why_and_what_to_do(
    of: SchemaFacts, name: str, cause: str, hint: str
) -> None:
    finding = found(of)[name]
    assert cause in finding.cause
    assert hint in finding.hint


def test_a_database_of_something_else_is_no_flood() -> None:
    many = tuple(f"table {number}" for number in range(99))
    findings = run(SCHEMA, facts(OK, drift=Drift(many, many)))
    for name in ("KC315", "KC316"):
        assert len([each for each in findings if each.id == name]) == checks.MOST_NAMED


def test_a_serving_state_is_no_error() -> None:
    levels = [each.level for each in run(SCHEMA, facts(AHEAD)) if each.outcome is Outcome.FAIL]
    assert levels == ["warning"]
