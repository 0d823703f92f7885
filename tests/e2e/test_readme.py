"""Every command that README shows, run: its output is what README says."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.processes import clean_environment
from tests.support.readme import Shown, comparable, rewrite, shown


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One directory for all commands, as for a reader who types them one after another."""
    return tmp_path_factory.mktemp("reader")


@pytest.mark.parametrize("each", shown(), ids=lambda each: each.command)
def test_a_command_of_readme_prints_what_readme_shows(
    request: pytest.FixtureRequest, empty: Path, each: Shown
) -> None:
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    answer = subprocess.run(  # noqa: S602 -- README's own words, as a reader types them
        each.command,
        shell=True,
        cwd=empty,
        env=clean_environment(PATH=path),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=False,
    )
    if request.config.getoption("--update-golden"):
        rewrite(each, answer.stdout)
    else:
        assert comparable(answer.stdout) == comparable(each.output)
