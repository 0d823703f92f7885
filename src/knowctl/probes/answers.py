"""Reads what a server's channels answer; nothing that they say is taken on trust."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any

from knowctl.model.cache import Emptied, WorkerCache
from knowctl.model.live import (
    AiCalls,
    Frame,
    GenerationFacts,
    RequestInFlight,
    Serves,
    Supervision,
    SupervisorFacts,
    Threads,
    ThreadStack,
    Worker,
    WorkerStacks,
)
from knowctl.model.pool import Holder, Pool
from knowctl.probes.wording import cleaned, words

Document = Mapping[str, Any]


class NonsenseError(ValueError):
    """An answer that this release can't make sense of; the text names the field."""


def supervision(said: Document) -> Supervision:
    """What the supervisor tells of itself; a field that an older one lacks has its zero."""
    return Supervision(
        supervisor=supervisor(_document(said, "supervisor")),
        generation=None if said.get("generation") is None else _count(said, "generation"),
        draining=said.get("draining") is True,
        doing=_words(said, "doing") or "",
        workers_wanted=_count(said, "workers_wanted"),
        generations=tuple(map(_generation, _documents(said, "generations"))),
        restarts=_count(said, "restarts", 0),
        recycled=_count(said, "recycled", 0),
        reloads=_count(said, "reloads", 0),
    )


def supervisor(said: Document) -> SupervisorFacts:
    """Who the supervisor is."""
    return SupervisorFacts(
        pid=_count(said, "pid"),
        since=_number(said, "since"),
        server=_words(said, "server") or "",
        instance=_words(said, "instance") or "",
        url=_words(said, "url") or "",
    )


def worker(said: Document) -> Worker:
    """What a worker tells of itself."""
    threads, pool = _document(said, "threads"), said.get("pool")
    return Worker(
        pid=_count(said, "pid"),
        generation=_count(said, "generation"),
        state=_words(said, "state") or "",
        age_s=_number(said, "age_s"),
        threads=Threads(_count(threads, "busy"), _count(threads, "total")),
        in_flight=_count(said, "in_flight"),
        requests=_count(said, "requests"),
        rss_bytes=_count(said, "rss_bytes", 0),
        p50_ms=_optional(said, "p50_ms"),
        p99_ms=_optional(said, "p99_ms"),
        stuck=_count(said, "stuck", 0),
        pool=None if pool is None else _pool(_document(said, "pool")),
        cache=cleaned(said["cache"]) if isinstance(said.get("cache"), dict) else {},
        inflight=tuple(map(_request, _documents(said, "inflight"))),
        ai=None if said.get("ai") is None else _ai(_document(said, "ai")),
    )


def stacks(said: Document) -> WorkerStacks:
    """Where a worker's threads are."""
    threads = tuple(map(_thread, _documents(said, "threads")))
    return WorkerStacks(_count(said, "pid"), _count(said, "generation"), threads)


def worker_cache(said: Document) -> WorkerCache:
    """What a worker tells of its cache; a field that an older one lacks has its zero."""
    cache = _document(said, "cache")
    return WorkerCache(
        pid=_count(said, "pid"),
        generation=_count(said, "generation"),
        mode=_words(cache, "mode") or "",
        since=0.0 if cache.get("since") is None else _number(cache, "since"),
        why=_words(cache, "why") or "",
        degradations=_count(cache, "degradations", 0),
        hits=_count(cache, "hits"),
        misses=_count(cache, "misses"),
        size=_count(cache, "size"),
    )


def emptied(said: Document) -> Emptied:
    """What a worker has dropped."""
    return Emptied(*(_count(said, name) for name in ("pid", "generation", "cleared")))


def reason(said: Document) -> str:
    """The error that an answer is instead, empty where it is none."""
    return _words(said, "error") or "" if "error" in said else ""


def _generation(said: Document) -> GenerationFacts:
    pids = said.get("workers")
    if not isinstance(pids, list) or not all(isinstance(each, int) for each in pids):
        raise NonsenseError("workers")
    return GenerationFacts(_count(said, "number"), _words(said, "state") or "", tuple(pids))


def _ai(said: Document) -> AiCalls:
    return AiCalls(
        name=_words(said, "name") or "",
        busy=_count(said, "busy"),
        total=_count(said, "total"),
        state=_words(said, "state") or "",
        why=_words(said, "why") or "",
    )


def _pool(said: Document) -> Pool:
    counts = ("size", "open", "in_use", "idle", "overflow", "waiting", "checkouts", "timeouts")
    spans = ("oldest_wait_ms", "mean_wait_ms", "worst_wait_ms")
    figures: dict[str, Any] = {name: _count(said, name) for name in counts}
    figures |= {name: _number(said, name) for name in spans}
    return Pool(**figures, holders=tuple(map(_holder, _documents(said, "holders"))))


def _holder(said: Document) -> Holder:
    return Holder(
        _words(said, "route"),
        _words(said, "request_id") or "",
        _number(said, "since_ms"),
        _words(said, "thread") or "",
    )


def _request(said: Document) -> RequestInFlight:
    return RequestInFlight(
        id=_words(said, "id") or "",
        method=_words(said, "method") or "",
        route=_words(said, "route"),
        path=_words(said, "path"),
        user=_words(said, "user"),
        address=_words(said, "address"),
        age_ms=_number(said, "age_ms"),
        thread=_words(said, "thread") or "",
        connection_held_ms=_optional(said, "connection_held_ms"),
    )


def _thread(said: Document) -> ThreadStack:
    frames = tuple(
        Frame(_words(each, "file") or "", _count(each, "line", 0), _words(each, "function") or "")
        for each in _documents(said, "frames")
    )
    request = None if said.get("request") is None else _serves(_document(said, "request"))
    return ThreadStack(_words(said, "name") or "", _count(said, "ident", 0), request, frames)


def _serves(said: Document) -> Serves:
    method, route = _words(said, "method") or "", _words(said, "route")
    return Serves(_words(said, "id") or "", method, route, _number(said, "age_ms"))


def _count(said: Document, name: str, default: int | None = None) -> int:
    value = default if said.get(name) is None else said[name]
    if isinstance(value, bool) or not isinstance(value, int):
        raise NonsenseError(name)
    return value


def _number(said: Document, name: str) -> float:
    value = said.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        raise NonsenseError(name)
    return float(value)


def _optional(said: Document, name: str) -> float | None:
    return None if said.get(name) is None else _number(said, name)


def _words(said: Document, name: str) -> str | None:
    value = said.get(name)
    return None if value is None else words(value)


def _document(said: Document, name: str) -> Document:
    value = said.get(name)
    if not isinstance(value, dict):
        raise NonsenseError(name)
    return value


def _documents(said: Document, name: str) -> list[Document]:
    value = said.get(name)
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise NonsenseError(name)
    return value
