"""What the tables refuse, keep and delete, on every kind of database."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import (
    BindParameter,
    CheckConstraint,
    Connection,
    Engine,
    String,
    delete,
    func,
    insert,
    literal,
    select,
)
from sqlalchemy.exc import DataError, IntegrityError, OperationalError

from knowalledge_api.database import Database
from knowalledge_api.database.models import Base, Role, Tier
from knowalledge_api.database.offline import migration_sql
from knowalledge_api.database.schema import SchemaStatus, migrate, schema_state
from tests.support import database_life as life
from tests.support.configuration import settings_of
from tests.support.tables import ADA, GOOD, NOON, described, digest, table

NOBODY = 999


def word(text: str) -> BindParameter[str]:
    """A word past the type that would refuse it first."""
    return literal(text, String())


BAD: list[tuple[str, dict[str, Any], str]] = [
    ("users", {"public_id": "ab"}, "ck_users_public_id"),
    ("users", {"role": word("root")}, "ck_users_role"),
    ("users", {"role": word("Admin")}, "ck_users_role"),
    ("users", {"role": word("")}, "ck_users_role"),
    ("users", {"tier": word("gold")}, "ck_users_tier"),
    ("users", {"tier": word("FREE")}, "ck_users_tier"),
    ("api_keys", {"key_hash": "sk_itself"}, "ck_api_keys_key_hash"),
    ("quiz_results", {"total": 0, "score": 0}, "ck_quiz_results_total"),
    ("quiz_results", {"score": 99}, "ck_quiz_results_score"),
    ("quiz_results", {"score": -1}, "ck_quiz_results_score"),
    ("quiz_results", {"mastery_level": 0}, "ck_quiz_results_mastery_level"),
    ("quiz_results", {"mastery_level": 4}, "ck_quiz_results_mastery_level"),
    ("progress", {"mastery_level": 0}, "ck_progress_mastery_level"),
    ("progress", {"mastery_level": 4}, "ck_progress_mastery_level"),
    ("progress", {"topic_digest": "CI/CD"}, "ck_progress_topic_digest"),
    ("progress", {"subtopic_digest": ""}, "ck_progress_subtopic_digest"),
    ("daily_usage", {"requests": -1}, "ck_daily_usage_requests"),
    ("daily_usage", {"input_tokens": -1}, "ck_daily_usage_input_tokens"),
    ("daily_usage", {"output_tokens": -1}, "ck_daily_usage_output_tokens"),
    ("daily_ai_calls", {"calls": -1}, "ck_daily_ai_calls_calls"),
    ("idempotency_keys", {"digest": "key"}, "ck_idempotency_keys_digest"),
    ("idempotency_keys", {"request_digest": "{}"}, "ck_idempotency_keys_request_digest"),
    ("idempotency_keys", {"status": 199}, "ck_idempotency_keys_status"),
    ("idempotency_keys", {"status": 500}, "ck_idempotency_keys_status"),
    ("idempotency_keys", {"status": None}, "ck_idempotency_keys_body"),
    ("idempotency_keys", {"expires_at": NOON}, "ck_idempotency_keys_expires_at"),
    ("audit_log", {"actor": ""}, "ck_audit_log_actor"),
    ("audit_log", {"action": ""}, "ck_audit_log_action"),
]
TWINS: dict[str, dict[str, Any]] = {
    "progress": {"subtopic": "another spelling"},
    "daily_usage": {"requests": 7},
    "daily_ai_calls": {"calls": 7},
    "idempotency_keys": {"request_digest": digest("another")},
    "revoked_tokens": {"expires_at": NOON + timedelta(1)},
    "api_keys": {"prefix": "sk_other"},
    "users": {"email": "b@example.org"},
}
"""What a second row may have of its own, and yet is refused, by table."""

NOT_NULL = [
    (name, column)
    for name, row in GOOD.items()
    for column in row
    if not table(name).c[column].nullable
]
OWNED = sorted(name for name in GOOD if "user_id" in GOOD[name])


@pytest.fixture(scope="module")
def database(urls: Iterator[str]) -> Iterator[Database]:
    """A migrated database of each kind of server."""
    settings = settings_of(DATABASE_URL=next(urls))
    migrate(settings)
    with life.opened(settings) as database:
        yield database


@pytest.fixture
def link(database: Database) -> Iterator[Connection]:
    """A transaction that is rolled back, with one user in it, ADA."""
    with database.connection() as link:
        put(link, "users", id=ADA, public_id="ada")
        yield link


def put(link: Connection, name: str, **changes: Any) -> None:
    link.execute(insert(table(name)).values({**GOOD[name], **changes}))


def refuses(link: Connection, name: str, **changes: Any) -> str:
    """What the database said to a row that it refused, and keeps the transaction clean of."""
    with (
        pytest.raises((IntegrityError, DataError, OperationalError)) as caught,
        link.begin_nested(),
    ):
        put(link, name, **changes)
    return str(caught.value.orig)


def execute(engine: Engine, sql: str) -> None:
    """Statement by statement, as a client of the database would; it knows no comments."""
    with engine.connect() as link:
        cursor = link.connection.cursor()
        for statement in re.sub(r"^--.*$", "", sql, flags=re.MULTILINE).split(";\n"):
            if statement.strip():
                cursor.execute(statement)
        cursor.close()
        link.connection.commit()


def count(link: Connection, name: str) -> int:
    return link.scalar(select(func.count()).select_from(table(name))) or 0


def test_the_migrations_build_what_the_models_say(urls: Iterator[str]) -> None:
    """Checks and collations too, which Alembic's own comparison leaves out."""
    by_migrations, by_models = (settings_of(DATABASE_URL=next(urls)) for _ in range(2))
    migrate(by_migrations)
    with life.opened(by_migrations) as database, database.connection() as link:
        migrated = described(link)
    with life.opened(by_models) as database, database.engine.begin() as link:
        Base.metadata.create_all(link)
        assert migrated == described(link)
    assert set(migrated) == set(Base.metadata.tables)


def test_the_statements_for_another_hand_build_the_same(urls: Iterator[str]) -> None:
    """In two steps, as an operator would; afterwards the schema is this code's."""
    ours, theirs = (settings_of(DATABASE_URL=next(urls)) for _ in range(2))
    migrate(ours)
    with life.opened(ours) as database, database.connection() as link:
        expected = described(link)
    with life.opened(theirs) as database:
        for start, end in ((None, "0001"), ("0001", "head")):
            execute(database.engine, migration_sql(theirs, start, end))
        with database.connection() as link:
            assert described(link) == expected
        assert schema_state(database).status is SchemaStatus.OK


def test_a_good_row_is_kept_as_it_is(link: Connection) -> None:
    for name, row in GOOD.items():
        put(link, name)
        kept = link.execute(select(*(table(name).c[column] for column in row))).all()
        assert tuple(row.values()) in kept


def test_a_bad_row_is_refused_by_the_constraint_for_it(link: Connection) -> None:
    for name, changes, constraint in BAD:
        assert constraint in refuses(link, name, **changes), changes


def test_every_check_has_a_bad_row() -> None:
    checks = {
        str(constraint.name)
        for each in Base.metadata.tables.values()
        for constraint in each.constraints
        if isinstance(constraint, CheckConstraint)
    }
    assert {constraint for _, _, constraint in BAD} == checks


def test_what_must_be_there_may_not_be_missing(link: Connection) -> None:
    for name, column in NOT_NULL:
        said = refuses(link, name, **{column: None})
        assert column in said, (name, column, said)
        assert "null" in said.lower()


def test_a_second_row_of_the_same_is_refused(link: Connection) -> None:
    assert set(TWINS) == {*GOOD} - {"quiz_results", "audit_log"}
    for name, changes in TWINS.items():
        put(link, name)
        said = refuses(link, name, **changes)
        assert "unique" in said.lower() or "duplicate" in said.lower(), said


def test_two_quizzes_of_the_same_score_are_two_quizzes(link: Connection) -> None:
    put(link, "quiz_results")
    put(link, "quiz_results")
    assert count(link, "quiz_results") == 2


def test_a_row_of_a_user_who_is_not_there_is_refused(link: Connection) -> None:
    for name in OWNED:
        assert "foreign key" in refuses(link, name, user_id=NOBODY).lower()


def test_a_user_takes_along_all_but_the_audit_log(link: Connection) -> None:
    users = table("users")
    put(link, "users")
    bob = link.scalar(select(users.c.id).where(users.c.public_id == "bob"))
    assert bob not in {None, ADA}
    for name in GOOD.keys() - {"users"}:
        put(link, name)
    put(link, "quiz_results", user_id=bob)
    put(link, "idempotency_keys", user_id=None, digest=digest("of a stranger"))
    link.execute(delete(users).where(users.c.id == ADA))
    left = {name: count(link, name) for name in OWNED}
    assert left == {**dict.fromkeys(OWNED, 0), "quiz_results": 1, "idempotency_keys": 1}
    assert count(link, "audit_log") == 1


def test_user_ids_differ_by_case(link: Connection) -> None:
    users = table("users")
    for public_id in ("Bob", "bob", "BOB"):
        put(link, "users", public_id=public_id)
    found = select(users.c.public_id).where(users.c.public_id == "bob")
    assert link.scalars(found).all() == ["bob"]
    ordered = select(users.c.public_id).where(users.c.public_id.in_(["bob", "Bob", "nobody"]))
    assert set(link.scalars(ordered)) == {"bob", "Bob"}


def test_every_user_id_of_the_api_fits_and_no_longer_one(link: Connection) -> None:
    for public_id in ("abc", "x" * 64, "a.b_c-d@example.org", "007"):
        put(link, "users", public_id=public_id)
    refuses(link, "users", public_id="x" * 65)


def test_progress_is_one_row_a_user_topic_and_subtopic(link: Connection) -> None:
    put(link, "users")
    users = table("users")
    bob = link.scalar(select(users.c.id).where(users.c.public_id == "bob"))
    put(link, "progress")
    put(link, "progress", user_id=bob)
    put(link, "progress", topic_digest=digest("Über"))
    put(link, "progress", topic_digest=digest("uber"))
    put(link, "progress", subtopic_digest=digest("quanta"), subtopic="quanta")
    assert count(link, "progress") == 5


def test_moments_keep_microseconds_and_their_zone(link: Connection) -> None:
    moment = datetime(2026, 1, 1, 23, 59, 59, 999_999, tzinfo=UTC)
    put(link, "revoked_tokens", expires_at=moment.astimezone(timezone(timedelta(hours=9))))
    assert link.scalar(select(table("revoked_tokens").c.expires_at)) == moment


def test_words_come_back_as_members_of_their_sets(link: Connection) -> None:
    for number, tier in enumerate(Tier):
        put(link, "users", public_id=f"user-{number}", tier=tier, role=Role.ADMIN)
    users = table("users")
    rows = link.execute(select(users.c.role, users.c.tier).where(users.c.role == "admin")).all()
    assert {(type(role), type(tier)) for role, tier in rows} == {(Role, Tier)}
    assert {tier for _, tier in rows} == set(Tier)
