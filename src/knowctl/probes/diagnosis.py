"""Asks the database server about itself through the API's own connections."""

from __future__ import annotations

from contextlib import closing
from dataclasses import asdict, dataclass
from typing import Any

from knowalledge_api.database import Database
from knowalledge_api.database.diagnosis import facts as found
from knowalledge_api.database.diagnosis.clock import ahead
from knowalledge_api.database.diagnosis.gather import gather
from knowalledge_api.database.diagnosis.share import share
from knowalledge_api.settings import Settings
from knowalledge_api.settings.table import Pooler
from knowctl.model import diagnosis as model
from knowctl.model.pool import DatabaseShare
from knowctl.probes.database import clear_errors, require_file
from knowctl.probes.wording import cleaned, words

NOUNS: dict[type[Any], Any] = {
    found.Advice: model.Advice,
    found.Answers: model.Answers,
    found.Connections: model.Connections,
    found.Encryption: lambda route, **rest: model.Encryption(model.Route(route), **rest),
    found.LockWait: model.LockWait,
    found.Replication: lambda role, **rest: model.Replication(model.Role(role), **rest),
    found.Unknown: model.Unanswered,
    found.Write: lambda outcome, **rest: model.WriteTest(model.Written(outcome), **rest),
}
"""How what the API found is called here; the fields have the same names."""


@dataclass(frozen=True)
class DiagnosisProbe:
    """The database server of the settings."""

    settings: Settings

    @property
    def name(self) -> str:
        """The database's address without its password."""
        return self.settings.database_url.shown

    def facts(self, *, long_transaction: float, lock_wait: float) -> model.DatabaseFacts:
        """What the server says; asking makes no SQLite file."""
        pooled = self.settings.db_pooler is Pooler.PGBOUNCER
        with closing(Database(self.settings)) as database:
            require_file(database, self.name)
            with clear_errors(self.name):
                facts = gather(
                    database,
                    long_transaction=long_transaction,
                    lock_wait=lock_wait,
                    pooled=pooled,
                )
        return translated(facts)

    def share(self, instance: str) -> DatabaseShare | None:
        """The server's count of an instance's connections; None where it keeps none, as SQLite."""
        with closing(Database(self.settings)) as database, clear_errors(self.name):
            counted = share(database, instance)
        if counted is None:
            return None
        pooled = self.settings.db_pooler is Pooler.PGBOUNCER
        return DatabaseShare(**asdict(counted), pooled=pooled)

    def ahead(self) -> float | None:
        """Seconds by which the server's clock is ahead; None where it has none of its own."""
        with closing(Database(self.settings)) as database, clear_errors(self.name):
            return ahead(database)


def translated(facts: found.Facts) -> model.DatabaseFacts:
    """The API's facts as nouns of ours."""
    return model.DatabaseFacts(
        advice=_noun(facts.advice),
        pooled=facts.pooled,
        answers=_noun(facts.answers),
        server=_noun(facts.server),
        encryption=_noun(facts.encryption),
        write=_noun(facts.write),
        replication=_noun(facts.replication),
        transactions=_noun(facts.transactions),
        locks=_noun(facts.locks),
        connections=_noun(facts.connections),
    )


def _noun(fact: Any) -> Any:
    if isinstance(fact, tuple):
        return tuple(map(_noun, fact))
    if isinstance(fact, found.Transactions):
        sessions = (model.LongTransaction(**cleaned(asdict(each))) for each in fact.sessions)
        return model.Transactions(tuple(sessions), fact.hidden)
    if isinstance(fact, str):
        return words(fact)
    return NOUNS[type(fact)](**cleaned(asdict(fact))) if type(fact) in NOUNS else fact
