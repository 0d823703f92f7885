"""Where a request comes from, and how: what trusted proxies tell, or else the connection."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

REMEMBERED: Final = 4096
"""Addresses whose canonical form is kept."""
LONGEST: Final = 64
"""Characters of an address with its port; what is longer is none."""
_UNIX: Final = "localhost"
"""What waitress calls the other end of a Unix socket."""


class Caller(NamedTuple):
    """The client as it reached the outermost trusted proxy, or this server."""

    address: str
    """Its IP address in canonical form, empty where nobody tells."""
    secure: bool
    """Whether it speaks HTTPS."""
    host: str
    """The Host that it asked for, as it was sent."""


def caller_of(environ: WSGIEnvironment, hops: int) -> Caller:
    """Who calls, `hops` trusted proxies away.

    Each proxy appends to X-Forwarded-For whom it was asked by, so the client is the entry that
    many places from the right, whatever stands further left. Where there are fewer entries, or
    no address in that place, it is who is connected. Without trusted proxies no header counts;
    `Forwarded` (RFC 7239) never does.
    """
    address = str(environ.get("REMOTE_ADDR") or "")
    if ":" in address or address == _UNIX:
        address = canonical(address)
    secure = environ.get("wsgi.url_scheme") == "https"
    host = str(environ.get("HTTP_HOST") or "")
    if not hops:
        return Caller(address, secure, host)
    told = _from_the_right(environ.get("HTTP_X_FORWARDED_FOR"), hops)
    if told:
        address = canonical(told) or address
    scheme = _set_by_a_proxy(environ.get("HTTP_X_FORWARDED_PROTO"), hops)
    if scheme:
        secure = scheme.lower() == "https"
    return Caller(
        address, secure, _from_the_right(environ.get("HTTP_X_FORWARDED_HOST"), hops) or host
    )


@lru_cache(maxsize=REMEMBERED)
def canonical(given: str) -> str:
    """An IP address without port, brackets and zone, IPv4 in IPv6 as IPv4; empty if it is none."""
    text = given.strip()
    if len(text) > LONGEST:
        return ""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(address)


def _from_the_right(header: object, place: int) -> str:
    entries = str(header).rsplit(",", place) if header else ()
    return entries[-place].strip() if len(entries) >= place else ""


def _set_by_a_proxy(header: object, hops: int) -> str:
    """The scheme in the place of the outermost trusted proxy: most proxies set it, few append."""
    if not header:
        return ""
    return _from_the_right(header, hops) or str(header).partition(",")[0].strip()
