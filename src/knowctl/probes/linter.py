"""squawk, which reads PostgreSQL's migrations for what would block others."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from knowctl.model.database import Complaint, Lint, Unlinted

TASTE: Final = (
    "ban-char-field",
    "prefer-bigint-over-int",
    "prefer-bigint-over-smallint",
    "prefer-identity",
    "prefer-robust-stmts",
    "prefer-text-field",
    "prefer-timestamp-tz",
    "require-statement-timeout",
)
"""Rules about how a migration is written; whoever applies one asks what it does to others."""
SECONDS: Final = 30.0
INSTALL: Final = "pip install squawk-cli, then run this again"


@dataclass(frozen=True, slots=True)
class Linter:
    """squawk from the directories of `path`, the interpreter's own first."""

    path: str | None = None

    def lint(self, pending: Mapping[str, str]) -> Lint:
        """What squawk says of migrations, given as SQL by revision; of none, nothing."""
        if not pending:
            return ()
        squawk = _found(self.path)
        if squawk is None:
            return Unlinted("squawk is not installed", INSTALL)
        complaints: list[Complaint] = []
        for revision, sql in pending.items():
            found = _complaints(squawk, revision, sql)
            if isinstance(found, Unlinted):
                return found
            complaints.extend(found)
        return tuple(complaints)


def _found(path: str | None) -> str | None:
    own = shutil.which("squawk", path=str(Path(sys.executable).parent)) if path is None else None
    return own or shutil.which("squawk", path=path)


def _complaints(squawk: str, revision: str, sql: str) -> Lint:
    command = [squawk, "--reporter", "json", "--exclude", ",".join(TASTE)]
    try:
        done = subprocess.run(
            command, input=sql, capture_output=True, encoding="utf-8", timeout=SECONDS, check=False
        )
        return tuple(_read(revision, json.loads(done.stdout)))
    except (OSError, subprocess.TimeoutExpired, ValueError, LookupError, TypeError) as error:
        cause = f"squawk could not lint {revision}: {type(error).__name__}"
        return Unlinted(cause, f"knowctl db upgrade --sql | {Path(squawk).name}")


def _read(revision: str, found: Iterable[Mapping[str, str]]) -> Iterable[Complaint]:
    """One complaint a rule: a migration that breaks one ten times needs one look."""
    seen = {each["rule_name"]: " ".join(each["message"].split()) for each in reversed([*found])}
    return [Complaint(revision, rule, seen[rule]) for rule in sorted(seen)]
