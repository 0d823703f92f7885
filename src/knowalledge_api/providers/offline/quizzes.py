"""What is asked about a subtopic: how one learns it, checks it and explains it."""

from __future__ import annotations

from knowalledge_api.providers.offline.chance import shuffled
from knowalledge_api.providers.offline.phrasebook import PHRASEBOOK
from knowalledge_api.providers.offline.phrases import Prepared
from knowalledge_api.providers.tasks import AskQuestions, Question


def ask_questions(task: AskQuestions) -> tuple[Question, ...]:
    """As many of the language's questions as are asked for, and no more than it has."""
    phrases = PHRASEBOOK[task.language]
    subject = phrases.subject(task.topic, task.subtopic)
    seed = (task.topic, task.subtopic, task.education)
    return tuple(
        _asked(prepared, subject, seed)
        for prepared in shuffled(phrases.questions, *seed)[: task.count]
    )


def _asked(prepared: Prepared, subject: str, seed: tuple[str, ...]) -> Question:
    return Question(
        question=prepared.question.format(subject=subject),
        options=shuffled((prepared.right, *prepared.wrong), *seed, prepared.question),
        correct_answer=prepared.right,
        explanation=prepared.why,
    )
