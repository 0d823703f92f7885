"""README's commands for production, typed: what they make is used, what they name is there."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest

from tests.support.manifests import kubectl, resource
from tests.support.processes import checkout_copy
from tests.support.readme import README

SECTION: Final = README.read_text().partition("\n## Production\n")[2].partition("\n## ")[0]
BLOCKS: Final = re.findall(r"```sh\n(.*?)```", SECTION, re.DOTALL)
RECORDED: Final = ("docker", "kubectl", "sudo")
SHIM: Final = """#!/bin/sh
for word in "$@"; do printf '%s\\n' "$word"; done >>"$SAID"
echo >>"$SAID"
"""
"""Stands for a program that needs more than this machine: it writes down what it was told."""
SECRETS: Final = "DATABASE_URL=postgresql://db/app\nSECRET_KEY=of-a-secret\n"


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone in which the reader has made the two files that README tells of in words."""
    clone = checkout_copy(tmp_path_factory.mktemp("clone"))
    (clone / ".env").touch()
    (clone / "secrets.env").write_text(SECRETS)
    return clone


@pytest.fixture(scope="module")
def told(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> list[list[str]]:
    """What the programs were told when all blocks had been typed, one after the other."""
    programs, said = tmp_path_factory.mktemp("programs"), checkout.with_name("said")
    for name in RECORDED:
        (programs / name).write_text(SHIM.replace("for word in", f"for word in {name}"))
        (programs / name).chmod(0o755)
    path = os.pathsep.join((str(programs), os.environ["PATH"]))
    for block in BLOCKS:
        typed = ["sh", "-eu", "-c", block]
        subprocess.run(typed, cwd=checkout, env={"PATH": path, "SAID": str(said)}, check=True)
    return [entry.splitlines() for entry in said.read_text().split("\n\n") if entry]


def test_every_block_but_the_settings_is_typed(told: list[list[str]]) -> None:
    assert len(BLOCKS) == 4
    assert SECTION.count("```") == 2 * (len(BLOCKS) + 1)
    assert [words[0] for words in told] == ["docker"] * 3 + ["kubectl"] * 5 + ["sudo"] * 6


def test_every_file_that_is_named_is_there(told: list[list[str]], checkout: Path) -> None:
    named = {word for words in told for word in words if re.match(r"deploy/|\.env|secrets", word)}
    assert len(named) == 7
    assert [name for name in named if not (checkout / name).exists()] == []


def test_the_old_line_runs_the_image_that_was_built(told: list[list[str]]) -> None:
    build, run = told[:2]
    assert build == ["docker", "build", "--tag", "knowalledge-api", "."]
    assert shlex.join(run) == "docker run -p 5000:5000 --env-file .env knowalledge-api"


def test_the_files_for_compose_hold_what_it_needs(told: list[list[str]], checkout: Path) -> None:
    assert told[2][:4] == ["docker", "compose", "--file", "deploy/compose.yaml"]
    for name, most in (("deploy/.env", 2), ("deploy/api.env", 3)):
        pairs = dict(line.split("=", 1) for line in (checkout / name).read_text().splitlines())
        assert len(pairs) == most
        assert all(pairs.values())
    assert re.search(
        r"^SECRET_KEY=[0-9a-f]{64}$", (checkout / "deploy/api.env").read_text(), re.MULTILINE
    )


def test_the_secret_is_the_one_that_pods_refer_to(told: list[list[str]], checkout: Path) -> None:
    (words,) = (words for words in told if words[1:3] == ["create", "secret"])
    made = subprocess.run(
        [kubectl(), *words[1:], "--dry-run=client", "--output=json"],
        cwd=checkout,
        env={"PATH": os.environ["PATH"], "HOME": str(checkout)},
        capture_output=True,
        text=True,
        check=True,
    )
    secret = json.loads(made.stdout)
    (container,) = resource("Deployment")["spec"]["template"]["spec"]["containers"]
    assert {"secretRef": {"name": secret["metadata"]["name"]}} in container["envFrom"]
    assert secret["metadata"]["namespace"] == resource("Deployment")["metadata"]["namespace"]
    assert set(secret["data"]) == {"DATABASE_URL", "SECRET_KEY"}


def test_a_release_is_of_the_names_in_the_manifests(told: list[list[str]]) -> None:
    lines = [shlex.join(words) for words in told if words[0] == "kubectl"]
    namespace = resource("Deployment")["metadata"]["namespace"]
    assert lines[0] == f"kubectl create namespace {namespace}"
    assert f"delete job {resource('Job')['metadata']['name']} --namespace {namespace}" in lines[2]
    assert lines[3] == "kubectl apply --kustomize deploy/kubernetes/overlays/production"
    name = resource("Deployment")["metadata"]["name"]
    assert f"deployment/{name} --namespace {namespace}" in lines[4]


def test_only_programs_of_the_platform_are_stood_for(told: list[list[str]]) -> None:
    sudo = {words[1] for words in told if words[0] == "sudo"}
    assert sudo == {"cp", "systemctl", "nginx"}
    assert shutil.which("openssl"), "the secrets were made by the real one"
