"""The channels of a server's run directory: its supervisor's, and each worker's live state."""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

PATIENCE = 10.0
LIVE_PATIENCE = 2.0


def ask(channel: Path, question: Mapping[str, object], patience: float = PATIENCE) -> Any:
    """The last line of the answer; OSError where nobody answers."""
    with socket.socket(socket.AF_UNIX) as link:
        link.settimeout(patience)
        link.connect(str(channel))
        link.sendall(json.dumps(question).encode() + b"\n")
        with link.makefile("rb") as lines:
            said = list(lines)
    if not said:
        raise ConnectionResetError(f"{channel.name} said nothing")
    return json.loads(said[-1])


def status(run: Path) -> Any:
    """What the supervisor knows."""
    return ask(run / "control.sock", {"do": "status"})


def serving_generation(run: Path) -> Any:
    """The generation that serves."""
    (only,) = [each for each in status(run)["generations"] if each["state"] == "serving"]
    return only


def workers(run: Path) -> list[int]:
    """The workers of the generation that serves."""
    return sorted(serving_generation(run)["workers"])


def live(run: Path, generation: int, pid: int) -> Any:
    """The live state of one worker."""
    return ask(run / f"gen-{generation}" / f"live-{pid}.sock", {"ask": "state"}, LIVE_PATIENCE)
