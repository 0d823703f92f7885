"""Several subtopics explained side by side."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from knowalledge_api.cache import Cache
from knowalledge_api.database import Database
from knowalledge_api.database.turns import asker, left, turn
from knowalledge_api.errors import ApiError, DatabaseUnavailableError
from knowalledge_api.logs import request_id
from knowalledge_api.providers.capacity import Capacity
from knowalledge_api.providers.faults import ANSWERS, AiError, Fault
from knowalledge_api.providers.protocol import Terms
from knowalledge_api.providers.tasks import Explain, Language, Task
from knowalledge_api.services.contents import Contents
from knowalledge_api.services.presentations import UNAVAILABLE, Presentations, Wish
from knowalledge_api.services.writing import Shelves
from knowalledge_api.stores.store import Store
from tests.support.writers import Writer

PARTS = tuple(f"part {number}" for number in range(8))
WISH = Wish("CI/CD", PARTS, "juniorLevel", "lowDetail", "", Language.ENGLISH)
SHELF = Shelves.of(7200, 3600).explanations
Before = Callable[[Task[Any], Terms], object]


@dataclass
class Request:
    id: str = "r"
    route: str | None = "/r"
    database_seconds: float = 0.0


@pytest.fixture
def writer() -> Writer:
    return Writer()


@pytest.fixture
def make(database: Database, writer: Writer) -> Callable[..., Presentations]:
    def make(helpers: int = 0, budget: float = 30, place: Any = None) -> Presentations:
        places = {} if place is None else {"place": place}
        contents = Contents(database, Cache(Store(None)), writer, budget, **places)
        return Presentations(contents, SHELF, helpers)

    return make


def limited(capacity: Capacity) -> Before:
    """A writer with so many places, as Gemini's provider has them."""

    def before(_task: Task[Any], terms: Terms) -> None:
        patience = max(0.0, terms.until - time.monotonic()) if terms.patient else 0
        with capacity.place(patience):
            time.sleep(0.02)

    return before


def failing_for(*subtopics: str, fault: Fault = Fault.UNUSABLE) -> Before:
    def before(task: Task[Any], _terms: Terms) -> None:
        if isinstance(task, Explain) and task.subtopic in subtopics:
            raise AiError(fault)

    return before


@pytest.mark.parametrize("helpers", [0, 3])
def test_pieces_come_in_the_order_of_the_wish_and_are_known_next_time(
    make: Callable[..., Presentations], writer: Writer, helpers: int
) -> None:
    presentations = make(helpers)
    pieces = presentations.present(WISH, 7)
    assert tuple(piece.subtopic for piece in pieces) == PARTS
    for piece in pieces:
        assert piece.content
        assert piece.subtopic in piece.content.body.explanation
    assert len(writer.asked) == len(PARTS)
    assert {terms.user for _, terms in writer.asked} == {7}
    again = presentations.present(WISH)
    assert {piece.content.source for piece in again if piece.content} == {"cache"}
    assert len(writer.asked) == len(PARTS)


@pytest.mark.parametrize("helpers", [0, 3])
def test_what_fails_is_told_beside_the_others(
    make: Callable[..., Presentations], writer: Writer, helpers: int
) -> None:
    writer.before = failing_for("part 0", "part 5", fault=Fault.BLOCKED)
    pieces = make(helpers).present(WISH)
    errors = {piece.subtopic: piece.error for piece in pieces if piece.error}
    assert errors == dict.fromkeys(("part 0", "part 5"), ANSWERS[Fault.BLOCKED][1])
    assert sum(piece.content is not None for piece in pieces) == len(PARTS) - 2


@pytest.mark.parametrize("helpers", [0, 3])
def test_where_nothing_can_be_had_the_reason_is_the_answer(
    make: Callable[..., Presentations], writer: Writer, helpers: int
) -> None:
    writer.before = failing_for(*PARTS, fault=Fault.TIMEOUT)
    with pytest.raises(AiError) as caught:
        make(helpers).present(WISH)
    assert caught.value.fault is Fault.TIMEOUT


def test_the_same_subtopic_twice_is_written_once(
    make: Callable[..., Presentations], writer: Writer
) -> None:
    pieces = make(3).present(replace(WISH, focus=("a", " a ", "b")))
    assert [piece.subtopic for piece in pieces] == ["a", "a", "b"]
    assert len(writer.asked) == 2


def test_helpers_write_at_the_same_time_and_are_known_by_the_request(
    make: Callable[..., Presentations], writer: Writer
) -> None:
    together, seen = threading.Barrier(4), set()

    def meet(_task: Task[Any], _terms: Terms) -> None:
        seen.add(request_id.get())
        together.wait(30)

    writer.before = meet
    token = request_id.set("r-1")
    try:
        assert all(piece.content for piece in make(3).present(replace(WISH, focus=PARTS[:4])))
    finally:
        request_id.reset(token)
    assert seen == {"r-1"}


def test_one_place_is_enough_for_everything(
    make: Callable[..., Presentations], writer: Writer
) -> None:
    writer.before = limited(Capacity(1))
    assert all(piece.content for piece in make(3).present(WISH))


def test_without_any_place_the_request_is_refused_at_once(
    make: Callable[..., Presentations], writer: Writer
) -> None:
    capacity = Capacity(1)
    writer.before = limited(capacity)
    with capacity.place(), pytest.raises(AiError) as caught:
        make(3).present(WISH)
    assert caught.value.fault is Fault.BUSY
    assert len(writer.asked) <= 4


def test_without_room_for_another_request_nobody_is_asked(
    make: Callable[..., Presentations], writer: Writer
) -> None:
    rooms = Capacity(1)
    with rooms.place(), pytest.raises(AiError):
        make(3, place=rooms.place).present(WISH)
    assert writer.asked == []
    presentations = make(3, place=rooms.place)
    presentations.present(WISH)
    with rooms.place():
        assert all(piece.content for piece in presentations.present(WISH))


def test_many_requests_share_a_few_places_without_losing_a_piece(
    make: Callable[..., Presentations], writer: Writer
) -> None:
    writer.before = limited(Capacity(3))
    presentations = make(3)
    outcomes: list[int] = []

    def present(number: int) -> None:
        wish = replace(WISH, topic=f"topic {number}")
        try:
            outcomes.append(sum(piece.content is not None for piece in presentations.present(wish)))
        except AiError as error:
            outcomes.append(-1 if error.fault is Fault.BUSY else 0)

    threads = [threading.Thread(target=present, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(outcomes) == 8
    assert set(outcomes) <= {len(PARTS), -1}
    assert len(PARTS) in outcomes


def test_what_is_not_done_in_time_is_told_as_late(
    make: Callable[..., Presentations], writer: Writer
) -> None:
    over = threading.Event()

    def before(_task: Task[Any], _terms: Terms) -> None:
        if threading.current_thread().name == "explaining":
            over.wait(30)  # a helper that does not come back
        else:
            time.sleep(0.1)  # until the helper has something

    writer.before = before
    try:
        pieces = make(1, budget=1).present(replace(WISH, focus=PARTS[:3]))
    finally:
        over.set()
    assert sorted(piece.error or "" for piece in pieces) == ["", "", ANSWERS[Fault.LATE][1]]


def test_a_refusal_that_was_another_s_is_tried_again_by_whoever_may_wait(
    make: Callable[..., Presentations], writer: Writer
) -> None:
    refused: list[Task[Any]] = []

    def before(task: Task[Any], terms: Terms) -> None:
        if terms.patient and not refused:
            refused.append(task)
            raise AiError(Fault.BUSY)

    writer.before = before
    assert all(piece.content for piece in make(0).present(replace(WISH, focus=PARTS[:2])))
    assert refused


def test_a_piece_may_wait_for_the_database_however_long_the_others_did(
    make: Callable[..., Presentations], writer: Writer
) -> None:
    left_over: list[float] = []

    def before(_task: Task[Any], _terms: Terms) -> None:
        with turn(2):
            left_over.append(left(9))

    writer.before = before
    token = asker.set(Request(database_seconds=1.9))
    try:
        make(3).present(WISH)
    finally:
        asker.reset(token)
    assert len(left_over) == len(PARTS)
    assert min(left_over) > 0.5


def test_a_database_that_goes_away_in_between_fails_a_piece(
    make: Callable[..., Presentations], writer: Writer
) -> None:
    def before(task: Task[Any], _terms: Terms) -> None:
        if isinstance(task, Explain) and task.subtopic == "part 1":
            raise DatabaseUnavailableError("refused")

    writer.before = before
    pieces = make(0).present(replace(WISH, focus=PARTS[:2]))
    assert [piece.error for piece in pieces] == [None, UNAVAILABLE]


def test_a_bug_fails_a_piece_and_is_logged_with_its_traceback(
    make: Callable[..., Presentations], writer: Writer, caplog: pytest.LogCaptureFixture
) -> None:
    def before(task: Task[Any], _terms: Terms) -> None:
        if isinstance(task, Explain) and task.subtopic == "part 1":
            raise ZeroDivisionError

    writer.before = before
    pieces = make(0).present(replace(WISH, focus=PARTS[:2]))
    assert [piece.error for piece in pieces] == [None, UNAVAILABLE]
    assert "ZeroDivisionError" in caplog.text


@pytest.mark.parametrize(
    ("wish", "field"),
    [(replace(WISH, topic=" "), "topic"), (replace(WISH, focus=("a", "\x01")), "focus")],
)
def test_what_is_no_topic_asks_nobody(
    make: Callable[..., Presentations], writer: Writer, wish: Wish, field: str
) -> None:
    with pytest.raises(ApiError) as caught:
        make(3).present(wish)
    assert caught.value.problems[0].field == field
    assert writer.asked == []


@pytest.mark.parametrize(
    ("detail", "words"),
    [("lowDetail", 100), ("mediumDetail", 150), ("highDetail", 300), ("whatever", 150)],
)
def test_the_level_of_detail_is_a_number_of_words(
    make: Callable[..., Presentations], writer: Writer, detail: str, words: int
) -> None:
    make().present(replace(WISH, detail=detail, style="visual", focus=("a",)))
    [task] = writer.tasks
    assert isinstance(task, Explain)
    assert (task.words, task.style, task.level) == (words, "visual", "juniorLevel")
