"""The table of operations."""

from __future__ import annotations

import pytest

from knowalledge_api.routes.openapi.operations import JSON, OPERATIONS, Operation

ROWS = sorted(OPERATIONS.items())


@pytest.mark.parametrize(("name", "row"), ROWS, ids=[name for name, _ in ROWS])
def test_a_row_says_what_the_route_is_for_and_how_it_succeeds(name: str, row: Operation) -> None:
    assert name.count(".") == 1
    assert row.summary[0].isupper()
    assert not row.summary.endswith(".")
    assert any(200 <= status < 300 for status in row.answers)
    assert all(400 <= status < 600 for status in row.errors)


@pytest.mark.parametrize(("name", "row"), ROWS, ids=[name for name, _ in ROWS])
def test_what_takes_a_body_shows_one(name: str, row: Operation) -> None:
    takes_json = row.request is not None and row.media_type == JSON
    assert bool(row.example) == takes_json, name
    if row.request is not None:
        assert set(row.example) <= set(row.request.model_fields)
