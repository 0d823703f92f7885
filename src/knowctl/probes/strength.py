"""How hard a secret is to guess, by its text alone."""

from __future__ import annotations

import math
import zlib
from collections import Counter
from itertools import pairwise
from typing import Final

_FRAME: Final = 10
"""Bytes that zlib adds to what it can't compress, and those that say what is repeated."""


def bits(text: str) -> float:
    """At most so many bits: by its characters, the steps between them, and what repeats.

    An upper bound: it tells what was typed or drawn from few choices, not words of a dictionary.
    """
    steps = [ord(after) - ord(before) for before, after in pairwise(text)]
    repeats = 8.0 * (len(zlib.compress(text.encode("utf-8", "replace"), 9)) - _FRAME)
    return max(0.0, min(_entropy(text), _entropy(steps), repeats))


def _entropy(symbols: str | list[int]) -> float:
    """Shannon's entropy of all symbols together, by their own frequencies."""
    whole = len(symbols)
    return sum(-count * math.log2(count / whole) for count in Counter(symbols).values())
