"""The tables, one noun a module."""

from knowalledge_api.database.models.audit import AuditEntry
from knowalledge_api.database.models.base import Base
from knowalledge_api.database.models.columns import UtcDateTime
from knowalledge_api.database.models.credentials import ApiKey, RevokedToken
from knowalledge_api.database.models.idempotency import IdempotencyKey
from knowalledge_api.database.models.progress import Progress, QuizResult
from knowalledge_api.database.models.topics import GeneratedContent, Topic
from knowalledge_api.database.models.usage import DailyAiCalls, DailyUsage
from knowalledge_api.database.models.users import Role, Tier, User, ranks_above

__all__ = [
    "ApiKey",
    "AuditEntry",
    "Base",
    "DailyAiCalls",
    "DailyUsage",
    "GeneratedContent",
    "IdempotencyKey",
    "Progress",
    "QuizResult",
    "RevokedToken",
    "Role",
    "Tier",
    "Topic",
    "User",
    "UtcDateTime",
    "ranks_above",
]
