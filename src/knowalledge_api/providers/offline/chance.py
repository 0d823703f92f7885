"""Choices that look like chance and are the same whenever the same texts decide them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import blake2b
from typing import TypeVar

T = TypeVar("T")


def picked(items: Sequence[T], *seed: str) -> T:
    """One of the items."""
    return items[_number(*seed) % len(items)]


def shuffled(items: Iterable[T], *seed: str) -> tuple[T, ...]:
    """All of them, in another order."""
    numbered = sorted(enumerate(items), key=lambda pair: _number(*seed, str(pair[0])))
    return tuple(item for _, item in numbered)


def _number(*parts: str) -> int:
    data = "\0".join(parts).encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(data, digest_size=8).digest())
