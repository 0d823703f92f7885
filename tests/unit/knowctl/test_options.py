from __future__ import annotations

from typing import Annotated

import pytest

from knowctl.choices import Output
from knowctl.context import Context
from knowctl.errors import ErrorCode, ExitCode, Failure, KnowctlError
from knowctl.model.findings import Report
from knowctl.model.results import Plan, Step
from knowctl.options import Option, act, own_options


def planned(context: Context, number: Annotated[int, Option(min=1)] = 2) -> Plan:
    return Plan((Step("act", f"{number} in {context.overrides.get('APP_ENV')}"),))


class Refused(Plan):
    """A result that is a failure."""

    failure = Failure(ErrorCode.EXISTS, "f", "c", "h", ExitCode.REFUSED)  # type: ignore[assignment]  # a plan has none


def refused(_context: Context) -> Refused:
    return Refused(())


def checked(_context: Context) -> Report:
    return Report("it", ())


def test_a_command_is_given_a_context_and_what_was_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert act(planned, {"environment": "staging"}, {"number": 3}) == 0
    assert capsys.readouterr().out == "→ act       3 in staging\n"
    act(planned, {"quiet": True}, {})
    assert "2 in None" in capsys.readouterr().out


def test_the_exit_code_is_that_of_the_results_failure() -> None:
    assert act(refused, {"output": None}, {}) == ExitCode.REFUSED


def test_an_output_for_findings_is_refused_where_there_are_none() -> None:
    assert act(checked, {"output": Output.GITHUB}, {}) == 0
    with pytest.raises(KnowctlError, match="github"):
        act(planned, {"output": Output.GITHUB}, {})


def test_a_commands_own_options_are_those_besides_its_context() -> None:
    [(name, parameter)] = own_options(planned).items()
    assert (name, parameter.default) == ("number", 2)
    [option] = parameter.annotation.__metadata__
    assert (option.names, option.words) == ((), {"min": 1})
