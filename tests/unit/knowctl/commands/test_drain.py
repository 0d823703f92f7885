from __future__ import annotations

from tests.unit.knowctl.conftest import Run


def test_it_takes_no_words_of_its_own(run: Run) -> None:
    said = run("drain", "off")
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("✖ knowctl drain: wrong usage")
