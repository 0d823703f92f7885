from __future__ import annotations

from dataclasses import replace

import pytest

from knowctl.model.budget import room_of
from knowctl.model.pool import Sizes
from knowctl.model.tuning import Demand, Machine
from knowctl.render.style import Style
from knowctl.render.text import of_result
from knowctl.services.tuning import recommend
from tests.conftest import Golden

NOW = Sizes(threads=24, workers=9, size=10, overflow=20, replicas=1, surge=1)
TWO = Demand(Machine(2, 2 << 30), room_of("postgresql"), NOW, "gunicorn")
SMALL = replace(TWO, machine=Machine(1, 512 << 20, "--cpus", "--memory"))
WAITRESS = replace(TWO, room=room_of("sqlite"), server="waitress", machine=Machine(2, None))
CRAMPED = replace(TWO, room=room_of("postgresql", given=4))


@pytest.mark.parametrize(
    ("name", "demand"),
    [("two-cpus", TWO), ("small", SMALL), ("waitress", WAITRESS), ("cramped", CRAMPED)],
)
def test_a_recommendation_reads_as_it_should(golden: Golden, name: str, demand: Demand) -> None:
    text = of_result(recommend(demand), Style())
    golden(f"{text}\n", f"sizes/tune-{name}.txt")
    assert max(map(len, text.splitlines())) <= 80
    assert of_result(recommend(demand), Style(unicode=False)).isascii()


def test_the_lines_to_paste_end_it() -> None:
    text = of_result(recommend(TWO), Style(color=True))
    assert text.endswith("\n\n" + recommend(TWO).env)


def test_where_nothing_fits_there_is_nothing_to_paste() -> None:
    text = of_result(recommend(CRAMPED), Style())
    assert "✖ no configuration fits" in text
    assert "GUNICORN_WORKERS=" not in text
