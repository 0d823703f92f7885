"""Every language and every topic through every endpoint that has content written."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing, nullcontext
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest

from knowalledge_api.app import create_app, parts_of
from knowalledge_api.database.accounts.users import NewUser
from knowalledge_api.database.models import Role, Tier
from knowalledge_api.database.models.columns import utc_now
from knowalledge_api.database.schema import migrate
from knowalledge_api.providers import choice
from knowalledge_api.providers.breaker import FAILURES, AiBreaker, BreakerPhase
from knowalledge_api.providers.capacity import Capacity
from knowalledge_api.providers.faults import AiError, Fault
from knowalledge_api.providers.gemini.client import GeminiClient
from knowalledge_api.providers.gemini.provider import GeminiProvider
from knowalledge_api.providers.protocol import Terms
from knowalledge_api.providers.tasks import DivideTopic, Language
from knowalledge_api.routes.openapi import answers
from knowalledge_api.services.account_changes import By, add_user, issue_key
from tests.support import gemini as wire
from tests.support.configuration import sqlite_settings
from tests.support.gemini import KEY, MODEL, Gemini, serving_gemini
from tests.support.pictures import png

if TYPE_CHECKING:
    from flask.testing import FlaskClient
    from pydantic import BaseModel

TOPICS = (
    *(
        "C++ Programming",
        "CI/CD",
        "Newton's laws",
        "量子力学",
        "SELECT statements",
        "Größe, naïve",
    ),
    *("DROP TABLE users; --", "حساب التفاضل والتكامل", "100 % {topic} \\ <b>", "🧬 DNA", "ß"),
)
"""What backends of this kind have refused, or taken for an attack."""
SECRET = "3f1c0a5be7d24986a1b2c3d4e5f60718"
SHAPES: dict[str, type[BaseModel]] = {
    "/api/create_subtopics": answers.Subtopics,
    "/api/create_presentation": answers.Presentation,
    "/api/quiz/generate": answers.Quiz,
    "/api/recommendations": answers.Recommendations,
}


@pytest.fixture(scope="module")
def gemini() -> Iterator[Gemini]:
    with serving_gemini() as server:
        yield server


@pytest.fixture(scope="module", params=["offline", "gemini"])
def client(
    request: pytest.FixtureRequest, gemini: Gemini, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[FlaskClient]:
    """A learner of an application with this provider."""
    ai = gemini.environment if request.param == "gemini" else {}
    many = {"AI_DAILY_BUDGET": "1000000", "SECRET_KEY": SECRET}
    settings = sqlite_settings(tmp_path_factory.mktemp(request.param), **many, **ai)
    migrate(settings)
    asking = choice.gemini_client(settings)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(choice, "gemini_client", lambda _: asking)
        app = create_app(settings)
    with closing(parts_of(app).database) as database, closing(asking) if asking else nullcontext():
        with database.session() as session:
            by = By("a test", utc_now())
            user = add_user(session, by, NewUser("ada", Role.USER, Tier.FREE))
            key = issue_key(session, by, user).text.reveal()
        client = app.test_client()
        client.environ_base["HTTP_X_API_KEY"] = key
        yield client


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("topic", TOPICS)
def test_every_topic_in_every_language(client: FlaskClient, topic: str, language: Language) -> None:
    whole = {
        "topic": topic,
        "subtopic": topic,
        "focus": [topic, f"{topic} II"],
        "educationLevel": "highSchoolLevel",
        "levelOfDetail": "mediumDetail",
        "learningStyle": {},
        "language": language.value,
    }
    for path, shape in SHAPES.items():
        answer = client.post(path, json=whole)
        assert answer.status_code == 200, (path, answer.get_data(as_text=True))
        told: Any = shape.model_validate(answer.json)
        match told:
            case answers.Subtopics():
                assert (told.count, told.quality_score, told.warnings) == (15, 1, [])
            case answers.Presentation():
                assert (told.success_count, told.failed_count) == (2, 0)
                assert [each.subtopic for each in told.explanations] == whole["focus"]
            case answers.Quiz():
                assert len(told.root) == 3
            case answers.Recommendations():
                assert len({each.subtopic for each in told.root}) == 3


@pytest.mark.parametrize("language", list(Language))
def test_a_picture_is_named_whatever_the_language(client: FlaskClient, language: Language) -> None:
    form = {"image": (BytesIO(png(4, 4)), "x.png")}
    headers = {"Accept-Language": language.value}
    answer = client.post("/api/image2topic", data=form, headers=headers)
    told = answers.ImageTopic.model_validate(answer.json)
    assert 1 <= len(told.generated_topic.split()) <= 5


def test_with_real_time_outs_the_breaker_opens_tries_and_closes(gemini: Gemini) -> None:
    class Account:
        spent = 0

        def spend(self) -> None:
            self.spent += 1

        def tally(self, *_: object) -> None:
            """Nobody is asked for tokens here."""

    rest, patience = 1.5, 0.5
    account, breaker = Account(), AiBreaker(rest)
    with closing(GeminiClient(KEY, MODEL, gemini.url)) as client:
        provider = GeminiProvider(client, account, Capacity(4), breaker, patience)

        def fault() -> Fault | None:
            try:
                provider.write(DivideTopic(topic="CI/CD"), Terms(until=time.monotonic() + 5))
            except AiError as error:
                return error.fault
            return None

        gemini.say(wire.slow(2 * patience))
        assert [fault() for _ in range(FAILURES)] == [Fault.TIMEOUT] * FAILURES
        assert breaker.state().phase is BreakerPhase.OPEN
        began = time.monotonic()
        assert fault() is Fault.RESTING
        assert time.monotonic() - began < patience
        assert account.spent == FAILURES
        time.sleep(rest)
        assert fault() is Fault.TIMEOUT
        assert breaker.state().phase is BreakerPhase.OPEN
        gemini.say(wire.good)
        time.sleep(rest)
        assert fault() is None
        assert breaker.state().phase is BreakerPhase.HALF_OPEN
        assert fault() is None
        assert breaker.state().phase is BreakerPhase.CLOSED
