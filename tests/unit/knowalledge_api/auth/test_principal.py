"""Who is asking."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace

import pytest

from knowalledge_api.auth.principal import Principal, TokenFacts
from knowalledge_api.database.models import Role, Tier
from tests.support.people import NOON


def test_nobody_becomes_an_administrator_by_the_way() -> None:
    ada = Principal(1, "ada", Role.USER, Tier.FREE, None, NOON)
    with pytest.raises(FrozenInstanceError):
        ada.role = Role.ADMIN  # type: ignore[misc]  # that is what is tested
    assert (ada.key_id, ada.token) == (None, None)


def test_principals_differ_by_what_they_came_with() -> None:
    ada = Principal(1, "ada", Role.USER, Tier.FREE, None, NOON, key_id=1)
    assert ada != replace(ada, key_id=None, token=TokenFacts("jti", "ada", 0, 1))
