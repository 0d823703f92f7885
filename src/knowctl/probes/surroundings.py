"""Finds what the settings speak of: files, servers, packages, and how good the secrets are."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from knowalledge_api.settings import TABLE, Loaded, Secret
from knowalledge_api.settings.kinds import SecretUrl
from knowctl.model.surroundings import (
    Certificate,
    FileFacts,
    ListedOrigin,
    ServerFacts,
    Strength,
    Surroundings,
)
from knowctl.probes import git
from knowctl.probes.machine import MachineProbe
from knowctl.probes.strength import bits

KEY_BITS: Final = 80.0
"""Typed words have fewer and drawn keys more: a third of what 32 random bytes have. Ours; for keys
themselves NIST SP 800-131A asks for 112."""
PASSWORD_BITS: Final = 24.0
"""Passwords are guessed over the network, some thousands a second: nine random characters do."""
LOCAL: Final = frozenset({"", "localhost", "::1"})
WEB: Final = frozenset({"http", "https"})
OFF: Final = frozenset({"", "0", "false", "no"})
"""What FLASK_DEBUG may be and mean no. Source: flask.helpers.get_debug_flag."""
DRIVERS: Final = {"postgres": "psycopg2", "mysql": "pymysql", "mariadb": "pymysql"}
TLS_MODES: Final = frozenset({"require", "verify-ca", "verify-full"})
"""With these libpq refuses to speak in the clear; its default only prefers TLS."""
TLS_OPTIONS: Final = frozenset({"ssl_ca", "ssl_capath", "ssl_verify_cert", "ssl_verify_identity"})
"""With one of these PyMySQL refuses to."""


def look_around(
    loaded: Loaded, environ: Mapping[str, str], env_file: Path, *, gemini: bool
) -> Surroundings:
    """All of it; nothing is connected to, and what can't be found out is left open."""
    values = loaded.values
    database = urlsplit(values["database_url"].reveal())
    return Surroundings(
        strengths=tuple(_strengths(values)),
        secret_files=tuple(_secret_files(loaded)),
        key_file=file_facts(Path(values["ssl_keyfile"])) if values["ssl_keyfile"] else None,
        committed=git.committed(_with_secrets(loaded, env_file)),
        certificate=_certificate(values),
        database=_database_server(database),
        redis=_redis_server(values["redis_url"]),
        missing=tuple(_missing(database.scheme, gemini=gemini)),
        origins=tuple(map(_origin, values["cors_origins"])) if values["cors_enabled"] else (),
        gemini=_web_server(values["gemini_base_url"]) if gemini else None,
        memory_mb=MachineProbe().machine().megabytes,
        flask_debug=environ.get("FLASK_DEBUG", "").lower() not in OFF,
    )


def file_facts(path: Path) -> FileFacts | None:
    """What the file system says of a file; None where there is none."""
    try:
        mode = path.stat().st_mode & 0o777
    except (OSError, ValueError):
        return None
    return FileFacts(str(path), mode if os.name == "posix" else None)


def _strengths(values: Mapping[str, Any]) -> Iterator[Strength]:
    for row in TABLE:
        secret = values[row.attribute]
        if not row.secret or secret is None:
            continue
        text = secret.reveal()
        if isinstance(secret, SecretUrl):
            password = urlsplit(text).password
            if password:
                yield Strength(row.name, bits(unquote(password)), PASSWORD_BITS)
        else:
            keys = filter(None, map(str.strip, text.split(",")))
            yield Strength(row.name, min(map(bits, keys), default=0.0), KEY_BITS)


def _secret_files(loaded: Loaded) -> Iterator[FileFacts]:
    for row in TABLE:
        pointer = loaded.given.get(f"{row.name}_FILE")
        found = file_facts(Path(pointer.text)) if row.secret and pointer else None
        if found:
            yield found


def _with_secrets(loaded: Loaded, env_file: Path) -> Iterator[Path]:
    """The files that hold a secret: the .env file where it sets one, and secrets' own."""
    rows = (row for row in TABLE if row.secret and _holds(loaded.values[row.attribute]))
    origins = (loaded.origins.get(row.name) for row in rows)
    places = [origin.file for origin in origins if origin]
    if str(env_file) in places:
        yield env_file
    yield from (Path(each) for each in places if each and each != str(env_file))


def _holds(secret: Secret | None) -> bool:
    """Whether there is a secret, and not just the address of a server without a password."""
    if isinstance(secret, SecretUrl):
        return urlsplit(secret.reveal()).password is not None
    return secret is not None


def _certificate(values: Mapping[str, Any]) -> Certificate | None:
    if not (values["ssl_certfile"] and values["ssl_keyfile"]):
        return None
    from knowctl.probes import certificate  # noqa: PLC0415 -- only where there is one: 15 ms of ssl

    return certificate.read(values["ssl_certfile"], values["ssl_keyfile"])


def _database_server(address: SplitResult) -> ServerFacts | None:
    if address.scheme.startswith("sqlite"):
        return None
    query = {name: values[-1].lower() for name, values in parse_qs(address.query).items()}
    host = address.hostname or query.get("host", "")
    return ServerFacts(
        host,
        local=_is_local(host) or "unix_socket" in query,
        tls=query.get("sslmode") in TLS_MODES or bool(TLS_OPTIONS & query.keys()),
        password=address.password is not None,
    )


def _redis_server(url: Secret | None) -> ServerFacts | None:
    if url is None:
        return None
    address = urlsplit(url.reveal())
    host = address.hostname or ""
    return ServerFacts(
        host,
        local=address.scheme == "unix" or _is_local(host),
        tls=address.scheme == "rediss",
        password=bool(address.password or "password" in parse_qs(address.query)),
    )


def _web_server(url: str | None) -> ServerFacts | None:
    if url is None:
        return None
    address = urlsplit(url)
    host = address.hostname or ""
    return ServerFacts(host, local=_is_local(host), tls=address.scheme == "https", password=False)


def _origin(text: str) -> ListedOrigin:
    """An origin as browsers send it, where they could: scheme, host and port in lower case."""
    try:
        parts = urlsplit(text)
        _ = parts.port  # raises ValueError on a port that is no number
    except ValueError:
        return ListedOrigin(text)
    if parts.scheme not in WEB or not parts.hostname:
        return ListedOrigin(text)
    exposed = parts.scheme == "http" and not _is_local(parts.hostname)
    return ListedOrigin(text, f"{parts.scheme}://{parts.netloc.lower()}", exposed=exposed)


def _is_local(host: str) -> bool:
    return host in LOCAL or host.startswith(("127.", "/"))


def _missing(scheme: str, *, gemini: bool) -> Iterator[str]:
    drivers = (driver for name, driver in DRIVERS.items() if scheme.startswith(name))
    for module in (*drivers, *(("google.genai",) if gemini else ())):
        if not _is_installed(module):
            yield module


def _is_installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except (ImportError, ValueError):
        return False
