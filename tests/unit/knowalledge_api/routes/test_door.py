"""The door before every view."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from flask import Flask

from knowalledge_api.auth.credentials import ScraperToken
from knowalledge_api.auth.policy import Access, Declaration, Limit, enforce, public, require_auth
from knowalledge_api.auth.policy import Policy as PolicyOf
from knowalledge_api.database.models import Role
from knowalledge_api.errors import ApiError
from knowalledge_api.routes import problems
from knowalledge_api.routes.door import Door, current_principal, recognised_principal
from knowalledge_api.routes.edge import Edge, exchange
from knowalledge_api.settings import Secret
from tests.support.people import People, people

if TYPE_CHECKING:
    from werkzeug.test import TestResponse

TOKEN = "scraper-t0ken-canary"
ROUTES: dict[str, Declaration] = {
    "public": public("x"),
    "probe": public("x", limit=Limit.NONE),
    "login": public("x", limit=Limit.LOGIN),
    "user": require_auth(),
    "unlimited": require_auth(limit=Limit.NONE),
    "admin": require_auth("admin"),
    "scraped": require_auth("admin", scraper=True),
    "watched": require_auth("admin", scraper=True, limit=Limit.NONE),
    "developed": require_auth("admin", developers=True),
}


@dataclass(frozen=True)
class Verdict:
    allowed: bool = True
    limit: int = 10
    remaining: int = 0
    reset_seconds: int = 7
    retry_after: int = 7


@dataclass
class Counting:
    """A gate that notes what it is asked and says the same each time."""

    verdict: Verdict | None = None
    asked: list[tuple[str, str | None, str | None, str]] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    most: int = 1000
    """Refusals that are allowed."""
    is_seen: bool = True
    """Whether a look tells of them; not where all looked before any was refused."""

    def check(
        self, kind: str, user_id: str | None, tier: str | None, address: str
    ) -> Verdict | None:
        self.asked.append((kind, user_id, tier, address))
        return self.verdict

    def refuse(self, address: str) -> Verdict | None:
        self.refusals.append(address)
        return Verdict(allowed=len(self.refusals) <= self.most)

    def after_refusals(self, address: str) -> Verdict | None:
        over = self.is_seen and self.refusals.count(address) >= self.most
        return Verdict(allowed=False) if over else None


@dataclass
class Site:
    """An application with a route of each kind."""

    crowd: People
    gate: Counting
    door: Door
    app: Flask

    def get(self, route: str, credential: str | None = None, **headers: str) -> TestResponse:
        sent = {"Authorization": f"Bearer {credential}"} if credential else {}
        return self.app.test_client().get(f"/{route}", headers={**sent, **headers})

    def status(self, route: str, credential: str | None = None, **headers: str) -> int:
        return self.get(route, credential, **headers).status_code


def who() -> str:
    found = recognised_principal()
    return "nobody" if found is None else found.user_id


def site_of(crowd: People, *, development: bool = False, limited: bool = True) -> Site:
    gate = Counting()
    scraper = ScraperToken(Secret(TOKEN))
    door = Door(crowd.identity, scraper, gate if limited else None, development=development)
    app = Flask(__name__, static_folder=None)
    problems.register(app)
    for name, policy in ROUTES.items():

        def view() -> str:
            return who()

        app.add_url_rule(f"/{name}", name, policy(view))
    probe = public("x", limit=Limit.NONE)
    app.add_url_rule("/operator", "operator", probe(lambda: str(door.is_operator())))
    enforce(app, door.guard)
    app.wsgi_app = Edge(app.wsgi_app)  # type: ignore[method-assign]  # Flask's documented way to wrap
    return Site(crowd, gate, door, app)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with people(tmp_path) as crowd:
        yield site_of(crowd)


@pytest.fixture
def ada(site: Site) -> str:
    return site.crowd.add("ada").text.reveal()


@pytest.fixture
def root(site: Site) -> str:
    return site.crowd.add("root", Role.ADMIN).text.reveal()


def test_strangers_get_what_is_public_and_nothing_else(site: Site) -> None:
    statuses = {name: site.status(name) for name in ROUTES}
    assert statuses == {
        **dict.fromkeys(("public", "probe", "login"), 200),
        **dict.fromkeys(("user", "unlimited", "admin", "scraped", "watched", "developed"), 401),
    }


def test_users_get_what_is_for_users_and_403_for_the_rest(site: Site, ada: str) -> None:
    statuses = {name: site.status(name, ada) for name in ROUTES}
    assert statuses == {
        **dict.fromkeys(("public", "probe", "login", "user", "unlimited"), 200),
        **dict.fromkeys(("admin", "scraped", "watched", "developed"), 403),
    }


def test_administrators_get_everything(site: Site, root: str) -> None:
    assert {site.status(name, root) for name in ROUTES} == {200}


def test_the_view_and_the_record_know_who_asks(site: Site, ada: str) -> None:
    assert site.get("user", ada).text == "ada"
    assert site.get("user", **{"X-API-Key": ada}).text == "ada"
    assert site.get("public", ada).text == "ada"
    assert site.get("public").text == "nobody"
    assert site.get("probe", ada).text == "nobody"  # which costs a probe nothing


@pytest.mark.parametrize("bad", ["stale", "sk_" + "a" * 43, "a.b.c"])
def test_an_open_route_takes_a_bad_credential_for_none(site: Site, bad: str) -> None:
    answer = site.get("public", bad)
    assert (answer.status_code, answer.text) == (200, "nobody")
    assert site.status("user", bad) == 401


def test_401_says_how_to_prove_who_one_is(site: Site) -> None:
    answer = site.get("user")
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.content_type == "application/problem+json"


def test_a_disabled_user_is_403_and_on_an_open_route_a_stranger(site: Site, ada: str) -> None:
    site.crowd.disable("ada")
    assert site.status("user", ada) == 403
    assert site.get("public", ada).text == "nobody"


def test_without_a_database_credentials_get_503_and_strangers_what_they_got(
    site: Site, ada: str
) -> None:
    with site.crowd.database.connection() as connection:
        connection.exec_driver_sql("DROP TABLE api_keys")
        connection.commit()
    for route in ("user", "admin", "scraped", "watched"):
        answer = site.get(route, ada)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert site.get("public", ada).text == "nobody"
    assert site.status("user") == 401
    assert site.get("operator", ada).text == "False"
    assert site.gate.refusals == [], "nobody refused it"


def test_the_scrapers_token_opens_what_says_so_and_counts_nothing(site: Site) -> None:
    answer = site.get("scraped", TOKEN)
    assert (answer.status_code, answer.text) == (200, "nobody")
    assert site.gate.asked == []
    assert site.status("admin", TOKEN) == 401
    assert TOKEN not in site.get("admin", TOKEN).text


def test_a_developers_own_machine_is_an_operator_in_development(site: Site) -> None:
    for development, status in ((True, 200), (False, 401)):
        other = site_of(site.crowd, development=development)
        assert other.status("developed") == status
        assert other.status("admin") == 401
    client = site_of(site.crowd, development=True).app.test_client()
    for address in ("10.0.0.1", "", "localhost"):
        answer = client.get("/developed", environ_overrides={"REMOTE_ADDR": address})
        assert answer.status_code == 401


def test_an_operator_is_an_administrator_or_the_scraper(site: Site, ada: str, root: str) -> None:
    asked = (None, "bad", ada, root, TOKEN)
    told = [site.get("operator", each).text for each in asked]
    assert told == ["False", "False", "False", "True", "True"]


def test_each_request_is_counted_for_who_asks(site: Site, ada: str) -> None:
    for route in ("public", "login", "user", "unlimited", "probe"):
        site.get(route, ada)
    assert site.gate.asked == [
        ("general", "ada", "free", "127.0.0.1"),
        ("login", "ada", "free", "127.0.0.1"),
        ("general", "ada", "free", "127.0.0.1"),
    ]


def test_who_is_refused_is_counted_by_address(site: Site, ada: str) -> None:
    site.get("user", "sk_" + "a" * 43)
    site.get("admin")
    site.get("admin", ada)
    assert [user for _, user, _, _ in site.gate.asked] == [None, None, "ada"]


def test_beyond_the_limit_is_429_before_any_refusal(site: Site, ada: str) -> None:
    site.gate.verdict = Verdict(allowed=False)
    for credential in (ada, None, "bad"):
        answer = site.get("admin", credential)
        assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")
    assert site.status("public") == 429
    assert site.status("unlimited", ada) == 200


BAD = ("stale", "sk_" + "a" * 43, "a.b.c", f"{TOKEN}x")


def test_refusals_count_where_nobody_else_does(site: Site, ada: str, root: str) -> None:
    assert site.status("watched", root) == 200
    assert site.status("watched", TOKEN) == 200
    assert site.status("unlimited", ada) == 200
    assert site.status("watched") == 401  # who presents nothing guesses nothing
    assert (site.gate.refusals, site.gate.asked) == ([], [])
    assert [site.status("watched", each) for each in BAD] == [401] * 4
    assert site.status("watched", **{"X-API-Key": "sk_nobody"}) == 401
    assert site.status("watched", ada) == 403
    assert site.gate.refusals == ["127.0.0.1"] * 6
    assert site.gate.asked == [], "no other limit is touched"


def test_whose_refusals_are_used_up_is_429_before_the_database_is_asked(
    site: Site, root: str
) -> None:
    site.gate.most = 3
    statuses = [site.status("watched", "sk_" + f"{number:043}") for number in range(3)]
    assert statuses == [401] * 3
    questions = len(site.crowd.questions)
    for credential in (root, *BAD):
        answer = site.get("watched", credential)
        assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")
    assert site.get("operator", root).text == "False", "a probe is answered, and told no more"
    assert len(site.crowd.questions) == questions
    assert len(site.gate.refusals) == 3
    assert site.status("watched") == 401
    assert site.status("user", root) == 200, "elsewhere its own limits hold"


def test_the_refusal_that_is_one_too_many_is_429_where_many_come_at_once(site: Site) -> None:
    site.gate.most = 0
    site.gate.is_seen = False
    assert site.status("watched", "sk_" + "a" * 43) == 429


def test_the_scraper_is_never_limited_whoever_guesses_from_its_address(site: Site) -> None:
    site.gate.most = 0
    assert site.status("watched", f"{TOKEN}x") == 429
    assert site.status("watched", TOKEN) == 200
    assert site.get("operator", TOKEN).text == "True"


def test_a_probe_that_presents_what_does_not_hold_is_counted_and_answered(
    site: Site, ada: str
) -> None:
    site.gate.most = 2
    for credential in (None, ada, "stale", "sk_" + "a" * 43, "a.b.c"):
        answer = site.get("operator", credential)
        assert (answer.status_code, answer.text) == (200, "False")
    assert len(site.gate.refusals) == 2


def test_where_nothing_is_limited_refusals_are_as_they_were(site: Site, root: str) -> None:
    other = site_of(site.crowd, limited=False)
    told = [other.status("watched", each) for each in (root, *BAD, root)]
    assert told == [200, *[401] * 4, 200]
    assert [other.get("operator", each).text for each in ("stale", root)] == ["False", "True"]


def test_what_the_gate_says_is_on_the_exchange(site: Site, ada: str) -> None:
    site.gate.verdict = Verdict()
    seen: list[object] = []
    view = site.app.view_functions["user"]

    def look() -> str:
        answer = view()
        seen.append(exchange().rate)
        return str(answer)

    site.app.view_functions["user"] = look
    assert site.status("user", ada) == 200
    assert seen == [site.gate.verdict]


def test_a_credential_is_judged_anew_when_it_was_forgotten(site: Site, ada: str) -> None:
    assert site.status("user", ada) == 200
    site.crowd.disable("ada")
    assert site.status("user", ada) == 200  # remembered
    with site.app.test_request_context(headers={"X-API-Key": ada}):
        site.door.forget()
    with site.app.test_request_context():
        site.door.forget()
    assert site.status("user", ada) == 403


def test_only_what_anybody_may_have_uncounted_has_no_guard(site: Site) -> None:
    for access in Access:
        for limit in Limit:
            guard = site.door.guard(PolicyOf(access, "x", limit))
            assert (guard is None) == (access is Access.PUBLIC and limit is Limit.NONE)


def raised(work: Callable[[], object]) -> int:
    with pytest.raises(ApiError) as error:
        work()
    return error.value.status


def test_a_view_for_users_never_runs_for_nobody() -> None:
    assert raised(current_principal) == 401


def test_a_view_is_not_called_past_the_edge(site: Site) -> None:
    guard = site.door.guard(PolicyOf(Access.USER, "x"))
    assert guard
    with site.app.test_request_context(), pytest.raises(LookupError):
        guard()
