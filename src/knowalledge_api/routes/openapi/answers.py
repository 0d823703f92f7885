"""What the routes answer, as models that the description is made from and tests hold them to."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, RootModel

from knowalledge_api.database.models import Role, Tier
from knowalledge_api.health import CheckStatus
from knowalledge_api.stores.store import Mode

Share = Annotated[float, Field(ge=0, le=1)]
Percent = Annotated[float, Field(ge=0, le=100)]
Count = Annotated[int, Field(ge=0)]
IssuedKey = Annotated[str, Field(pattern=r"^sk_[A-Za-z0-9_-]{43}$")]


class Model(BaseModel):
    """What is answered, and nothing more."""

    model_config = ConfigDict(extra="forbid")


class Fault(Model):
    """One field of a request that was refused, and why."""

    field: str
    reason: str


class Problem(Model):
    """An error (RFC 9457). `error` and `message` repeat `detail` for older clients."""

    type: str
    title: str
    status: Annotated[int, Field(ge=400, le=599)]
    detail: str
    instance: str
    error: str
    message: str
    request_id: str
    errors: list[Fault] = Field(default_factory=list)
    retry_after: Annotated[int, Field(ge=0, description="Seconds.")] = 0


class Alive(Model):
    """The process answers."""

    status: Literal["alive"]
    timestamp: datetime


class Ready(Model):
    """Whether requests should come here. `details` is for operators alone."""

    ready: bool
    timestamp: datetime
    checks: dict[str, CheckStatus]
    details: dict[str, Any] = Field(default_factory=dict)


class Subtopics(Model):
    """Fifteen subtopics in the order in which they are learnt."""

    subtopics: list[str]
    count: Count
    quality_score: Share
    warnings: list[str]
    source: Literal["gemini", "offline", "cache"]


class ImageTopic(Model):
    """What a picture is about, in 1 to 5 words."""

    generated_topic: str
    quality_score: Share
    warnings: list[str]
    source: Literal["gemini", "offline"]


class ExplainedSubtopic(Model):
    """One subtopic; `error` says why its texts are empty, and is null where they are not."""

    subtopic: str
    explanation: str
    real_world_application: str
    youtube_search_query: str
    error: str | None
    quality_score: Share
    warnings: list[str]


class Presentation(Model):
    """Explanations in the order of the focus."""

    explanations: list[ExplainedSubtopic]
    success_count: Count
    failed_count: Count


class Question(Model):
    """A question; `correct_answer` is one of the options to the letter."""

    question: str
    options: Annotated[list[str], Field(min_length=4, max_length=4)]
    correct_answer: str
    explanation: str


class Quiz(RootModel[list[Question]]):
    """The questions, and nothing around them."""


class Recommendation(Model):
    """A subtopic that is worth learning next."""

    subtopic: str
    reason: str


class Recommendations(RootModel[list[Recommendation]]):
    """The best one first."""


class Submitted(Model):
    """A quiz was kept; 3 is well known, 1 is to be learnt."""

    status: Literal["success"]
    mastery_level: Annotated[int, Field(ge=1, le=3)]


class Progress(Model):
    """How well the caller knows a subtopic, or a topic as a whole where that is null."""

    user_id: str
    topic: str
    subtopic: str | None
    mastery_level: Annotated[int, Field(ge=1, le=3)]
    last_accessed: datetime


class ProgressList(RootModel[list[Progress]]):
    """The caller's own, the latest first."""


class Registered(Model):
    """A new user and the key, which is shown only once."""

    api_key: IssuedKey
    user_id: str
    quota_tier: Tier
    message: str


class Generated(Registered):
    """A key that an administrator generated."""

    role: Role


class LoggedIn(Model):
    """A token for `expires_in` seconds."""

    token: str
    expires_in: Annotated[int, Field(ge=1)]
    user_id: str
    quota_tier: Tier
    message: str


class Validated(Model):
    """Who the credential belongs to."""

    valid: Literal[True]
    user_id: str
    role: Role
    quota_tier: Tier
    email: str | None
    created_at: datetime


class Said(Model):
    """What was done."""

    message: str


class OwnKey(Model):
    """An API key, by what it begins with."""

    id: int
    prefix: str
    created_at: datetime
    last_used_at: datetime | None


class OwnKeys(Model):
    """The caller's keys that are not revoked."""

    keys: list[OwnKey]
    count: Count


class Revoked(Said):
    """The key that is good no longer."""

    id: int


class Cleared(Said):
    """How many entries were dropped; of the whole cache where no namespace was named."""

    cleared: Count
    namespace: str | None


class BreakerState(Model):
    """Whether a part is asked (closed) or given time to come back (open), and since when.

    `mode` is where things are kept meanwhile, for Redis; null for what has no stand-in.
    """

    name: str
    state: Literal["open", "half_open", "closed"]
    mode: Mode | None
    since: Annotated[float, Field(description="Unix time.")]
    failures: Count


class CacheCounts(Model):
    """Questions to the cache."""

    hits: Count
    misses: Count
    hit_rate_percent: Percent


class EndpointCounts(Model):
    """Requests of one route; errors are answers of 500 and above."""

    requests: Count
    errors: Count
    average_ms: Annotated[float, Field(ge=0)]


class LimitCounts(Model):
    """Whether requests are limited, and how many were refused, by kind of limit."""

    enabled: bool
    refused: dict[str, Count]


class PoolCounts(Model):
    """The database connections of all workers."""

    size: Count
    open: Count
    in_use: Count
    idle: Count
    overflow: Count
    waiting: Count
    checkouts: Count
    timeouts: Count


class Statistics(Model):
    """What was counted over all workers since the server started."""

    cache: CacheCounts
    total_requests: Count
    requests_per_second: Annotated[float, Field(ge=0, description="Since the start.")]
    error_rate_percent: Percent
    error_count: Annotated[int, Field(ge=0, description="Answers of 500 and above.")]
    uptime_formatted: str
    endpoints: dict[str, EndpointCounts]
    status_codes: dict[str, Count]
    rate_limits: LimitCounts
    pool: PoolCounts


class LiveState(BaseModel):
    """The live state of each worker that answers, and the sums."""

    workers: list[dict[str, Any]]
    total: dict[str, Any]
