"""The manifests: valid, in accord with the settings and with each other, and locked down."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from knowalledge_api.routes.hosts import PROBES
from knowctl import __version__
from knowctl.checks.serving import STOP_SECONDS
from knowctl.model.sizing import memory_mb
from tests.support.dockerfile import Stage, stages
from tests.support.manifests import KUBERNETES, pod_of, resource, resources
from tests.support.rooms import ROOT
from tests.support.schemas import faults_of_kubernetes

OVERLAYS = ("base", "overlays/production")
PODS = [(overlay, kind) for overlay in OVERLAYS for kind in ("Deployment", "Job")]
UNITS = {"Mi": 1, "Gi": 1024}


def image() -> Stage:
    return stages((ROOT / "Dockerfile").read_text())[-1]


def settings(overlay: str) -> dict[str, str]:
    found: dict[str, str] = resource("ConfigMap", overlay=overlay)["data"]
    return found


def containers(pod: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from pod.get("initContainers", ())
    yield from pod["containers"]


def api(overlay: str = "overlays/production") -> dict[str, Any]:
    (found,) = pod_of("Deployment", overlay)["containers"]
    assert found["name"] == "api"
    return dict(found)


def matches(selector: dict[str, str], labels: dict[str, str]) -> bool:
    return bool(selector) and selector.items() <= labels.items()


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_kubernetes_takes_every_resource(overlay: str) -> None:
    found = {each["kind"]: faults_of_kubernetes(each) for each in resources(overlay)}
    assert {kind: faults for kind, faults in found.items() if faults} == {}
    assert len(found) == 9


def test_a_field_that_there_is_not_is_found() -> None:
    wrong = {**resource("Deployment"), "spec": {**resource("Deployment")["spec"], "replica": 1}}
    assert faults_of_kubernetes(wrong)
    assert faults_of_kubernetes({"apiVersion": "apps/v2", "kind": "Deployment"})


def test_no_file_is_left_out() -> None:
    text = (KUBERNETES / "base/kustomization.yaml").read_text()
    listed = set(re.findall(r"^  - (\S+\.yaml)$", text, re.MULTILINE))
    assert listed == {path.name for path in (KUBERNETES / "base").iterdir()} - {
        "kustomization.yaml"
    }


def test_no_secret_is_among_them_and_every_pod_refers_to_one() -> None:
    assert "Secret" not in {each["kind"] for overlay in OVERLAYS for each in resources(overlay)}
    for overlay, kind in PODS:
        for container in containers(pod_of(kind, overlay)):
            (secret,) = [each["secretRef"] for each in container["envFrom"] if "secretRef" in each]
            assert secret == {"name": "knowalledge-secrets"}
            assert "env" not in container


@pytest.mark.parametrize(("overlay", "kind"), PODS)
def test_a_pod_may_nothing_that_it_does_not_need(overlay: str, kind: str) -> None:
    pod = pod_of(kind, overlay)
    user, _, group = image().only("USER").text.partition(":")
    assert pod["securityContext"] == {
        "runAsNonRoot": True,
        "runAsUser": int(user),
        "runAsGroup": int(group),
        "fsGroup": int(group),
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    assert pod["automountServiceAccountToken"] is False
    assert pod["serviceAccountName"] == resource("ServiceAccount")["metadata"]["name"]
    assert resource("ServiceAccount")["automountServiceAccountToken"] is False
    for container in containers(pod):
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert "memory" in container["resources"]["limits"]
        assert {"cpu", "memory"} == container["resources"]["requests"].keys()


@pytest.mark.parametrize(("overlay", "kind"), PODS)
def test_what_a_container_writes_to_is_a_volume(overlay: str, kind: str) -> None:
    pod = pod_of(kind, overlay)
    volumes = {each["name"] for each in pod["volumes"]}
    for container in containers(pod):
        mounts = {each["mountPath"]: each["name"] for each in container["volumeMounts"]}
        assert mounts == {"/run": "run", "/tmp": "tmp"}
        assert set(mounts.values()) == volumes


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_a_pod_is_given_the_time_that_a_stop_takes(overlay: str) -> None:
    assert pod_of("Deployment", overlay)["terminationGracePeriodSeconds"] == STOP_SECONDS


def test_probes_ask_by_address_what_is_answered_so() -> None:
    probes = {name: each for name, each in api().items() if name.endswith("Probe")}
    asked = {name: each["httpGet"] for name, each in probes.items()}
    assert {name: each["path"] for name, each in asked.items()} == {
        "startupProbe": "/health",
        "livenessProbe": "/health",
        "readinessProbe": "/ready",
    }
    assert {each["path"] for each in asked.values()} <= PROBES
    assert {each["port"] for each in asked.values()} == {"http"}
    assert not any({"scheme", "host", "httpHeaders"} & each.keys() for each in asked.values())
    when = {name: (each.get("initialDelaySeconds"), each["periodSeconds"])
            for name, each in probes.items()}  # fmt: skip
    assert when == {"startupProbe": (None, 2), "livenessProbe": (30, 10), "readinessProbe": (5, 5)}


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_port_is_the_same_all_the_way(overlay: str) -> None:
    (port,) = api(overlay)["ports"]
    assert port == {"name": "http", "containerPort": int(image().only("EXPOSE").text)}
    (service,) = resource("Service", overlay=overlay)["spec"]["ports"]
    assert service["targetPort"] == port["name"]
    (rule,) = resource("Ingress", overlay=overlay)["spec"]["rules"]
    (path,) = rule["http"]["paths"]
    assert path["backend"]["service"] == {
        "name": resource("Service", overlay=overlay)["metadata"]["name"],
        "port": {"name": service["name"]},
    }
    (ingress,) = resource("NetworkPolicy", "knowalledge-api-ingress")["spec"]["ingress"]
    assert [each["port"] for each in ingress["ports"]] == [port["name"]]


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_selectors_select_the_server_and_only_policies_the_migration_too(overlay: str) -> None:
    labels = {
        kind: resource(kind, overlay=overlay)["spec"]["template"]["metadata"]["labels"]
        for kind in ("Deployment", "Job")
    }
    selectors = {
        "Deployment": resource("Deployment", overlay=overlay)["spec"]["selector"]["matchLabels"],
        "Service": resource("Service", overlay=overlay)["spec"]["selector"],
        "Budget": resource("PodDisruptionBudget", overlay=overlay)["spec"]["selector"][
            "matchLabels"
        ],
    }
    for selector in selectors.values():
        assert matches(selector, labels["Deployment"])
        assert not matches(selector, labels["Job"])
    for name in ("knowalledge-api-ingress", "knowalledge-api-egress"):
        policy = resource("NetworkPolicy", name, overlay)["spec"]["podSelector"]["matchLabels"]
        assert all(matches(policy, each) for each in labels.values())


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_settings_know_how_many_pods_there_may_be(overlay: str) -> None:
    scaler = resource("HorizontalPodAutoscaler", overlay=overlay)["spec"]
    deployment = resource("Deployment", overlay=overlay)
    rolling = deployment["spec"]["strategy"]["rollingUpdate"]
    assert int(settings(overlay)["REPLICAS"]) == scaler["maxReplicas"]
    assert int(settings(overlay)["REPLICAS_SURGE"]) == rolling["maxSurge"]
    assert (rolling["maxUnavailable"], "replicas" in deployment["spec"]) == (0, False)
    assert scaler["scaleTargetRef"]["name"] == deployment["metadata"]["name"]
    assert scaler["minReplicas"] > resource("PodDisruptionBudget")["spec"]["maxUnavailable"]


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_workers_fit_into_the_memory(overlay: str) -> None:
    limit = api(overlay)["resources"]["limits"]["memory"]
    assert (
        memory_mb(int(settings(overlay)["GUNICORN_WORKERS"])) <= int(limit[:-2]) * UNITS[limit[-2:]]
    )


def test_every_pod_of_a_release_has_one_image_and_one_configuration() -> None:
    found = {
        (container["image"], str(container["envFrom"]))
        for kind in ("Deployment", "Job")
        for container in containers(pod_of(kind))
    }
    assert len(found) == 1
    assert api()["image"].endswith(f":{__version__}")


def test_the_certificate_and_the_trusted_name_are_the_host_of_the_ingress() -> None:
    spec = resource("Ingress")["spec"]
    (rule,), (tls,) = spec["rules"], spec["tls"]
    assert tls["hosts"] == [rule["host"]] == [settings("overlays/production")["TRUSTED_HOSTS"]]


def test_pods_reach_what_they_need_and_not_the_cloud_s_metadata() -> None:
    rules = resource("NetworkPolicy", "knowalledge-api-egress")["spec"]["egress"]
    ports = [sorted(each["port"] for each in rule["ports"]) for rule in rules]
    assert ports == [[53, 53], [3306, 5432], [6379, 6380], [443]]
    (anywhere,) = (each["ipBlock"] for each in rules[-1]["to"])
    inside = [ip_network(each) for each in anywhere["except"]]
    assert anywhere["cidr"] == "0.0.0.0/0"
    for address in ("169.254.169.254", "10.0.0.1", "172.31.0.1", "192.168.1.1"):
        assert any(ip_address(address) in network for network in inside)
