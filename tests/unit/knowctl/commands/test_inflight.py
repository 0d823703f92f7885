from __future__ import annotations

from tests.unit.knowctl.conftest import Run


def test_it_has_words_for_people_and_for_programs_alone(run: Run) -> None:
    said = run("inflight", "-o", "github")
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("✖ -o github can't be used here")
