from __future__ import annotations

from collections.abc import Iterator

import pytest

from knowctl.checks.engine import Check, Fault, run
from knowctl.checks.selection import Selection, require_ids, selected
from knowctl.choices import Severity
from knowctl.errors import ExitCode, KnowctlError


def passes(_: bool) -> Iterator[Fault]:
    yield from ()


def fails(bad: bool) -> Iterator[Fault]:
    if bad:
        yield Fault("bad", "mend it")


def check(name: str, *needs: str, fail: bool = False) -> Check[bool]:
    return Check(name, Severity.ERROR, name, fails if fail else passes, needs)


CHECKS = (
    check("KC1", fail=True),
    check("KC2", "KC1"),
    check("KC3", "KC2"),
    check("KC4"),
)


def shown(*select: str, ignore: tuple[str, ...] = (), bad: bool = True) -> list[str]:
    selection = Selection(select=select, ignore=ignore)
    return [each.id for each in selected(CHECKS, run(CHECKS, bad), selection)]


def test_without_a_selection_all_are_shown() -> None:
    assert shown() == ["KC1", "KC2", "KC3", "KC4"]


def test_a_selected_check_is_shown_alone_in_any_case() -> None:
    assert shown("kc4") == ["KC4"]
    assert shown("KC3", bad=False) == ["KC3"]


def test_what_failed_far_below_is_brought_along_and_what_was_skipped_is_not() -> None:
    assert shown("KC3") == ["KC1", "KC3"]


def test_ignored_checks_are_left_out_whatever_needs_them() -> None:
    assert shown(ignore=("KC2", "kc4")) == ["KC1", "KC3"]
    assert shown("KC3", ignore=("KC1",)) == ["KC3"]


def test_an_id_that_is_none_is_wrong_usage() -> None:
    with pytest.raises(KnowctlError) as raised:
        require_ids(CHECKS, ("KC1", "nope"))
    failure = raised.value.failure
    assert failure.exit_code is ExitCode.USAGE
    assert (failure.message, "KC1" in failure.cause) == ("there is no check NOPE", True)
