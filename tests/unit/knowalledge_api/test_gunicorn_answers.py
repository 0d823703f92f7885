"""How an answer leaves through gunicorn."""

from __future__ import annotations

import gc
import sys
import weakref
from collections.abc import Callable, Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

if sys.platform == "win32":
    pytest.skip("gunicorn needs POSIX", allow_module_level=True)

from gunicorn.config import Config
from gunicorn.http.wsgi import FileWrapper, Response

from knowalledge_api.gunicorn_answers import LARGEST_PIECE, answered
from knowalledge_api.routes.edge import PLAIN_HEADERS

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


class Sends(list[bytes]):
    """What an answer goes out by, as what each call sent."""

    sendall = list.append


def response_of(sends: Sends, method: str = "GET") -> Any:
    request: Any = SimpleNamespace(
        method=method, version=(1, 1), should_close=lambda: False, out=sends
    )
    return Response(request, None, Config())


def answer(
    *pieces: bytes, status: str = "200 OK", method: str = "GET", length: int | None = None
) -> Sends:
    """What gunicorn sends for an application that writes these."""
    sends = Sends()
    response = response_of(sends, method)

    def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response(status, [] if length is None else [("Content-Length", str(length))])
        environ[PLAIN_HEADERS]([("X-Plain", "1")])
        return pieces

    for piece in answered(application, {}, response.start_response):
        response.write(piece)
    response.close()
    back: object = response.sock
    assert back is sends
    return sends


def test_the_head_of_an_answer_goes_with_the_first_piece_of_its_body() -> None:
    first, second = answer(b"first", b"second", length=11)
    assert first.startswith(b"HTTP/1.1 200 OK\r\n")
    assert first.endswith(b"\r\nX-Plain: 1\r\n\r\nfirst")
    assert second == b"second"


def test_a_large_piece_is_not_copied_behind_the_head() -> None:
    head, piece = answer(large := bytes(LARGEST_PIECE + 1), length=len(large))
    assert head.endswith(b"\r\n\r\n")
    assert piece == large


def test_chunks_are_what_they_were() -> None:
    first, second, last = answer(b"first", b"second")
    assert first.endswith(b"\r\n\r\n5\r\nfirst\r\n")
    assert (second, last) == (b"6\r\nsecond\r\n", b"0\r\n\r\n")


@pytest.mark.parametrize(
    ("status", "method", "length"),
    [("204 No Content", "OPTIONS", None), ("304 Not Modified", "GET", None), ("200 OK", "HEAD", 5)],
)
@pytest.mark.parametrize("pieces", [(), (b"",)])
def test_an_answer_without_a_body_has_its_plain_headers_too(
    status: str, method: str, length: int | None, pieces: tuple[bytes, ...]
) -> None:
    [head] = answer(*pieces, status=status, method=method, length=length)
    assert head.startswith(f"HTTP/1.1 {status}\r\n".encode())
    assert head.endswith(b"\r\nX-Plain: 1\r\n\r\n")


def test_an_answer_that_is_none_can_still_be_told_as_an_error() -> None:
    sends = Sends()
    response = response_of(sends)
    wrong: Any = "text"
    answered(lambda _, start: start("200 OK", []) and (), {}, response.start_response)
    with pytest.raises(TypeError, match="not a byte"):
        response.write(wrong)
    assert (sends, response.headers_sent) == ([], False)
    assert response.sock is sends


def test_a_file_is_sent_in_pieces_like_everything_else(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"content")
    response = response_of(sends := Sends())
    answered(
        lambda _, start: start("200 OK", [("Content-Length", "7")]) and (),
        {},
        response.start_response,
    )
    with (tmp_path / "file").open("rb") as file:
        response.write_file(FileWrapper(file))
    assert b"".join(sends).endswith(b"\r\n\r\ncontent")


def test_an_answer_leaves_no_work_for_the_collector() -> None:
    gc.disable()
    try:
        environ: dict[str, Any] = {}
        response = response_of(Sends())
        answered(lambda _, start: start("200 OK", []) and (), environ, response.start_response)
        response.write(b"x")
        gone = weakref.ref(response)
        del response
        environ.clear()
        assert gone() is None
    finally:
        gc.enable()
