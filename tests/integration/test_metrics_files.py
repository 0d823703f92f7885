"""Real processes that count in one directory, and are killed while they do."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Final

import pytest

from knowalledge_api.metrics import table
from knowalledge_api.metrics.files import Directory
from knowalledge_api.metrics.table import key_of

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="one process serves there")

KEY: Final = key_of(table.REQUESTS.name, "GET", "/a", "200")
COUNTING: Final = """
import os, sys
from pathlib import Path
from knowalledge_api.metrics.recording import Recorder

recorder = Recorder()
recorder.begin(Path(sys.argv[1]))
while True:
    recorder.observe("GET", "/a", 200, 0.001, 1, 1)
    os.write(1, b".")
    if os.getpid() % 2:
        recorder.gather()
"""
ROUNDS: Final = 4
WORKERS: Final = 4
SECONDS: Final = 0.3


def test_killed_processes_lose_nothing_and_nothing_counts_twice(tmp_path: Path) -> None:
    directory = Directory(tmp_path / "metrics")
    chance = random.Random(7)  # noqa: S311 -- moments of death
    seen: list[float] = []
    over = threading.Event()

    def scrape() -> None:
        while not over.wait(0.01):
            seen.append(directory.gather().numbers.get(KEY, 0.0))

    directory.path.mkdir()
    scraper = threading.Thread(target=scrape)
    scraper.start()
    told = 0
    for _ in range(ROUNDS):
        workers = [_start(directory.path) for _ in range(WORKERS)]
        for each in workers:
            assert each.stdout is not None
            told += len(each.stdout.read(1))
        for each in chance.sample(workers, WORKERS):
            threading.Event().wait(SECONDS * chance.random())
            each.send_signal(signal.SIGKILL)
        for each in workers:
            told += len(each.communicate()[0])
    over.set()
    scraper.join()
    counted = directory.gather().numbers[KEY]
    print(f"{told} told, {counted:.0f} counted, {len(seen)} scrapes")  # noqa: T201 -- figures
    assert told <= counted <= told + ROUNDS * WORKERS, "each may die between counting and telling"
    assert seen == sorted(seen), "a counter never falls"
    assert sorted(path.name for path in directory.path.iterdir()) == ["lock", "merged.json"]


def _start(directory: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", COUNTING, str(directory)]
    return subprocess.Popen(command, stdout=subprocess.PIPE)
