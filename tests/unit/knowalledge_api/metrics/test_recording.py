"""Counting and measuring in this process."""

from __future__ import annotations

import logging
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from knowalledge_api.metrics import table
from knowalledge_api.metrics.recording import MOST_LABELS, LabelledCounter, Recorder
from knowalledge_api.metrics.table import BUCKETS, LIMITED, key_of

LOGIN = key_of(LIMITED.name, "login")


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    recorder = Recorder()
    yield recorder
    recorder.end()


def requests(recorder: Recorder) -> dict[tuple[str, ...], float]:
    """How many of each method, route and status."""
    found = {}
    for key, number in recorder.gather().numbers.items():
        name, *labels = key.split("\t")
        if name == table.REQUESTS.name:
            found[tuple(labels)] = number
    return found


def test_a_request_is_counted_timed_and_weighed(recorder: Recorder) -> None:
    recorder.observe("GET", "/a", 200, 0.25, 3, 70)
    recorder.observe("GET", "/a", 200, 0.26, 4, 30)
    numbers = recorder.gather().numbers
    name = table.DURATION.name
    assert numbers[key_of(table.REQUESTS.name, "GET", "/a", "200")] == 2
    assert numbers[key_of(f"{name}_sum", "/a")] == 0.51
    assert numbers[key_of(f"{name}_bucket", "/a", "0.25")] == 1, "a bound is part of its bucket"
    assert numbers[key_of(f"{name}_bucket", "/a", "0.5")] == 1
    assert numbers[key_of(table.REQUEST_BYTES.name, "/a")] == 7
    assert numbers[key_of(table.RESPONSE_BYTES.name, "/a")] == 100


def test_what_takes_longer_than_all_bounds_is_counted_too(recorder: Recorder) -> None:
    recorder.observe("GET", "/a", 200, BUCKETS[-1] + 1, 0, 0)
    assert recorder.gather().numbers[key_of(f"{table.DURATION.name}_bucket", "/a", "+Inf")] == 1


def test_clients_invent_no_labels(recorder: Recorder) -> None:
    for number in range(300):
        recorder.observe(f"X{number}", None, 404, 0.1, 0, 0)
    assert requests(recorder) == {("other", "unmatched", "404"): 300}
    assert len(recorder._exchanges) == 1


def test_statuses_and_methods_of_a_route_share_its_histogram(recorder: Recorder) -> None:
    recorder.observe("GET", "/a", 200, 0.1, 0, 0)
    recorder.observe("POST", "/a", 503, 0.1, 0, 0)
    assert requests(recorder) == {("GET", "/a", "200"): 1, ("POST", "/a", "503"): 1}
    assert recorder.gather().numbers[key_of(f"{table.DURATION.name}_bucket", "/a", "0.1")] == 2


def test_threads_lose_nothing(recorder: Recorder) -> None:
    def count() -> None:
        for _ in range(2000):
            recorder.observe("GET", "/a", 200, 0.1, 1, 1)

    threads = [threading.Thread(target=count) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert requests(recorder) == {("GET", "/a", "200"): 16000}


def test_workers_that_share_a_directory_are_added_up(tmp_path: Path) -> None:
    first, second = Recorder(), Recorder()
    for each in (first, second):
        each.begin(tmp_path)
        each.add(LOGIN)
    assert first.gather().numbers[LOGIN] == 2
    assert second.gather().workers == 2
    first.end()
    gathered = second.gather()
    second.end()
    assert (gathered.numbers[LOGIN], gathered.workers) == (2, 1)
    assert gathered.numbers[table.WORKERS_STARTED.name] == 2
    assert gathered.numbers[table.WORKERS_ENDED.name] == 1


def test_a_worker_counts_from_zero_and_not_from_what_its_parent_had(tmp_path: Path) -> None:
    recorder = Recorder()
    recorder.observe("GET", "/a", 200, 0.1, 0, 0)
    recorder.shared = tmp_path
    recorder.begin()
    recorder.observe("GET", "/b", 200, 0.1, 0, 0)
    assert requests(recorder) == {("GET", "/b", "200"): 1}
    assert list(tmp_path.glob("worker-*"))
    recorder.end()


def test_where_the_directory_can_not_be_had_a_worker_counts_for_itself(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    recorder = Recorder()
    with caplog.at_level(logging.WARNING):
        recorder.begin(tmp_path / "is" / "not" / "there")
    recorder.add(LOGIN)
    assert recorder.gather().numbers[LOGIN] == 1
    assert "left out of the sums" in caplog.text
    recorder.end()


def test_a_directory_that_is_taken_away_is_an_error(tmp_path: Path) -> None:
    recorder = Recorder()
    recorder.begin(tmp_path / "metrics")
    shutil.rmtree(tmp_path / "metrics")
    recorder.add(LOGIN)  # goes on
    with pytest.raises(OSError, match="No such file"):
        recorder.gather()
    recorder.end()


def test_a_gauge_is_put_and_put_again(recorder: Recorder) -> None:
    for number in (7.0, 3.0):
        recorder.put(table.IN_FLIGHT.name, number)
    assert recorder.gather().numbers[table.IN_FLIGHT.name] == 3


def test_a_counter_of_others_is_spoken_to_as_prometheus_does(recorder: Recorder) -> None:
    counter = LabelledCounter(LIMITED, recorder)
    assert counter.labels("login") is counter.labels("login")
    counter.labels("login").inc()
    counter.labels("login").inc(2)
    assert recorder.gather().numbers[LOGIN] == 3
    with pytest.raises(ValueError, match="has the labels"):
        counter.labels("login", "more")


def test_labels_without_end_become_one(recorder: Recorder) -> None:
    counter = LabelledCounter(LIMITED, recorder)
    for number in range(MOST_LABELS + 50):
        counter.labels(str(number)).inc()
    numbers = recorder.gather().numbers
    assert numbers[key_of(LIMITED.name, "other")] == 50
    assert sum(key.startswith(LIMITED.name) for key in numbers) == MOST_LABELS + 1
