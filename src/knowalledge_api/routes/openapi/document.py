"""The description as an OpenAPI document: from routes, policies and the table of operations."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from pydantic.json_schema import JsonSchemaMode, models_json_schema

from knowalledge_api.auth.policy import Access, Limit, Policy, policy_of
from knowalledge_api.routes.openapi.answers import Problem
from knowalledge_api.routes.openapi.operations import OPERATIONS, Operation
from knowalledge_api.routes.problems import MEDIA_TYPE, SENTENCES

if TYPE_CHECKING:
    from flask import Flask
    from pydantic import BaseModel
    from werkzeug.routing import Rule

VERSION: Final = "3.1.0"
ABOUT: Final = (
    "Errors have one shape, and 401 means bad or missing credentials alone. Where HTTPS is "
    "forced, plain HTTP is answered with 308."
)
UNLISTED: Final = frozenset({"HEAD", "OPTIONS"})
"""Methods that follow from the others."""
ALWAYS: Final = (400, 408, 414, 431, 500, 503)
"""What any request may be answered with before a route is asked, or when something goes wrong."""
OF_CREDENTIALS: Final = (401, 403, 503)
OF_REFUSALS: Final = (401, 403, 429)
"""What counts against an address, also where nobody who is admitted is counted."""
OF_BODIES: Final = (400, 413, 415)
OF_REPETITION: Final = (400, 409, 422)
LARGEST_ID: Final = 2**63 - 1
_PARAMETER: Final = re.compile(r"<(?:(\w+)(?:\([^)]*\))?:)?(\w+)>")
_REF: Final = "#/components/schemas/{model}"

HEADERS: Final[Mapping[str, Mapping[str, Any]]] = {
    "X-Request-ID": {"description": "Names this request in the log.", "required": True},
    "Retry-After": {"description": "Seconds after which to try again."},
    "RateLimit-Limit": {"description": "Requests that the limit allows in its window."},
    "RateLimit-Remaining": {"description": "Requests left in the window."},
    "RateLimit-Reset": {"description": "Seconds until the window ends."},
    "ETag": {"description": "Changes with the content.", "required": True},
    "Allow": {"description": "Methods that the address supports."},
    "WWW-Authenticate": {"description": "How to prove who asks."},
}
OF_ERRORS: Final = {401: ("WWW-Authenticate",), 429: ("Retry-After",), 503: ("Retry-After",)}
OF_LIMITS: Final = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")
SECURITY: Final = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "A token, or an API key."},
    "apiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    "metricsToken": {"type": "http", "scheme": "bearer", "description": "METRICS_TOKEN."},
}


def document(app: Flask) -> dict[str, Any]:
    """The whole document, of the routes that are in the table."""
    described = [rule for rule in app.url_map.iter_rules() if rule.endpoint in OPERATIONS]
    paths: dict[str, dict[str, Any]] = {}
    for rule in sorted(described, key=lambda rule: rule.rule):
        policy = policy_of(app.view_functions[rule.endpoint])
        assert policy is not None  # noqa: S101 -- policy.enforce has seen to that
        for method in sorted((rule.methods or set()) - UNLISTED):
            operation = _operation(rule, method, policy, OPERATIONS[rule.endpoint])
            paths.setdefault(path_of(rule), {})[method.lower()] = operation
    return {
        "openapi": VERSION,
        "info": {
            "title": "KnowAlledge API",
            "version": "1",
            "description": ABOUT,
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": _schemas({rule.endpoint for rule in described}),
            "responses": _errors(),
            "securitySchemes": SECURITY,
            "headers": {
                name: {**header, "schema": {"type": "string"}} for name, header in HEADERS.items()
            },
        },
    }


def path_of(rule: Rule) -> str:
    """A rule as OpenAPI writes it: /keys/<int:id> is /keys/{id}."""
    return _PARAMETER.sub(r"{\2}", rule.rule)


def statuses_of(rule: Rule, policy: Policy, operation: Operation) -> tuple[int, ...]:
    """Every status but success that the operation can answer, in order."""
    found = {*ALWAYS, *operation.errors}
    if policy.access is not Access.PUBLIC:
        found.update((*OF_CREDENTIALS, *OF_REFUSALS))
    if policy.limit is not Limit.NONE:
        found.add(429)
    if operation.request is not None:
        found.update(OF_BODIES)
    if operation.repeatable:
        found.update(OF_REPETITION)
    if rule.arguments:
        found.add(404)
    return tuple(sorted(found))


def _operation(rule: Rule, method: str, policy: Policy, row: Operation) -> dict[str, Any]:
    made: dict[str, Any] = {
        "operationId": _name_of(rule, method),
        "summary": row.summary,
        "description": f"Access: {policy.access}; {policy.reason}.",
        "tags": [rule.endpoint.partition(".")[0]],
        "security": _security(policy),
        "x-access": policy.access.value,
        "x-rate-limit": policy.limit.value,
        "responses": _responses(rule, policy, row),
    }
    parameters = _parameters(rule, row)
    if parameters:
        made["parameters"] = parameters
    if row.request is not None:
        content: dict[str, Any] = {"schema": _ref(row.request)}
        if row.example:
            content["example"] = row.example
        made["requestBody"] = {"required": not row.bodiless, "content": {row.media_type: content}}
    return made


def _name_of(rule: Rule, method: str) -> str:
    words = re.sub(r"[^a-z0-9]+", "_", path_of(rule).lower()).strip("_")
    return f"{method.lower()}_{words}"


def _security(policy: Policy) -> list[dict[str, list[str]]]:
    """The ways to prove who asks; an empty one means that nobody has to."""
    if policy.access is Access.PUBLIC and policy.limit is Limit.NONE:
        return []
    ways: list[dict[str, list[str]]] = [{"bearer": []}, {"apiKey": []}]
    if policy.scraper:
        ways.append({"metricsToken": []})
    return [{}, *ways] if policy.access is Access.PUBLIC else ways


def _parameters(rule: Rule, row: Operation) -> list[dict[str, Any]]:
    made = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": row.path.get(name) or _of_converter(converter),
        }
        for converter, name in _PARAMETER.findall(rule.rule)
    ]
    made += [
        {"name": name, "in": "query", "required": False, "schema": dict(schema)}
        for name, schema in row.query.items()
    ]
    if row.repeatable:
        schema = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"}
        about = "Names this write, so that sending it again does nothing twice (24 h)."
        made.append(
            {
                "name": "Idempotency-Key",
                "in": "header",
                "description": about,
                "schema": schema,
            }
        )
    return made


def _of_converter(converter: str) -> dict[str, Any]:
    if converter == "int":
        return {"type": "integer", "minimum": 0, "maximum": LARGEST_ID}
    return {"type": "string", "minLength": 1}


def _responses(rule: Rule, policy: Policy, row: Operation) -> dict[str, Any]:
    limited = policy.limit is not Limit.NONE
    errors = statuses_of(rule, policy, row)
    names = {
        status: _name_of_error(status, limited=limited or status in OF_REFUSALS)
        for status in errors
    }
    made: dict[str, Any] = {
        str(status): {"$ref": f"#/components/responses/{name}"} for status, name in names.items()
    }
    for status, body in row.answers.items():
        content = {} if body.shape is None else {body.media_type: {"schema": _schema(body.shape)}}
        if status in errors:
            content[MEDIA_TYPE] = {"schema": _ref(Problem)}
        made[str(status)] = _response(status, content, body.headers, limited=limited)
    return dict(sorted(made.items()))


def _response(
    status: int, content: Mapping[str, Any], headers: Iterable[str] = (), *, limited: bool
) -> dict[str, Any]:
    limits = OF_LIMITS if limited else ()
    names = dict.fromkeys(("X-Request-ID", *limits, *OF_ERRORS.get(status, ()), *headers))
    response: dict[str, Any] = {
        "description": SENTENCES.get(status) or HTTPStatus(status).phrase,
        "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in names},
    }
    return {**response, "content": content} if content else response


def _errors() -> dict[str, Any]:
    """Each error once for routes with a limit, once for those without."""
    content = {MEDIA_TYPE: {"schema": _ref(Problem)}}
    return {
        _name_of_error(status, limited=limited): _response(status, content, limited=limited)
        for limited in (True, False)
        for status in SENTENCES
    }


def _name_of_error(status: int, *, limited: bool) -> str:
    return f"Error{status}" if limited else f"Error{status}Unlimited"


def _schema(shape: type[BaseModel] | Mapping[str, Any]) -> Mapping[str, Any]:
    return _ref(shape) if isinstance(shape, type) else shape


def _ref(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": _REF.format(model=model.__name__)}


def _schemas(endpoints: Iterable[str]) -> dict[str, Any]:
    """The models of these operations, each once: as they are sent or as they are answered."""
    models: dict[type[BaseModel], JsonSchemaMode] = {Problem: "serialization"}
    for endpoint in sorted(endpoints):
        row = OPERATIONS[endpoint]
        if row.request is not None:
            models[row.request] = "validation"
        for body in row.answers.values():
            if isinstance(body.shape, type):
                models[body.shape] = "serialization"
    _, made = models_json_schema(list(models.items()), ref_template=_REF)
    schemas: dict[str, Any] = made["$defs"]
    return schemas
