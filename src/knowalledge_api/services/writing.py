"""The learning content that learners ask for: subtopics, explanations, quizzes, recommendations."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import TypeAdapter

from knowalledge_api.providers.tasks import (
    AskQuestions,
    DivideTopic,
    Explanation,
    Language,
    Question,
    Recommend,
    Recommendation,
)
from knowalledge_api.services.contents import Content, Contents, Shelf
from knowalledge_api.services.topics import normalise_topic


@dataclass(frozen=True, slots=True)
class Shelves:
    """One shelf a kind; lives in seconds: of subtopics and explanations, of quizzes and advice."""

    subtopics: Shelf[tuple[str, ...]]
    explanations: Shelf[Explanation]
    quizzes: Shelf[tuple[Question, ...]]
    recommendations: Shelf[tuple[Recommendation, ...]]

    @classmethod
    def of(cls, lasting: float, passing: float) -> Shelves:
        """The shelves with these lives."""
        return cls(
            Shelf("subtopics", lasting, TypeAdapter(tuple[str, ...])),
            Shelf("explanations", lasting, TypeAdapter(Explanation)),
            Shelf("quizzes", passing, TypeAdapter(tuple[Question, ...])),
            Shelf("recommendations", passing, TypeAdapter(tuple[Recommendation, ...])),
        )


@dataclass(frozen=True, slots=True)
class QuizWish:
    """A quiz as it was asked for."""

    topic: str
    subtopic: str
    count: int
    education: str
    language: Language


@dataclass(frozen=True, slots=True)
class Writing:
    """What has single pieces of content written. All raise ApiError where a text is no topic."""

    contents: Contents
    shelves: Shelves

    def divide(
        self, text: str, language: Language, user: int | None = None
    ) -> Content[tuple[str, ...]]:
        """The subtopics of a topic."""
        topic = normalise_topic(text)
        task = DivideTopic(topic=topic, language=language)
        return self.contents.get(self.shelves.subtopics, topic, task, self.contents.terms(user))

    def ask_questions(
        self, quiz: QuizWish, user: int | None = None
    ) -> Content[tuple[Question, ...]]:
        """Questions about a subtopic."""
        topic = normalise_topic(quiz.topic)
        task = AskQuestions(
            topic=topic,
            subtopic=normalise_topic(quiz.subtopic, "subtopic"),
            count=quiz.count,
            education=quiz.education,
            language=quiz.language,
        )
        return self.contents.get(self.shelves.quizzes, topic, task, self.contents.terms(user))

    def recommend(
        self, text: str, language: Language, user: int | None = None
    ) -> Content[tuple[Recommendation, ...]]:
        """What of a topic is worth learning next."""
        topic = normalise_topic(text)
        task = Recommend(topic=topic, language=language)
        return self.contents.get(
            self.shelves.recommendations, topic, task, self.contents.terms(user)
        )
