"""Counters in Redis, shared by all servers: one question and one answer a request."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from functools import lru_cache
from hashlib import sha1
from typing import Any, Final

from redis.exceptions import NoScriptError

from knowalledge_api.limits.windows import Rate, Windows, plan_of
from knowalledge_api.stores.store import Store, StoreAwayError

SCRIPT: Final = """
local now, most, allowed = struct.unpack('<d', ARGV[1]), 0, 1
local value, starts, numbers = redis.call('GET', KEYS[1]), {}, {}
for w = 1, (#ARGV[1] - 8) / 40 do
  local length, limit, told, known, owed = struct.unpack('<ddddd', ARGV[1], 40 * w - 31)
  local start, number = now, 0
  if value then
    start, number = struct.unpack('<dd', value, 16 * w - 15)
    if start > now then start = now end
    if now >= start + length then start, number = now, 0 end
  end
  if known + owed > 0 and now < told + length then
    if number == 0 or told < start then start = told end
    if known > number then number = known end
    number = number + owed
  end
  if number >= limit then allowed = 0 end
  if start + length - now > most then most = start + length - now end
  starts[w], numbers[w] = start, number
end
local answer, packed = {allowed}, ''
for w = 1, #starts do
  local number = numbers[w] + allowed
  answer[2 * w], answer[2 * w + 1] = starts[w], number
  packed = packed .. struct.pack('<dd', starts[w], number)
end
redis.call('SET', KEYS[1], packed, 'PX', most + 1000)
return answer
"""
"""What `windows.count` does, after Redis has been told what it does not know.

A start is in milliseconds, by the clock of the server that asks: the servers' clocks agree to the
second, as all clocks do that are kept by NTP. Known is what Redis had counted when it was last
asked, should it have lost that; owed is what was counted without it.
"""
DIGEST: Final = sha1(SCRIPT.encode(), usedforsecurity=False).hexdigest()
MILLISECONDS: Final = 1000

Counted = tuple[bool, tuple[tuple[float, int], ...]]
"""Whether there was room, and the start and number of each window then."""


def count(  # noqa: PLR0913, PLR0917 -- what Redis is told
    store: Store,
    subject: str,
    rates: tuple[Rate, ...],
    windows: Windows,
    owed: Sequence[int],
    now: float,
) -> Counted:
    """Count a request in Redis where there is room for it; `windows` are known here.

    Raises StoreAwayError, also for an answer that makes no sense.
    """
    told: list[float] = [int(now * MILLISECONDS)]
    for (limit, seconds, at), debt in zip(plan_of(rates), owed, strict=True):
        start = int(windows[at] * MILLISECONDS)
        told += (seconds * MILLISECONDS, limit, start, windows[at + 1], debt)
    lengths, numbers = _form_of(rates)
    key, argument = f"{store.prefix}rate:{lengths}:{subject}", numbers.pack(*told)
    try:
        answer = store.ask("EVALSHA", DIGEST, 1, key, argument)
    except NoScriptError:  # Redis was restarted, or its scripts were flushed
        answer = store.ask("EVAL", SCRIPT, 1, key, argument)
    return _read(answer, len(rates))


@lru_cache(maxsize=64)  # there are as many as tiers and settings
def _form_of(rates: tuple[Rate, ...]) -> tuple[str, struct.Struct]:
    """What a key says of the windows, and how all that is told is packed into one argument."""
    lengths = ".".join(str(rate.seconds) for rate in rates)
    return lengths, struct.Struct(f"<{1 + 5 * len(rates)}d")


def _read(answer: Any, number: int) -> Counted:
    whole = isinstance(answer, list) and len(answer) == 1 + 2 * number
    if not whole or not all(isinstance(each, int) for each in answer):
        raise StoreAwayError("Redis counts in another way than this release")
    starts = (each / MILLISECONDS for each in answer[1::2])
    return bool(answer[0]), tuple(zip(starts, answer[2::2], strict=True))
