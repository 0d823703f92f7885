from __future__ import annotations

from pathlib import Path

import pytest

from knowalledge_api.database.diagnosis import facts as found
from knowalledge_api.database.schema import migrate
from knowctl.errors import ErrorCode, KnowctlError
from knowctl.model import diagnosis as model
from knowctl.probes.diagnosis import DiagnosisProbe, translated
from knowctl.probes.settings import SettingsProbe

PRIVATE = found.Unknown("this user may not see it", "GRANT IT")


def probe(url: str) -> DiagnosisProbe:
    return DiagnosisProbe(SettingsProbe({"DATABASE_URL": url}).settings())


def facts(**changed: object) -> model.DatabaseFacts:
    usual: dict[str, object] = {
        "advice": found.Advice("a", "b", "c", "d"),
        "pooled": True,
        "answers": found.Answers(1.0, (2.0, 3.0)),
        "server": "MariaDB 11",
        "encryption": found.Encryption(found.Route.NETWORK, "TLSv1.3", "AES", verified=True),
        "write": found.Write(found.Written.READ_ONLY, "cause", "hint"),
        "replication": found.Replication(found.Role.REPLICA, 1.0, 2, "broken"),
        "transactions": found.Transactions(
            (found.LongTransaction(7, 99.0, "idle", "app", "u", "SELECT ?"),), 3
        ),
        "locks": (found.LockWait(1, 2.0, "t", "a", "s", 3, "idle", "b", "q"),),
        "connections": found.Connections(1, 2, 3, 4),
    }
    return translated(found.Facts(**{**usual, **changed}))  # type: ignore[arg-type]  # by name


def test_every_fact_keeps_its_figures() -> None:
    assert facts() == model.DatabaseFacts(
        advice=model.Advice("a", "b", "c", "d"),
        pooled=True,
        answers=model.Answers(1.0, (2.0, 3.0)),
        server="MariaDB 11",
        encryption=model.Encryption(model.Route.NETWORK, "TLSv1.3", "AES", verified=True),
        write=model.WriteTest(model.Written.READ_ONLY, "cause", "hint"),
        replication=model.Replication(model.Role.REPLICA, 1.0, 2, "broken"),
        transactions=model.Transactions(
            (model.LongTransaction(7, 99.0, "idle", "app", "u", "SELECT ?"),), 3
        ),
        locks=(model.LockWait(1, 2.0, "t", "a", "s", 3, "idle", "b", "q"),),
        connections=model.Connections(1, 2, 3, 4),
    )


@pytest.mark.parametrize("name", ["server", "encryption", "replication", "transactions", "locks"])
def test_what_is_not_known_stays_so(name: str) -> None:
    unanswered = model.Unanswered("this user may not see it", "GRANT IT")
    assert getattr(facts(**{name: PRIVATE}), name) == unanswered


def test_what_others_called_themselves_or_theirs_can_not_draw_on_a_terminal() -> None:
    session = found.LongTransaction(7, 99.0, "idle", "app", "u\x1b[2J", "SELECT ?")
    wait = found.LockWait(1, 2.0, "t\x1b]0;x\x07", "a", "s", 3, "idle", "b", "q")
    kept = facts(server="x\x9b", transactions=found.Transactions((session,)), locks=(wait,))
    assert kept.server == "x�"
    assert isinstance(kept.transactions, model.Transactions)
    assert kept.transactions.sessions[0].user == "u�[2J"
    assert isinstance(kept.locks, tuple)
    assert kept.locks[0].table == "t�]0;x�"


def test_what_a_database_knows_nothing_of_stays_nothing() -> None:
    kept = facts(transactions=None, locks=None, connections=None)
    assert (kept.transactions, kept.locks, kept.connections) == (None, None, None)


def test_the_words_of_both_are_the_same() -> None:
    pairs = [(found.Route, model.Route), (found.Role, model.Role), (found.Written, model.Written)]
    for theirs, ours in pairs:
        assert {each.value for each in theirs} == {each.value for each in ours}


def test_a_database_is_asked_and_named_without_its_password() -> None:
    asked = probe("sqlite:///a.db")
    migrate(asked.settings)
    said = asked.facts(long_transaction=1, lock_wait=1)
    assert said.write.outcome is model.Written.ROLLED_BACK
    assert said.encryption == model.Encryption(model.Route.FILE)
    assert probe("postgresql://u:canary@h/x").name == "postgresql://u:********@h/x"


def test_asking_makes_no_sqlite_file() -> None:
    with pytest.raises(KnowctlError) as raised:
        probe("sqlite:///a.db").facts(long_transaction=1, lock_wait=1)
    failure = raised.value.failure
    assert (failure.code, failure.hint) == (ErrorCode.DATABASE, "knowctl db init")
    assert failure.cause == "there is no file a.db yet"
    assert list(Path().iterdir()) == []


def test_a_silent_database_is_told() -> None:
    with pytest.raises(KnowctlError) as raised:
        probe("sqlite:////nowhere/at/all.db").facts(long_transaction=1, lock_wait=1)
    assert raised.value.failure.cause.startswith("SQLite can't open /nowhere/at/all.db")
    assert raised.value.failure.hint == "mkdir -p /nowhere/at"
