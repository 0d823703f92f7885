"""Bad input to every command: three lines that help, the right exit code, no traceback."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.processes import knowctl

COMMANDS = (
    ("config", "check"),
    ("config", "show"),
    ("config", "init"),
    ("config", "tune"),
    ("pool", "budget"),
    ("db", "init"),
    ("db", "current"),
    ("db", "upgrade"),
    ("db", "history"),
    ("db", "heads"),
    ("db", "check"),
    ("users", "list"),
    ("routes", "check"),
    ("health",),
    ("serve",),
)
READ_SETTINGS = tuple(words for words in COMMANDS if words[1:] != ("init",) or words[0] == "db")
ASK_DATABASE = (
    ("db", "init"),
    ("db", "current"),
    ("db", "upgrade"),
    ("users", "list"),
    ("serve", "--wait-for-db", "0"),
)
READ_ONLY = Path("/sys")
"""A file system on which nobody may make a file, whoever runs the tests."""


def three_lines(stderr: str) -> tuple[str, str, str]:
    """Fact, cause and hint at the end of stderr, wrapped lines joined."""
    lines = stderr.strip().splitlines()
    start = max(index for index, line in enumerate(lines) if not line.startswith(" "))
    fact, rest = lines[start], " ".join(line.strip() for line in lines[start + 1 :])
    cause, arrow, hint = rest.partition("→ ")
    assert fact.startswith("✖ ")
    assert cause.strip()
    assert arrow
    assert "Traceback" not in stderr
    return fact, cause, hint


@pytest.mark.parametrize("words", COMMANDS)
def test_an_unknown_option_is_wrong_usage(tmp_path: Path, words: tuple[str, ...]) -> None:
    answer = knowctl(*words, "--nonsense", cwd=tmp_path)
    fact, cause, hint = three_lines(answer.stderr)
    assert answer.returncode == 2
    assert answer.stdout == ""
    assert "wrong usage" in fact
    assert "--nonsense" in cause
    assert hint == f"knowctl {words[0]} {' '.join(words[1:])} --help".replace("  ", " ")


@pytest.mark.parametrize("words", COMMANDS)
def test_wrong_usage_in_json_is_one_document_on_stdout(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    answer = knowctl(*words, "--nonsense", "-o", "json", cwd=tmp_path)
    document = json.loads(answer.stdout)
    assert answer.returncode == 2
    assert (document["schema"], document["ok"]) == (1, False)
    assert document["error"]["code"] == "usage"
    assert {"message", "hint"} <= set(document["error"])


@pytest.mark.parametrize("words", [words for words in READ_SETTINGS if words != ("config", "show")])
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("bytes that are no UTF-8", b"PORT=\xff\xfe"),
        ("a NUL byte", b"PORT=50\x0000"),
        ("an unclosed quote", b'PORT="5000\nHOST=127.0.0.1\n'),
        ("a line without =", b"PORT\n"),
        ("more than 1 MiB", b"A=" + b"x" * (1 << 20)),
    ],
)
def test_an_env_file_that_can_not_be_read_is_named(
    tmp_path: Path, words: tuple[str, ...], name: str, content: bytes
) -> None:
    (tmp_path / "broken.env").write_bytes(content)
    answer = knowctl(*words, "--env-file", "broken.env", cwd=tmp_path)
    assert answer.returncode == 1, name
    assert "broken.env" in answer.stdout + answer.stderr
    assert "Traceback" not in answer.stderr
    if words[-1] != "check":
        three_lines(answer.stderr)


@pytest.mark.parametrize("words", [words for words in READ_SETTINGS if words != ("config", "show")])
def test_an_env_file_that_is_a_directory_or_missing_is_named(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    for path in (str(tmp_path), "missing.env"):
        answer = knowctl(*words, "--env-file", path, cwd=tmp_path)
        assert answer.returncode == 1
        assert path in (answer.stdout + answer.stderr).replace("\n    ", " ")
        assert "Traceback" not in answer.stderr


@pytest.mark.parametrize("words", ASK_DATABASE)
@pytest.mark.parametrize(
    "url",
    [
        "oracle://host/name",
        "no url at all",
        "postgresql://u:s3cr3t@localhost:notaport/x",
        "mysql://",
    ],
)
def test_a_database_url_that_is_none_is_a_configuration_error(
    tmp_path: Path, words: tuple[str, ...], url: str
) -> None:
    answer = knowctl(*words, cwd=tmp_path, environ={"DATABASE_URL": url})
    three_lines(answer.stderr)
    assert answer.returncode == 1
    assert "DATABASE_URL" in answer.stderr
    assert "s3cr3t" not in answer.stdout + answer.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("words", ASK_DATABASE)
def test_a_database_that_is_not_there_is_never_replaced_by_another(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    environ = {"DATABASE_URL": "postgresql://user:s3cr3t@127.0.0.1:1/name"}
    answer = knowctl(*words, cwd=tmp_path, environ=environ)
    fact, cause, _ = three_lines(answer.stderr)
    assert answer.returncode == (3 if words[0] == "serve" else 1)
    assert "postgresql://user:********@127.0.0.1:1/name" in fact
    assert "Connection refused" in cause
    assert "s3cr3t" not in answer.stdout + answer.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("words", [words for words in ASK_DATABASE if words[-1] != "current"])
def test_a_directory_that_nobody_may_write_to_is_named_by_what_makes_a_database(
    words: tuple[str, ...],
) -> None:
    answer = knowctl(*words, cwd=READ_ONLY)
    three_lines(answer.stderr)
    assert answer.returncode in {1, 3}


def test_a_directory_that_nobody_may_write_to_is_named_by_config_init() -> None:
    answer = knowctl("config", "init", cwd=READ_ONLY)
    fact, cause, hint = three_lines(answer.stderr)
    assert answer.returncode == 1
    assert ".env can't be written" in fact
    assert "Permission denied" in cause or "Read-only" in cause
    assert "/sys" in hint


def test_an_env_file_that_is_there_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("SECRET_KEY=mine\n")
    answer = knowctl("config", "init", cwd=tmp_path)
    _, _, hint = three_lines(answer.stderr)
    assert answer.returncode == 4
    assert "--force" in hint
    assert (tmp_path / ".env").read_text() == "SECRET_KEY=mine\n"


@pytest.mark.parametrize("bind", ["nonsense", "127.0.0.1:99999", "256.256.256.256:80", "a b:80"])
def test_an_address_that_is_none_is_refused_before_anything_runs(tmp_path: Path, bind: str) -> None:
    answer = knowctl("serve", "--bind", bind, cwd=tmp_path)
    three_lines(answer.stderr)
    assert answer.returncode in {1, 2}


def test_a_value_out_of_range_names_the_line_it_stands_on(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("# a comment\n\nPORT=70000\n")
    (tmp_path / ".env").chmod(0o600)
    answer = knowctl("config", "check", "-o", "json", cwd=tmp_path)
    document = json.loads(answer.stdout)
    (finding,) = [each for each in document["data"]["findings"] if each["outcome"] == "fail"]
    assert answer.returncode == 1
    assert finding["id"] == "KC103"
    assert finding["where"] == {"file": ".env", "line": 3, "variable": "PORT"}


def test_a_misspelt_setting_is_told_the_nearest_name(tmp_path: Path) -> None:
    answer = knowctl("config", "check", cwd=tmp_path, environ={"DATABSE_URL": "sqlite://"})
    assert answer.returncode == 0
    assert "rename it to DATABASE_URL" in answer.stdout


@pytest.mark.parametrize(
    "words",
    [
        ("config", "tune", "--memory", "0"),
        ("config", "tune", "--memory", "plenty"),
        ("config", "tune", "--cpus", "0"),
        ("config", "tune", "--max-connections", "-1"),
        ("config", "explain"),
        ("config", "explain", "KC999"),
        ("config", "explain", "DATABSE_URL"),
        ("pool", "budget", "--replicas", "none"),
        ("pool", "budget", "--max-connections", "0"),
    ],
)
def test_a_size_or_a_name_that_is_none_is_wrong_usage(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    answer = knowctl(*words, cwd=tmp_path)
    three_lines(answer.stderr)
    assert answer.returncode == 2
    assert answer.stdout == ""
