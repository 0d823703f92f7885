"""The keys that sign tokens: the settings', or in development one that a server makes once."""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
from pathlib import Path
from typing import Final

from knowalledge_api.generation import Generation
from knowalledge_api.settings import Settings
from knowalledge_api.settings.kinds import items

log = logging.getLogger(__name__)

FILE: Final = "secret_key"
KEY_BYTES: Final = 32
OWNER_ONLY: Final = 0o600


def signing_keys(settings: Settings, generation: Generation | None) -> tuple[bytes, ...]:
    """The key that signs, and behind it those that still verify.

    Without SECRET_KEY, which only development may do, the key lies in the run directory, so that
    it outlasts a reload; where there is none it lives in this process and those forked from it.
    """
    if settings.secret_key is not None:
        own = settings.secret_key.reveal().encode()
    elif generation is not None:
        own = _kept_in(generation.run_directory)
    else:
        own = _fresh()
    former = settings.secret_key_fallbacks
    words = items().read(former.reveal()) if former else ()
    return (own, *(word.encode() for word in words))


def _kept_in(directory: Path) -> bytes:
    """The key of a run directory, made where there is none; one in memory where it can't be."""
    file = directory / FILE
    try:
        return _read(file) or _made(file)
    except OSError as error:
        log.warning("tokens will not outlast a reload: %s: %s", file, error.strerror)
        return _fresh()


def _read(file: Path) -> bytes:
    """What is kept there; nothing where it is not a whole key."""
    try:
        kept = file.read_bytes()
    except FileNotFoundError:
        return b""
    return kept if len(kept) == 2 * KEY_BYTES else b""


def _made(file: Path) -> bytes:
    """A new key under that name, or another process's that was quicker; never half of one."""
    draft = file.with_name(f"{FILE}.{secrets.token_hex(4)}")
    key = _fresh()
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
    try:
        with os.fdopen(descriptor, "wb") as opened:
            opened.write(key)
        try:
            os.link(draft, file)
        except FileExistsError:
            if other := _read(file):
                return other
            draft.replace(file)
        return key
    finally:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)


def _fresh() -> bytes:
    return secrets.token_hex(KEY_BYTES).encode()
