"""The published schemas of what we write, and what is wrong with a document by them."""

from __future__ import annotations

import io
import json
import re
from functools import cache
from pathlib import Path
from typing import Any, Final

import jsonschema_rs
import xmlschema

SCHEMAS: Final = Path(__file__).parents[1] / "schemas"
_MISPRINT: Final = ("[a-zA-Z]{2}]?$", "[a-zA-Z]{2}$")
"""A pattern of the SARIF schema (of `language`) that browsers take, and strict readers refuse."""
_CHARACTER: Final = r"(?:[\w.~!$&'()*+,;=@-]|%[0-9A-Fa-f]{2})"
_URI_REFERENCE: Final = re.compile(
    rf"(?:[A-Za-z][A-Za-z0-9+.-]*:(?://(?:{_CHARACTER}|:)*)?|(?!{_CHARACTER}*:))"
    rf"(?:{_CHARACTER}|[:/])*(?:\?(?:{_CHARACTER}|[:/?])*)?(?:#(?:{_CHARACTER}|[:/?])*)?",
    re.ASCII,
)
"""RFC 3986, 4.1: a URI, or a relative reference whose first segment holds no colon."""


def is_uri_reference(text: str) -> bool:
    """Whether it is one, by the grammar of RFC 3986."""
    return _URI_REFERENCE.fullmatch(text) is not None


def faults_of_sarif(document: Any) -> list[str]:
    """What the schema of SARIF 2.1.0 has against it."""
    return [str(each) for each in _json_schema("sarif-2.1.0.json").iter_errors(document)]


def faults_of_workflow(document: Any) -> list[str]:
    """What the schema of GitHub's workflow files has against it."""
    return [str(each) for each in _json_schema("github-workflow.json").iter_errors(document)]


def faults_of_compose(document: Any) -> list[str]:
    """What the Compose Specification has against a Compose file."""
    return [str(each) for each in _json_schema("compose-spec.json").iter_errors(document)]


def faults_of_kubernetes(document: Any) -> list[str]:
    """What Kubernetes has against a resource, unknown kinds and fields included."""
    validator = _kubernetes().get((document.get("apiVersion"), document.get("kind")))
    if validator is None:
        return [f"no such kind: {document.get('apiVersion')} {document.get('kind')}"]
    return [str(each) for each in validator.iter_errors(document)]


def faults_of_junit(text: str) -> list[str]:
    """What Jenkins' schema of JUnit reports has against it."""
    return [str(each.reason) for each in _junit().iter_errors(io.StringIO(text))]


@cache
def _json_schema(name: str) -> jsonschema_rs.Validator:
    text = (SCHEMAS / name).read_text(encoding="utf-8")
    schema = json.loads(text.replace(*_MISPRINT))
    formats = {"uri-reference": is_uri_reference}
    return jsonschema_rs.validator_for(schema, validate_formats=True, formats=formats)


@cache
def _kubernetes() -> dict[tuple[str, str], jsonschema_rs.Validator]:
    """A validator for each kind of resource, by its apiVersion and kind."""
    schema = json.loads((SCHEMAS / "kubernetes-1.37.json").read_text(encoding="utf-8"))
    found = {}
    for name, definition in schema["$defs"].items():
        for kind in definition.get("x-kubernetes-group-version-kind", ()):
            version = f"{kind['group']}/{kind['version']}".removeprefix("/")
            rooted = {"$ref": f"#/$defs/{name}", **schema}
            found[version, kind["kind"]] = jsonschema_rs.validator_for(rooted)
    return found


@cache
def _junit() -> xmlschema.XMLSchema:
    return xmlschema.XMLSchema(SCHEMAS / "junit-10.xsd")
