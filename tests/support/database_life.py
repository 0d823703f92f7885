"""What has to hold on every database, told once and asked of each."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import text

from knowalledge_api.app import create_app, parts_of
from knowalledge_api.database import Database
from knowalledge_api.database.contents import Content, find_content, store_content
from knowalledge_api.database.schema import SchemaStatus, migrate, schema_state
from knowalledge_api.settings import Settings
from tests.support.answers import body_of
from tests.support.configuration import settings_of

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

CHECKOUT = Path(__file__).parents[2]
REVISIONS = ("0001", "0002")
MIGRATE = (
    "from knowalledge_api.database.schema import migrate;"
    "from knowalledge_api.settings.process import from_process;"
    "print(len(migrate(from_process()).applied))"
)


@contextmanager
def opened(settings: Settings) -> Iterator[Database]:
    """A database that is closed at the end."""
    with closing(Database(settings)) as database:
        yield database


def environment(url: str) -> dict[str, str]:
    """What a process needs to work on the database, and no .env of the checkout."""
    return {
        **os.environ,
        "PYTHONPATH": str(CHECKOUT / "src"),
        "DATABASE_URL": url,
        "KNOWCTL_ENV_FILE": os.devnull,
    }


def alembic(url: str, *arguments: str, cwd: Path = CHECKOUT) -> subprocess.CompletedProcess[str]:
    """Run plain `alembic` in a checkout."""
    return subprocess.run(
        [sys.executable, "-m", "alembic", *arguments],
        cwd=cwd,
        env={**environment(url), "PYTHONPATH": str(cwd / "src")},
        capture_output=True,
        text=True,
        check=False,
    )


def assert_a_schema_goes_up_and_down(url: str) -> None:
    """Empty, up, nothing left to do, no drift from the models, down step by step, up again."""
    settings = settings_of(DATABASE_URL=url)
    with opened(settings) as database:
        assert schema_state(database).status is SchemaStatus.EMPTY
        done = migrate(settings)
        assert done.before.status is SchemaStatus.EMPTY
        assert done.after.status is SchemaStatus.OK
        assert done.applied == REVISIONS
        assert migrate(settings).applied == ()
        drift = alembic(url, "check")
        assert drift.returncode == 0, drift.stdout + drift.stderr
        for left in reversed(range(len(REVISIONS))):
            down = alembic(url, "downgrade", "-1")
            assert down.returncode == 0, down.stderr
            assert schema_state(database).current == REVISIONS[:left][-1:]
            assert migrate(settings).applied == REVISIONS[left:]
            back = alembic(url, "downgrade", REVISIONS[left - 1] if left else "base")
            assert back.returncode == 0, back.stderr
        assert schema_state(database).status is SchemaStatus.EMPTY
        assert migrate(settings).applied == REVISIONS
        assert schema_state(database).status is SchemaStatus.OK


def assert_states_are_told_apart(url: str) -> None:
    """Newer code that went on from ours is ahead and left alone; all else has diverged."""
    settings = settings_of(DATABASE_URL=url)
    migrate(settings)
    with opened(settings) as database:
        with database.session() as session:
            session.execute(text("UPDATE alembic_version SET version_num = 'newer'"))
        assert schema_state(database).status is SchemaStatus.DIVERGED
        with database.session() as session:
            line = " ".join((*REVISIONS, "newer"))
            session.execute(text("DELETE FROM schema_history"))
            session.execute(
                text("INSERT INTO schema_history VALUES ('newer', :line)"), {"line": line}
            )
        assert schema_state(database).status is SchemaStatus.AHEAD
        assert migrate(settings).applied == ()
        with database.session() as session:
            session.execute(text("INSERT INTO alembic_version VALUES ('0001')"))
        assert schema_state(database).status is SchemaStatus.DIVERGED


def assert_one_of_many_migrates(url: str) -> None:
    """Four processes at once: one applies, all end well."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", MIGRATE],
            env=environment(url),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    said = [(*process.communicate(), process.returncode) for process in processes]
    assert [code for _, _, code in said] == [0] * 4, said
    assert sorted(out.strip() for out, _, _ in said) == ["0", "0", "0", str(len(REVISIONS))]


def assert_learners_are_answered(url: str) -> None:
    """A topic of any script is divided once, and found again by another process's memory."""
    settings = settings_of(DATABASE_URL=url)
    migrate(settings)
    for topic in (
        "C++ Programming",
        "CI/CD",
        "Newton's laws",
        "量子力学",
        "SELECT statements",
        "🧬",
    ):
        sources = [_source(settings, topic) for _ in range(2)]
        assert sources == ["offline", "cache"]


def _source(settings: Settings, topic: str) -> str:
    app = create_app(settings)
    with closing(parts_of(app).database):
        answer = app.test_client().post("/api/create_subtopics", json={"topic": topic})
        assert answer.status_code == 200, answer.text
        assert body_of(answer)["count"] == 15
        assert all(topic in heading for heading in body_of(answer)["subtopics"])
        return str(body_of(answer)["source"])


def assert_writers_of_one_key_get_along(url: str) -> None:
    """Many write the same content of the same topic at once, again and again: one row stays."""
    settings = settings_of(DATABASE_URL=url)
    migrate(settings)
    with opened(settings) as database, ThreadPoolExecutor(8) as threads:
        for round_ in range(5):
            content = _content(round_)
            list(threads.map(lambda _: store_content(database, content), range(8)))  # noqa: B023 -- done within the round
        with database.session() as session:
            counts = [_count(session, table) for table in ("topics", "generated_content")]
            found = find_content(session, "key-4", since=datetime(2020, 1, 1, tzinfo=UTC))
    assert counts == [5, 5]
    assert found is not None
    assert found.body == ["Für Elise 🎹", "力"]
    assert found.created_at == datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)


def _content(number: int) -> Content:
    return Content(
        key=f"key-{number}",
        topic="Für Elise",
        topic_digest=f"digest-{number}",
        kind="subtopics",
        language="de",
        source="offline",
        body=["Für Elise 🎹", "力"],
        quality_score=0.93,
        created_at=datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC),
    )


def _count(session: Session, table: str) -> int:
    return int(session.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())  # noqa: S608 -- our own names


def assert_nothing_is_imported_on_a_request(url: str) -> None:
    """What a request needs was imported before the server forked."""
    script = (
        "import sys\n"
        "import encodings.idna  # the test client's, for its host\n"
        "from knowalledge_api.app import create_app\n"
        "client = create_app().test_client()\n"
        "before = set(sys.modules)\n"
        "client.post('/api/create_subtopics', json={'topic': 'CI/CD'})\n"
        "client.post('/api/create_subtopics', data='[', content_type='application/json')\n"
        "client.get('/ready')\n"
        "print(sorted(name for name in set(sys.modules) - before))\n"
    )
    migrate(settings_of(DATABASE_URL=url))
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        env=environment(url),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == "[]", done.stdout + done.stderr
