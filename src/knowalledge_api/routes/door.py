"""The door before every view: who is asking, whether they may, and whether not too often."""

from __future__ import annotations

from functools import partial
from ipaddress import ip_address
from typing import Final, Protocol, cast

from flask import request

from knowalledge_api.auth.credentials import ScraperToken, presented
from knowalledge_api.auth.identity import Identity
from knowalledge_api.auth.policy import Access, Guard, Limit, Policy
from knowalledge_api.auth.principal import Principal
from knowalledge_api.database.models import Role
from knowalledge_api.database.turns import asker
from knowalledge_api.errors import ApiError, DatabaseUnavailableError

UNKNOWN: Final = "Credentials are missing or wrong."
AUTHORIZATION: Final = "HTTP_AUTHORIZATION"
FORBIDDEN: Final = "This is for administrators."


class Verdict(Protocol):
    """What a limit says of one request."""

    @property
    def allowed(self) -> bool:
        """Whether it may be served."""
        ...

    @property
    def retry_after(self) -> int:
        """Seconds until the next one may."""
        ...


class Gate(Protocol):
    """Who counts requests."""

    def check(
        self, kind: str, user_id: str | None, tier: str | None, address: str
    ) -> Verdict | None:
        """Count one request of a user, or of an address without one; None: it is not limited."""
        ...

    def refuse(self, address: str) -> Verdict | None:
        """Count one credential of an address that was refused; None: that is not limited."""
        ...

    def after_refusals(self, address: str) -> Verdict | None:
        """What an address is told that had too many refused, uncounted; None: it had not."""
        ...


class Exchange(Protocol):
    """The request as its edge knows it: the door writes down who asks, and how often."""

    principal: Principal | None
    rate: Verdict | None

    @property
    def address(self) -> str:
        """Where the client is."""
        ...


class Door:
    """Admits a request by the policy of its route, or raises ApiError.

    `gate` None counts nothing.
    """

    def __init__(
        self,
        identity: Identity,
        scraper: ScraperToken,
        gate: Gate | None = None,
        *,
        development: bool = False,
    ) -> None:
        self._identity = identity
        self._scraper = scraper
        self._gate = gate
        self._development = development

    def guard(self, policy: Policy) -> Guard | None:
        """What stands before a view of that policy; None where everybody may pass, uncounted."""
        is_counted = policy.limit is not Limit.NONE
        if policy.access is not Access.PUBLIC:
            return partial(self._admit if is_counted else self._admit_uncounted, policy)
        return partial(self._welcome, policy) if is_counted else None

    def is_operator(self) -> bool:
        """Whether an administrator or the scraper asks; False where nobody can tell.

        It is asked of a probe, which gets its answer whatever it presents: beyond the limit of
        refusals no credential is looked at but the scraper's.
        """
        if self._scraper.is_in(_authorization()):
            return True
        text = _credential()
        if text is None:
            return False
        address = _exchange().address
        if self._gate is not None and self._gate.after_refusals(address) is not None:
            return False
        try:
            return self._identity.identify(text).role is Role.ADMIN
        except DatabaseUnavailableError:
            return False
        except ApiError:
            if self._gate is not None:
                self._gate.refuse(address)
            return False

    def forget(self) -> None:
        """Let the credential of this request be judged anew when it comes again."""
        text = _credential()
        if text is not None:
            self._identity.forget(text)

    def _welcome(self, policy: Policy) -> None:
        """Let anybody in; a bad credential is as good as none."""
        exchange = _exchange()
        exchange.principal = self._recognised()
        self._count(policy.limit, exchange)

    def _admit(self, policy: Policy) -> None:
        """Let in whom the policy names.

        Refusals are counted too, by address: nobody tries keys without end.
        """
        exchange = _exchange()
        if self._is_open_to_machines(policy, exchange.address):
            return
        refusal: ApiError | None = None
        try:
            exchange.principal = principal = self._proven()
        except ApiError as error:
            refusal = error
        self._count(policy.limit, exchange)
        if refusal is not None:
            raise refusal
        _require_role(policy, principal)

    def _admit_uncounted(self, policy: Policy) -> None:
        """The same where who is let in is not counted: refused credentials are, by address.

        Beyond their limit the database is not asked, so whoever guesses learns nothing and costs
        nothing. Who comes without a credential guesses nothing.
        """
        exchange = _exchange()
        if self._is_open_to_machines(policy, exchange.address):
            return
        if self._gate is None or _credential() is None:
            self._require(policy, exchange)
            return
        _hold_to(self._gate.after_refusals(exchange.address), exchange)
        try:
            self._require(policy, exchange)
        except ApiError:
            _hold_to(self._gate.refuse(exchange.address), exchange)
            raise

    def _require(self, policy: Policy, exchange: Exchange) -> None:
        exchange.principal = principal = self._proven()
        _require_role(policy, principal)

    def _is_open_to_machines(self, policy: Policy, address: str) -> bool:
        """Whether a scraper, or a developer's own machine, may read this without a user."""
        if policy.scraper and self._scraper.is_in(_authorization()):
            return True
        return policy.developers and self._development and _is_loopback(address)

    def _proven(self) -> Principal:
        text = _credential()
        if text is None:
            raise ApiError(401, UNKNOWN)
        return self._identity.identify(text)

    def _recognised(self) -> Principal | None:
        """Whoever can be recognised without anybody being refused."""
        text = _credential()
        if text is None:
            return None
        try:
            return self._identity.identify(text)
        except (ApiError, DatabaseUnavailableError):
            return None

    def _count(self, limit: Limit, exchange: Exchange) -> None:
        if self._gate is None or limit is Limit.NONE:
            return
        who = exchange.principal
        name, tier = (None, None) if who is None else (who.user_id, who.tier.value)
        _hold_to(self._gate.check(limit.value, name, tier, exchange.address), exchange)


def current_principal() -> Principal:
    """Who asks, in a view that is for users; ApiError 401 where nobody proved who they are."""
    principal = recognised_principal()
    if principal is None:
        raise ApiError(401, UNKNOWN)
    return principal


def recognised_principal() -> Principal | None:
    """Who asks, in a view that is for anybody; None for a stranger."""
    return getattr(asker.get(), "principal", None)


def _hold_to(verdict: Verdict | None, exchange: Exchange) -> None:
    """Write down what a limit says; ApiError 429 where it is used up."""
    exchange.rate = verdict
    if verdict is not None and not verdict.allowed:
        wait = max(1, verdict.retry_after)
        raise ApiError(429, f"Too many requests; try again in {wait} s.", retry_after=wait)


def _require_role(policy: Policy, principal: Principal) -> None:
    """ApiError 403 where the route is for administrators, and this is none."""
    if policy.access is Access.ADMIN and principal.role is not Role.ADMIN:
        raise ApiError(403, FORBIDDEN)


def _exchange() -> Exchange:
    """The request that this thread works on; its edge made it known."""
    exchange = asker.get()
    if exchange is None:
        raise LookupError("a view was called past the edge of the application")
    return cast("Exchange", exchange)


def _credential() -> str | None:
    environ = request.environ
    return presented(environ.get(AUTHORIZATION, ""), environ.get("HTTP_X_API_KEY", ""))


def _authorization() -> str:
    return str(request.environ.get(AUTHORIZATION, ""))


def _is_loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False
