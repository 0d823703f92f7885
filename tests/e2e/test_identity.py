"""Identity: each route for whom it says, changes within five seconds, never 401 in an outage."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jwt
import pytest

from knowalledge_api.app import create_app
from knowalledge_api.auth.policy import Access, Policy, policy_of
from tests.support import servers
from tests.support.configuration import settings_of
from tests.support.processes import Response, clean_environment, free_port, knowctl
from tests.support.releases import Releases, Served, releases, served
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from werkzeug.routing import Rule

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="there one process serves"),
    pytest.mark.timeout(300),
]

WORKERS = 3
SIZE = ("--workers", str(WORKERS), "--threads", "8")
PROMISED = 5.0
"""Seconds within which a change of a user holds on every worker."""
SECRET = "3f1c0a5be7d24986a1b2c3d4e5f60718"
SCRAPER = "scraper-canary-5b1f9d"
SETTINGS = {
    "APP_ENV": "staging",
    "SECRET_KEY": SECRET,
    "METRICS_TOKEN": SCRAPER,
    "HOST": "127.0.0.1",
    "TRUSTED_HOSTS": "127.0.0.1",
    "FORCE_HTTPS": "false",
    "DRAIN_SECONDS": "0",
    "GUNICORN_MAX_REQUESTS": "0",
}


@dataclass(frozen=True)
class Person:
    """Somebody, and the headers by which they prove who they are."""

    headers: Mapping[str, str]

    @classmethod
    def with_key(cls, key: str) -> Person:
        return cls({"X-API-Key": key})

    @classmethod
    def with_token(cls, token: str) -> Person:
        return cls({"Authorization": f"Bearer {token}"})


def issue(place: Served, user_id: str, *more: str) -> str:
    """Make a user as an operator does; their key."""
    made = place.knowctl("users", "create", user_id, *more)
    assert made.returncode == 0, made.stderr
    issued = place.knowctl("keys", "issue", user_id)
    assert issued.returncode == 0, issued.stderr
    assert issued.stdout.strip() not in issued.stderr
    return issued.stdout.strip()


def token_of(place: Served, key: str) -> str:
    answer = place.running.request("POST", "/api/auth/login", {"api_key": key})
    assert answer.status == 200, answer.body
    return str(answer.body["token"])


def validate(place: Served, who: Person) -> int:
    return place.running.request("GET", "/api/auth/validate", **who.headers).status


def records(place: Served) -> list[dict[str, Any]]:
    """The access records of what was answered so far."""
    lines = [line for line in place.running.said().splitlines() if line.startswith("{")]
    return [each for each in map(json.loads, lines) if "route" in each]


def workers_that_answered(place: Served, status: int, since: int = 0) -> set[int]:
    return {
        each["worker"]
        for each in records(place)[since:]
        if each["route"] == "/api/auth/validate" and each["status"] == status
    }


@pytest.fixture(scope="module")
def site() -> Iterator[Releases]:
    with releases() as made:
        yield made


@pytest.fixture(scope="module")
def place(site: Releases) -> Iterator[Served]:
    with served(site, SETTINGS, size=SIZE) as running:
        yield running


@pytest.fixture(scope="module")
def root(place: Served) -> Person:
    return Person.with_key(issue(place, "root", "--role", "admin"))


@pytest.fixture(scope="module")
def ada_key(place: Served) -> str:
    return issue(place, "ada")


def routes(tmp_path: Path) -> list[tuple[str, str, Policy]]:
    """Method, address and policy of every route, as the code declares them."""
    app = create_app(settings_of(DATABASE_URL=f"sqlite:///{tmp_path}/x.db"))
    found: list[tuple[str, str, Policy]] = []
    for rule in app.url_map.iter_rules():
        policy = policy_of(app.view_functions[rule.endpoint])
        assert policy, rule.rule
        methods = sorted((rule.methods or set()) - {"OPTIONS", "HEAD"})
        found.extend((method, _address(rule), policy) for method in methods)
    assert len(found) > 10
    return sorted(found, key=lambda each: each[1].endswith("/logout"))  # it ends what asks


def _address(rule: Rule) -> str:
    """An address that the rule matches, and behind which there is nothing."""
    address = rule.rule
    for name in rule.arguments:
        start, _, rest = address.partition("<")
        inner, _, end = rest.partition(">")
        assert inner.endswith(name)
        address = f"{start}{'999999' if 'int' in inner else 'nothing'}{end}"
    return address


def ask(place: Served, method: str, path: str, who: Person) -> int:
    """The status of a request with an empty body, whatever the body of the answer is."""
    connection = place.running._connection()
    try:
        body = None if method == "GET" else "{}"
        connection.request(method, path, body, {"Content-Type": "application/json", **who.headers})
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()


def forged(**claims: object) -> str:
    """A token of our own making, signed with the server's very key."""
    now = int(time.time())
    content = {
        "role": "admin",
        "quota_tier": "unlimited",
        "jti": secrets.token_hex(8),
        "iat": now,
        "exp": now + 60,
    }
    return jwt.encode({**content, **claims}, SECRET, algorithm="HS256")


def test_every_route_is_for_whom_its_policy_says(
    place: Served, root: Person, ada_key: str, tmp_path: Path
) -> None:
    disabled = Person.with_key(issue(place, "out"))
    stale = Person.with_token(token_of(place, ada_key))
    assert place.running.request("POST", "/api/auth/logout", **stale.headers).status == 200
    assert place.knowctl("users", "disable", "out").returncode == 0
    people = {
        "anonymous": Person({}),
        "user": Person.with_key(ada_key),
        "wrong role": Person.with_token(forged(user_id="ada")),
        "disabled": disabled,
        "stale": stale,
        "expired": Person.with_token(forged(user_id="root", exp=int(time.time()) - 1)),
        "nobody": Person.with_token(forged(user_id="somebody-else")),
        "admin": root,
        "scraper": Person.with_token(SCRAPER),
    }
    wrong = []
    for method, path, policy in routes(tmp_path):
        for name, who in people.items():
            status = ask(place, method, path, who)
            if status not in expected(name, policy, status):
                wrong.append(f"{name}: {method} {path} ({policy.access}) answered {status}")
    assert wrong == []


def expected(name: str, policy: Policy, status: int) -> set[int]:
    """What a route may answer somebody; where they may come in, anything but a refusal."""
    admitted = {status} - {401, 403}
    if policy.access is Access.PUBLIC or name == "admin":
        return admitted
    if name == "scraper" and policy.scraper:
        return admitted
    if name == "disabled":
        return {403}
    if name in {"user", "wrong role"}:
        return admitted if policy.access is Access.USER else {403}
    return {401}


def everywhere(place: Served, who: Person, status: int, requests: int = 45) -> bool:
    """Whether each of so many connections, spread over the workers, is answered like that."""
    return all(validate(place, who) == status for _ in range(requests))


def known_to_all(place: Served, who: Person) -> None:
    """Let every worker remember somebody."""
    since = len(records(place))

    def answered() -> bool:
        assert validate(place, who) == 200
        return len(workers_that_answered(place, 200, since)) == WORKERS

    wait_for("every worker answers", answered, 10)


@pytest.mark.parametrize("by", ["key", "token"])
def test_disabling_holds_within_five_seconds_on_every_worker(place: Served, by: str) -> None:
    key = issue(place, f"gone.{by}")
    who = Person.with_key(key) if by == "key" else Person.with_token(token_of(place, key))
    known_to_all(place, who)
    assert place.knowctl("users", "disable", f"gone.{by}").returncode == 0
    took = wait_for("nobody lets them in", lambda: everywhere(place, who, 403), PROMISED)
    print(f"disabled by {by}: every worker refuses after {took:.1f} s")  # noqa: T201 -- figures of the run
    assert place.knowctl("users", "enable", f"gone.{by}").returncode == 0
    wait_for("everybody lets them in again", lambda: everywhere(place, who, 200), PROMISED)


def test_a_role_changes_within_five_seconds_on_every_worker(place: Served, root: Person) -> None:
    who = Person.with_token(token_of(place, issue(place, "riser")))

    def is_admin() -> set[bool]:
        return {ask(place, "GET", "/api/admin/live", who) == 200 for _ in range(30)}

    known_to_all(place, who)
    assert is_admin() == {False}
    for role, holds in (("admin", True), ("user", False)):
        assert place.knowctl("users", "set-role", "riser", role).returncode == 0
        took = wait_for(f"they are {role}", lambda holds=holds: is_admin() == {holds}, PROMISED)  # type: ignore[misc]  # bound at once
        print(f"now {role}: on every worker after {took:.1f} s")  # noqa: T201 -- figures of the run
    assert ask(place, "GET", "/api/admin/live", root) == 200


def test_a_stranger_gains_nothing_by_an_id_that_an_administrator_was_to_get(
    place: Served, root: Person
) -> None:
    registered = place.running.request("POST", "/api/auth/register", {"user_id": "carol.ops"})
    stranger = Person.with_key(registered.body["api_key"])
    asked = {"user_id": "carol.ops", "role": "admin", "quota_tier": "unlimited"}
    path = "/api/auth/admin/generate-key"
    refused = place.running.request("POST", path, asked, **root.headers)
    assert refused.status == 409
    assert "knowctl users set-role carol.ops admin" in refused.body["detail"]
    assert "api_key" not in refused.body
    told = place.running.request("GET", "/api/auth/validate", **stranger.headers).body
    assert (told["role"], told["quota_tier"]) == ("user", "free")
    assert ask(place, "GET", "/api/admin/live", stranger) == 403
    again = {"user_id": "carol.ops", "role": "user", "quota_tier": "free"}
    assert place.running.request("POST", path, again, **root.headers).status == 201


def test_an_administrators_key_opens_what_knowctl_asks_elsewhere(
    place: Served, root: Person, ada_key: str
) -> None:
    url = f"http://127.0.0.1:{place.running.port}"
    codes = {}
    for name, key in (("admin", root.headers["X-API-Key"]), ("user", ada_key)):
        done = subprocess.run(
            [sys.executable, "-m", "knowctl", "pool", "stats", "--url", url, "-o", "json"],
            cwd=place.running.log.parent,
            env=clean_environment(KNOWCTL_API_KEY=key, PYTHONPATH=place.site.path),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        codes[name] = done.returncode
        assert key not in done.stdout + done.stderr
    assert codes == {"admin": 0, "user": 4}


def test_a_revoked_key_takes_its_tokens_with_it_on_every_worker(place: Served) -> None:
    key = issue(place, "loser")
    by_key, by_token = Person.with_key(key), Person.with_token(token_of(place, key))
    for who in (by_key, by_token):
        known_to_all(place, who)
    rotated = place.knowctl("keys", "rotate", "loser", "--yes")
    assert rotated.returncode == 0
    for who in (by_key, by_token):
        wait_for("the old one is worth nothing", lambda who=who: everywhere(place, who, 401), 5)  # type: ignore[misc]  # bound at once
    assert everywhere(place, Person.with_key(rotated.stdout.strip()), 200)


def test_a_logout_holds_on_every_worker(place: Served, ada_key: str) -> None:
    who = Person.with_token(token_of(place, ada_key))
    known_to_all(place, who)
    assert place.running.request("POST", "/api/auth/logout", **who.headers).status == 200
    wait_for("the token is worth nothing", lambda: everywhere(place, who, 401), PROMISED)
    assert validate(place, Person.with_key(ada_key)) == 200


def test_many_registrations_of_one_id_at_once_make_one_user(place: Served) -> None:
    def register(_: int) -> Response:
        return place.running.request("POST", "/api/auth/register", {"user_id": "one.of.many"})

    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(register, range(24)))
    assert Counter(each.status for each in answers) == {201: 1, 409: 23}
    (key,) = [each.body["api_key"] for each in answers if each.status == 201]
    assert validate(place, Person.with_key(key)) == 200


def test_no_credential_is_said_anywhere(place: Served, root: Person, ada_key: str) -> None:
    token = token_of(place, ada_key)
    assert validate(place, Person.with_token(token)) == 200
    said = place.running.said()
    processes = " ".join(place.running.named().values())
    for secret in (token, ada_key, root.headers["X-API-Key"], SECRET, SCRAPER):
        assert secret not in said
        assert secret not in processes


def test_in_development_a_server_makes_a_key_that_outlasts_a_reload(site: Releases) -> None:
    with served(site, {"KNOWCTL_RUN_DIR": str(site.root / "dev")}, size=SIZE) as place:
        answer = place.running.request("POST", "/api/auth/register", {"user_id": "dev.user"})
        who = Person.with_token(token_of(place, answer.body["api_key"]))
        assert everywhere(place, who, 200, 20)
        file = site.root / "dev" / "secret_key"
        assert file.stat().st_mode & 0o777 == 0o600
        place.reload()
        assert everywhere(place, who, 200, 20)
        assert file.read_text() not in place.running.said()


def without_a_decorator(site: Releases, name: str) -> None:
    """A release in which somebody forgot who may list keys."""
    site.make(name)
    module = site.root / "releases" / name / "src" / "knowalledge_api" / "routes" / "auth.py"
    text = module.read_text()
    decorated = '@routes.get("/keys")\n    @require_auth()\n'
    assert decorated in text
    module.write_text(text.replace(decorated, '@routes.get("/keys")\n'))


def test_a_route_without_a_decorator_starts_nowhere(site: Releases, tmp_path: Path) -> None:
    without_a_decorator(site, "forgetful")
    path = str(site.root / "releases" / "forgetful" / "src")
    environ = {
        "PYTHONPATH": path,
        "PORT": str(free_port()),
        "KNOWCTL_RUN_DIR": str(site.root / "none"),
        "DATABASE_URL": f"sqlite:///{tmp_path}/x.db",
    }
    started = knowctl("serve", "--migrate", "--workers", "1", cwd=tmp_path, environ=environ)
    assert started.returncode == 1
    assert "routes without a policy: /api/auth/keys" in started.stderr
    checked = knowctl("routes", "check", "-o", "json", cwd=tmp_path, environ=environ)
    assert checked.returncode == 1
    failing = [
        each for each in json.loads(checked.stdout)["data"]["findings"] if each["outcome"] == "fail"
    ]
    assert [(each["id"], each["cause"].split()[0]) for each in failing] == [
        ("KC601", "/api/auth/keys")
    ]


def test_without_its_database_a_credential_is_503_and_never_401(site: Releases) -> None:
    with servers.postgresql(16) as server:
        settings = {
            **SETTINGS,
            "DATABASE_URL": server.create("identity"),
            "KNOWCTL_RUN_DIR": str(site.root / "pg"),
        }
        with served(site, settings, size=SIZE) as place:
            key = issue(place, "ada")
            people = [
                Person.with_key(key),
                Person.with_token(token_of(place, key)),
                Person.with_key("sk_" + "a" * 43),
            ]
            assert [validate(place, who) for who in people] == [200, 200, 401]
            server.crash()
            outage(place, people)
            server.start()
            back = wait_for("all are known again", lambda: validate(place, people[0]) == 200, 5)
            print(f"known again after {back:.1f} s")  # noqa: T201 -- figures of the run
            assert [validate(place, who) for who in people] == [200, 200, 401]


def outage(place: Served, people: list[Person]) -> None:
    """While the database is away nobody is told that their credential is bad."""
    seen: Counter[int] = Counter()
    end = time.monotonic() + PROMISED + 2
    while time.monotonic() < end:
        for who in people:
            answer = place.running.request("GET", "/api/auth/validate", **who.headers)
            seen[answer.status] += 1
            assert answer.status in {200, 503}, answer.body
            if answer.status == 503:
                assert int(answer.headers["Retry-After"]) > 0
    login = place.running.request("POST", "/api/auth/login", {"api_key": "sk_" + "a" * 43})
    assert login.status == 503
    assert validate(place, Person({})) == 401
    assert everywhere(place, people[0], 503, 10)  # what was remembered is over
    print(f"in the outage: {dict(seen)}")  # noqa: T201 -- figures of the run
