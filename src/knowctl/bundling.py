"""What a bundle is made of: the probes that gather it, and the renderers that take secrets out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from knowctl.model.results import Result
from knowctl.model.serving import Talk
from knowctl.probes.archive import ArchiveProbe
from knowctl.probes.distributions import DistributionsProbe
from knowctl.probes.log_tail import LogTailProbe
from knowctl.probes.processes import ProcessesProbe
from knowctl.probes.settings import SettingsProbe
from knowctl.probes.versions import versions
from knowctl.render import json
from knowctl.render.redaction import redacted, without_credentials
from knowctl.services.bundle import Ports


def sources(path: Path, settings: SettingsProbe, status: Callable[[], Result], talk: Talk) -> Ports:
    """All of it, for an archive at that path."""
    secrets = settings.secrets()
    return Ports(
        settings=lambda: settings.shown((), with_origin=True),
        versions=lambda: versions(DistributionsProbe(None)),
        status=status,
        processes=ProcessesProbe().processes,
        log=LogTailProbe(settings.values()["log_file"]).tail,
        archive=ArchiveProbe(path),
        documents=json,
        redacted=lambda text: without_credentials(redacted(text, secrets)),
        talk=talk,
    )
