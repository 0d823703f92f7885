"""Certificates that are made while a test runs."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Pair:
    """A certificate for localhost, signed by itself, and its key, as PEM files."""

    certfile: Path
    keyfile: Path

    def as_settings(self) -> dict[str, str]:
        """The settings that name them."""
        return {"SSL_CERTFILE": str(self.certfile), "SSL_KEYFILE": str(self.keyfile)}


def make_pair(directory: Path, name: str = "server", days: int = 2) -> Pair:
    """A certificate and its key, valid for `days` from now."""
    pair = Pair(directory / f"{name}-cert.pem", directory / f"{name}-key.pem")
    command = ["openssl", "req", "-x509", "-nodes", "-days", str(days), "-subj", "/CN=localhost"]
    command += ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
    command += ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    command += ["-keyout", str(pair.keyfile), "-out", str(pair.certfile)]
    subprocess.run(command, check=True, capture_output=True)
    return pair
