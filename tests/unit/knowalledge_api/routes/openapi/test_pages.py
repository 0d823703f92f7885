"""Where the description is read."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest
from flask import Flask

from knowalledge_api.auth.policy import Access, policy_of
from knowalledge_api.routes.openapi.pages import PAGE, Pages, content_policy

if TYPE_CHECKING:
    from flask.testing import FlaskClient


@pytest.fixture
def app() -> Flask:
    app = Flask(__name__, static_folder=None)
    pages = Pages()
    app.register_blueprint(pages.blueprint())
    pages.describe(app)
    return app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def test_the_document_describes_itself_and_its_page(client: FlaskClient) -> None:
    answer = client.get("/api/openapi.json")
    assert answer.mimetype == "application/json"
    assert answer.json is not None
    assert answer.json["openapi"] == "3.1.0"
    assert set(answer.json["paths"]) == {"/api/openapi.json", "/api/docs"}


@pytest.mark.parametrize("path", ["/api/openapi.json", "/api/docs"])
def test_who_has_it_already_is_not_sent_it_again(client: FlaskClient, path: str) -> None:
    first = client.get(path)
    again = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    other = client.get(path, headers={"If-None-Match": '"another"'})
    assert (other.status_code, other.data) == (200, first.data)


@pytest.mark.parametrize("path", ["/api/openapi.json", "/api/docs"])
def test_anybody_may_read_it(app: Flask, path: str) -> None:
    endpoint = next(each.endpoint for each in app.url_map.iter_rules() if each.rule == path)
    policy = policy_of(app.view_functions[endpoint])
    assert policy is not None
    assert policy.access is Access.PUBLIC


def test_the_page_may_run_its_own_script_and_nothing_else(client: FlaskClient) -> None:
    policy = client.get("/api/docs").headers["Content-Security-Policy"]
    text = PAGE.read_text("utf-8")
    for kind in ("script", "style"):
        (inline,) = re.findall(f"<{kind}>(.*?)</{kind}>", text, re.DOTALL)
        digest = b64encode(sha256(inline.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_a_changed_script_needs_another_policy() -> None:
    assert content_policy("<script>a</script>") != content_policy("<script>b</script>")


def test_the_page_is_whole_and_writes_nothing_as_markup() -> None:
    text = PAGE.read_text("utf-8")
    assert not re.findall(r"""(?:src|href)=["'](?!openapi\.json)""", text)
    assert not re.findall(r"https?://|innerHTML|outerHTML|insertAdjacent|eval\(|\son\w+=", text)
    assert not re.findall(r"\sstyle=", text), "its policy would refuse them"
