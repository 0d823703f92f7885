"""The offline provider: the same for the same task, at once, and plainly marked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, cast

from knowalledge_api.providers.offline.explanations import explain
from knowalledge_api.providers.offline.headings import divide
from knowalledge_api.providers.offline.pictures import name_picture
from knowalledge_api.providers.offline.quizzes import ask_questions
from knowalledge_api.providers.offline.recommendations import recommend
from knowalledge_api.providers.protocol import Terms
from knowalledge_api.providers.tasks import (
    AskQuestions,
    DivideTopic,
    Explain,
    NamePicture,
    Recommend,
    Result,
    Task,
)

OFFLINE: Final = "offline"
WRITERS: Final[Mapping[type[Task[Any]], Callable[[Any], Any]]] = {
    DivideTopic: divide,
    Explain: explain,
    AskQuestions: ask_questions,
    Recommend: recommend,
    NamePicture: name_picture,
}


class OfflineProvider:
    """Writes from templates; good enough to develop a front end and to run tests against."""

    source = OFFLINE
    version = "1"

    def write(self, task: Task[Result], _terms: Terms = Terms()) -> Result:  # noqa: B008 -- frozen
        """What the templates of the task's kind and language make of it."""
        return cast("Result", WRITERS[type(task)](task))
