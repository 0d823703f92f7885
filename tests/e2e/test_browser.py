"""A real browser on another origin: a listed origin may call with all it sends, others may not."""

from __future__ import annotations

import contextlib
import html
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.support.processes import Running, free_port, serving
from tests.support.servers import unavailable

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
BROWSER_SECONDS = 120
PAGE = """<!doctype html><title>front end</title><pre id="seen"></pre><script>
const api = %s;
const headers = {
  "Content-Type": "application/json", "Authorization": "Bearer stale", "X-API-Key": "sk_stale",
  "X-CSRF-Token": "meaningless", "X-Request-ID": "from-a-browser", "Idempotency-Key": "once",
};
const body = JSON.stringify({topic: "C++ Programming", language: "en"});
async function attempt(path, options) {
  try {
    const answer = await fetch(api + path, options);
    const id = answer.headers.get("X-Request-ID");
    return {status: answer.status, id, body: await answer.json()};
  } catch (error) { return {refused: String(error)}; }
}
(async () => {
  const seen = {
    write: await attempt("/api/create_subtopics", {method: "POST", headers, body}),
    read: await attempt("/health", {headers}),
    unknown: await attempt("/api/nothing", {method: "DELETE", headers}),
  };
  document.getElementById("seen").textContent = JSON.stringify(seen);
})();
</script>
"""


@dataclass
class FrontEnd:
    """A page on an origin of its own, which calls the API and shows what came of it."""

    api: str = ""

    def __post_init__(self) -> None:
        front_end = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                content = (PAGE % json.dumps(front_end.api)).encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    @cached_property
    def port(self) -> int:
        """Where the page is; its origin is http://localhost with this port."""
        return int(self.server.server_address[1])

    @property
    def origin(self) -> str:
        """The origin, as a browser sends it."""
        return f"http://localhost:{self.port}"


@contextlib.contextmanager
def front_end() -> Iterator[FrontEnd]:
    made = FrontEnd()
    thread = threading.Thread(target=made.server.serve_forever)
    thread.start()
    try:
        yield made
    finally:
        made.server.shutdown()
        thread.join()
        made.server.server_close()


@pytest.fixture(scope="module")
def listed() -> Iterator[FrontEnd]:
    with front_end() as made:
        yield made


@pytest.fixture(scope="module")
def running(listed: FrontEnd, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    cwd = tmp_path_factory.mktemp("browsed")
    environ = {"CORS_ORIGINS": listed.origin, "KNOWCTL_RUN_DIR": str(cwd / "run")}
    command = [sys.executable, "-m", "knowctl", "serve", "--workers", "1", "--threads", "8"]
    with serving(command, cwd=cwd, port=free_port(), environ=environ) as server:
        yield server


def seen_by_a_browser(page: FrontEnd, running: Running) -> dict[str, Any]:
    """What the page shows once its script has run, in a fresh profile."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        unavailable("no browser: chromium is not on PATH (apt install chromium)")
    page.api = f"http://127.0.0.1:{running.port}"
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [
            *(str(browser), "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run"),
            *("--disable-dev-shm-usage", "--disable-background-networking", "--no-proxy-server"),
            *(f"--user-data-dir={profile}", "--virtual-time-budget=20000", "--dump-dom"),
            f"{page.origin}/",
        ]
        shown = subprocess.run(
            command,
            env={"PATH": os.environ["PATH"], "HOME": profile},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            timeout=BROWSER_SECONDS,
            check=False,
        ).stdout
    found = re.search(r'<pre id="seen">(.+?)</pre>', shown, re.DOTALL)
    assert found, shown[-2000:]
    seen: dict[str, Any] = json.loads(html.unescape(found[1]))
    return seen


def test_a_listed_origin_may_call_with_every_header_of_the_front_end(
    listed: FrontEnd, running: Running
) -> None:
    seen = seen_by_a_browser(listed, running)
    assert seen["write"]["status"] == 200, seen
    assert seen["write"]["body"]["count"] == 15
    assert seen["write"]["id"] == "from-a-browser"
    assert seen["read"]["body"]["status"] == "alive"
    assert seen["unknown"]["status"] == 404
    assert seen["unknown"]["body"]["message"]


def test_another_origin_reads_nothing(running: Running) -> None:
    with front_end() as stranger:
        seen = seen_by_a_browser(stranger, running)
    assert set(seen) == {"write", "read", "unknown"}
    assert [set(each) for each in seen.values()] == [{"refused"}] * 3
