"""Asks the live state of a server elsewhere over HTTP, as an administrator."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from knowctl.errors import ErrorCode, ExitCode, KnowctlError
from knowctl.model.live import Silent, Worker, Workers
from knowctl.model.pool import Sizes
from knowctl.probes import answers
from knowctl.probes.server import Answer
from knowctl.probes.wording import words

PATH: Final = "/api/admin/live"
OK, UNAUTHORIZED, FORBIDDEN, NOT_FOUND = 200, 401, 403, 404


class Asked(Protocol):
    """A server at a URL."""

    @property
    def url(self) -> str:
        """Where it is asked."""

    def ask(self, path: str, token: str | None = None) -> Answer:
        """GET a path; ConnectionError when nothing answers."""


@dataclass(frozen=True, slots=True)
class RemoteProbe:
    """A server at a URL; `token` says who asks."""

    server: Asked
    token: str | None

    def workers(self) -> Workers:
        """What every worker says; KnowctlError where the server does not tell."""
        try:
            answer = self.server.ask(PATH, self.token)
        except ConnectionError as error:
            hint = "check --url, and the network between"
            raise _untold(f"nothing answers at {self.server.url}: {error}", hint) from error
        if answer.status in {UNAUTHORIZED, FORBIDDEN}:
            raise self._refused(answer.status)
        told = answer.body.get("workers")
        if answer.status != OK or not isinstance(told, list):
            cause = f"{PATH} answered {answer.status}, and not as this product does"
            raise _untold(cause, "check --url: another program or an older release may be there")
        found = [_worker(each) for each in told]
        return Workers(
            tuple(each for each in found if isinstance(each, Worker)),
            tuple(each for each in found if isinstance(each, Silent)),
        )

    def _refused(self, status: int) -> KnowctlError:
        who = "the key that was sent" if self.token else "no key was sent; nobody"
        return KnowctlError(
            ErrorCode.REFUSED,
            "the server does not tell its live state",
            cause=f"{PATH} answered {status}: {who} is known as an administrator",
            hint="KNOWCTL_API_KEY=… knowctl pool stats --url …; an administrator has such a key",
            exit_code=ExitCode.REFUSED,
        )


def token_of(values: Mapping[str, Any]) -> str | None:
    """Who asks, by the settings: an administrator's key, else the scraper's token."""
    secret = values["knowctl_api_key"] or values["metrics_token"]
    return secret.reveal() if secret else None


def sizes_of(values: Mapping[str, Any]) -> Sizes:
    """What the settings say of connections."""
    return Sizes(
        threads=values["gunicorn_threads"],
        workers=values["gunicorn_workers"],
        size=values["db_pool_size"],
        overflow=values["db_max_overflow"],
        replicas=values["replicas"],
        surge=values["replicas_surge"],
    )


def _worker(told: object) -> Worker | Silent:
    said = told if isinstance(told, dict) else {}
    pid, generation = (said.get(name) for name in ("pid", "generation"))
    place = (pid if isinstance(pid, int) else 0, generation if isinstance(generation, int) else 0)
    if said.get("state") == "silent" or answers.reason(said):
        cause = answers.reason(said) or words(said.get("cause", "it is silent"))
        return Silent(*place, cause)
    try:
        return answers.worker(said)
    except answers.NonsenseError as error:
        return Silent(*place, f"its answer makes no sense: {error}")


def _untold(cause: str, hint: str) -> KnowctlError:
    return KnowctlError(
        ErrorCode.CHANNEL, "the server does not tell its live state", cause=cause, hint=hint
    )
