"""Tells what runs on what: versions of knowctl, Python, system and packages."""

from __future__ import annotations

import platform

from knowctl import __version__
from knowctl.model.bundle import Versions
from knowctl.probes.distributions import DistributionsProbe


def versions(installed: DistributionsProbe) -> Versions:
    """All of them."""
    implementation = f"{platform.python_implementation()} {platform.python_version()}"
    return Versions(__version__, implementation, platform.platform(), installed.versions())
