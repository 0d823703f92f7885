"""The settings of this very process: its environment, and the file that KNOWCTL_ENV_FILE names."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from knowalledge_api.settings.load import load, require
from knowalledge_api.settings.table import Settings


def from_process(environ: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings of this process; SettingsError names all that is wrong with them.

    KNOWCTL_ENV_FILE names the .env file and then has to exist; else `.env` in the working
    directory is read where there is one.
    """
    named = environ.get("KNOWCTL_ENV_FILE")
    return require(load(environ, env_file=Path(named) if named else None))
