"""Requests that are begun and not awaited: they keep threads and connections of a server busy."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from knowalledge_api.live.asking import ask_all
from tests.support.releases import LOOPBACK, Releases, Served, releases, served
from tests.support.waiting import wait_for

PATIENCE: Final = 30.0
"""Seconds for what takes a moment, on a machine that is busy with something else."""
WORKERS: Final = 2
SLEEP, SPIN, HOLD = (f"/testing/{what}/600.0" for what in ("sleep", "spin", "hold"))
"""Paths that are answered long after every test has ended."""


class Begun(NamedTuple):
    """A request, and the process that serves it."""

    path: str
    pid: int


@dataclass
class Unanswered:
    """Requests on a connection each, by their ids; they end with the server."""

    each: Served
    links: ExitStack
    begun: dict[str, Begun] = field(default_factory=dict)

    def begin(self, path: str, body: object = None) -> str:
        """Ask, with POST where there is a body, until it is being served; the request's id."""
        name = f"request-{len(self.begun)}"
        link = self.links.enter_context(
            socket.create_connection((LOOPBACK, self.each.running.port), PATIENCE)
        )
        link.sendall(_written(name, path, body))
        wait_for(f"{path} is served", lambda: name in self._in_flight(), PATIENCE, self.each.told)
        self.begun[name] = Begun(path, self._in_flight()[name])
        return name

    def data_of(self, *words: str) -> Any:
        """What a command answers meanwhile, which has to go well."""
        done = self.each.knowctl(*words, "-o", "json")
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}\n{self.each.told()}"
        return json.loads(done.stdout)["data"]

    def those(self, path: str) -> list[str]:
        """The ids of those that asked for a path, the oldest first."""
        return [name for name, begun in self.begun.items() if begun.path == path]

    def of(self, pid: int) -> list[str]:
        """The ids of those that a process serves, the oldest first."""
        return [name for name, begun in self.begun.items() if begun.pid == pid]

    def _in_flight(self) -> dict[str, int]:
        found = states(self.each.site)
        return {each["id"]: state["pid"] for state in found for each in state["inflight"]}


def states(site: Releases) -> list[dict[str, Any]]:
    """What every worker that answers tells of itself."""
    found = ask_all(site.run, {"ask": "state"}, PATIENCE)
    return [each.answer for each in found if each.answer]


def rule_of(path: str) -> str:
    """The route of one of the paths above."""
    return f"{path.rpartition('/')[0]}/<float:seconds>"


@contextmanager
def kept_busy(settings: Mapping[str, str], threads: int) -> Iterator[Unanswered]:
    """A site that is served by so many threads a worker, and no request yet."""
    size = ("--workers", str(WORKERS), "--threads", str(threads))
    with releases() as site, served(site, settings, size=size) as each, ExitStack() as links:
        yield Unanswered(each, links)


def _written(name: str, path: str, body: object) -> bytes:
    content = "" if body is None else json.dumps(body)
    lines = (
        f"{'POST' if content else 'GET'} {path} HTTP/1.1",
        f"Host: {LOOPBACK}",
        f"X-Request-ID: {name}",
        "Content-Type: application/json",
        f"Content-Length: {len(content)}",
        "",
        content,
    )
    return "\r\n".join(lines).encode()
