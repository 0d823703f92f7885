"""The schema of a database as plain values, so that two can be compared, and rows for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Inspector, Table, inspect

from knowalledge_api.database.models import Base, Role, Tier

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
ADA = 1_000_000
"""The id of a user, far from those that a database gives out by itself."""


def digest(text: str) -> str:
    """As the product makes them."""
    return sha256(text.encode()).hexdigest()


GOOD: dict[str, dict[str, Any]] = {
    "users": {
        "public_id": "bob",
        "role": Role.USER,
        "tier": Tier.FREE,
        "email": None,
        "disabled_at": None,
        "created_at": NOON,
    },
    "api_keys": {
        "key_hash": digest("key"),
        "prefix": "sk_abcd",
        "user_id": ADA,
        "created_at": NOON,
        "last_used_at": None,
        "revoked_at": None,
    },
    "revoked_tokens": {"jti": "token", "expires_at": NOON},
    "quiz_results": {
        "user_id": ADA,
        "topic": "量子力学",
        "subtopic": None,
        "difficulty": None,
        "score": 2,
        "total": 3,
        "mastery_level": 2,
        "created_at": NOON,
    },
    "progress": {
        "user_id": ADA,
        "topic_digest": digest("量子力学"),
        "subtopic_digest": digest(""),
        "topic": "量子力学",
        "subtopic": None,
        "mastery_level": 3,
        "last_accessed_at": NOON,
    },
    "daily_usage": {
        "user_id": ADA,
        "day": date(2026, 1, 1),
        "requests": 1,
        "input_tokens": 2**40,
        "output_tokens": 0,
    },
    "daily_ai_calls": {"day": date(2026, 1, 1), "calls": 1500},
    "idempotency_keys": {
        "digest": digest("ada|POST /api/quiz/submit|key"),
        "request_digest": digest("{}"),
        "user_id": ADA,
        "status": 201,
        "body": b"x" * 70_000,
        "created_at": NOON,
        "expires_at": NOON + timedelta(days=1),
    },
    "audit_log": {
        "happened_at": NOON,
        "actor": "ada",
        "action": "user.disable",
        "subject": "bob",
        "detail": {"tier": ["free", "basic"]},
        "request_id": None,
    },
}
"""A row that each table takes, where there is a user with the id ADA."""


def table(name: str) -> Table:
    """A table of the models."""
    return Base.metadata.tables[name]


def described(connection: Connection) -> dict[str, dict[str, list[Any]]]:
    """Everything that the database says of its tables, but for the order of constraints."""
    inspector = inspect(connection)
    return {
        name: {kind: sorted(map(str, rows)) for kind, rows in _parts(inspector, name)}
        for name in inspector.get_table_names()
        if name not in {"alembic_version", "schema_history"}
    }


def _parts(inspector: Inspector, name: str) -> Iterator[tuple[str, Any]]:
    parts: tuple[tuple[str, Callable[[str], Any]], ...] = (
        ("unique", inspector.get_unique_constraints),
        ("foreign keys", inspector.get_foreign_keys),
        ("indexes", inspector.get_indexes),
        ("checks", inspector.get_check_constraints),
    )
    yield "primary key", [inspector.get_pk_constraint(name)]
    yield "columns", [_column(dict(column)) for column in inspector.get_columns(name)]
    yield "options", inspector.get_table_options(name).items()
    for kind, ask in parts:
        yield kind, ask(name)


def _column(column: dict[str, Any]) -> tuple[Any, ...]:
    kind = column["type"]
    collation = getattr(kind, "collation", None)
    return (column["name"], repr(kind), collation, column["nullable"], column["default"])
