"""The cached endpoint in Flask and nothing else: what a product is measured against."""

from __future__ import annotations

from typing import Any

from flask import Flask, Response, jsonify, request

HEADINGS = [f"What is quantum mechanics and why it matters, part {n}" for n in range(15)]
CACHE: dict[str, dict[str, Any]] = {}

application = Flask(__name__, static_folder=None)


@application.post("/api/create_subtopics")
def create_subtopics() -> Response:
    """The answer of the product's endpoint, from a dict."""
    topic = request.get_json()["topic"]
    if topic not in CACHE:
        CACHE[topic] = {"subtopics": HEADINGS, "count": 15, "quality_score": 1.0, "warnings": []}
    return jsonify(**CACHE[topic], source="cache")


@application.get("/health")
def health() -> Response:
    """Whether it is there."""
    return jsonify(status="alive")
