"""What is asked of an administrator where we may not make the database ourselves."""

from __future__ import annotations

from pathlib import Path

import pytest

from knowalledge_api.database.creation import administrators_sql, create_database
from knowalledge_api.errors import DatabaseFault, DatabaseUnavailableError
from tests.support.configuration import PASSWORD, settings_of, sqlite_settings

POSTGRESQL = f'postgresql://app:{PASSWORD}@db/kn"ow'
DEFAULT = 'ALTER DEFAULT PRIVILEGES FOR ROLE "boss"'
MARIADB = f"mariadb://o'app:{PASSWORD}@db/kn`ow"


def test_sqlite_is_its_file_which_the_first_migration_makes(tmp_path: Path) -> None:
    assert create_database(sqlite_settings(tmp_path)) is False
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_is_away_is_no_matter_of_rights() -> None:
    with pytest.raises(DatabaseUnavailableError) as caught:
        create_database(settings_of(DATABASE_URL="postgresql://a:b@127.0.0.1:1/x"))
    assert caught.value.fault is DatabaseFault.REFUSED


@pytest.mark.parametrize(
    ("variables", "login", "sql"),
    [
        ({"DATABASE_URL": POSTGRESQL}, True, ['CREATE DATABASE "kn""ow" OWNER "app";']),
        (
            {"DATABASE_URL": POSTGRESQL},
            False,
            [
                "CREATE USER \"app\" PASSWORD '…';",
                'CREATE DATABASE "kn""ow" OWNER "app";',
            ],
        ),
        (
            {"DATABASE_URL": POSTGRESQL, "DATABASE_MIGRATION_URL": "postgres://boss:x@db/ka"},
            False,
            [
                "CREATE USER \"boss\" PASSWORD '…';",
                "CREATE USER \"app\" PASSWORD '…';",
                'CREATE DATABASE "ka" OWNER "boss";',
                'GRANT CONNECT ON DATABASE "ka" TO "app";',
                '\\connect "ka"',
                f'{DEFAULT} GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO "app";',
                f'{DEFAULT} GRANT USAGE, SELECT ON SEQUENCES TO "app";',
            ],
        ),
        (
            {"DATABASE_URL": MARIADB},
            True,
            [
                "CREATE DATABASE `kn``ow` CHARACTER SET utf8mb4;",
                "GRANT ALL ON `kn``ow`.* TO 'o''app'@'%';",
            ],
        ),
        (
            {"DATABASE_URL": MARIADB, "DATABASE_MIGRATION_URL": "mysql://boss:x@db/ka"},
            False,
            [
                "CREATE USER 'boss'@'%' IDENTIFIED BY '…';",
                "CREATE USER 'o''app'@'%' IDENTIFIED BY '…';",
                "CREATE DATABASE `ka` CHARACTER SET utf8mb4;",
                "GRANT ALL ON `ka`.* TO 'boss'@'%';",
                "GRANT SELECT, INSERT, UPDATE, DELETE ON `ka`.* TO 'o''app'@'%';",
            ],
        ),
    ],
)
def test_the_statements_are_complete_quoted_and_without_a_password(
    variables: dict[str, str], sql: list[str], *, login: bool
) -> None:
    found = administrators_sql(settings_of(**variables), login=login)
    assert list(found) == sql
    assert PASSWORD not in "".join(found)
