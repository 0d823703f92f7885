"""The description tells of every route there is, and of nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import jsonschema_rs
import pytest

from knowalledge_api.app import create_app
from knowalledge_api.auth.policy import Access, policy_of
from knowalledge_api.routes.openapi.document import UNLISTED, document, path_of
from knowalledge_api.routes.openapi.operations import OPERATIONS
from tests.support.configuration import settings_of

if TYPE_CHECKING:
    from flask import Flask

APP: Final[Flask] = create_app(settings_of())
DOCUMENT: Final[dict[str, Any]] = document(APP)
ROUTES: Final = {
    f"{method} {path_of(rule)}": rule
    for rule in APP.url_map.iter_rules()
    for method in (rule.methods or set()) - UNLISTED
}
DESCRIBED: Final[dict[str, dict[str, Any]]] = {
    f"{method.upper()} {path}": operation
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
}


def test_every_route_is_described_and_nothing_else() -> None:
    assert set(DESCRIBED) == set(ROUTES)


def test_every_row_of_the_table_is_of_a_route() -> None:
    assert set(OPERATIONS) == {rule.endpoint for rule in ROUTES.values()}


@pytest.mark.parametrize("name", sorted(DESCRIBED))
def test_every_answer_that_has_a_body_has_a_schema(name: str) -> None:
    for status, given in DESCRIBED[name]["responses"].items():
        response = resolved(given)
        if status != "304":
            assert response["content"], f"{name} {status}"
            for media in response["content"].values():
                assert resolved(media["schema"]), f"{name} {status}"
        assert "X-Request-ID" in response["headers"]


@pytest.mark.parametrize("name", sorted(DESCRIBED))
def test_who_may_call_it_is_what_the_policy_says(name: str) -> None:
    policy = policy_of(APP.view_functions[ROUTES[name].endpoint])
    assert policy is not None
    operation = DESCRIBED[name]
    open_to_all = not operation["security"] or {} in operation["security"]
    assert open_to_all == (policy.access is Access.PUBLIC)
    assert (operation["x-access"], operation["x-rate-limit"]) == (policy.access, policy.limit)
    for status in ("401", "403") if policy.access is not Access.PUBLIC else ():
        assert status in operation["responses"]


def test_every_reference_leads_somewhere_and_every_schema_is_used() -> None:
    references = set(_references(DOCUMENT))
    for reference in references:
        assert resolved({"$ref": reference}), reference
    schemas = {f"#/components/schemas/{name}" for name in DOCUMENT["components"]["schemas"]}
    assert schemas <= references


def test_every_schema_is_one_of_json_schema_2020_12() -> None:
    for schema in DOCUMENT["components"]["schemas"].values():
        whole = {**schema, "components": DOCUMENT["components"]}
        jsonschema_rs.Draft202012Validator(whole)  # raises ValidationError where it is none


def resolved(given: dict[str, Any]) -> Any:
    place: Any = DOCUMENT
    if "$ref" not in given:
        return given
    for name in given["$ref"].removeprefix("#/").split("/"):
        place = place[name]
    return place


def _references(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
        return own + [each for inner in value.values() for each in _references(inner)]
    if isinstance(value, list):
        return [each for inner in value for each in _references(inner)]
    return []
