"""The closed sets of words that options accept."""

from __future__ import annotations

from enum import StrEnum


class Output(StrEnum):
    """How a command answers; the last three are for commands that check, and say findings."""

    TEXT = "text"
    JSON = "json"
    GITHUB = "github"
    SARIF = "sarif"
    JUNIT = "junit"

    @property
    def findings_only(self) -> bool:
        """Whether it has words for findings alone."""
        return self in {Output.GITHUB, Output.SARIF, Output.JUNIT}


class EnvironmentName(StrEnum):
    """Where the service runs."""

    DEVELOPMENT = "development"
    STAGING = "staging"
    PRODUCTION = "production"


class ServerName(StrEnum):
    """The HTTP server; auto is gunicorn on POSIX and waitress on Windows."""

    AUTO = "auto"
    GUNICORN = "gunicorn"
    WAITRESS = "waitress"


class RoleName(StrEnum):
    """What a user may do beside learning."""

    USER = "user"
    ADMIN = "admin"


class TierName(StrEnum):
    """How much a user may ask for, least first."""

    LIMITED = "limited"
    FREE = "free"
    BASIC = "basic"
    PREMIUM = "premium"
    UNLIMITED = "unlimited"


class Severity(StrEnum):
    """How much a finding matters, the least first."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"

    @property
    def rank(self) -> int:
        """Its place in the order, for comparing."""
        return list(Severity).index(self)
