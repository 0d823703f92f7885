"""Users with their keys, progress and usage; idempotency keys, the AI's budget, the audit log."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True).with_variant(mysql.DATETIME(fsp=6), "mysql")
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
BYTES = sa.LargeBinary().with_variant(mysql.MEDIUMBLOB(), "mysql")
MARIADB: dict[str, Any] = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4"}


def ascii_text(length: int) -> sa.types.TypeEngine[str]:
    exact = mysql.VARCHAR(length, charset="ascii", collation="ascii_bin")
    return sa.String(length).with_variant(exact, "mysql")


def owner(table: str, *, nullable: bool = False) -> tuple[sa.Column[int], sa.ForeignKeyConstraint]:
    name = f"fk_{table}_user_id_users"
    return (
        sa.Column("user_id", NUMBER, nullable=nullable, autoincrement=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=name, ondelete="CASCADE"),
    )


def upgrade() -> None:
    create_users()
    create_credentials()
    create_quiz_results()
    create_progress()
    create_counters()
    create_idempotency_keys()
    create_audit_log()


def create_users() -> None:
    op.create_table(
        "users",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("public_id", ascii_text(64), nullable=False),
        sa.Column("role", ascii_text(16), nullable=False),
        sa.Column("tier", ascii_text(16), nullable=False),
        sa.Column("email", sa.Unicode(254)),
        sa.Column("disabled_at", MOMENT),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
        sa.UniqueConstraint("public_id", name="uq_users_public_id"),
        sa.CheckConstraint("length(public_id) BETWEEN 3 AND 64", name=op.f("ck_users_public_id")),
        sa.CheckConstraint("role IN ('user', 'admin')", name=op.f("ck_users_role")),
        sa.CheckConstraint(
            "tier IN ('limited', 'free', 'basic', 'premium', 'unlimited')",
            name=op.f("ck_users_tier"),
        ),
        **MARIADB,
    )


def create_credentials() -> None:
    op.create_table(
        "api_keys",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("key_hash", ascii_text(64), nullable=False),
        sa.Column("prefix", ascii_text(16), nullable=False),
        *owner("api_keys"),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("last_used_at", MOMENT),
        sa.Column("revoked_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_api_keys"),
        sa.UniqueConstraint("key_hash", name="uq_api_keys_key_hash"),
        sa.CheckConstraint("length(key_hash) = 64", name=op.f("ck_api_keys_key_hash")),
        sa.Index("ix_api_keys_user_id", "user_id"),
        **MARIADB,
    )
    op.create_table(
        "revoked_tokens",
        sa.Column("jti", ascii_text(64), nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("jti", name="pk_revoked_tokens"),
        sa.Index("ix_revoked_tokens_expires_at", "expires_at"),
        **MARIADB,
    )


def create_quiz_results() -> None:
    op.create_table(
        "quiz_results",
        sa.Column("id", NUMBER, nullable=False),
        *owner("quiz_results"),
        sa.Column("topic", sa.Unicode(200), nullable=False),
        sa.Column("subtopic", sa.Unicode(200)),
        sa.Column("difficulty", sa.Unicode(100)),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("mastery_level", sa.SmallInteger(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_quiz_results"),
        sa.CheckConstraint("total >= 1", name=op.f("ck_quiz_results_total")),
        sa.CheckConstraint("score BETWEEN 0 AND total", name=op.f("ck_quiz_results_score")),
        sa.CheckConstraint(
            "mastery_level BETWEEN 1 AND 3", name=op.f("ck_quiz_results_mastery_level")
        ),
        sa.Index("ix_quiz_results_user_id", "user_id"),
        **MARIADB,
    )


def create_progress() -> None:
    key = ("user_id", "topic_digest", "subtopic_digest")
    op.create_table(
        "progress",
        sa.Column("id", NUMBER, nullable=False),
        *owner("progress"),
        sa.Column("topic_digest", ascii_text(64), nullable=False),
        sa.Column("subtopic_digest", ascii_text(64), nullable=False),
        sa.Column("topic", sa.Unicode(200), nullable=False),
        sa.Column("subtopic", sa.Unicode(200)),
        sa.Column("mastery_level", sa.SmallInteger(), nullable=False),
        sa.Column("last_accessed_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_progress"),
        sa.UniqueConstraint(*key, name="uq_progress_user_id_topic_digest_subtopic_digest"),
        sa.CheckConstraint("length(topic_digest) = 64", name=op.f("ck_progress_topic_digest")),
        sa.CheckConstraint(
            "length(subtopic_digest) = 64", name=op.f("ck_progress_subtopic_digest")
        ),
        sa.CheckConstraint("mastery_level BETWEEN 1 AND 3", name=op.f("ck_progress_mastery_level")),
        **MARIADB,
    )


def create_counters() -> None:
    op.create_table(
        "daily_usage",
        *owner("daily_usage"),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("requests", sa.Integer(), nullable=False),
        sa.Column("input_tokens", sa.BigInteger(), nullable=False),
        sa.Column("output_tokens", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "day", name="pk_daily_usage"),
        sa.CheckConstraint("requests >= 0", name=op.f("ck_daily_usage_requests")),
        sa.CheckConstraint("input_tokens >= 0", name=op.f("ck_daily_usage_input_tokens")),
        sa.CheckConstraint("output_tokens >= 0", name=op.f("ck_daily_usage_output_tokens")),
        **MARIADB,
    )
    op.create_table(
        "daily_ai_calls",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", name="pk_daily_ai_calls"),
        sa.CheckConstraint("calls >= 0", name=op.f("ck_daily_ai_calls_calls")),
        **MARIADB,
    )


def create_idempotency_keys() -> None:
    op.create_table(
        "idempotency_keys",
        sa.Column("digest", ascii_text(64), nullable=False),
        sa.Column("request_digest", ascii_text(64), nullable=False),
        *owner("idempotency_keys", nullable=True),
        sa.Column("status", sa.SmallInteger()),
        sa.Column("body", BYTES),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_idempotency_keys"),
        sa.CheckConstraint("length(digest) = 64", name=op.f("ck_idempotency_keys_digest")),
        sa.CheckConstraint(
            "length(request_digest) = 64", name=op.f("ck_idempotency_keys_request_digest")
        ),
        sa.CheckConstraint("status BETWEEN 200 AND 499", name=op.f("ck_idempotency_keys_status")),
        sa.CheckConstraint(
            "body IS NULL OR status IS NOT NULL", name=op.f("ck_idempotency_keys_body")
        ),
        sa.CheckConstraint("expires_at > created_at", name=op.f("ck_idempotency_keys_expires_at")),
        **MARIADB,
    )
    # Not within the table, whose indexes have no order: the statements would differ by the run.
    op.create_index("ix_idempotency_keys_user_id", "idempotency_keys", ["user_id"])
    op.create_index("ix_idempotency_keys_expires_at", "idempotency_keys", ["expires_at"])


def create_audit_log() -> None:
    op.create_table(
        "audit_log",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("happened_at", MOMENT, nullable=False),
        sa.Column("actor", sa.Unicode(200), nullable=False),
        sa.Column("action", ascii_text(64), nullable=False),
        sa.Column("subject", sa.Unicode(200)),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("request_id", ascii_text(128)),
        sa.PrimaryKeyConstraint("id", name="pk_audit_log"),
        sa.CheckConstraint("length(actor) > 0", name=op.f("ck_audit_log_actor")),
        sa.CheckConstraint("length(action) > 0", name=op.f("ck_audit_log_action")),
        **MARIADB,
    )


def downgrade() -> None:
    for table in (
        "audit_log",
        "idempotency_keys",
        "daily_ai_calls",
        "daily_usage",
        "progress",
        "quiz_results",
        "revoked_tokens",
        "api_keys",
        "users",
    ):
        op.drop_table(table)
