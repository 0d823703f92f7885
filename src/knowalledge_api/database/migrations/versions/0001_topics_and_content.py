"""Topics, and what was written about them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True).with_variant(mysql.DATETIME(fsp=6), "mysql")
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "topics",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("digest", sa.CHAR(64), nullable=False),
        sa.Column("text", sa.Unicode(200), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_topics"),
        sa.UniqueConstraint("digest", name="uq_topics_digest"),
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
    )
    op.create_table(
        "generated_content",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("cache_key", sa.CHAR(64), nullable=False),
        sa.Column("topic_id", NUMBER, nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("source", sa.String(32), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("quality_score", sa.Double(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_generated_content"),
        sa.ForeignKeyConstraint(
            ["topic_id"],
            ["topics.id"],
            name="fk_generated_content_topic_id_topics",
            ondelete="CASCADE",
        ),
        sa.UniqueConstraint("cache_key", name="uq_generated_content_cache_key"),
        sa.Index("ix_generated_content_topic_id", "topic_id"),
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
    )


def downgrade() -> None:
    op.drop_table("generated_content")
    op.drop_table("topics")
