"""The names of a request."""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowalledge_api.routes.tracing import BATCH, fresh_id, request_id_of, trace_id_of

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SPAN = "00f067aa0ba902b7"


def test_ids_are_128_bits_and_never_the_same() -> None:
    with ThreadPoolExecutor(8) as pool:
        drawn = list(pool.map(lambda _: fresh_id(), range(20 * BATCH)))
    assert len(set(drawn)) == len(drawn)
    assert all(len(each) == 32 and int(each, 16) >= 0 for each in drawn)


@pytest.mark.skipif(sys.platform == "win32", reason="nothing is forked there")
def test_two_processes_do_not_give_the_same_ids() -> None:
    fresh_id()  # a batch is drawn, and most of it is left
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writer, " ".join(fresh_id() for _ in range(BATCH)).encode())
        os._exit(0)
    os.waitpid(child, 0)
    os.close(writer)
    with os.fdopen(reader) as told:
        theirs = set(told.read().split())
    assert len(theirs) == BATCH
    assert not theirs & {fresh_id() for _ in range(BATCH)}


@given(st.text())
def test_an_id_that_is_kept_can_be_shown_anywhere(given_id: str) -> None:
    kept = request_id_of(given_id)
    assert kept.isascii()
    assert kept.isprintable()
    assert 1 <= len(kept) <= 128


def test_the_trace_is_read_from_its_header() -> None:
    assert trace_id_of(f"00-{TRACE}-{SPAN}-01") == TRACE
    assert trace_id_of(f"01-{TRACE}-{SPAN}-01-more") == TRACE  # of a later version


@pytest.mark.parametrize(
    "header",
    [
        *(None, "", "00", f"00-{TRACE}", f"00-{TRACE.upper()}-{SPAN}-01"),
        *(f"00-{'0' * 32}-{SPAN}-01", f"ff-{TRACE}-{SPAN}-01", f"00-{TRACE}-{SPAN}-01x"),
    ],
)
def test_any_other_header_names_no_trace(header: str | None) -> None:
    assert trace_id_of(header) is None
