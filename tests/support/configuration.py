"""Settings for a test, from nothing but what the test names."""

from __future__ import annotations

import os
from pathlib import Path

from knowalledge_api.settings import Settings, load, require

PASSWORD = "pa55-w0rd-canary"


def settings_of(**values: str) -> Settings:
    """The settings of an environment that holds these alone; no .env is read.

    One client may ask as often as a test wants, unless the test says otherwise.
    """
    given = {"RATE_LIMIT_ENABLED": "false", **values}
    return require(load(given, env_file=Path(os.devnull), cpus=2))


def sqlite_settings(directory: Path, **values: str) -> Settings:
    """Settings with a SQLite file in the directory."""
    return settings_of(DATABASE_URL=f"sqlite:///{directory}/knowalledge.db", **values)
