"""Users with keys in a database of a test's own, and everything that recognises them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import event, select

from knowalledge_api.auth.identity import Identity
from knowalledge_api.auth.tokens import Tokens
from knowalledge_api.auth.upkeep import Upkeep
from knowalledge_api.database import Database
from knowalledge_api.database.accounts.users import NewUser
from knowalledge_api.database.models import AuditEntry, Base, Role, Tier
from knowalledge_api.services import account_changes as changes
from knowalledge_api.services.account_changes import By, Issued
from tests.support.configuration import sqlite_settings

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
KEY = b"0123456789abcdef0123456789abcdef"
OTHER_KEY = b"fedcba9876543210fedcba9876543210"


@dataclass
class Hands:
    """Clocks that a test moves, and what was put off until later."""

    at: float = 1000.0
    time: float = NOON.timestamp()
    later: list[Callable[[], None]] = field(default_factory=list)

    def pass_by(self, seconds: float) -> None:
        self.at += seconds
        self.time += seconds

    def clock(self) -> float:
        return self.at

    def seconds(self) -> float:
        return self.time

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.time, UTC)

    def put_off(self, _seconds: float, work: Callable[[], None]) -> None:
        self.later.append(work)

    def catch_up(self) -> None:
        while self.later:
            self.later.pop(0)()


@dataclass
class People:
    """A database of users, and who recognises them."""

    database: Database
    hands: Hands = field(default_factory=Hands)
    keys: tuple[bytes, ...] = (KEY,)
    questions: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.tokens = Tokens(self.keys, 3600, self.hands.seconds)
        self.upkeep = Upkeep(
            self.database, self.hands.clock, self.hands.now, later=self.hands.put_off
        )
        self.identity = Identity(
            self.database, self.tokens, self.upkeep, self.hands.clock, self.hands.seconds
        )

    @property
    def by(self) -> By:
        return By("a test", self.hands.now())

    def add(self, user_id: str, role: Role = Role.USER, tier: Tier = Tier.FREE) -> Issued:
        """A user with a key."""
        with self.database.session() as session:
            account = changes.add_user(session, self.by, NewUser(user_id, role, tier))
            return changes.issue_key(session, self.by, account)

    def disable(self, user_id: str) -> None:
        with self.database.session() as session:
            changes.disable(session, self.by, user_id, last=True)

    def set_role(self, user_id: str, role: Role) -> None:
        with self.database.session() as session:
            changes.set_role(session, self.by, user_id, role, last=True)

    def deeds(self) -> list[tuple[str, str, str | None]]:
        """What was written down."""
        columns = select(AuditEntry.actor, AuditEntry.action, AuditEntry.subject)
        with self.database.session() as session:
            return [(*row,) for row in session.execute(columns.order_by(AuditEntry.id))]


@contextmanager
def people(directory: Path) -> Iterator[People]:
    """Nobody yet, in a SQLite file of the directory; each SELECT is noted."""
    with closing(Database(sqlite_settings(directory))) as database:
        Base.metadata.create_all(database.engine)
        found = People(database)

        @event.listens_for(database.engine, "before_cursor_execute")
        def note(*arguments: object) -> None:
            if str(arguments[2]).startswith("SELECT"):
                found.questions.append(str(arguments[2]))

        yield found
