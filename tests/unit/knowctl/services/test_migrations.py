from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import pytest

from knowctl.errors import ErrorCode, ExitCode, Failure, KnowctlError
from knowctl.model.database import Migration, Revision, RevisionState, Schema, SchemaStatus, Undoing
from knowctl.model.results import WrittenFile
from knowctl.services import migrations
from knowctl.services.database import MIGRATION_WAIT
from knowctl.services.migrations import Beginning, Ports
from tests.unit.knowctl.conftest import FakeDatabase, Talked

EMPTY, BEHIND, OK, AHEAD, DIVERGED, SEVERAL = (
    SchemaStatus.EMPTY,
    SchemaStatus.BEHIND,
    SchemaStatus.OK,
    SchemaStatus.AHEAD,
    SchemaStatus.DIVERGED,
    SchemaStatus.SEVERAL_HEADS,
)
FIRST = Revision("0001", (), "Topics", head=False)
SECOND = Revision("0002", ("0001",), "Users", head=True)


@dataclass
class FakeMigrations:
    """Two migrations, and a note of all that was asked of them."""

    name: str = "sqlite:///x"
    development: bool = True
    postgresql: bool = True
    undone: Undoing = field(default_factory=lambda: Undoing((FIRST,), ("table topics",)))
    done: list[tuple[object, ...]] = field(default_factory=list)

    def revisions(self) -> tuple[Revision, ...]:
        return SECOND, FIRST

    def statements(self, start: str | None, end: str, *, down: bool, lock_wait: float) -> str:
        self.done.append(("statements", start, end, down, lock_wait))
        return "\nSELECT 1;\n\n"

    def pending_sql(self, current: tuple[str, ...]) -> Mapping[str, str]:
        return {"0002": f"-- after {current}"}

    def undoing(self, start: str, to: str) -> Undoing:
        self.done.append(("undoing", start, to))
        return self.undone

    def downgrade(self, start: str, to: str, *, wait: float, lock_wait: float) -> Migration:
        self.done.append(("downgrade", start, to, wait, lock_wait))
        return Migration(self.name, (start,), (), undone=(start,))

    def write(self, message: str, *, autogenerate: bool) -> WrittenFile:
        return WrittenFile(f"{message} {autogenerate}", "migration")

    def create(self) -> bool:
        self.done.append(("create",))
        return True

    def seed(self) -> tuple[str, ...]:
        self.done.append(("seed",))
        return ("Photosynthesis",)


def ports(
    status: SchemaStatus = BEHIND, fake: FakeMigrations | None = None, *, agrees: bool = False
) -> tuple[Ports, FakeDatabase, FakeMigrations, Talked]:
    database, made, person = (
        FakeDatabase((status,)),
        fake or FakeMigrations(),
        Talked(agrees=agrees),
    )
    return Ports(database, made, person), database, made, person


def refused(raised: pytest.ExceptionInfo[KnowctlError]) -> Failure:
    assert raised.value.failure.exit_code is ExitCode.REFUSED
    return raised.value.failure


@pytest.mark.parametrize("status", [EMPTY, BEHIND, OK])
def test_an_upgrade_applies_what_is_missing(status: SchemaStatus) -> None:
    given, database, _, person = ports(status)
    assert migrations.upgrade(given, "0002", 7).applied == ("0001",)
    assert database.waits == [MIGRATION_WAIT]
    assert database.wanted == [("0002", 7)]
    assert person.warnings == []


def test_a_newer_releases_schema_is_left_alone_with_a_warning() -> None:
    given, database, _, person = ports(AHEAD)
    migrations.upgrade(given)
    assert database.wanted == [("head", migrations.LOCK_WAIT)]
    assert [name for name, _ in person.warnings] == ["schema"]


@pytest.mark.parametrize("status", [DIVERGED, SEVERAL])
def test_what_can_not_be_known_is_not_migrated(status: SchemaStatus) -> None:
    given, database, *_ = ports(status)
    with pytest.raises(KnowctlError) as raised:
        migrations.upgrade(given)
    failure = refused(raised)
    assert failure.code is ErrorCode.SCHEMA
    assert status.value.replace("_", " ") in failure.message
    assert "database 0001, release 0002" in failure.cause
    assert failure.hint
    assert database.waits == []


def test_beginning_does_as_much_as_was_asked_for() -> None:
    given, _, made, _ = ports(EMPTY)
    done = migrations.initialise(given, Beginning())
    assert (done.created, done.seeded, made.done) == (False, (), [])
    done = migrations.initialise(given, Beginning(create=True, seed=True))
    assert (done.created, done.seeded) == (True, ("Photosynthesis",))
    assert made.done == [("create",), ("seed",)]


def test_nothing_is_begun_where_seeds_are_not_for() -> None:
    given, database, made, _ = ports(EMPTY, FakeMigrations(development=False))
    with pytest.raises(KnowctlError) as raised:
        migrations.initialise(given, Beginning(create=True, seed=True))
    assert refused(raised).code is ErrorCode.REFUSED
    assert (made.done, database.waits) == ([], [])


def test_a_downgrade_that_was_confirmed_says_what_it_destroys_and_does_it() -> None:
    given, _, made, person = ports(OK)
    done = migrations.downgrade(given, "-1", 7, confirmed=True)
    assert done.undone == ("0001",)
    assert made.done == [
        ("undoing", "0001", "-1"),
        ("downgrade", "0001", "base", MIGRATION_WAIT, 7),
    ]
    assert person.warnings == [
        ("downgrade", "undoes 0001 and drops, with all rows, table topics (sqlite:///x)")
    ]
    assert person.questions == []


def test_the_target_is_fixed_by_what_was_agreed_to() -> None:
    given, _, made, _ = ports(OK, FakeMigrations(undone=Undoing((SECOND,), ())))
    migrations.downgrade(given, "-1", 5, confirmed=True)
    assert made.done[-1][:3] == ("downgrade", "0001", "0001")


def test_a_person_may_agree_to_a_downgrade() -> None:
    given, _, made, person = ports(OK, agrees=True)
    migrations.downgrade(given, "-1", 5, confirmed=False)
    assert made.done[-1][0] == "downgrade"
    assert person.questions == [
        "This undoes 0001 and drops, with all rows, table topics (sqlite:///x). Go on?"
    ]


def test_without_a_yes_nothing_is_undone() -> None:
    given, _, made, _ = ports(OK)
    with pytest.raises(KnowctlError) as raised:
        migrations.downgrade(given, "-1", 5, confirmed=False)
    failure = refused(raised)
    assert failure.code is ErrorCode.REFUSED
    assert "table topics" in failure.cause
    assert failure.hint == "knowctl db downgrade -1 --yes"
    assert [what for what, *_ in made.done] == ["undoing"]


def test_a_downgrade_that_drops_nothing_says_so() -> None:
    given, _, _, person = ports(OK, FakeMigrations(undone=Undoing((SECOND,), ())))
    migrations.downgrade(given, "0001", 5, confirmed=True)
    assert "no table and no column" in person.warnings[0][1]


@pytest.mark.parametrize(
    ("status", "undone"), [(EMPTY, Undoing((FIRST,), ())), (OK, Undoing((), ()))]
)
def test_where_there_is_nothing_to_undo_nobody_is_asked(
    status: SchemaStatus, undone: Undoing
) -> None:
    given, _, made, person = ports(status, FakeMigrations(undone=undone))
    done = migrations.downgrade(given, "base", 5, confirmed=False)
    assert (done.undone, done.before) == ((), done.after)
    assert person.questions == []
    assert [what for what, *_ in made.done if what == "downgrade"] == []


@pytest.mark.parametrize("status", [AHEAD, DIVERGED, SEVERAL])
def test_what_this_release_does_not_know_it_does_not_undo(status: SchemaStatus) -> None:
    given, _, made, _ = ports(status)
    for undo in (
        lambda: migrations.downgrade(given, "-1", 5, confirmed=True),
        lambda: migrations.statements(given, "-1", 5, down=True),
    ):
        with pytest.raises(KnowctlError) as raised:
            undo()
        refused(raised)
    assert made.done == []


@pytest.mark.parametrize(
    ("status", "way", "asked", "start", "end"),
    [
        (EMPTY, "head", 1, None, "head"),
        (BEHIND, "head", 1, "0001", "head"),
        (DIVERGED, "0001:0002", 0, "0001", "0002"),
        (DIVERGED, "base:0002", 0, None, "0002"),
        (DIVERGED, ":0002", 0, None, "0002"),
    ],
)
def test_statements_begin_where_the_database_is_or_where_one_says(
    status: SchemaStatus, way: str, asked: int, start: str | None, end: str
) -> None:
    given, database, made, _ = ports(status)
    written = migrations.statements(given, way, 7)
    assert written.sql == "SELECT 1;"
    assert made.done == [("statements", start, end, False, 7)]
    assert database.asked == asked
    assert database.waits == []


@dataclass
class At(FakeDatabase):
    """A database at these revisions."""

    current: tuple[str, ...] = ()

    def schema(self) -> Schema:
        return replace(super().schema(), current=self.current)


class Away(FakeDatabase):
    """A database whose revision can't be asked."""

    def schema(self) -> Schema:
        raise KnowctlError(ErrorCode.DATABASE, "no answer", cause="refused", hint="start it")


@pytest.mark.parametrize(
    ("status", "current", "told"),
    [
        (EMPTY, (), ["pending", "pending"]),
        (BEHIND, ("0001",), ["pending", "current"]),
        (OK, ("0002",), ["current", "applied"]),
        (AHEAD, ("0003",), ["applied", "applied"]),
        (DIVERGED, ("x",), ["unknown", "unknown"]),
    ],
)
def test_history_tells_how_far_the_database_is(
    status: SchemaStatus, current: tuple[str, ...], told: list[str]
) -> None:
    given = Ports(At((status,), current=current), FakeMigrations(), Talked())
    assert [each.state for each in migrations.history(given).revisions] == told


def test_history_is_told_without_a_database_too() -> None:
    person = Talked()
    found = migrations.history(Ports(Away(), FakeMigrations(), person))
    assert {each.state for each in found.revisions} == {RevisionState.UNKNOWN}
    assert found.database == "sqlite:///x"
    assert person.warnings == [("database", "refused")]


def test_heads_are_those_that_none_comes_after() -> None:
    assert migrations.heads(FakeMigrations()).revisions == (SECOND,)


def test_a_new_migration_is_named_by_what_it_does() -> None:
    assert migrations.write(FakeMigrations(), " keep \n notes ", autogenerate=True).path == (
        "keep notes True"
    )
    with pytest.raises(KnowctlError) as raised:
        migrations.write(FakeMigrations(), " \n", autogenerate=False)
    assert raised.value.failure.exit_code is ExitCode.USAGE
