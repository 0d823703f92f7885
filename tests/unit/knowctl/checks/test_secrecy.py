from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from knowctl.checks.secrecy import private_file
from knowctl.model.findings import Outcome
from knowctl.model.surroundings import Committed, FileFacts
from knowctl.probes.settings import SettingsProbe
from tests.support.checking import (
    ERROR,
    KEY,
    PRODUCTION,
    WARNING,
    Case,
    findings,
    outcomes,
)

CASES = (
    Case("KC106", WARNING, {}, ".env has mode 0644", "chmod 600 .env", {}, "PORT=1\n", mode=0o644),
    Case("KC115", WARNING, {**PRODUCTION, "SECRET_KEY": "abcdefghijklmnopqrstuvwxyz-1234567890"},
        "SECRET_KEY has at most", "openssl rand -hex 32", PRODUCTION),
    Case("KC115", WARNING, {**PRODUCTION, "METRICS_TOKEN": "canary-prom"}, "METRICS_TOKEN",
        "draw another", {**PRODUCTION, "METRICS_TOKEN": KEY}),
    Case("KC115", WARNING,
        {**PRODUCTION, "SECRET_KEY_FALLBACKS": f"{KEY},abcdefghijklmnopqrstuvwxyz-1234567890"},
        "FALLBACKS", "draw another", {**PRODUCTION, "SECRET_KEY_FALLBACKS": KEY}),
    Case("KC115", WARNING, {**PRODUCTION, "DATABASE_URL": "postgresql://u:postgres@host/name"},
        "DATABASE_URL", "draw another",
        {**PRODUCTION, "DATABASE_URL": f"postgresql://u:{KEY}@host/name"}),
    Case("KC116", WARNING, {}, "key has mode 0644", "chmod 600 key", {},
        around={"secret_files": (FileFacts("key", 0o644),)},
        around_after={"secret_files": (FileFacts("key", 0o600),)}),
    Case("KC117", ERROR, PRODUCTION, "git tracks .env", "git rm --cached .env", PRODUCTION,
        around={"committed": Committed((".env",))}, around_after={"committed": Committed()}),
    Case("KC127", WARNING, {}, "k.pem has mode 0604", "chmod 600 k.pem", {},
        around={"key_file": FileFacts("k.pem", 0o604)},
        around_after={"key_file": FileFacts("k.pem", 0o600)}),
)  # fmt: skip
SILENT = {
    "KC106": {},
    "KC115": {"SECRET_KEY": "abcdefghijklmnopqrstuvwxyz-1234567890"},
    "KC116": {},
    "KC117": PRODUCTION,
    "KC127": {},
}
"""What is near to each fault and none."""


@pytest.mark.parametrize(
    ("name", "around"),
    [
        ("KC116", {"secret_files": (FileFacts("/run/secrets/key", 0o444),)}),
        ("KC116", {"secret_files": (FileFacts("key", 0o640), FileFacts("key", None))}),
        ("KC127", {"key_file": FileFacts("k.pem", 0o640)}),
        ("KC117", {"committed": Committed((".env",), "git is not installed")}),
    ],
)
def test_what_few_can_read_is_secret_enough(name: str, around: dict[str, Any]) -> None:
    assert outcomes({}, name, around) == {Outcome.PASS}


def test_what_git_does_not_tell_is_not_known() -> None:
    [finding] = findings(PRODUCTION, "KC117", {"committed": Committed((), "git is not installed")})
    assert finding.outcome is Outcome.UNKNOWN
    assert finding.cause == "git can't be asked: git is not installed"


def test_a_file_system_without_modes_has_no_finding_of_them() -> None:
    facts = replace(SettingsProbe({}).facts(), env_file=FileFacts(".env", None))
    assert not list(private_file(facts))
