"""deploy/compose.yaml: valid, locked down, and started in the right order."""

from __future__ import annotations

from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]  # schemathesis brings it, nobody its types

from knowctl.checks.serving import STOP_SECONDS
from tests.support.dockerfile import stages
from tests.support.manifests import COMPOSE, compose
from tests.support.rooms import ROOT
from tests.support.schemas import faults_of_compose

PASSWORDS = {"POSTGRES_PASSWORD": "p-of-postgres", "REDIS_PASSWORD": "p-of-redis"}
SERVICES: dict[str, dict[str, Any]] = compose(PASSWORDS)["services"]
OURS = ("api", "migrate")


def test_compose_takes_it() -> None:
    assert faults_of_compose(yaml.safe_load(COMPOSE.read_text())) == []
    assert faults_of_compose(compose(PASSWORDS)) == []


def test_a_field_that_there_is_not_is_found() -> None:
    assert faults_of_compose({"services": {"api": {"imag": "knowalledge-api"}}})


def test_it_ends_where_a_password_is_missing() -> None:
    for name in PASSWORDS:
        with pytest.raises(KeyError):
            compose({other: value for other, value in PASSWORDS.items() if other != name})
        assert f"${{{name}:?" in COMPOSE.read_text()


def test_it_holds_no_secret_and_what_does_is_in_no_history() -> None:
    lines = [line for line in COMPOSE.read_text().splitlines() if "PASSWORD" in line]
    assert len(lines) == 4
    assert [line for line in lines if "${" not in line] == []
    ignored = (ROOT / ".gitignore").read_text().splitlines()
    assert {"/deploy/.env", f"/deploy/{SERVICES['api']['env_file']}"} <= set(ignored)


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_may_nothing_that_it_does_not_need(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service.keys() & {"privileged", "cap_add", "network_mode", "pid"} == set()
    assert name in OURS or service["user"] == name


@pytest.mark.parametrize("name", OURS)
def test_the_server_and_its_migration_are_of_the_image_that_is_built_here(name: str) -> None:
    service = SERVICES[name]
    assert (service["image"], service["build"]) == ("knowalledge-api", "..")
    assert (COMPOSE.parent / service["build"] / "Dockerfile").is_file()


def test_a_stop_is_given_the_time_that_it_takes() -> None:
    assert SERVICES["api"]["stop_grace_period"] == f"{STOP_SECONDS}s"


def test_the_server_starts_when_the_database_is_migrated_and_everything_answers() -> None:
    needs = {name: each["depends_on"] for name, each in SERVICES.items() if "depends_on" in each}
    assert needs == {
        "migrate": {"postgres": {"condition": "service_healthy"}},
        "api": {
            "migrate": {"condition": "service_completed_successfully"},
            "redis": {"condition": "service_healthy"},
        },
    }
    assert SERVICES["migrate"]["command"] == ["db", "init"]
    assert SERVICES["api"]["command"] == ["serve"]
    assert all("test" in SERVICES[name]["healthcheck"] for name in ("postgres", "redis"))
    assert stages((ROOT / "Dockerfile").read_text())[-1].of("HEALTHCHECK")


def test_only_this_machine_reaches_the_server_and_nobody_else_the_rest() -> None:
    port = stages((ROOT / "Dockerfile").read_text())[-1].only("EXPOSE").text
    published = {name: each["ports"] for name, each in SERVICES.items() if "ports" in each}
    assert published == {"api": [f"127.0.0.1:{port}:{port}"]}
    networks = compose(PASSWORDS)["networks"]
    assert [name for name, each in networks.items() if each.get("internal")] == ["inside"]
    for name in ("postgres", "redis", "migrate"):
        assert SERVICES[name]["networks"] == ["inside"]


def test_the_passwords_are_those_of_the_services() -> None:
    environ = SERVICES["api"]["environment"]
    assert f":{PASSWORDS['POSTGRES_PASSWORD']}@postgres/" in environ["DATABASE_URL"]
    assert f":{PASSWORDS['REDIS_PASSWORD']}@redis:" in environ["REDIS_URL"]
    assert (
        SERVICES["postgres"]["environment"]["POSTGRES_PASSWORD"] == PASSWORDS["POSTGRES_PASSWORD"]
    )
    configuration = compose(PASSWORDS)["configs"]["redis"]["content"]
    assert f"requirepass {PASSWORDS['REDIS_PASSWORD']}\n" in configuration
