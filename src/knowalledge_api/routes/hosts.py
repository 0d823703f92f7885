"""Which Host names are answered."""

from __future__ import annotations

import re
from enum import Enum, auto
from functools import lru_cache
from typing import Final

from knowalledge_api.routes.forwarding import canonical

REMEMBERED: Final = 1024
"""Host names on which the judgement is kept."""
LARGEST_PORT: Final = 65535
PROBES: Final = frozenset({"/health", "/ready", "/api/health", "/api/ready"})
"""What platforms ask by the address of a pod or a machine, always without TLS."""
SCRAPED: Final = PROBES | {"/metrics"}
"""What is asked by address, a scraper's page included."""
_HOST: Final = re.compile(
    r"([A-Za-z0-9]([A-Za-z0-9._-]{0,253}[A-Za-z0-9.])?|\[[0-9A-Fa-f:.]{2,45}\])"
    r"(:(?P<port>[0-9]{0,5}))?"
)


class Standing(Enum):
    """What a Host is to this server."""

    TRUSTED = auto()
    ADDRESS = auto()
    """Not listed, but an IP address or localhost, by which platforms probe."""
    STRANGER = auto()
    MALFORMED = auto()


class Hosts:
    """The trusted hosts: names, `*.name` for all below a name, `.name` for both; none: any."""

    def __init__(self, trusted: tuple[str, ...] = ()) -> None:
        listed = {name_of(each.strip()) for each in trusted}
        self._any = not listed or "*" in listed
        self._names = frozenset(each.removeprefix(".") for each in listed)
        self._domains = tuple(
            each.removeprefix("*") for each in listed if each.startswith((".", "*."))
        )
        self.standing = lru_cache(maxsize=REMEMBERED)(self._judge)

    def admits(self, host: str, path: str) -> bool:
        """Whether a request for a Host is answered; a probe by address is."""
        standing = self.standing(host)
        if standing is Standing.TRUSTED:
            return True
        return standing is Standing.ADDRESS and path in SCRAPED

    def is_address(self, host: str) -> bool:
        """Whether a Host is none of a name: who asks knows the machine, not the service."""
        return _is_address(name_of(host))

    def _judge(self, host: str) -> Standing:
        found = _HOST.fullmatch(host)
        if host and (not found or int(found["port"] or 0) > LARGEST_PORT):
            return Standing.MALFORMED
        name = name_of(host)
        literal = _is_address(name)
        if name.startswith("[") and not literal:
            return Standing.MALFORMED
        if self._any or name in self._names or (name.endswith(self._domains) and name):
            return Standing.TRUSTED
        return Standing.ADDRESS if literal else Standing.STRANGER


def _is_address(name: str) -> bool:
    return name in {"", "localhost"} or bool(canonical(name))


def name_of(host: str) -> str:
    """A Host without its port, in lower case; an IPv6 address keeps its brackets."""
    host = host.lower()
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0].removesuffix(".")
