"""Where a server listens."""

from __future__ import annotations

from typing import NamedTuple


class Address(NamedTuple):
    """Where a server listens: `path` for a Unix socket, else host and port."""

    host: str
    port: int
    path: str | None = None

    @classmethod
    def of(cls, host: str, port: int) -> Address:
        """Where HOST and PORT say that a server listens."""
        return cls(host, port, host.removeprefix("unix:") if host.startswith("unix:") else None)

    def __str__(self) -> str:
        return f"unix:{self.path}" if self.path else f"{self.host}:{self.port}"
