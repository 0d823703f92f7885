from __future__ import annotations

from pathlib import Path

import pytest

from knowalledge_api.database import Database
from knowalledge_api.database.diagnosis.share import ENOUGH, _named, share
from tests.support.configuration import settings_of


def test_sqlite_keeps_no_list_and_is_not_asked(tmp_path: Path) -> None:
    file = tmp_path / "a.db"
    assert share(Database(settings_of(DATABASE_URL=f"sqlite:///{file}")), "5000") is None
    assert not file.exists()


@pytest.mark.parametrize(
    ("instance", "name"),
    [
        ("500", "knowalledge/500/"),
        ("élan %_", "knowalledge/?lan %_/"),
        ("x" * ENOUGH, f"knowalledge/{'x' * ENOUGH}/"),
        ("x" * 40, f"knowalledge/{'x' * ENOUGH}"),
    ],
)
def test_connections_are_named_after_the_instance_as_far_as_the_server_keeps_it(
    instance: str, name: str
) -> None:
    assert _named(instance) == name
