"""Secrets that can be told apart anywhere: one for every secret row of the settings table."""

from __future__ import annotations

import base64
import json
import tarfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final
from urllib.parse import quote

from knowalledge_api.settings import TABLE

SECRETS: Final = tuple(row for row in TABLE if row.secret)
URLS: Final = {
    "DATABASE_URL": "postgresql://app:{canary}@127.0.0.1:1/app?sslmode={canary}",
    "DATABASE_MIGRATION_URL": "postgresql://ddl:{canary}@127.0.0.1:1/app?sslmode={canary}",
    "REDIS_URL": "redis://default:{canary}@127.0.0.1:1/0",
}
"""How a canary stands in a setting that is an address of something that refuses."""
BODY: Final = "c4n4ry+{name}+7fQ2~xW9/zK5?pL8"


def canary(name: str) -> str:
    """The canary of a setting, with characters that a URL has to escape."""
    return BODY.format(
        name=name.replace("_", "").lower()[::-1]
    )  # samples are known by words in them


def environment(**more: str) -> dict[str, str]:
    """Every secret setting with its canary, and nothing that answers."""
    held = {row.name: _held(row.name) for row in SECRETS}
    return {**held, "GEMINI_BASE_URL": "http://127.0.0.1:1", **more}


def leaks(text: str, names: Iterable[str] | None = None) -> list[str]:
    """The settings whose canary a text shows: raw, escaped, in base64 or in hexadecimal."""
    wanted = [row.name for row in SECRETS] if names is None else names
    lower = text.lower()
    return [name for name in wanted if _shown(canary(name), text, lower)]


def _held(name: str) -> str:
    return URLS.get(name, "{canary}").format(
        canary=quote(canary(name), safe="") if name in URLS else canary(name)
    )


def _shown(secret: str, text: str, lower: str) -> bool:
    content = secret.encode()
    any_case = (secret, quote(secret), quote(secret, safe=""), content.hex())
    exact = [base64.b64encode(b"x" * shift + content).decode()[4:-4] for shift in range(3)]
    return any(each.lower() in lower for each in any_case) or any(each in text for each in exact)


def spellings(name: str) -> list[str]:
    """The canary of a setting, in each way in which a log may hold it."""
    secret = canary(name)
    content = secret.encode()
    encoded = [base64.b64encode(b"user:pass"[:shift] + content).decode() for shift in (0, 1, 5)]
    quoted = (quote(secret), quote(secret, safe=""), json.dumps({"url": f"x://{secret}@h"}))
    return [secret, *quoted, content.hex(), content.hex().upper(), *encoded]


def leaks_in(archive: Path) -> dict[str, list[str]]:
    """The settings whose canary an archive shows, in a file's name or content, by file."""
    found = {archive.name: leaks(archive.read_bytes().decode("latin-1"))}
    with tarfile.open(archive) as opened:
        for member in opened.getmembers():
            content = opened.extractfile(member)
            assert content is not None
            found[member.name] = leaks(member.name + content.read().decode())
    assert len(found) > 1
    return {name: told for name, told in found.items() if told}


def unlisted(held: Mapping[str, str]) -> list[str]:
    """Secret rows of the table that hold no canary, by the settings that a test gives."""
    return [row.name for row in SECRETS if not leaks(held.get(row.name, ""), [row.name])]
