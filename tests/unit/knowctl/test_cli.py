from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest
import typer
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from knowctl import __version__
from knowctl.cli import COMMANDS, main
from knowctl.model.results import Plan
from knowctl.shell import command, group
from tests.unit.knowctl.conftest import Run

WORDS = (
    *("serve", "health", "config", "db", "check", "show", "init", "current"),
    *("status", "inflight", "stacks", "pool", "stats", "drain", "reload", "stop"),
    *("--instance", "5000", "--off", "--timeout", "1", "--worker", "--watch"),
    *("-o", "json", "text", "-ojson", "-qo", "--output", "--output=json", "--output=xml"),
    *("--env-file", ".env", "missing.env", "", ".", "/", "--environment", "production"),
    *("-q", "-v", "--no-color", "--debug", "--help", "--version", "--force", "--origin"),
    *("--select", "--ignore", "KC101", "kc999", "--fail-level", "warning", "PORT", "PROT"),
    *("--bind", "127.0.0.1:1", ":", "unix:/x", "--workers", "2", "--threads", "-1", "--wait"),
    *("--only", "database", "server", "--direct", "--url", "http://127.0.0.1:1", "--", "-"),
    *("0", "\udcff", "é✔", "\x1b[31m", "--dry-run", "--skip-checks", "--migrate", "--server"),
)

TALKATIVE = {"--wait", "--debug"}
"""What makes a command slow, or shows a traceback on purpose."""


@pytest.fixture
def raising(monkeypatch: pytest.MonkeyPatch) -> list[BaseException]:
    """What `knowctl db act` raises, in a command module that stands in for the real one."""
    errors: list[BaseException] = []
    module = ModuleType("knowctl.commands.db")
    app = group("Test.")
    vars(module)["app"] = app

    @app.command()
    @command
    def act(_context: object) -> Plan:
        """Act."""
        raise errors[0]

    @app.command()
    @command
    def other(_context: object) -> Plan:
        """Keep the group a group."""
        return Plan(())

    monkeypatch.setitem(sys.modules, "knowctl.commands.db", module)
    return errors


def test_version_is_the_result(run: Run) -> None:
    said = run("--version")
    assert (said.code, said.out, said.err) == (0, f"knowctl {__version__}\n", "")


@pytest.mark.parametrize("argv", [[], ["--help"]])
def test_no_words_at_all_are_answered_with_help(run: Run, argv: list[str]) -> None:
    said = run(*argv)
    assert (said.code, said.err) == (0, "")
    assert all(name in said.out for name in COMMANDS)


@pytest.mark.parametrize(
    "words",
    [
        *([name] for name in COMMANDS),
        *(["config", name] for name in ("check", "show", "init")),
        *(["db", name] for name in ("init", "current")),
        ["pool", "stats"],
    ],
)
def test_every_command_has_help_with_an_example(run: Run, words: list[str]) -> None:
    said = run(*words, "--help")
    assert (said.code, said.err) == (0, "")
    assert f"Example: knowctl {words[0]}" in said.out
    assert "--env-file" in said.out


@pytest.mark.parametrize(
    ("argv", "path"),
    [
        (["frobnicate"], "knowctl"),
        (["config"], "knowctl config"),
        (["config", "frobnicate"], "knowctl config"),
        (["config", "check", "--frobnicate"], "knowctl config check"),
        (["config", "check", "extra"], "knowctl config check"),
        (["health", "--wait"], "knowctl health"),
        (["pool", "stats", "--url"], "knowctl pool stats"),
        (["-o", "xml", "config"], "knowctl"),
        (["--environment", "moon", "config", "check"], "knowctl"),
    ],
)
def test_wrong_usage_is_three_lines_on_stderr(run: Run, argv: list[str], path: str) -> None:
    said = run(*argv)
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith(f"✖ {path}: wrong usage\n    ")
    assert said.err.endswith(f"    → {path} --help\n")


def test_a_group_alone_says_what_there_is_in_it(run: Run) -> None:
    assert "There are stats, clear." in run("cache").err


@pytest.mark.parametrize("words", [[], ["serve"], ["users", "create"], ["config", "tune"]])
def test_no_list_of_choices_is_broken_in_a_word(run: Run, words: list[str]) -> None:
    shown = run(*words, "--help").out.splitlines()
    assert not [line for line in shown if re.search(r"<\w+\|[^>]*$", line)]


@pytest.mark.parametrize(
    "argv",
    [
        ["-o", "json", "config", "frobnicate"],
        ["config", "-o", "json", "frobnicate"],
        ["config", "frobnicate", "-o", "json"],
        ["config", "frobnicate", "--output=json"],
        ["config", "frobnicate", "-qojson"],
        ["-o", "json", "config"],
        ["config", "show", "\udcff", "-o", "json"],
        ["-o", "json", "\udcff"],
    ],
)
def test_wrong_usage_in_json_is_one_document_on_stdout(run: Run, argv: list[str]) -> None:
    said = run(*argv)
    assert (said.code, said.err) == (2, "")
    document = json.loads(said.out)
    assert (document["schema"], document["ok"]) == (1, False)
    assert document["error"]["code"] == "usage"


@pytest.mark.parametrize("output", ["json", "JSON", "Json"])
def test_the_environment_may_ask_for_json(
    run: Run, monkeypatch: pytest.MonkeyPatch, output: str
) -> None:
    monkeypatch.setenv("KNOWCTL_OUTPUT", output)
    assert json.loads(run("config", "show", "PORT").out)["ok"] is True
    assert json.loads(run("config", "show", "PROT").out)["ok"] is False
    assert json.loads(run("config", "frobnicate").out)["ok"] is False
    assert run("config", "show", "PORT", "-o", "text").out.startswith("SETTING")


def test_a_bad_output_in_the_environment_is_wrong_usage(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KNOWCTL_OUTPUT", "xml")
    said = run("config", "show")
    assert (said.code, said.out) == (2, "")
    assert "KNOWCTL_OUTPUT" in said.err
    shown = run("config", "show", "-o", "json")
    document = json.loads(shown.out)
    assert (shown.code, shown.err) == (1, "")
    assert document["error"]["cause"].startswith("KNOWCTL_OUTPUT: 'xml' is not ")
    assert document["data"]["settings"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (["-o", "json", "config", "show", "PORT"], ["config", "show", "PORT", "-o", "json"]),
        (["--env-file", "a.env", "config", "show"], ["config", "show", "--env-file", "a.env"]),
        (
            ["--environment", "staging", "config", "check"],
            ["config", "check", "--environment", "staging"],
        ),
        (["--env-file", "no.env", "db", "current"], ["db", "--env-file", "no.env", "current"]),
        (["--no-color", "-q", "serve", "--dry-run"], ["serve", "-q", "--dry-run", "--no-color"]),
        (["-v", "health", "--direct", "--only", "x"], ["health", "--direct", "--only", "x", "-v"]),
    ],
)
def test_global_options_mean_the_same_before_and_after(
    run: Run, before: list[str], after: list[str]
) -> None:
    assert run(*before) == run(*after)


def test_an_unexpected_error_is_told_as_a_bug_without_its_text(
    run: Run, raising: list[BaseException]
) -> None:
    raising.append(ZeroDivisionError("canary"))
    said = run("db", "act")
    assert (said.code, said.out) == (1, "")
    assert said.err == (
        "✖ this is a bug in knowctl\n"
        "    ZeroDivisionError\n"
        "    → run it again with --debug, and report what it prints\n"
    )
    assert json.loads(run("db", "act", "-o", "json").out)["error"]["code"] == "bug"


@pytest.mark.parametrize("argv", [["--debug", "db", "act"], ["db", "act", "--debug"]])
def test_a_traceback_is_shown_on_purpose_alone(
    run: Run, raising: list[BaseException], argv: list[str]
) -> None:
    raising.append(ZeroDivisionError("seen"))
    said = run(*argv)
    assert (said.code, said.out) == (1, "")
    assert said.err.startswith("Traceback ")
    assert "ZeroDivisionError: seen" in said.err
    assert "Traceback" not in run(*[word for word in argv if word != "--debug"]).err


def test_a_traceback_has_no_secret_of_any_source(
    run: Run,
    raising: list[BaseException],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    (tmp_path / "own.env").write_text("GOOGLE_API_KEY=from-the-file\n")
    monkeypatch.setenv("DATABASE_URL", "postgresql://app:p%40ssword@db/app")
    raising.append(ZeroDivisionError("p@ssword, p%40ssword, from-the-file"))
    said = run("db", "act", "--debug", "--env-file", str(tmp_path / "own.env"))
    assert "ZeroDivisionError: ********, ********, ********" in said.err


def test_debug_in_json_keeps_stdout_one_document(run: Run, raising: list[BaseException]) -> None:
    raising.append(ZeroDivisionError("seen"))
    said = run("db", "act", "--debug", "-ojson")
    assert json.loads(said.out)["error"]["cause"] == "ZeroDivisionError"
    assert "Traceback" in said.err


@pytest.mark.parametrize("error", [KeyboardInterrupt(), typer.Abort()])
def test_an_interruption_has_its_own_exit_code(
    run: Run, raising: list[BaseException], error: BaseException
) -> None:
    raising.append(error)
    said = run("db", "act")
    assert (said.code, said.out) == (130, "")
    assert said.err.startswith("✖ interrupted\n")
    assert json.loads(run("db", "act", "-ojson").out)["error"]["code"] == "interrupted"


def test_a_success_of_a_command_is_exit_code_zero(run: Run, raising: list[BaseException]) -> None:
    assert not raising
    assert run("db", "other").code == 0


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(st.sampled_from(WORDS) | st.text(max_size=6), max_size=7))
@example(["health", "--only", "server", "-o", "json"])
@example(["config", "init", "--env-file", ""])
@example(["config", "check", "--env-file", "\udcff", "-ojson"])
@example([])
def test_no_command_line_ends_in_a_traceback(
    capsys: pytest.CaptureFixture[str], argv: list[str]
) -> None:
    if "serve" in argv:
        argv = [*argv[: argv.index("serve") + 1], "--dry-run", *argv[argv.index("serve") + 1 :]]
    argv = [word for word in argv if word not in TALKATIVE]
    code = main(argv)
    said = capsys.readouterr()
    assert code in {0, 1, 2, 3, 4}
    assert "Traceback" not in said.out + said.err
    assert "this is a bug" not in said.out + said.err
