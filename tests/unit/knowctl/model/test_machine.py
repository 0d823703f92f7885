from __future__ import annotations

from knowctl.model.machine import Place


def test_a_place_is_writable_until_something_is_the_matter() -> None:
    assert Place("/srv", "LOG_FILE").trouble == ""
