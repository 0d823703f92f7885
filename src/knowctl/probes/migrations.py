"""Makes, seeds, compares and downgrades the database, and reads and writes migration scripts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from knowalledge_api.cache import Cache
from knowalledge_api.database import Database
from knowalledge_api.database.creation import create_database
from knowalledge_api.database.drift import find_drift
from knowalledge_api.database.engine import migration_url
from knowalledge_api.database.offline import migration_sql
from knowalledge_api.database.schema import SCRIPTS, downgrade
from knowalledge_api.database.scripts import Script, all_scripts, steps_down, steps_up, write_script
from knowalledge_api.providers.offline.provider import OfflineProvider
from knowalledge_api.providers.tasks import Language
from knowalledge_api.services.contents import Contents
from knowalledge_api.services.writing import Shelves, Writing
from knowalledge_api.settings import Environment, Settings
from knowalledge_api.stores.store import Store
from knowctl.model.database import Drift, Migration, Revision, Undoing
from knowctl.model.results import WrittenFile
from knowctl.probes.database import clear_errors
from knowctl.probes.wording import words

POSTGRESQL: Final = "postgresql"
TOPICS: Final = ("Photosynthesis", "C++ Programming", "Newton's laws", "量子力学")
"""What a seeded database knows of: enough for a front end to show, marks and scripts included."""
_LOST: Final = re.compile(
    r"^\s*DROP TABLE (?:IF EXISTS )?(?P<table>\S+?)(?: CASCADE)?;"
    r"|^\s*ALTER TABLE (?:ONLY )?(?P<of>\S+)"
    r" DROP COLUMN (?:IF EXISTS )?(?P<column>\S+?)(?: CASCADE)?;",
    re.MULTILINE | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class MigrationsProbe:
    """The migrations of this release, and the database that the settings name."""

    settings: Settings
    scripts: Path = SCRIPTS

    @property
    def name(self) -> str:
        """The address of what is migrated, without its password."""
        return (self.settings.database_migration_url or self.settings.database_url).shown

    @property
    def postgresql(self) -> bool:
        """Whether it is PostgreSQL that is migrated."""
        return migration_url(self.settings).get_backend_name() == POSTGRESQL

    @property
    def development(self) -> bool:
        """Whether this is a developer's machine."""
        return self.settings.app_env is Environment.DEVELOPMENT

    def revisions(self) -> tuple[Revision, ...]:
        """Every migration of this release, the newest first."""
        return tuple(_revision(each) for each in all_scripts())

    def statements(self, start: str | None, end: str, *, down: bool, lock_wait: float) -> str:
        """What a migration from one revision to another would run; nothing is asked."""
        with self._clear_errors():
            return migration_sql(self.settings, start, end, down=down, lock_wait=lock_wait)

    def pending_sql(self, current: tuple[str, ...]) -> Mapping[str, str]:
        """What each pending migration would run on PostgreSQL, by revision, the oldest first."""
        with self._clear_errors():
            return {
                each.revision: migration_sql(
                    POSTGRESQL, next(iter(each.parents), None), each.revision
                )
                for each in steps_up(current[0] if current else None)
            }

    def undoing(self, start: str, to: str) -> Undoing:
        """What a downgrade would undo, and which tables and columns the database would lose."""
        with self._clear_errors():
            steps = steps_down(start, to)
            below = steps[-1].parents[0] if steps and steps[-1].parents else "base"
            sql = migration_sql(POSTGRESQL, start, below, down=True) if steps else ""
        return Undoing(tuple(_revision(each) for each in steps), _losses(sql))

    def downgrade(self, start: str, to: str, *, wait: float, lock_wait: float) -> Migration:
        """Undo migrations, if the database is still at `start`."""
        with self._clear_errors():
            done = downgrade(self.settings, start=start, to=to, wait=wait, lock_wait=lock_wait)
        return Migration(self.name, done.before.current, done.after.current, undone=done.undone)

    def write(self, message: str, *, autogenerate: bool) -> WrittenFile:
        """Write a new migration; KnowctlError where this is no checkout."""
        with self._clear_errors():
            path = write_script(
                self.settings, message, autogenerate=autogenerate, directory=self.scripts
            )
        return WrittenFile(str(path), "a new migration, to be read before it is applied")

    def create(self) -> bool:
        """Make the database where there is none; whether it was made."""
        with self._clear_errors():
            return create_database(self.settings)

    def seed(self) -> tuple[str, ...]:
        """Have the offline provider write about a few topics; what was written already stays."""
        life = self.settings.cache_ttl_subtopics
        with self._clear_errors(), closing(Database(self.settings)) as database:
            contents = Contents(database, Cache(Store(None)), OfflineProvider(), budget=life)
            writing = Writing(contents, Shelves.of(life, life))
            for topic in TOPICS:
                writing.divide(topic, Language.ENGLISH)
        return TOPICS

    def drift(self) -> Drift:
        """Where the database differs from the models."""
        with self._clear_errors():
            found = find_drift(self.settings)
        return Drift(tuple(map(words, found.missing)), tuple(map(words, found.besides)))

    def _clear_errors(self) -> AbstractContextManager[None]:
        return clear_errors(self.name)


def _revision(script: Script) -> Revision:
    return Revision(script.revision, script.parents, script.title, script.head)


def _losses(sql: str) -> tuple[str, ...]:
    """The tables and columns that these statements drop."""
    return tuple(
        f"table {each['table']}" if each["table"] else f"column {each['of']}.{each['column']}"
        for each in _LOST.finditer(sql)
    )
