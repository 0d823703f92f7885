"""What can go wrong, as exceptions."""

from __future__ import annotations

from knowalledge_api.errors import (
    ApiError,
    DatabaseFault,
    DatabaseUnavailableError,
    FieldProblem,
    MigrationError,
)


def test_exceptions_can_be_told_apart_and_kept_in_sets() -> None:
    errors = {ApiError(400, "x"), ApiError(400, "x")}
    assert len(errors) == 2
    assert ApiError(400, "x", (FieldProblem("f", "r"),)).retry_after is None


def test_the_text_of_an_outage_is_its_cause() -> None:
    error = DatabaseUnavailableError("cause", "hint", DatabaseFault.POOL)
    assert (str(error), error.hint, error.fault) == ("cause", "hint", "no free connection")
    assert DatabaseUnavailableError("cause").fault is DatabaseFault.OTHER
    assert (str(MigrationError("cause")), MigrationError("cause", "hint").hint) == ("cause", "hint")
