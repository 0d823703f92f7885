"""What README shows of serving: one terminal serves, another operates it, both as README says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.processes import clean_environment, free_port, serving
from tests.support.readme import Shown, comparable, rewrite, shown
from tests.support.releases import Fault, Served, releases
from tests.support.waiting import wait_for

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no supervisor")

SETTINGS = {"DRAIN_SECONDS": "2"}
SPOKEN = re.compile(r"[✔!] |\S+ \w+ +knowctl: ")
"""The lines that the supervisor and its preparation say; a traceback of a release is left out."""


@pytest.fixture(scope="module")
def operated() -> Iterator[Served]:
    """A server as README starts it, and a broken release beside the one it serves."""
    (picture,) = shown("serving")
    with releases("v1") as site:
        site.make("v2")
        site.make("broken", Fault.IMPORT)
        environ = {**site.environment, **SETTINGS}
        program, *words = picture.command.split()
        assert program == "knowctl"
        command = [sys.executable, "-m", program, *words]
        with serving(command, cwd=site.root, port=free_port(), environ=environ) as running:
            yield Served(site, running, environ)


def shape(text: str) -> str:
    """Output without what differs from run to run: numbers, their units, how wide columns are."""
    text = re.sub(r"\b\d+(\.\d+)?(ms|s|M|K)?\b", "N", comparable(text))
    text = re.sub(r"/\S*/(releases|current)/", "/srv/knowalledge/releases/", text)
    return re.sub(r"[ \n]+", " ", text)


def shown_as(text: str, operated: Served) -> str:
    """The output with a site's place and port as README names them."""
    text = text.replace(str(operated.running.port), "5000")
    return text.replace(str(operated.site.root), "/srv/knowalledge")


@pytest.mark.parametrize("each", shown("operated"), ids=lambda each: each.command)
def test_readme_operates_a_server_as_it_runs(
    request: pytest.FixtureRequest, operated: Served, each: Shown
) -> None:
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    environ = clean_environment(**{**operated.environ, "PATH": path})
    answer = subprocess.run(  # noqa: S602 -- README's own words, as a reader types them
        each.command,
        shell=True,
        cwd=operated.site.root,
        env={**environ, "PORT": str(operated.running.port)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )
    said = shown_as(answer.stdout, operated)
    if request.config.getoption("--update-golden"):
        rewrite(each, said)
    else:
        assert shape(said) == shape(each.output)


def test_readme_shows_what_the_server_says_meanwhile(
    request: pytest.FixtureRequest, operated: Served
) -> None:
    (picture,) = shown("serving")
    wait_for("it has ended", lambda: operated.running.process.poll() is not None, 60)
    assert operated.running.process.returncode == 0
    lines = operated.running.said().splitlines(keepends=True)
    said = shown_as("".join(filter(SPOKEN.match, lines)), operated)
    if request.config.getoption("--update-golden"):
        rewrite(picture, said)
    else:  # what retires may say so before or after a candidate has begun
        assert sorted(map(shape, said.splitlines())) == sorted(
            map(shape, picture.output.splitlines())
        )
