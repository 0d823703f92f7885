"""R10: no environment and no .env gives a traceback; no command prints or misdirects a secret."""

from __future__ import annotations

import contextlib
import io
import json
import os
import socket
import subprocess
import sys
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import pytest
import typer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from knowalledge_api.settings import TABLE
from knowctl.cli import app, main
from knowctl.probes.settings import SettingsProbe
from tests.support import canaries
from tests.support.processes import KEPT, knowctl

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="environments of POSIX")

CODES: Final = {0, 1, 2, 3, 4}
ARGUMENTS: Final = {
    "config explain": ("SECRET_KEY",),
    "db downgrade": ("base",),
    "db revision": ("-m", "x", "--autogenerate"),
    "env create": ("--dry-run",),
    "users create": ("someone",),
    "users set-role": ("someone", "admin"),
    "users set-tier": ("someone", "free"),
    "users disable": ("someone",),
    "users enable": ("someone",),
    "keys issue": ("someone",),
    "keys list": ("someone",),
    "keys revoke": ("someone", "1"),
    "keys rotate": ("someone",),
    "serve": ("--wait-for-db", "0"),
}
"""What a command needs; one that needs something and is not here fails its test."""
WITH_OPTIONS: Final = (
    ("config", "check", "--live"),
    ("doctor", "--live"),
    ("env", "check", "--extra", "mysql"),
    ("health", "--direct"),
    ("health", "--only", "ai,disk,redis"),
    ("health", "--url", "http://127.0.0.1:1"),
    ("pool", "stats", "--url", "http://127.0.0.1:1"),
    ("config", "show", "--origin"),
    ("db", "init", "--create"),
    ("db", "upgrade", "--sql"),
)
"""Options with which a command asks somebody else, or tells more."""
LOADED: Final = (("config", "check"), ("config", "show"), ("health",), ("db", "current"))
"""Commands that read the settings, and with these environments get no further."""


def leaves(name: str, command: Any) -> Iterator[tuple[str, bool]]:
    """Every command that does something, and whether it needs arguments."""
    if not hasattr(command, "list_commands"):
        yield name, any(each.required for each in command.params)
        return
    context = typer.Context(command)
    for word in command.list_commands(context):
        yield from leaves(f"{name} {word}".strip(), command.get_command(context, word))


TREE: Final = dict(leaves("", typer.main.get_command(app)))


LINES_TYPED: Final = (
    *(
        (*name.split(), *ARGUMENTS.get(name, ()))
        for name in sorted(TREE.keys() - {"serve", "config init"})
    ),
    *WITH_OPTIONS,
)
"""The whole tree; what `serve` and `config init` do is looked at by themselves."""


@contextlib.contextmanager
def environment(values: Mapping[str, str]) -> Iterator[None]:
    """This process's environment, for a while nothing but these."""
    before = dict(os.environ)
    kept = {name: before[name] for name in KEPT if name in before}
    os.environ.clear()
    os.environ.update({**kept, **values})
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def said(*words: str) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of a command line in this process."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(words)
    return code, out.getvalue(), err.getvalue()


def judged(*words: str) -> None:
    """A command line ends as documented: a code, one JSON document, no traceback, no bug."""
    code, out, err = said(*words, "-o", "json")
    assert code in CODES
    document = json.loads(out)
    assert document["schema"] == 1
    assert document.get("error", {}).get("code") != "bug"
    assert "Traceback" not in err


NAMES = st.sampled_from([*(row.name for row in TABLE), "SECRET_KEY_FILE", "KNOWCTL_ENV_FILE"]) | (
    st.text(st.characters(exclude_characters="\0="), min_size=1, max_size=20)
)
VALUES = st.text(st.characters(exclude_characters="\0"), max_size=80) | st.sampled_from(
    ("x" * 100_000, "9" * 5000, "/dev/null", "/", "${A}" * 500, "\udcff\x1b[31m", "http://[::1")
)


def storable(text: str) -> str:
    """What an environment can hold: bytes that are no text stand as half surrogates."""
    return os.fsdecode(text.encode(errors="surrogatepass"))


@given(values=st.dictionaries(NAMES.map(storable), VALUES.map(storable), max_size=6))
@settings(deadline=None, max_examples=150)
@pytest.mark.parametrize("words", LOADED[:2], ids=" ".join)
def test_any_environment_is_answered(words: tuple[str, ...], values: dict[str, str]) -> None:
    with environment({**values, "KNOWCTL_OUTPUT": ""}):
        judged(*words)


LINES = st.sampled_from(
    (
        b"PORT=",
        b"SECRET_KEY=",
        b"export ",
        b'"',
        b"'",
        b"\\",
        b"\r\n",
        b"\r",
        b"\xef\xbb\xbf",
        b"\x00",
        b"${A}",
        b"${A:-${B}}",
        b"#",
        b"=",
        b"\xff",
        b"\xed\xa0\x80",
        b"DATABASE_URL=",
        b"\n",
    )
)
BYTES = st.binary(max_size=200) | st.lists(LINES, max_size=20).map(b"".join)


@given(content=BYTES)
@settings(
    deadline=None, max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@pytest.mark.parametrize("words", LOADED[:2], ids=" ".join)
def test_any_env_file_is_answered(tmp_path: Path, words: tuple[str, ...], content: bytes) -> None:
    (tmp_path / "any.env").write_bytes(content)
    with environment({}):
        judged(*words, "--env-file", str(tmp_path / "any.env"))


def odd_files(directory: Path) -> dict[str, Path]:
    """Files that are none, or are not to be read to their end."""
    (directory / "loop").symlink_to("loop")
    (directory / "long line").write_bytes(b"A=" + b"x" * 1_000_000)
    (directory / "long quote").write_bytes(b"A='" + b"\\x" * 500_000)
    (directory / "deep").write_bytes(b"A=" + b"${A:-" * 100_000 + b"}" * 100_000)
    os.mkfifo(directory / "pipe")
    names = ("loop", "long line", "long quote", "deep", "pipe", "missing", "n" * 300)
    made = {name: directory / name for name in names}
    devices = {path: Path(path) for path in ("/dev/zero", "/dev/null", "/proc/self/mem", "/")}
    return {**made, **devices}


@pytest.mark.parametrize("words", LOADED[:3], ids=" ".join)
def test_a_file_that_is_none_is_answered_and_not_waited_for(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    for path in odd_files(tmp_path).values():
        done = knowctl(*words, "--env-file", str(path), "-o", "json", cwd=tmp_path)
        assert done.returncode in CODES, path
        assert json.loads(done.stdout)["schema"] == 1
        assert "Traceback" not in done.stderr


def test_every_secret_of_the_table_holds_a_canary() -> None:
    assert canaries.unlisted(canaries.environment()) == []


def test_a_canary_is_found_however_it_is_spelt() -> None:
    secret = canaries.canary("SECRET_KEY")
    spelt = (secret, quote(secret, safe=""), secret.encode().hex().upper())
    assert all(canaries.leaks(f"<{each}>") == ["SECRET_KEY"] for each in spelt)
    assert canaries.leaks(canaries.canary("REDIS_URL")) == ["REDIS_URL"]


def test_every_command_that_needs_arguments_is_given_some() -> None:
    assert {name for name, needs in TREE.items() if needs} - set(ARGUMENTS) == set()


def _database(scheme: str, options: str = "") -> dict[str, str]:
    """Both databases at an address that refuses, with canaries in password and options."""
    held = {}
    for name in ("DATABASE_URL", "DATABASE_MIGRATION_URL"):
        secret = quote(canaries.canary(name), safe="")
        held[name] = f"{scheme}://app:{secret}@127.0.0.1:1/app{options.format(secret=secret)}"
    return held


ERRORS: Final[dict[str, dict[str, str]]] = {
    "an option that libpq can't read": {},
    "PostgreSQL refused": _database("postgresql"),
    "an option that libpq does not know": _database("postgresql", "?{secret}={secret}"),
    "MariaDB refused": _database("mysql"),
    "a file that PyMySQL can't read": _database("mysql", "?ssl_ca={secret}"),
    "an encoding that PyMySQL does not know": _database("mysql", "?charset={secret}"),
    "an option that redis-py does not know": {
        "REDIS_URL": f"redis://127.0.0.1:1/0?x={quote(canaries.canary('REDIS_URL'), safe='')}"
    },
    "a key that no header may hold": {
        "KNOWCTL_API_KEY": canaries.canary("KNOWCTL_API_KEY") + "\nx",
        "KNOWCTL_URL": "http://127.0.0.1:1",
    },
    "nothing that is of its kind": {
        name: f"{text}\n\udcff" for name, text in canaries.environment().items()
    },
}


@pytest.mark.parametrize("output", ["text", "json"])
@pytest.mark.parametrize("error", ERRORS)
def test_no_command_shows_a_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: str, output: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with environment(canaries.environment(KNOWCTL_RUN_DIR=str(tmp_path / "r"), **ERRORS[error])):
        for line in LINES_TYPED:
            name, words = " ".join(line), (*line, "-v", "--debug", "-o", output)
            code, out, err = said(*words)
            assert code in CODES, name
            assert canaries.leaks(out + err) == [], f"{name}\n{out}{err}"
            assert "this is a bug" not in out + err, f"{name}\n{out}{err}"


def test_a_canary_is_found_in_an_archive_however_it_is_spelt(tmp_path: Path) -> None:
    for number, spelt in enumerate(canaries.spellings("SECRET_KEY")):
        log, archive = tmp_path / f"{number}.txt", tmp_path / f"{number}.tar.gz"
        log.write_text(f"before {spelt} behind")
        with tarfile.open(archive, "w:gz") as opened:
            opened.add(log, "log.txt")
        assert canaries.leaks_in(archive) == {"log.txt": ["SECRET_KEY"]}, spelt


@contextlib.contextmanager
def command_line(words: str) -> Iterator[None]:
    """A process that looks like one of ours, and has these words on its command line."""
    waits = "import sys; print(flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", waits, "knowctl", words]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdout.readline()
        try:
            yield
        finally:
            process.stdin.close()


@pytest.mark.parametrize("error", ERRORS)
def test_a_bundle_shows_no_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: str
) -> None:
    monkeypatch.chdir(tmp_path)
    more = {"KNOWCTL_RUN_DIR": str(tmp_path / "r"), "LOG_FILE": "log", **ERRORS[error]}
    held = canaries.environment(**more)
    secrets = SettingsProbe(held).secrets()  # some errors are secrets of another text
    names = [row.name for row in canaries.SECRETS if canaries.canary(row.name) in secrets]
    spelt = [line for name in names for line in canaries.spellings(name)]
    Path("log").write_text("\n".join(spelt) + "\n")
    with environment(held), command_line(held["DATABASE_URL"]):
        code, out, err = said("doctor", "--live", "--bundle", "b.tar.gz", "-v", "--debug")
    assert code == 1
    assert canaries.leaks(out + err) == []
    assert canaries.leaks_in(Path("b.tar.gz")) == {}
    with tarfile.open("b.tar.gz") as archive:
        log = archive.extractfile("b/log.txt")
        assert log is not None
        assert log.read().decode().count("********") >= len(spelt)


@pytest.mark.parametrize("error", ERRORS)
def test_serve_shows_no_secret_on_its_way(tmp_path: Path, error: str) -> None:
    environ = canaries.environment(KNOWCTL_RUN_DIR=str(tmp_path / "r"), **ERRORS[error])
    words = ("serve", *ARGUMENTS["serve"], "-v", "--debug", "--skip-checks")
    done = knowctl(*words, cwd=tmp_path, environ=environ)
    assert done.returncode in CODES - {0}
    assert canaries.leaks(done.stdout + done.stderr) == []
    assert "this is a bug" not in done.stderr


def test_a_secret_file_that_can_not_be_read_shows_nothing_of_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    held = canaries.environment()
    del held["METRICS_TOKEN"]
    for file in (tmp_path, tmp_path / "missing", Path("/dev/zero")):
        with environment({**held, "METRICS_TOKEN_FILE": str(file)}):
            for words in (("config", "check"), ("config", "show"), ("db", "current")):
                code, out, err = said(*words, "-v", "--debug")
                assert code == 1, words
                assert canaries.leaks(out + err) == []


def test_a_beginning_shows_the_secrets_that_it_made_in_its_file_alone(tmp_path: Path) -> None:
    words = ("config", "init", "--environment", "production", "-v", "--debug")
    done = knowctl(*words, cwd=tmp_path)
    assert done.returncode == 0
    made = [
        line.partition("=")[2]
        for line in (tmp_path / ".env").read_text().splitlines()
        if line.startswith(("SECRET_KEY=", "METRICS_TOKEN="))
    ]
    assert len(made) == 2
    assert not [each for each in made if each in done.stdout + done.stderr]


@pytest.mark.parametrize("foreign", [False, True])
def test_no_key_is_sent_where_the_file_of_a_stranger_says(tmp_path: Path, *, foreign: bool) -> None:
    if foreign and os.geteuid():
        pytest.skip("only root can give a file away")
    file = tmp_path / ".env"
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        file.write_text(f"KNOWCTL_URL=http://127.0.0.1:{stranger.getsockname()[1]}\n")
        file.chmod(0o644 if foreign else 0o666)
        if foreign:
            os.chown(file, 65534, 65534)
        asked = {"cwd": tmp_path, "environ": {"KNOWCTL_API_KEY": "sk_canary"}}
        refused = knowctl("pool", "stats", **asked)  # type: ignore[arg-type]  # by name
        assert (refused.returncode, refused.stdout) == (1, "")
        assert "where KNOWCTL_API_KEY is sent" in " ".join(refused.stderr.split())
        stranger.settimeout(0)
        with pytest.raises(BlockingIOError):  # nobody has come
            stranger.accept()
        knowctl("pool", "stats", "--env-file", ".env", **asked)  # type: ignore[arg-type]  # by name
        link, _ = stranger.accept()
        with link:
            link.settimeout(30)
            assert b"Bearer sk_canary" in link.recv(65536)
