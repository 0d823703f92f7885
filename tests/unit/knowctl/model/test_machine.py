from __future__ import annotations

from dataclasses import replace

from knowctl.model.machine import HostFacts, MachineFacts, Place
from knowctl.model.pool import Sizes
from knowctl.model.results import Where


def test_a_place_is_writable_until_something_is_the_matter() -> None:
    assert Place("/srv", "LOG_FILE").trouble == ""


def test_a_value_whose_origin_nobody_knows_is_looked_for_in_the_environment() -> None:
    facts = HostFacts(MachineFacts(None, (), ()), Sizes(1, 1, 1, 1, 1, 1), "gunicorn")
    known = replace(facts, origins={"PORT": Where(file=".env", line=2)})
    assert facts.where("PORT") == Where(variable="PORT")
    assert known.where("PORT") == Where(file=".env", line=2)
