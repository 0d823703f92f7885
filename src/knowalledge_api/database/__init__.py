"""Everything that knows SQL: engine, sessions, models, migrations."""

from knowalledge_api.database.facade import (
    check_database_health,
    get_database_stats,
    get_db_context,
    init_database,
)
from knowalledge_api.database.sessions import Database, PoolStats

__all__ = [
    "Database",
    "PoolStats",
    "check_database_health",
    "get_database_stats",
    "get_db_context",
    "init_database",
]
