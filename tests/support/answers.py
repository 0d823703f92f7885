"""What a test reads from an answer."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from werkzeug.test import TestResponse


def body_of(answer: TestResponse) -> Any:
    """The JSON of an answer."""
    return json.loads(answer.data)
