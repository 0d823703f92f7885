"""What can be asked of a writer of content."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace

import pytest

from knowalledge_api.providers.tasks import Explain, Language, NamePicture, Picture

TASK = Explain(topic="CI/CD", subtopic="CI", level="juniorLevel", words=100)


def test_tasks_that_say_the_same_are_the_same_and_nobody_changes_one() -> None:
    assert replace(TASK) == TASK
    assert len({TASK, replace(TASK), replace(TASK, language=Language.URDU)}) == 2
    with pytest.raises(FrozenInstanceError):
        TASK.words = 7  # type: ignore[misc]  # that is what is tested


def test_no_picture_is_printed() -> None:
    task = NamePicture(picture=Picture(b"a whole file", "0" * 64))
    assert "a whole file" not in repr(task)
