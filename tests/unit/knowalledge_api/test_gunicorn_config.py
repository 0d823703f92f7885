"""The settings and hooks of gunicorn."""

from __future__ import annotations

import gc
import json
import logging
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

if sys.platform == "win32":
    pytest.skip("gunicorn needs POSIX", allow_module_level=True)

from gunicorn.config import Config

from knowalledge_api import gunicorn_config, metrics
from knowalledge_api.app import EXTENSION, create_app, parts_of
from knowalledge_api.generation import VARIABLE, Generation, current
from knowalledge_api.gunicorn_worker import ThreadsWorker, hold_signals, release_signals
from knowalledge_api.live.state import Serving
from knowalledge_api.logs import make_handler
from knowalledge_api.tls import CertificateError
from tests.support.certificates import make_pair
from tests.support.configuration import settings_of, sqlite_settings


@pytest.fixture(autouse=True)
def _garbage() -> Iterator[None]:
    """What is collected is afterwards what was before."""
    yield
    gc.unfreeze()


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """One file with a certificate and its key."""
    pair = make_pair(tmp_path)
    both = tmp_path / "both.pem"
    both.write_text(pair.certfile.read_text() + pair.keyfile.read_text())
    return both


def test_our_settings_become_gunicorns(tmp_path: Path) -> None:
    settings = settings_of(
        HOST="[::]",
        PORT="7",
        GUNICORN_WORKERS="3",
        GUNICORN_THREADS="4",
        GUNICORN_MAX_REQUESTS="50",
    )
    made = gunicorn_config.configuration(settings, memory=tmp_path)
    assert (made["bind"], made["workers"], made["threads"]) == ("[::]:7", 3, 4)
    assert (made["max_requests"], made["max_requests_jitter"]) == (50, 100)
    assert (made["timeout"], made["graceful_timeout"], made["keepalive"]) == (120, 30, 5)
    assert (made["worker_class"], made["preload_app"]) == (ThreadsWorker, True)
    assert made["worker_tmp_dir"] == str(tmp_path)


def test_gunicorn_takes_every_setting_that_it_knows() -> None:
    config = Config()
    for name, value in gunicorn_config.configuration(settings_of()).items():
        if name in config.settings:
            config.set(name, value)
        else:
            assert name == "control_socket_disable"  # before version 25
    assert not config.is_ssl
    assert config.secure_scheme_headers == {}  # no header of a client's changes the scheme
    assert (config.forwarder_headers, config.forwarded_allow_ips) == ([], [])


def test_without_memory_for_it_the_heartbeat_is_where_gunicorn_puts_it(tmp_path: Path) -> None:
    made = gunicorn_config.configuration(settings_of(), memory=tmp_path / "none")
    assert made["worker_tmp_dir"] is None


def test_a_socket_is_bound_as_it_is_named() -> None:
    made = gunicorn_config.configuration(settings_of(HOST="unix:/run/ka.sock"))
    assert made["bind"] == "unix:/run/ka.sock"


def test_a_worker_begins_with_nothing_and_leaves_nothing(tmp_path: Path) -> None:
    app = create_app(sqlite_settings(tmp_path))
    parts = parts_of(app)
    parts.cache.put("a", "1", "x", seconds=9)
    parts.database.ping()
    ended: list[str] = []
    worker = SimpleNamespace(
        app=SimpleNamespace(callable=app),
        ended=False,
        tpool=SimpleNamespace(shutdown=lambda: ended.append("threads")),
    )
    gunicorn_config.post_fork(None, worker)
    assert parts.cache.stats().size == 0
    assert parts.database.stats().type == "none"
    parts.database.ping()
    gunicorn_config.worker_exit(None, worker)
    assert parts.database.stats().type == "none"
    assert ended == ["threads"]
    worker.tpool = None  # it never came to have any
    gunicorn_config.worker_exit(None, worker)


def test_a_worker_that_has_served_leaves_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left: list[int] = []
    monkeypatch.setattr(os, "_exit", left.append)
    worker = SimpleNamespace(
        app=SimpleNamespace(callable=create_app(sqlite_settings(tmp_path))), ended=True, tpool=None
    )
    gunicorn_config.worker_exit(None, worker)
    assert left == [0]


def test_gunicorns_own_access_log_is_silent(capsys: pytest.CaptureFixture[str]) -> None:
    logger = gunicorn_config.ErrorLogger(Config())
    logger.access(None, None, {}, None)
    assert capsys.readouterr() == ("", "")
    for handler in (*logger.error_log.handlers, *logger.access_log.handlers):
        handler.close()


def test_what_the_master_made_is_nothing_to_the_collectors_of_its_workers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "register_at_fork", lambda **_: None)
    before = gc.get_freeze_count()
    gunicorn_config.on_starting(None)
    gunicorn_config.on_exit(None)
    assert gc.get_freeze_count() > before


def test_a_stop_that_comes_with_the_fork_waits_for_the_workers_own_handlers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    registered: dict[str, object] = {}
    monkeypatch.setattr(os, "register_at_fork", lambda **hooks: registered.update(hooks))
    gunicorn_config.on_starting(None)
    gunicorn_config.on_exit(None)
    assert registered == {
        "before": hold_signals,
        "after_in_parent": release_signals,
    }


def test_workers_without_a_supervisor_count_in_a_directory_that_is_there_as_long_as_they_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "register_at_fork", lambda **_: None)
    gunicorn_config.on_starting(None)
    directory = metrics.RECORDER.shared
    assert directory is not None
    assert directory.stat().st_mode & 0o777 == 0o700
    for _ in range(2):
        gunicorn_config.on_exit(None)
        assert metrics.RECORDER.shared is None
        assert not directory.exists()


def test_a_retiring_generation_has_time_for_its_longest_request() -> None:
    generation = Generation(1, Path("/run/gen-1"), 4, 5)
    made = gunicorn_config.configuration(settings_of(), generation)
    assert made["graceful_timeout"] == 65


def test_without_a_certificate_gunicorn_is_told_of_none() -> None:
    made = gunicorn_config.configuration(settings_of())
    assert not {"certfile", "keyfile", "ssl_context"} & set(made)


def test_a_certificate_that_can_not_be_used_stops_the_start(tmp_path: Path) -> None:
    settings = settings_of(SSL_CERTFILE=str(tmp_path / "none"), SSL_KEYFILE=str(tmp_path / "none"))
    with pytest.raises(CertificateError):
        gunicorn_config.configuration(settings)


def test_every_connection_gets_the_context_that_was_made_at_the_start(certificate: Path) -> None:
    made = gunicorn_config.configuration(settings_of(SSL_CERTFILE=str(certificate)))
    config = Config()
    config.set("ssl_context", made["ssl_context"])
    certificate.unlink()
    assert config.ssl_context(config, None) is config.ssl_context(config, None)
    assert made["certfile"] == str(certificate)


def test_the_end_of_a_worker_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    reader, writer = os.pipe()
    worker = cast("ThreadsWorker", SimpleNamespace(pid=7))
    gunicorn_config.child_exit(None, worker)  # nobody to tell
    facts = {"number": 1, "directory": "/run/gen-1", "gate": 0, "report": writer}
    monkeypatch.setenv(VARIABLE, json.dumps(facts))
    current.cache_clear()
    try:
        gunicorn_config.child_exit(None, worker)
    finally:
        current.cache_clear()
        os.close(writer)
    with os.fdopen(reader) as report:
        assert json.loads(report.read()) == {"event": "exited", "pid": 7}


def test_a_worker_opens_its_private_listener_before_it_begins() -> None:
    called: list[object] = []
    parts = SimpleNamespace(live=SimpleNamespace(start=called.append), early="early")
    application = SimpleNamespace(
        extensions={EXTENSION: parts}, config={"MAX_CONTENT_LENGTH": 4096}
    )
    worker = SimpleNamespace(
        app=SimpleNamespace(callable=application),
        cfg=SimpleNamespace(threads=24),
        ppid=7,
        alive=True,
        listen_privately=lambda: called.append("listens"),
    )
    gunicorn_config.post_worker_init(cast("ThreadsWorker", worker))
    serving, listens = called
    assert isinstance(serving, Serving)
    assert (serving.server, serving.threads, serving.master) == ("gunicorn", 24, 7)
    assert not serving.retiring()
    worker.alive = False
    assert serving.retiring()
    assert listens == "listens"
    assert (vars(worker)["bounds"].body, vars(worker)["early"]) == (4096, "early")


@pytest.mark.parametrize(
    ("level", "supervised", "gunicorn_s"),
    [
        ("info", True, "warning"),
        ("info", False, "info"),
        ("debug", True, "debug"),
        ("error", True, "error"),
    ],
)
def test_what_a_supervisor_tells_better_gunicorn_need_not_tell(
    level: str, gunicorn_s: str, *, supervised: bool
) -> None:
    generation = Generation(1, Path("/run/x/gen-1"), 4, 5) if supervised else None
    settings = settings_of(LOG_LEVEL=level)
    assert gunicorn_config.configuration(settings, generation)["loglevel"] == gunicorn_s


def test_gunicorn_reopens_the_log_our_way(tmp_path: Path) -> None:
    logger = gunicorn_config.ErrorLogger(Config())
    root = logging.getLogger()
    handler = make_handler(settings_of(LOG_FILE=str(tmp_path / "log")))
    root.addHandler(handler)
    try:
        (tmp_path / "log").unlink()
        logger.reopen_files()
        assert (tmp_path / "log").exists()
    finally:
        root.removeHandler(handler)
        for each in (handler, *logger.error_log.handlers, *logger.access_log.handlers):
            each.close()
