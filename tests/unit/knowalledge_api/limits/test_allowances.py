"""Who is counted as whom."""

from __future__ import annotations

import pytest

from knowalledge_api.limits.allowances import Allowances, counted_as
from knowalledge_api.limits.windows import Rate
from tests.support.configuration import settings_of

ANONYMOUS = (Rate(10, 60), Rate(100, 3600))


def allowances(**values: str) -> Allowances:
    return Allowances(settings_of(**values))


@pytest.mark.parametrize(
    ("tier", "minute", "day"),
    [
        ("limited", 5, 50),
        ("free", 10, 100),
        ("basic", 15, 500),
        ("premium", 30, 2000),
        ("unlimited", 1000, 100_000),
        ("unheard of", 5, 50),
        (None, 5, 50),
    ],
)
def test_a_tier_says_how_much_a_user_may_ask(tier: str | None, minute: int, day: int) -> None:
    who, rates = allowances().of("general", "ada", tier, "192.0.2.1")
    assert (who, rates) == ("user:ada", (Rate(minute, 60), Rate(day, 86400)))


def test_a_user_is_the_same_from_any_address_and_no_address() -> None:
    found = {allowances().of("general", "ada", "free", where)[0] for where in ("192.0.2.1", "::1")}
    assert found == {"user:ada"}
    assert allowances().of("general", None, None, "192.0.2.1")[0] == "address:192.0.2.1"


@pytest.mark.parametrize(
    ("kind", "rates"),
    [
        ("general", ANONYMOUS),
        ("refusals", ANONYMOUS),
        ("login", (Rate(10, 60),)),
        ("register", (Rate(5, 3600),)),
    ],
)
def test_strangers_have_the_rates_of_the_settings(kind: str, rates: tuple[Rate, ...]) -> None:
    assert allowances().of(kind, None, None, "192.0.2.1")[1] == rates


@pytest.mark.parametrize("kind", ["login", "register", "refusals"])
def test_logins_and_refusals_count_by_address_whoever_asks(kind: str) -> None:
    assert allowances().of(kind, "ada", "unlimited", "192.0.2.1")[0] == "address:192.0.2.1"


def test_a_trusted_network_has_ten_times_as_much() -> None:
    here = allowances(RATE_LIMIT_TRUSTED_CIDRS="192.0.2.0/24,2001:db8::/32")
    ten = (Rate(100, 60), Rate(1000, 3600))
    assert here.of("general", None, None, "192.0.2.9")[1] == ten
    assert here.of("refusals", None, None, "192.0.2.9")[1] == ten
    assert here.of("general", None, None, "::ffff:192.0.2.9")[1] == ten
    assert here.of("general", None, None, "2001:db8::1")[1] == ten
    assert here.of("general", None, None, "198.51.100.1")[1] == ANONYMOUS
    assert here.of("general", None, None, "")[1] == ANONYMOUS
    assert here.of("login", None, None, "192.0.2.9")[1] == (Rate(10, 60),)


@pytest.mark.parametrize(
    ("address", "who"),
    [
        ("192.0.2.1", "address:192.0.2.1"),
        ("::ffff:192.0.2.1", "address:192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "address:2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "address:2001:db8:1:2::/64"),
        ("fe80::1%eth0", "address:fe80::/64"),
        ("", "address:unknown"),
        ("forged, 192.0.2.1", "address:unknown"),
    ],
)
def test_an_address_counts_with_all_that_one_customer_has(address: str, who: str) -> None:
    assert counted_as(address)[0] == who
