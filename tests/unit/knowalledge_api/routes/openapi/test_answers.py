"""What the routes answer, as models."""

from __future__ import annotations

import json

import pytest
from flask import Flask
from pydantic import ValidationError

from knowalledge_api.errors import FieldProblem
from knowalledge_api.routes.openapi.answers import Alive, Model, Problem, Registered
from knowalledge_api.routes.problems import problem

NOW = "2026-01-01T00:00:00Z"


def test_what_is_not_declared_is_not_answered() -> None:
    with pytest.raises(ValidationError, match="version"):
        Alive.model_validate({"status": "alive", "timestamp": NOW, "version": "1"})
    assert all(each.model_config["extra"] == "forbid" for each in Model.__subclasses__())


def test_every_problem_has_the_declared_shape() -> None:
    with Flask(__name__).test_request_context("/api/x"):
        bare = json.loads(problem(404).get_data())
        full = json.loads(problem(400, "No.", (FieldProblem("a", "is b"),), 3).get_data())
    assert Problem.model_validate(bare).status == 404
    assert Problem.model_validate(full).errors[0].reason == "is b"


def test_a_key_has_the_form_that_clients_know() -> None:
    row = {"user_id": "ada", "quota_tier": "free", "message": "Keep it."}
    key = f"sk_{'a' * 43}"
    assert Registered.model_validate({**row, "api_key": key}).api_key == key
    with pytest.raises(ValidationError, match="api_key"):
        Registered.model_validate({**row, "api_key": "sk_short"})
