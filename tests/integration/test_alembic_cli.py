"""Plain `alembic` in a checkout."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.support.database_life import CHECKOUT, REVISIONS, alembic

VERSIONS = "src/knowalledge_api/database/migrations/versions"
NEXT = f"{int(REVISIONS[-1]) + 1:04}"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    copy = tmp_path / "checkout"
    copy.mkdir()
    shutil.copy(CHECKOUT / "pyproject.toml", copy)
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(CHECKOUT / "src", copy / "src", ignore=ignored)
    return copy


def test_upgrade_head_goes_to_the_newest_version(checkout: Path) -> None:
    url = f"sqlite:///{checkout}/x.db"
    up = alembic(url, "upgrade", "head", cwd=checkout)
    assert up.returncode == 0, up.stderr
    assert "Running upgrade  -> 0001" in up.stderr
    assert f"{REVISIONS[-1]} (head)" in alembic(url, "current", cwd=checkout).stdout


def test_a_new_revision_is_written_from_the_models_and_runs(checkout: Path) -> None:
    url = f"sqlite:///{checkout}/x.db"
    models = checkout / "src/knowalledge_api/database/models/topics.py"
    models.write_text(
        models.read_text()
        + "\n\nfrom enum import StrEnum\n"
        + "from knowalledge_api.database.models.columns import OneOf\n"
        + "Source = StrEnum('Source', 'gemini offline')\n"
        + "class Extra(Base):\n"
        + '    __tablename__ = "extra"\n'
        + "    id: Mapped[int] = mapped_column(Number, primary_key=True)\n"
        + "    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)\n"
        + "    source: Mapped[Source] = mapped_column(OneOf(Source))\n"
    )
    alembic(url, "upgrade", "head", cwd=checkout)
    made = alembic(url, "revision", "--autogenerate", "-m", "extra", cwd=checkout)
    assert made.returncode == 0, made.stderr
    text = (checkout / VERSIONS / f"{NEXT}_extra.py").read_text()
    assert f'revision = "{NEXT}"' in text.replace("'", '"')
    assert "ascii_bin" in text
    assert "mysql.DATETIME(fsp=6)" in text
    assert "pk_extra" in text
    for command in (("upgrade", "head"), ("check",), ("downgrade", "-1"), ("upgrade", "head")):
        done = alembic(url, *command, cwd=checkout)
        assert done.returncode == 0, done.stdout + done.stderr


def test_an_empty_revision_gets_the_next_number_unless_it_has_a_name(checkout: Path) -> None:
    url = f"sqlite:///{checkout}/x.db"
    alembic(url, "upgrade", "head", cwd=checkout)
    for arguments in (("-m", "first"), ("-m", "second", "--rev-id", "named"), ("-m", "third")):
        made = alembic(url, "revision", *arguments, cwd=checkout)
        assert made.returncode == 0, made.stderr
        alembic(url, "upgrade", "head", cwd=checkout)
    last = int(NEXT) + 1
    names = {path.name for path in (checkout / VERSIONS).glob("*.py")}
    assert names >= {f"{NEXT}_first.py", "named_second.py", f"{last:04}_third.py"}


def test_the_migrations_of_the_checkout_are_numbered_and_named_alike() -> None:
    names = sorted(path.name for path in (CHECKOUT / VERSIONS).glob("*.py"))
    assert [name.partition("_")[0] for name in names] == list(REVISIONS)


def test_the_statements_can_be_written_for_another_hand_to_run(checkout: Path) -> None:
    offline = alembic("mysql://u:canary@db.invalid/x", "upgrade", "head", "--sql", cwd=checkout)
    assert offline.returncode == 0, offline.stderr
    assert "CREATE TABLE topics" in offline.stdout
    assert "canary" not in offline.stdout + offline.stderr


def test_a_database_that_is_away_is_one_clear_line(checkout: Path) -> None:
    done = alembic("postgresql://u:canary@127.0.0.1:1/x", "upgrade", "head", cwd=checkout)
    assert done.returncode != 0
    assert 'FAILED: server at "127.0.0.1", port 1: Connection refused' in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert "canary" not in done.stdout + done.stderr


def test_wrong_settings_are_named(checkout: Path) -> None:
    done = alembic("oracle://u:canary@db/x", "upgrade", "head", cwd=checkout)
    assert done.returncode != 0
    assert "DATABASE_URL: its value is not a URL" in done.stdout + done.stderr
    assert "canary" not in done.stdout + done.stderr
