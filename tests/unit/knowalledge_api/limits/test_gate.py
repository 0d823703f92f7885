"""What the door asks."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from knowalledge_api.auth.policy import Limit
from knowalledge_api.generation import Generation
from knowalledge_api.limits.gate import FILE, KINDS, Gate, make_gate
from knowalledge_api.limits.limiter import Limiter
from knowalledge_api.limits.table import Table
from knowalledge_api.stores.store import Store
from tests.support.configuration import settings_of

ON = {"RATE_LIMIT_ENABLED": "true", "RATE_LIMIT_ANONYMOUS": "2/minute"}


def test_it_counts_and_tells_of_refusals() -> None:
    refused: list[str] = []
    with closing(Table()) as table:
        gate = Gate(settings_of(**ON), Limiter(Store(None), table), refused.append)
        told = [gate.check("general", None, None, "192.0.2.1") for _ in range(3)]
        assert [verdict.allowed for verdict in told if verdict] == [True, True, False]
        user = gate.check("general", "ada", "free", "192.0.2.1")
    assert user is not None
    assert (user.allowed, user.limit) == (True, 10)
    assert refused == ["general"]


def test_refusals_count_by_themselves_and_only_where_they_are_told() -> None:
    refused: list[str] = []
    with closing(Table()) as table:
        gate = Gate(settings_of(**ON), Limiter(Store(None), table), refused.append)
        for _ in range(5):
            gate.check("general", None, None, "192.0.2.1")
            assert gate.after_refusals("192.0.2.1") is None
        assert refused == ["general"] * 3
        told = [gate.refuse("192.0.2.1") for _ in range(3)]
        assert [verdict.allowed for verdict in told if verdict] == [True, True, False]
        over = gate.after_refusals("192.0.2.1")
        assert over is not None
        assert (over.allowed, over.retry_after) == (False, 60)
        assert gate.after_refusals("192.0.2.2") is None
    assert refused == ["general"] * 3 + ["refusals"] * 2


def test_without_limits_refusals_are_not_limited() -> None:
    gate = make_gate(settings_of(RATE_LIMIT_ENABLED="false"), Store(None), None)
    for _ in range(200):
        assert gate.refuse("192.0.2.1") is None
    assert gate.after_refusals("192.0.2.1") is None


@pytest.mark.parametrize(("kind", "enabled"), [("none", "true"), ("general", "false")])
def test_what_is_not_limited_has_no_verdict(kind: str, enabled: str) -> None:
    gate = make_gate(settings_of(RATE_LIMIT_ENABLED=enabled), Store(None), None)
    assert gate.check(kind, None, None, "192.0.2.1") is None


def test_every_limit_of_a_policy_but_none_is_a_kind() -> None:
    assert {each.value for each in Limit} - {"none"} == KINDS


@pytest.mark.parametrize("place", ["metrics", "."])
def test_generations_of_one_server_count_in_one_file(tmp_path: Path, place: str) -> None:
    """Beside the metrics, or in the run directory under a supervisor of an older release."""
    (tmp_path / place).mkdir(exist_ok=True)
    old, new = (Generation(number, tmp_path / f"gen-{number}", 4, 5) for number in (1, 2))
    gates = [make_gate(settings_of(**ON), Store(None), each) for each in (old, new, old)]
    told = [gate.check("general", None, None, "192.0.2.1") for gate in gates]
    assert [verdict.allowed for verdict in told if verdict] == [True, True, False]
    assert [path.name for path in (tmp_path / place).iterdir()] == [FILE]


def test_a_generation_that_can_not_share_counts_for_itself_and_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    gate = make_gate(settings_of(**ON), Store(None), Generation(1, tmp_path / "a" / "b", 4, 5))
    verdict = gate.check("general", None, None, "192.0.2.1")
    assert verdict is not None
    assert verdict.allowed
    assert "limits begin anew with this generation" in caplog.text


def test_without_a_supervisor_nothing_is_left_in_any_directory(tmp_path: Path) -> None:
    make_gate(settings_of(), Store(None), Generation(1, tmp_path / "gen-1", -1, -1))
    make_gate(settings_of(), Store(None), None)
    assert list(tmp_path.iterdir()) == []
