"""R2: a reload to a release that does not boot says why, and the old version never notices."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from tests.support.control import serving_generation, status
from tests.support.keepalive import Crowd, crowded
from tests.support.releases import Fault, Releases, Served, releases, served
from tests.support.waiting import wait_for

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="there a reload is a stop and a start"),
    pytest.mark.timeout(300),
]

CLIENTS = 16
SECRET = "SECRET_KEY=0123456789abcdef0123456789abcdef0123456789abcdef\n"
ENOUGH = 15.0
"""Seconds in which a candidate boots, even on a busy machine."""
REMOVED = 5.0
"""Seconds in which what a failed release started has to be gone."""


@dataclass(frozen=True)
class Bad:
    """A release with something wrong, and what `knowctl reload` has to say of it."""

    fault: Fault
    cause: str
    timeout: float = 60


BAD = {
    "a syntax error": Bad(Fault.SYNTAX, "SyntaxError"),
    "an import error": Bad(Fault.IMPORT, "a_module_that_nobody_installed"),
    "an error at import": Bad(Fault.RAISES, "this release does not start"),
    "an import that hangs": Bad(Fault.HANGS, "wsgi.py", timeout=ENOUGH),
    "readiness that fails": Bad(Fault.NOT_READY, "503", timeout=ENOUGH),
    "routes that answer 500": Bad(Fault.ANSWERS_500, "500", timeout=ENOUGH),
    "workers that die after a second": Bad(Fault.DIES, "worker"),
}


@pytest.fixture(scope="module")
def site() -> Iterator[Releases]:
    with releases("good") as made:
        for name, bad in BAD.items():
            made.make(name, bad.fault)
        made.make("better")
        yield made


@pytest.fixture(scope="module", params=["gunicorn", "waitress"])
def each(request: pytest.FixtureRequest, site: Releases) -> Iterator[Served]:
    """A server in production, whose secret stands in a file as an operator has it."""
    site.switch("good")
    (site.root / ".env").write_text(SECRET)
    settings = {"APP_ENV": "production", "HOST": "127.0.0.1", "FORCE_HTTPS": "false"}
    calm = {
        "DRAIN_SECONDS": "0",
        "SMOKE_PATHS": "/health,/testing/version",
        "GUNICORN_MAX_REQUESTS": "0",
        "GUNICORN_KEEPALIVE": "2",
    }
    with served(site, {**settings, **calm}, server=request.param) as running:
        yield running


@pytest.mark.parametrize("name", BAD)
def test_a_release_that_does_not_boot_is_removed_with_its_cause(each: Served, name: str) -> None:
    with unnoticed(each):
        each.site.switch(name)
        refused(each, BAD[name].cause, BAD[name].timeout)


def test_a_configuration_that_lacks_a_secret_is_refused_by_its_name(each: Served) -> None:
    each.site.switch("better")
    env_file = each.site.root / ".env"
    with unnoticed(each):
        env_file.write_text("# nothing here any more\n")
        try:
            refused(each, "SECRET_KEY", 60)
        finally:
            env_file.write_text(SECRET)


def refused(each: Served, cause: str, timeout: float) -> None:
    """`knowctl reload` ends with 1 and the cause, in time."""
    began = time.monotonic()
    done = each.knowctl("reload", "--timeout", str(timeout))
    took = time.monotonic() - began
    print(f"{took:.1f} s: {done.stderr}")  # noqa: T201 -- figures of the run
    assert (done.returncode, done.stdout) == (1, "")
    assert cause in done.stderr
    assert "Traceback" not in done.stderr
    assert took < timeout + REMOVED


@contextmanager
def unnoticed(each: Served) -> Iterator[None]:
    """Under load: the same processes serve before, meanwhile and after, and nothing is left."""
    run = each.site.run
    wait_for("only one generation", lambda: len(status(run)["generations"]) == 1, REMOVED)
    before, processes = serving_generation(run), set(each.running.left_behind())
    with crowded(each.running.port, CLIENTS) as crowd:
        yield
        wait_for(
            "it is gone",
            lambda: set(each.running.left_behind()) == processes,
            REMOVED,
            each.running.named,
        )
    assert crowd.failures() == []
    assert releases_of(crowd) == {"good"}
    assert serving_generation(run) == before
    assert [each["number"] for each in status(run)["generations"]] == [before["number"]]


def releases_of(crowd: Crowd) -> set[str]:
    return {json.loads(each.body)["release"] for each in crowd.asked}


def test_after_all_that_a_good_release_is_taken_up(each: Served) -> None:
    each.site.switch("good")
    with crowded(each.running.port, CLIENTS) as crowd:
        each.site.switch("better")
        each.reload()
        wait_for("the better release answers", lambda: each.version() == "better", 5)
        each.site.switch("good")
        each.reload()
    assert crowd.failures() == []
