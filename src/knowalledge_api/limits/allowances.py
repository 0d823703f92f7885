"""Who is counted as whom, and how much each is allowed."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final

from knowalledge_api.limits.windows import Rate, rates_of
from knowalledge_api.settings import Settings

GENERAL: Final = "general"
LOGIN: Final = "login"
REGISTER: Final = "register"
REFUSALS: Final = "refusals"
"""Credentials that were refused where those who are admitted are not counted."""
TRUSTED: Final = 10
"""How many times as much a trusted network is allowed: a school behind one address."""
GENEROUS: Final = frozenset({GENERAL, REFUSALS})
"""The kinds of which it is."""
HOME: Final = 64
"""Bits of an IPv6 address that one customer has: the rest is theirs to change at will."""
TIERS: Final = {
    tier: (Rate(minute, 60), Rate(day, 86400))
    for tier, minute, day in (
        ("limited", 5, 50),
        ("free", 10, 100),
        ("basic", 15, 500),
        ("premium", 30, 2000),
        ("unlimited", 1000, 100_000),
    )
}
"""Requests a minute and a day of a user: the table in the API's documentation."""
NEWEST: Final = 8192
"""Addresses whose reading is kept."""

Allowance = tuple[str, tuple[Rate, ...]]


class Allowances:
    """The rates of these settings. Each kind of limit counts by itself."""

    def __init__(self, settings: Settings) -> None:
        networks = settings.rate_limit_trusted_cidrs
        general = rates_of(settings.rate_limit_anonymous)
        by_address = {
            GENERAL: general,
            LOGIN: rates_of(settings.rate_limit_login),
            REGISTER: rates_of(settings.rate_limit_register),
            REFUSALS: general,
        }
        trusted = tuple(Rate(TRUSTED * rate.limit, rate.seconds) for rate in general)

        @lru_cache(maxsize=NEWEST)
        def anonymous(kind: str, address: str) -> Allowance:
            who, home = counted_as(address)
            known = home is not None and any(
                home.version == network.version and home in network for network in networks
            )
            return who, trusted if known and kind in GENEROUS else by_address[kind]

        self._anonymous = anonymous

    def of(self, kind: str, user_id: str | None, tier: str | None, address: str) -> Allowance:
        """As whom a request counts, and the rates that hold for its kind.

        A user counts as the same whatever key, token or address they come with; all but general
        requests count by address whoever asks. A tier that is not known has the least.
        """
        if user_id is not None and kind == GENERAL:
            return f"user:{user_id}", TIERS.get(tier or "", TIERS["limited"])
        return self._anonymous(kind, address)


def counted_as(address: str) -> tuple[str, IPv4Address | IPv6Address | None]:
    """The name under which an address counts, and the address; None where it is none.

    An IPv4 address within an IPv6 one counts as what it is.
    """
    try:
        home = ip_address(address.partition("%")[0])
    except ValueError:
        return "address:unknown", None
    if isinstance(home, IPv6Address):
        if home.ipv4_mapped is None:
            return f"address:{ip_network((int(home) >> HOME << HOME, HOME))}", home
        home = home.ipv4_mapped
    return f"address:{home}", home
