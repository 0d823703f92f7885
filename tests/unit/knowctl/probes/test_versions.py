from __future__ import annotations

import platform

from knowctl import __version__
from knowctl.probes.distributions import DistributionsProbe
from knowctl.probes.versions import versions


def test_everything_that_runs_is_told_with_its_version() -> None:
    found = versions(DistributionsProbe(None))
    assert found.knowctl == found.packages["knowctl"] == __version__
    assert found.python.endswith(f" {platform.python_version()}")
    assert found.packages.keys() >= {"flask", "sqlalchemy", "typer"}
