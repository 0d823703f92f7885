"""What every shipped way of running the server configures: `knowctl config check` is content."""

from __future__ import annotations

import json
import re
import secrets
from pathlib import Path

import pytest

from tests.support.dockerfile import environment, stages
from tests.support.manifests import of_compose, of_kubernetes
from tests.support.processes import knowctl
from tests.support.readme import README
from tests.support.rooms import ROOT

SECRETS: dict[str, str] = {
    "DATABASE_URL": "postgresql://app:s9Xv3nQ7p@db.example.org/app?sslmode=verify-full",
    "REDIS_URL": "rediss://:s9Xv3nQ7p@redis.example.org:6379/0",
    "SECRET_KEY": secrets.token_hex(32),
    "METRICS_TOKEN": secrets.token_hex(32),
    "GOOGLE_API_KEY": secrets.token_hex(20),
}
"""What an installation has of its own, as README and the overlay say."""
ON_ONE_MACHINE = {"KC304", "KC401"}
"""Database and Redis without TLS: they are on a network of that machine which leads nowhere."""
AS_OF_OLD = {"KC112", "KC128", "KC305", "KC506", "KC701"}
"""Nobody has told that server of its proxy and names, of the database's size, of who may spend."""


def of_docker_run() -> dict[str, str]:
    (block,) = re.findall(r"```dotenv\n(.*?)```", README.read_text(), re.DOTALL)
    shown: dict[str, str] = dict(line.split("=", 1) for line in block.splitlines())
    return {name: SECRETS.get(name, value) for name, value in shown.items()}


def of_compose_file() -> dict[str, str]:
    passwords = {name: secrets.token_hex(24) for name in ("POSTGRES_PASSWORD", "REDIS_PASSWORD")}
    own = {"TRUSTED_HOSTS": "api.example.org", "CORS_ORIGINS": "https://learn.example.org"}
    own["SECRET_KEY"] = SECRETS["SECRET_KEY"]
    return dict(of_compose("api", passwords, own).environ)


WAYS = {
    "docker run": (of_docker_run, AS_OF_OLD),
    "compose": (of_compose_file, ON_ONE_MACHINE),
    "kubernetes": (lambda: dict(of_kubernetes("Deployment", "api", SECRETS).environ), set()),
}


@pytest.mark.parametrize("way", WAYS)
def test_the_configuration_holds_and_warns_of_what_is_known(tmp_path: Path, way: str) -> None:
    given, known = WAYS[way]
    image = environment(stages((ROOT / "Dockerfile").read_text())[-1], {"PATH": ""})
    image.pop("PATH")
    done = knowctl("config", "check", "-o", "json", cwd=tmp_path, environ={**image, **given()})
    report = json.loads(done.stdout)
    bad = {each["id"] for each in report["data"]["findings"] if each["outcome"] == "fail"}
    assert (done.returncode, report["ok"]) == (0, True), done.stdout
    assert bad - {"KC306"} == known  # threads that share connections: it is meant so
