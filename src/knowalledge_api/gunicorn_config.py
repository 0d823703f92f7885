"""The settings and hooks of gunicorn, for its `--config python:knowalledge_api.gunicorn_config`."""

from __future__ import annotations

import gc
import os
import shutil
import ssl
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from gunicorn.glogging import Logger

from knowalledge_api import logs, metrics
from knowalledge_api.app import parts_of
from knowalledge_api.arrivals import Bounds
from knowalledge_api.generation import Generation, current
from knowalledge_api.gunicorn_worker import ThreadsWorker, hold_signals, release_signals
from knowalledge_api.live.state import Serving
from knowalledge_api.metrics.leftovers import clear
from knowalledge_api.serving import grace
from knowalledge_api.settings import Settings
from knowalledge_api.settings.process import from_process
from knowalledge_api.settings.table import LogLevel
from knowalledge_api.tls import server_context

MEMORY: Final = Path("/dev/shm")  # noqa: S108 -- a disk that stalls would stop the heartbeat


class ErrorLogger(Logger):
    """What gunicorn says about itself; the record of each request is the application's."""

    def access(self, *_: object) -> None:
        """Write nothing, and format nothing: no setting alone does that beside a logconfig."""

    def reopen_files(self) -> None:
        """Go on in a new LOG_FILE; gunicorn's own way ends the master where that fails."""
        logs.reopen()


def on_starting(_server: object) -> None:
    """Fork workers with the signals held, and with nothing for their garbage collectors to do yet.

    A worker just forked still has the master's handlers, which would swallow a stop; the master
    would then wait for it for the whole graceful time. A collector that looks at what the master
    made copies it, page by page. Without a supervisor the workers are given a directory to count
    in together.
    """
    gc.collect()
    gc.freeze()
    os.register_at_fork(before=hold_signals, after_in_parent=release_signals)
    if current() is None:
        clear(MEMORY)
        memory = str(MEMORY) if MEMORY.is_dir() else None
        metrics.RECORDER.shared = Path(tempfile.mkdtemp(prefix="knowalledge-", dir=memory))


def on_exit(_server: object) -> None:
    """Remove what workers without a supervisor counted in."""
    directory = metrics.RECORDER.shared
    if directory is not None:
        shutil.rmtree(directory, ignore_errors=True)
        metrics.RECORDER.shared = None


def configuration(
    settings: Settings, generation: Generation | None = None, memory: Path = MEMORY
) -> dict[str, Any]:
    """The settings by gunicorn's names; it passes over a name that its version does not know.

    CertificateError where the certificate or its key can't be used.
    """
    return {
        "bind": _bind(settings),
        "workers": settings.gunicorn_workers,
        "worker_class": ThreadsWorker,
        "threads": settings.gunicorn_threads,
        "timeout": settings.gunicorn_timeout,
        "graceful_timeout": grace(settings, generation),
        "keepalive": settings.gunicorn_keepalive,
        "max_requests": settings.gunicorn_max_requests,
        "max_requests_jitter": settings.gunicorn_max_requests_jitter,
        "preload_app": True,
        "worker_tmp_dir": str(memory) if memory.is_dir() else None,
        "control_socket_disable": True,
        "forwarded_allow_ips": "",  # whom to believe the application decides, by its own setting
        "secure_scheme_headers": {},
        "forwarder_headers": "",
        "logger_class": ErrorLogger,
        "loglevel": _level(settings, generation),
        "logconfig_dict": logs.gunicorn_logconfig(settings),
        "on_starting": on_starting,
        "on_exit": on_exit,
        "post_fork": post_fork,
        "post_worker_init": post_worker_init,
        "worker_exit": worker_exit,
        "child_exit": child_exit,
        **_tls(settings),
    }


def post_fork(_server: object, worker: Any) -> None:
    """Begin each worker with nothing of the master's: no connection and no cached answer."""
    parts = parts_of(worker.app.callable)
    parts.database.close()
    parts.cache.forget()


def post_worker_init(worker: ThreadsWorker) -> None:
    """Open what each worker answers its supervisor on, before its main loop begins."""
    application = worker.app.callable
    parts = parts_of(application)
    worker.bounds = Bounds(body=application.config["MAX_CONTENT_LENGTH"])
    worker.early = parts.early
    parts.live.start(
        Serving(
            server="gunicorn",
            threads=worker.cfg.threads,
            generation=current(),
            master=worker.ppid,
            retiring=lambda: not worker.alive,
        )
    )
    worker.listen_privately()


def worker_exit(_server: object, worker: Any) -> None:
    """Close the worker's connections, so that the server need not find out by itself.

    Then leave at once: to tidy up, Python would copy what it shares with the master, for nothing.
    A worker that could not go on lets its requests end first.
    """
    parts = parts_of(worker.app.callable)
    parts.live.stop()
    parts.database.close()
    if worker.ended:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)
    if worker.tpool is not None:
        worker.tpool.shutdown()


def child_exit(_server: object, worker: ThreadsWorker) -> None:
    """Tell the supervisor that a worker is gone."""
    generation = current()
    if generation:
        generation.tell("exited", pid=worker.pid)


def _tls(settings: Settings) -> dict[str, Any]:
    """The certificate, read here once: gunicorn would read it anew for each connection."""
    if not settings.ssl_certfile:
        return {}
    context = server_context(settings.ssl_certfile, settings.ssl_keyfile)

    def ssl_context(_config: object, _default: object) -> ssl.SSLContext:
        return context

    return {
        "certfile": settings.ssl_certfile,
        "keyfile": settings.ssl_keyfile,
        "ssl_context": ssl_context,
    }


def _level(settings: Settings, generation: Generation | None) -> str:
    """What gunicorn tells of every start and stop its supervisor tells better."""
    usual = settings.log_level is LogLevel.INFO and generation
    return "warning" if usual else settings.log_level.value


def _bind(settings: Settings) -> str:
    if settings.host.startswith("unix:"):
        return settings.host
    return f"{settings.host}:{settings.port}"


globals().update(configuration(from_process(), current()))
