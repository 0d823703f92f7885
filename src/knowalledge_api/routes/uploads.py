"""A request's one uploaded file: read no further than allowed, and taken apart in pieces."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from flask import current_app, request
from werkzeug.sansio.multipart import (
    Data,
    Epilogue,
    Event,
    Field,
    File,
    MultipartDecoder,
    NeedData,
)

from knowalledge_api.errors import ApiError, FieldProblem
from knowalledge_api.routes.bodies import bounded_body

MULTIPART: Final = "multipart/form-data"
LONGEST_BOUNDARY: Final = 70
"""Characters (RFC 2046, 5.1.1)."""
MOST_PARTS: Final = 8
PIECE: Final = 65536
LARGEST_BUFFER: Final = 2 * PIECE
"""Bytes that the parser holds back: a piece, and the headers of a part or half a boundary."""


@dataclass(slots=True)
class Upload:
    """A file and the name that its sender gives it, which may be anything."""

    name: str = ""
    pieces: list[bytes] = field(default_factory=list)

    @property
    def data(self) -> bytes:
        """The file."""
        return b"".join(self.pieces)


def uploaded(name: str) -> Upload:
    """The part of that name; other fields are passed over, another file is refused.

    Raises ApiError: 415 for anything but a form, 400 for a form that can't be read or lacks the
    part; and werkzeug's RequestEntityTooLarge and ClientDisconnected.
    """
    boundary = request.mimetype_params.get("boundary", "")
    if request.mimetype != MULTIPART:
        raise ApiError(415, f"Send a form, with the header Content-Type: {MULTIPART}.")
    if not 0 < len(boundary) <= LONGEST_BOUNDARY or not boundary.isascii():
        raise ApiError(400, f"The boundary has to be 1 to {LONGEST_BOUNDARY} ASCII characters.")
    try:
        body = bounded_body(request.environ, current_app.config["MAX_CONTENT_LENGTH"])
        found = _Parts(name, boundary).read(body)
    except ValueError:
        raise ApiError(400, "The form is not valid multipart/form-data.") from None
    if found is None:
        raise _refused(name, "field required")
    return found


class _Parts:
    """The parts of a form while they come."""

    def __init__(self, name: str, boundary: str) -> None:
        self._name = name
        self._decoder = MultipartDecoder(
            boundary.encode(), max_form_memory_size=LARGEST_BUFFER, max_parts=MOST_PARTS
        )
        self._found: Upload | None = None
        self._open: Upload | None = None

    def read(self, body: bytes) -> Upload | None:
        """The upload; None where there is none. ValueError where the form does not end."""
        for begin in range(0, len(body), PIECE):
            self._decoder.receive_data(body[begin : begin + PIECE])
            self._take_events()
        self._decoder.receive_data(None)
        self._take_events()
        return self._found

    def _take_events(self) -> None:
        while not isinstance(event := self._decoder.next_event(), NeedData | Epilogue):
            self._take(event)

    def _take(self, event: Event) -> None:
        if isinstance(event, File | Field):
            self._begin(event)
        elif isinstance(event, Data) and self._open is not None:
            self._open.pieces.append(bytes(event.data))

    def _begin(self, event: File | Field) -> None:
        self._open = None
        if event.name == self._name:
            if self._found is not None:
                raise _refused(self._name, "only one is taken")
            name = event.filename if isinstance(event, File) else ""
            self._found = self._open = Upload(name or "")
        elif isinstance(event, File):
            raise _refused(self._name, "no other file is taken")


def _refused(name: str, reason: str) -> ApiError:
    problem = FieldProblem(name, reason)
    return ApiError(400, f"The request can't be used: {name}: {reason}.", (problem,))
