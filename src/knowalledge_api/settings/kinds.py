"""How the text of a setting becomes a value, and what to say when it does not."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any, Final, Generic, NamedTuple, TypeVar
from urllib.parse import urlsplit

T_co = TypeVar("T_co", covariant=True)
E = TypeVar("E", bound=StrEnum)
MASK: Final = "********"


class Kind(NamedTuple, Generic[T_co]):
    """A kind of value: what it expects, in words, and how to read it (ValueError when not)."""

    expects: str
    read: Callable[[str], T_co]


@dataclass(frozen=True, slots=True, repr=False)
class Secret:
    """A value that never shows itself: `reveal` is the only way to it."""

    _value: str

    def reveal(self) -> str:
        """The value itself, for the one place that needs it."""
        return self._value

    @property
    def shown(self) -> str:
        """As much of it as anyone may see."""
        return MASK

    def __str__(self) -> str:
        return MASK

    __repr__ = __str__


class SecretUrl(Secret):
    """An address with a password in it: everything but password and query may be seen."""

    __slots__ = ()

    @property
    def shown(self) -> str:
        """scheme://user:********@host/path; all masked where the parts can't be told apart."""
        parts = urlsplit(self._value)
        if "@" in parts.path + parts.query + parts.fragment or parts.fragment:
            return MASK  # a password with an unescaped / ? or # spills into what follows
        credentials, at, place = parts.netloc.rpartition("@")
        user, colon, _ = credentials.partition(":")
        query = f"?{MASK}" if parts.query else ""
        return f"{parts.scheme}://{user}{colon and f':{MASK}'}{at}{place}{parts.path}{query}"


def text(longest: int = 500) -> Kind[str]:
    """Any text up to `longest` characters."""
    return Kind(f"text of at most {longest} characters", lambda raw: _text(raw, longest))


def integer(lowest: int, highest: int) -> Kind[int]:
    """A whole number, both ends included."""
    return Kind(
        f"a whole number from {lowest} to {highest}",
        lambda raw: _bounded(
            int(raw) if re.fullmatch(r"-?[0-9]{1,18}", raw) else None, lowest, highest
        ),
    )


def seconds(lowest: float, highest: float) -> Kind[float]:
    """A time in seconds, both ends included."""
    return Kind(
        f"seconds from {lowest:g} to {highest:g}",
        lambda raw: _bounded(
            float(raw) if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", raw) else None, lowest, highest
        ),
    )


def choice(options: type[E]) -> Kind[E]:
    """One of the options, in any case."""
    return Kind("one of " + ", ".join(options), lambda raw: options(raw.lower()))


def items() -> Kind[tuple[str, ...]]:
    """A comma-separated list; blanks around the parts are dropped."""
    return Kind(
        "a comma-separated list",
        lambda raw: tuple(part.strip() for part in raw.split(",") if part.strip()),
    )


def networks() -> Kind[tuple[IPv4Network | IPv6Network, ...]]:
    """A comma-separated list of networks in CIDR form."""
    return Kind(
        "a comma-separated list of networks such as 192.0.2.0/24",
        lambda raw: tuple(ip_network(part) for part in items().read(raw)),
    )


def secret() -> Kind[Secret]:
    """Text that no output shows."""
    return Kind("text", Secret)


_WORDS: Final = {
    **dict.fromkeys(("true", "yes", "on", "1"), True),
    **dict.fromkeys(("false", "no", "off", "0"), False),
}


def _flag(raw: str) -> bool:
    if (value := _WORDS.get(raw.lower())) is None:
        raise ValueError(raw)
    return value


FLAG: Final = Kind("true or false", _flag)


SHORTEST_KEY: Final = 32
_SAMPLES: Final = (
    "changeme",
    "change-me",
    "change_me",
    "secret-key",
    "your-",
    "example",
    "xxxxxxxx",
)


def _signing_key(raw: str) -> Secret:
    sample = any(word in raw.lower() for word in _SAMPLES) or len(set(raw)) < 8  # noqa: PLR2004 -- a key of few different characters is typed, not drawn
    if sample or len(raw.encode()) < SHORTEST_KEY or "," in raw:
        raise ValueError(raw)
    return Secret(raw)


def _signing_keys(raw: str) -> Secret:
    for part in items().read(raw):
        _signing_key(part)
    return Secret(raw)


_DRAWN: Final = "and no sample ('openssl rand -hex 32' makes one)"
SIGNING_KEY: Final = Kind(
    f"at least {SHORTEST_KEY} random bytes without a comma, {_DRAWN}", _signing_key
)
"""A comma would cut it in two as soon as it is one of SIGNING_KEYS."""
SIGNING_KEYS: Final = Kind(
    f"keys with commas between them, each at least {SHORTEST_KEY} random bytes {_DRAWN}",
    _signing_keys,
)
"""Each of them is as good as the one that signs: whoever guesses it is any user they like."""


def _text(raw: str, longest: int) -> str:
    if len(raw) > longest or not raw.isprintable():
        raise ValueError(raw)
    return raw


def _bounded(number: Any, lowest: float, highest: float) -> Any:
    if number is None or not lowest <= number <= highest:
        raise ValueError(number)
    return number


def _host(raw: str) -> str:
    if raw.startswith("unix:/") or re.fullmatch(r"\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]{1,253}", raw):
        return _text(raw, 253)
    raise ValueError(raw)


HOST: Final = Kind("an address or host name such as 127.0.0.1, [::] or unix:/path", _host)

_RATE = re.compile(r"[1-9][0-9]{0,8} ?/ ?(second|minute|hour|day)")


def _rates(raw: str) -> str:
    parts = [part.strip() for part in raw.split(";")]
    if not all(_RATE.fullmatch(part) for part in parts):
        raise ValueError(raw)
    return ";".join(parts)


RATES: Final = Kind("limits such as 10/minute;100/hour", _rates)

DATABASE_SCHEMES: Final = (
    "sqlite", "sqlite+pysqlite",
    "postgres", "postgresql", "postgresql+psycopg2",
    "mysql", "mariadb", "mysql+pymysql", "mariadb+pymysql",
)  # fmt: skip
REDIS_SCHEMES: Final = ("redis", "rediss", "unix")


def url(schemes: tuple[str, ...]) -> Kind[SecretUrl]:
    """A URL of one of the schemes; kept as a secret, since it may hold a password."""
    known = ", ".join(f"{scheme}://" for scheme in schemes if "+" not in scheme)
    return Kind(f"a URL that starts with one of {known}", lambda raw: _url(raw, schemes))


def _url(raw: str, schemes: tuple[str, ...]) -> SecretUrl:
    parts = urlsplit(_text(raw, 2000))
    _ = parts.port  # raises ValueError on a port that is no number
    if parts.scheme not in schemes or "://" not in raw:
        raise ValueError(raw)
    if not (parts.netloc or parts.path.strip("/")) and not parts.scheme.startswith("sqlite"):
        raise ValueError(raw)
    return SecretUrl(raw)


def _web_address(raw: str) -> str:
    parts = urlsplit(_text(raw, 2000))
    _ = parts.port
    if parts.scheme not in {"http", "https"} or not parts.hostname or "@" in parts.netloc:
        raise ValueError(raw)
    return raw


WEB_ADDRESS: Final = Kind(
    "an address that starts with http:// or https:// and holds no user", _web_address
)
