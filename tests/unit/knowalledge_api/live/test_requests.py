"""The requests in flight, and how long the latest ones took."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from knowalledge_api.live.requests import LATEST, Requests, Served
from tests.support.live import Request


def after(*seconds: float) -> Requests:
    requests = Requests()
    for each in seconds:
        request = Request()
        requests.enter(request)
        requests.leave(request, each)
    return requests


def test_before_the_first_request_there_is_nothing() -> None:
    assert Requests().served() == Served(0, None, None)
    assert Requests().inflight() == []


def test_a_request_is_in_flight_until_it_leaves_and_the_oldest_comes_first() -> None:
    requests = Requests()
    young, old = Request(id="young", started=2.0), Request(id="old", started=1.0)
    requests.enter(young)
    requests.enter(old)
    assert requests.inflight() == [old, young]
    requests.leave(old, 0.1)
    assert requests.inflight() == [young]
    assert requests.served().number == 1


def test_leaving_twice_counts_once() -> None:
    requests = Requests()
    request = Request()
    requests.enter(request)
    requests.leave(request, 0.1)
    requests.leave(request, 9.0)
    assert requests.served() == Served(1, 100.0, 100.0)


def test_percentiles_are_the_nearest_rank_in_milliseconds() -> None:
    assert after(0.003, 0.001, 0.002, 0.004).served() == Served(4, 2.0, 4.0)
    assert after(*(number / 1000 for number in range(1, 201))).served() == Served(200, 100.0, 198.0)


def test_only_the_latest_count_for_percentiles_and_all_for_the_number() -> None:
    requests = after(*[9.0] * 10, *[0.001] * LATEST)
    assert requests.served() == Served(LATEST + 10, 1.0, 1.0)


def test_no_request_of_many_threads_is_lost() -> None:
    requests = Requests()

    def serve(_: int) -> None:
        for _ in range(200):
            request = Request()
            requests.enter(request)
            requests.inflight()
            requests.served()
            requests.leave(request, 0.001)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(serve, range(8)))
    assert requests.served().number == 1600
    assert requests.inflight() == []
