"""What all tests share: golden files, and a second try for what runs real processes."""

from __future__ import annotations

import signal
from collections.abc import Callable
from difflib import unified_diff
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

GOLDEN = Path(__file__).with_name("golden")
OF_PROCESSES = frozenset({"integration", "e2e"})
"""Parts whose tests feel how busy the machine is: a fault of the product fails again."""

# A shell starts background jobs with Ctrl-C ignored, and every process below would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)

# How long inputs take to be drawn says what else the machine does: the first text costs seconds.
settings.register_profile("ours", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("ours")

Golden = Callable[[str, Path | str], None]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="rewrite the golden files with what the code makes now",
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    again = pytest.mark.flaky(reruns=1)
    for item in items:
        if item.path.relative_to(GOLDEN.parent).parts[0] in OF_PROCESSES:
            item.add_marker(again)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tell why a test was run once more: where it passed then, pytest would say its name alone."""
    for report in terminalreporter.stats.get("rerun", ()):
        terminalreporter.section(f"run once more: {report.nodeid}", "-")
        terminalreporter.line(report.longreprtext)


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """Compare text, byte for byte, with a file below tests/golden, or at any absolute path."""
    update = bool(request.config.getoption("--update-golden"))
    part = request.path.relative_to(GOLDEN.parent).parts[0]

    def compare(text: str, path: Path | str) -> None:
        file = GOLDEN / path
        if update:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(text.encode())
        there = file.read_bytes().decode() if file.exists() else ""
        diff = "".join(unified_diff(_lines(there), _lines(text), file.name, "made now"))
        assert not diff, f"{diff}\nwhere that is right: ./run_tests.sh {part} --update-golden"

    return compare


def _lines(text: str) -> list[str]:
    """Lines in which a carriage return can be seen."""
    return [repr(line)[1:-1] + "\n" for line in text.split("\n")]
