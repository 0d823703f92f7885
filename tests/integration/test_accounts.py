"""Users, keys, tokens and what is handed in, on every kind of database, several hands at once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from typing import Any, TypeVar

import pytest
from sqlalchemy import func, select

from knowalledge_api.app import create_app, parts_of
from knowalledge_api.auth.identity import FRESH
from knowalledge_api.database import Database
from knowalledge_api.database.accounts import keys, users
from knowalledge_api.database.idempotency import remove_expired
from knowalledge_api.database.models import (
    ApiKey,
    AuditEntry,
    IdempotencyKey,
    QuizResult,
    Role,
    Tier,
    User,
)
from knowalledge_api.database.schema import migrate
from knowalledge_api.errors import ApiError, DatabaseUnavailableError
from knowalledge_api.services import account_changes as changes
from knowalledge_api.services.accounts import Accounts
from knowalledge_api.services.idempotency import LIFE, Answer, Idempotency, Repeatable
from knowalledge_api.services.learning import HandedIn, Learning, mastery
from tests.support.answers import body_of
from tests.support.configuration import settings_of
from tests.support.people import People

T = TypeVar("T")
HANDS = 6


@pytest.fixture(scope="module")
def url(urls: Iterator[str]) -> str:
    """One database a kind of server, in which each test names its own users."""
    found = next(urls)
    migrate(settings_of(DATABASE_URL=found))
    return found


@pytest.fixture
def crowd(url: str) -> Iterator[People]:
    with closing(Database(settings_of(DATABASE_URL=url, DB_DEADLINE="20"))) as database:
        yield People(database)


def accounts_of(crowd: People) -> Accounts:
    return Accounts(crowd.database, crowd.identity, crowd.tokens, is_open=True)


def at_once(work: Callable[[int], T]) -> list[T | Exception]:
    """What becomes of the same work, begun by HANDS threads in one moment."""
    start = threading.Barrier(HANDS)

    def begin(number: int) -> T | Exception:
        start.wait(30)
        try:
            return work(number)
        except (ApiError, DatabaseUnavailableError, changes.LastAdminError) as error:
            return error

    with ThreadPoolExecutor(HANDS) as pool:
        return list(pool.map(begin, range(HANDS)))


def statuses(outcomes: list[Any]) -> list[int]:
    return sorted(each.status if isinstance(each, ApiError) else 200 for each in outcomes)


def count(crowd: People, table: type[Any], *where: Any) -> int:
    with crowd.database.session() as session:
        return session.scalar(select(func.count()).select_from(table).where(*where)) or 0


def test_two_registrations_of_one_id_at_once_make_one_user(crowd: People) -> None:
    accounts = accounts_of(crowd)

    def register(_: int) -> str:
        with crowd.database.session() as session:
            return accounts.register(session, "racer", Tier.FREE).text.reveal()

    outcomes = at_once(register)
    assert statuses(outcomes) == [200] + [409] * (HANDS - 1)
    assert count(crowd, User, User.public_id == "racer") == 1
    assert count(crowd, AuditEntry, AuditEntry.subject == "racer") == 2
    (key,) = [each for each in outcomes if isinstance(each, str)]
    assert crowd.identity.identify(key).user_id == "racer"


def test_one_registration_sent_several_times_is_done_once(crowd: People) -> None:
    accounts, idempotency = accounts_of(crowd), Idempotency(crowd.database)
    asked = Repeatable("the-key", None, "POST /api/auth/register", '{"user_id":"twice"}')

    def register(_: int) -> Answer:
        return idempotency.once(
            asked,
            lambda session: Answer(
                201, {"id": accounts.register(session, "twice", Tier.FREE).key.id}, secret=True
            ),
        )

    outcomes = at_once(register)
    assert statuses(outcomes) == [200] + [409] * (HANDS - 1)
    refused = [each.detail for each in outcomes if isinstance(each, ApiError)]
    assert all("shown only once" in each for each in refused), refused
    assert count(crowd, IdempotencyKey, IdempotencyKey.body.is_(None)) >= 1


def test_a_repeated_write_is_answered_alike_whoever_was_first(crowd: People) -> None:
    idempotency = Idempotency(crowd.database)
    asked = Repeatable("count-once", None, "POST /api/x", "{}")
    done: list[int] = []

    def work(number: int) -> Answer:
        def write(_session: object) -> Answer:
            done.append(number)
            return Answer(200, {"topic": "量子力学", "number": number})

        return idempotency.once(asked, write)

    outcomes = at_once(work)
    assert {each.body["number"] for each in outcomes if isinstance(each, Answer)} == {done[-1]}
    assert statuses(outcomes) == [200] * HANDS
    with crowd.database.session() as session:
        remove_expired(session, crowd.hands.now() + timedelta(days=400) + LIFE)
    assert count(crowd, IdempotencyKey) == 0


def test_users_change_and_are_listed(crowd: People) -> None:
    crowd.add("change.me")
    with crowd.database.session() as session:
        by = crowd.by
        changed = changes.set_tier(session, by, "change.me", Tier.PREMIUM)
        assert (changed.tier, changed.created_at) == (Tier.PREMIUM, by.now)
        assert changes.disable(session, by, "change.me").disabled_at == by.now
        assert changes.enable(session, by, "change.me").disabled_at is None
        assert "change.me" in [each.user_id for each in users.list_users(session, 100)]
        assert users.find_user(session, "Change.me") is None


def test_a_key_opens_until_it_is_revoked_and_its_token_too(crowd: People) -> None:
    issued = crowd.add("opener")
    key = issued.text.reveal()
    login = accounts_of(crowd).login(key)
    for text in (key, login.token):
        assert crowd.identity.identify(text).user_id == "opener"
    assert accounts_of(crowd).logout(crowd.identity.identify(login.token))
    assert accounts_of(crowd).logout(crowd.identity.identify(login.token))
    second = accounts_of(crowd).login(key).token
    with crowd.database.session() as session:
        account = changes.held(session, "opener")
        assert changes.revoke_keys(session, crowd.by, account) == (issued.key.prefix,)
        assert changes.revoke_keys(session, crowd.by, account) == ()
    crowd.hands.pass_by(FRESH)
    for text in (key, login.token, second):
        with pytest.raises(ApiError) as raised:
            crowd.identity.identify(text)
        assert raised.value.status == 401


def test_a_new_id_is_another_user_though_only_its_case_differs(crowd: People) -> None:
    crowd.add("Case")
    crowd.add("case")
    assert count(crowd, User, func.lower(User.public_id) == "case") == 2


def test_the_last_use_of_keys_is_written_together(crowd: People) -> None:
    issued = [crowd.add(f"used-{number}") for number in range(3)]
    for each in issued:
        crowd.identity.identify(each.text.reveal())
    crowd.hands.catch_up()
    with crowd.database.session() as session:
        for each in issued:
            (key,) = keys.list_keys(session, each.account.number)
            assert key.last_used_at == crowd.hands.now()


def test_of_two_last_administrators_one_stays_whoever_goes_first(crowd: People) -> None:
    with crowd.database.session() as session:
        for each in users.list_users(session, 100):
            users.change_user(session, each.number, role=Role.USER)
    names = [f"admin-{number}" for number in range(HANDS)]
    for name in names:
        crowd.add(name, Role.ADMIN)

    def leave(number: int) -> None:
        for _ in range(20):  # a deadlock is told as a database that is busy: try again
            try:
                with crowd.database.session() as session:
                    changes.set_role(session, crowd.by, names[number], Role.USER)
                    return
            except DatabaseUnavailableError:
                continue

    at_once(leave)
    assert count(crowd, User, User.role == Role.ADMIN, User.disabled_at.is_(None)) == 1


def test_a_key_is_found_by_its_digest_exactly(crowd: People) -> None:
    key = crowd.add("exact").text.reveal()
    with pytest.raises(ApiError):
        crowd.identity.identify(key.swapcase().replace("SK_", "sk_"))
    assert count(crowd, ApiKey, ApiKey.prefix == key[:11]) == 1


def test_the_whole_way_over_http(url: str) -> None:
    app = create_app(settings_of(DATABASE_URL=url))
    client = app.test_client()
    with closing(parts_of(app).database):
        made = client.post("/api/auth/register", json={"user_id": "over.http"})
        assert made.status_code == 201
        key = body_of(made)["api_key"]
        token = body_of(client.post("/api/auth/login", json={"api_key": key}))["token"]
        bearer = {"Authorization": f"Bearer {token}"}
        assert body_of(client.get("/api/auth/validate", headers=bearer))["user_id"] == "over.http"
        assert body_of(client.get("/api/auth/keys", headers=bearer))["count"] == 1
        for path in (f"/api/auth/keys/{2**63}", f"/api/auth/keys/{2**63 - 1}"):
            assert client.delete(path, headers=bearer).status_code == 404
        assert client.post("/api/auth/logout", headers=bearer).status_code == 200
        assert client.get("/api/auth/validate", headers=bearer).status_code == 401


def test_of_many_that_hand_in_the_same_at_once_all_are_kept_and_the_latest_is_known(
    crowd: People,
) -> None:
    learner = crowd.add("hands-in").account.number
    learning = Learning(crowd.database)

    def submit(number: int) -> int:
        quiz = HandedIn("Ünïcode 量子", "Spin", None, number, HANDS)
        with crowd.database.session() as session:
            return learning.submit(session, learner, quiz)

    assert sorted(map(str, at_once(submit))) == sorted(str(mastery(n, HANDS)) for n in range(HANDS))
    (known,) = learning.progress(learner, "Ünïcode 量子")
    assert (known.topic, known.subtopic) == ("Ünïcode 量子", "Spin")
    assert learning.progress(learner, "ünïcode 量子") == ()
    with crowd.database.session() as session:
        kept = select(func.count()).select_from(QuizResult).where(QuizResult.user_id == learner)
        assert session.scalar(kept) == HANDS
