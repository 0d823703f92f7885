from __future__ import annotations

import pytest

from knowctl.model.database import Schema, SchemaStatus


@pytest.mark.parametrize("status", SchemaStatus)
def test_a_server_runs_on_its_own_schema_and_on_a_newer_one(status: SchemaStatus) -> None:
    serves = Schema("sqlite:///x", status, (), ()).serves
    assert serves is (status in {SchemaStatus.OK, SchemaStatus.AHEAD})
