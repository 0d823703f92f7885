"""Settings for a test, from nothing but what the test names."""

from __future__ import annotations

import os
from pathlib import Path

from knowalledge_api.settings import Settings, load, require

PASSWORD = "pa55-w0rd-canary"


def settings_of(**values: str) -> Settings:
    """The settings of an environment that holds these alone; no .env is read."""
    return require(load(values, env_file=Path(os.devnull), cpus=2))


def sqlite_settings(directory: Path, **values: str) -> Settings:
    """Settings with a SQLite file in the directory."""
    return settings_of(DATABASE_URL=f"sqlite:///{directory}/knowalledge.db", **values)
