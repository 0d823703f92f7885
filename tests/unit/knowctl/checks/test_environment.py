from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from knowctl.checks.catalog import ENVIRONMENT
from knowctl.checks.engine import run
from knowctl.checks.environment import DAY, LIFE, RELEASED
from knowctl.model.environment import (
    Activated,
    Broken,
    Lock,
    Need,
    Pin,
    StrayScript,
    WantedExtra,
)
from knowctl.model.findings import Outcome
from knowctl.model.results import Where
from tests.support.environments import (
    INTERPRETER,
    OWN,
    PACKAGES,
    PYTHON,
    environment_facts,
    judged,
)

LOCK = "/srv/requirements.lock"


def packages(**changed: Any) -> dict[str, Any]:
    return {"packages": replace(PACKAGES, **changed)}


def needing(
    installed: str | None, *, allowed: bool = False, extra: str = "", by: str = "knowctl"
) -> Need:
    return Need("x", "x>=2", by, installed, allowed, extra)


def extra(installed: str | None, *, allowed: bool, reason: str = "DATABASE_URL") -> dict[str, Any]:
    need = needing(installed, allowed=allowed, extra="mysql")
    return packages(needs=(need,), extras=(WantedExtra("mysql", reason),))


FAULTS: list[tuple[str, dict[str, Any], str, str, dict[str, Any]]] = [
    ("KC201", packages(own=None), "knows no package called knowctl",
     f"{PYTHON} -m pip install --no-deps /srv", {}),
    ("KC201", packages(own=replace(OWN, elsewhere="/usr/lib/knowctl")),
     "the code of /srv/src/knowctl runs, and what is installed is /usr/lib/knowctl",
     "unset PYTHONPATH", {}),
    ("KC201", {**packages(own=replace(OWN, version="0.9")), "checkout": None},
     "its metadata say 0.9, and its code is 1.0", f"{PYTHON} -m pip install --no-deps knowctl", {}),
    ("KC202", {"interpreter": replace(INTERPRETER, fits=False, version="3.9.1")},
     "is Python 3.9.1, and >=3.11 is asked for", "install such a Python", {}),
    ("KC203", {"interpreter": replace(INTERPRETER, isolated=False)},
     "is the system's own", "knowctl env create", {}),
    ("KC204", {"activated": Activated("/old", runs=False, trouble="there is no such directory")},
     "VIRTUAL_ENV is /old: there is no such directory", "deactivate, then: . /srv/.venv/bin/activ",
     {}),
    ("KC204", {"activated": Activated("/old", runs=False)},
     "/old is activated, and /srv/.venv runs", "or run /old/bin/knowctl",
     {"activated": Activated("/srv/.venv", runs=True)}),
    ("KC205", {"strays": (StrayScript("/srv/.venv/bin/pip", "/old/bin/python"),)},
     "/srv/.venv/bin/pip starts /old/bin/python: the environment was moved or copied",
     "/srv/start_production.sh makes it anew", {}),
    ("KC205", {"strays": (StrayScript("/x/bin/pip", "/old/bin/python"),), "checkout": None},
     "moved or copied", "python3 -m venv --clear /srv/.venv", {}),
    ("KC206", {"command": "/usr/bin/knowctl"},
     "a shell finds /usr/bin/knowctl, and this is /srv/.venv/bin/knowctl",
     'export PATH="/srv/.venv/bin:$PATH"', {}),
    ("KC206", {"command": "/usr/bin/knowctl", "own_command": None},
     "and this is no command", "export PATH", {}),
    ("KC210", packages(needs=(needing(None),)), "knowctl needs x>=2, which is not installed",
     f"{PYTHON} -m pip install 'x>=2'", packages(needs=(needing("2", allowed=True),))),
    ("KC211", packages(needs=(needing("1.9"),)), "knowctl needs x>=2, and 1.9 is installed",
     f"{PYTHON} -m pip install 'x>=2'", packages(needs=(needing("2", allowed=True),))),
    ("KC212", extra(None, allowed=False),
     "DATABASE_URL asks for the extra mysql: x>=2, and it is not installed",
     f"{PYTHON} -m pip install 'x>=2'", extra("2", allowed=True)),
    ("KC212", extra("1", allowed=False, reason="--extra"),
     "--extra asks for the extra mysql: x>=2, and 1 is installed", "pip install 'x>=2'",
     extra("2", allowed=True)),
    ("KC213", packages(conflicts=(needing("1", by="y"),)), "y needs x>=2, and 1 is installed",
     f"{PYTHON} -m pip install 'x>=2'", {}),
    ("KC213", packages(conflicts=(needing(None, by="y"),)), "y needs x>=2, and it is not",
     f"{PYTHON} -m pip install 'x>=2'", {}),
    ("KC214", packages(broken=(Broken("x is there 2 times", name="x"),)), "x is there 2 times",
     "pip install --force-reinstall --no-deps x", {}),
    ("KC214", packages(broken=(Broken("/s/~x is left", paths=("/s/~x",)),)), "/s/~x is left",
     "rm -r /s/~x", {}),
    ("KC215", packages(lock=Lock(LOCK, (Pin("x", "2.0", 7, "1.0"),))),
     "the lock pins x 2.0, and 1.0 is installed",
     f"{PYTHON} -m pip install --no-deps --require-hashes -r {LOCK}", {}),
    ("KC220", {"now": RELEASED - 1}, "before this release was written", "timedatectl", {}),
    ("KC220", {"now": RELEASED + LIFE + 1}, "decades after", "timedatectl", {}),
    ("KC220", {"installed_at": RELEASED + 3 * DAY}, "installed 3 days from now", "timedatectl",
     {"installed_at": RELEASED + DAY}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "fires", "cause", "hint", "after"), FAULTS)
def test_a_fault_is_found_named_and_healed_by_its_own_hint(
    name: str, fires: dict[str, Any], cause: str, hint: str, after: dict[str, Any]
) -> None:
    [finding] = judged(environment_facts(**fires), name)
    assert finding.outcome is Outcome.FAIL
    assert cause in finding.cause
    assert hint in finding.hint
    assert [each.outcome for each in judged(environment_facts(**after), name)] == [Outcome.PASS]


def test_where_all_is_well_everything_passes() -> None:
    assert {each.outcome for each in run(ENVIRONMENT, environment_facts())} == {Outcome.PASS}


def test_an_extra_that_nobody_wants_is_not_missed() -> None:
    lacking = packages(needs=(needing(None, extra="mysql"),))
    for name in ("KC210", "KC211", "KC212"):
        assert [each.outcome for each in judged(environment_facts(**lacking), name)] == [
            Outcome.PASS
        ]


def test_a_pin_is_shown_where_it_stands() -> None:
    facts = environment_facts(**packages(lock=Lock(LOCK, (Pin("x", "2.0", 7, "1.0"),))))
    assert judged(facts, "KC215")[0].where == Where(file=LOCK, line=7)


@pytest.mark.parametrize(
    ("reason", "variable"), [("DATABASE_URL", "DATABASE_URL"), ("--extra", None)]
)
def test_an_extra_is_missed_for_the_setting_that_needs_it(
    reason: str, variable: str | None
) -> None:
    facts = environment_facts(**extra(None, allowed=False, reason=reason))
    assert judged(facts, "KC212")[0].where.variable == variable


@pytest.mark.parametrize(
    ("name", "changed", "cause", "hint"),
    [
        ("KC206", {"command": None}, "no knowctl is on PATH", "/srv/.venv/bin/knowctl is its"),
        ("KC206", {"command": None, "own_command": None}, "no knowctl", f"{PYTHON} -m knowctl"),
        ("KC215", packages(lock=None), "there is no lock here", "env create"),
    ],
)
def test_where_there_is_nothing_to_judge_that_is_said(
    name: str, changed: dict[str, Any], cause: str, hint: str
) -> None:
    [finding] = judged(environment_facts(**changed), name)
    assert finding.outcome is Outcome.SKIPPED
    assert cause in finding.cause
    assert hint in finding.hint


@pytest.mark.parametrize("name", ["KC202", "KC210", "KC211", "KC212", "KC213", "KC215"])
def test_what_can_not_be_read_is_unknown_and_says_what_reads_it(name: str) -> None:
    facts = environment_facts(**packages(unread="packaging is not installed"))
    [finding] = judged(facts, name)
    assert finding.outcome is Outcome.UNKNOWN
    assert finding.hint == f"{PYTHON} -m pip install packaging"


def test_packages_are_not_judged_where_the_release_itself_is_not_installed() -> None:
    findings = run(ENVIRONMENT, environment_facts(**packages(own=None)))
    skipped = {each.id for each in findings if each.outcome is Outcome.SKIPPED}
    assert skipped == {"KC202", "KC210", "KC211", "KC212"}
