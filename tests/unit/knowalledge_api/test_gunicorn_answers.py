"""How an answer leaves through gunicorn."""

from __future__ import annotations

import sys
from typing import Any

import pytest

if sys.platform == "win32":
    pytest.skip("gunicorn needs POSIX", allow_module_level=True)

from knowalledge_api.gunicorn_answers import LARGEST_PIECE, write_together


class Answer:
    """gunicorn's response as far as it is used: a head of its own, then what is written."""

    def __init__(self, sock: Any) -> None:
        self.sock = sock
        self.headers_sent = False

    def write(self, piece: bytes) -> None:
        if not self.headers_sent:
            self.sock.sendall(b"head:")
            self.headers_sent = True
        if not isinstance(piece, bytes):
            raise TypeError("no bytes")
        self.sock.sendall(piece)


class Sends(list[bytes]):
    """A socket, by what each call sent."""

    sendall = list.append


def test_the_head_of_an_answer_goes_with_the_first_piece_of_its_body() -> None:
    sends = Sends()
    answer = Answer(sends)
    for piece in (b"first", b"second"):
        write_together(answer, answer.write, piece)
    assert sends == [b"head:first", b"second"]
    assert answer.sock is sends


def test_a_large_piece_is_not_copied_behind_the_head() -> None:
    sends = Sends()
    answer = Answer(sends)
    write_together(answer, answer.write, large := bytes(LARGEST_PIECE + 1))
    assert sends == [b"head:", large]


def test_an_answer_that_is_none_can_still_be_told_as_an_error() -> None:
    sends = Sends()
    answer = Answer(sends)
    wrong: Any = "text"
    with pytest.raises(TypeError, match="no bytes"):
        write_together(answer, answer.write, wrong)
    assert (sends, answer.headers_sent) == ([], False)
    assert answer.sock is sends
