"""API keys: drawn at random, shown once, kept as a digest."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from knowalledge_api.settings import Secret

MARK: Final = "sk_"
RANDOM_BYTES: Final = 32
LENGTH: Final = len(MARK) + 43
"""43 characters of base64 hold 32 bytes."""
SHOWN: Final = len(MARK) + 8
"""Characters by which an owner tells keys apart; 208 random bits stay unknown."""


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key at the one moment at which it is known whole."""

    text: Secret
    prefix: str
    digest: str


def new_key() -> NewKey:
    """A key of 256 random bits."""
    text = MARK + secrets.token_urlsafe(RANDOM_BYTES)
    return NewKey(Secret(text), text[:SHOWN], digest_of(text))


def digest_of(text: str) -> str:
    """What is stored of a key: SHA-256 in hexadecimal.

    A slow hash would protect what people choose; nobody guesses 256 random bits.
    """
    return sha256(text.encode()).hexdigest()


def is_key(text: str) -> bool:
    """Whether it has the form of a key, so that the database is worth asking."""
    return (
        len(text) == LENGTH
        and text.startswith(MARK)
        and text.isascii()
        and text.replace("-", "").replace("_", "").isalnum()
    )
