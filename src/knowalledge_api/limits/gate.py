"""What the door asks: may this request pass, and how much is left."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Final

from knowalledge_api.generation import Generation
from knowalledge_api.limits.allowances import GENERAL, LOGIN, REFUSALS, REGISTER, Allowances
from knowalledge_api.limits.limiter import Limiter
from knowalledge_api.limits.table import Table
from knowalledge_api.limits.windows import Verdict
from knowalledge_api.settings import Settings
from knowalledge_api.stores.store import Store

log = logging.getLogger(__name__)

FILE: Final = "limits-1"
"""All generations of a server count in it. The number is of its layout."""
KINDS: Final = frozenset({GENERAL, LOGIN, REGISTER})
"""What a route may count against."""


def _uncounted(_kind: str) -> None:
    """Nobody counts refusals."""


class Gate:
    """The limits of these settings; `refused` is called with the kind of each refusal."""

    def __init__(
        self,
        settings: Settings,
        limiter: Limiter,
        refused: Callable[[str], object] = _uncounted,
    ) -> None:
        self._enabled = settings.rate_limit_enabled
        self._allowances = Allowances(settings)
        self._limiter = limiter
        self._refused = refused

    def check(
        self, kind: str, user_id: str | None, tier: str | None, address: str
    ) -> Verdict | None:
        """Count a request; None where it is not limited."""
        if not self._enabled or kind not in KINDS:
            return None
        return self._admit(kind, user_id, tier, address)

    def refuse(self, address: str) -> Verdict | None:
        """Count a credential that was refused; None where nothing is limited."""
        return self._admit(REFUSALS, None, None, address) if self._enabled else None

    def after_refusals(self, address: str) -> Verdict | None:
        """What an address is told that had too many credentials refused; None where it had not.

        Nothing is counted.
        """
        if not self._enabled:
            return None
        who, rates = self._allowances.of(REFUSALS, None, None, address)
        verdict = self._limiter.spent(REFUSALS, who, rates)
        if verdict is not None:
            self._refused(REFUSALS)
        return verdict

    def _admit(self, kind: str, user_id: str | None, tier: str | None, address: str) -> Verdict:
        who, rates = self._allowances.of(kind, user_id, tier, address)
        verdict = self._limiter.admit(kind, who, rates)
        if not verdict.allowed:
            self._refused(kind)
        return verdict


def make_gate(
    settings: Settings,
    store: Store,
    generation: Generation | None,
    refused: Callable[[str], object] = _uncounted,
) -> Gate:
    """The gate of a server: made before the fork, so that its workers share what it counts in."""
    return Gate(settings, Limiter(store, _table(generation)), refused)


def _table(generation: Generation | None) -> Table:
    """The counters of all generations of a server; of this one alone where those can't be had."""
    if generation is None or not generation.is_supervised:
        return Table()
    try:
        return Table(_directory(generation) / FILE)
    except OSError as error:
        log.warning("limits begin anew with this generation: %s", error)
        return Table()


def _directory(generation: Generation) -> Path:
    """Where workers count together; a supervisor of an older release has made no such place."""
    place = generation.metrics_directory
    return place if place.is_dir() else generation.run_directory
