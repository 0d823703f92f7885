"""Who may use the product."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy.exc import IntegrityError

from knowalledge_api.database.models import Role, Tier, User, ranks_above

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


def test_who_says_no_more_is_a_free_user_who_may_work(ada: User) -> None:
    assert (ada.role, ada.tier) == (Role.USER, Tier.FREE)
    assert (ada.email, ada.disabled_at) == (None, None)


def test_the_words_are_those_of_the_api() -> None:
    assert list(Role) == ["user", "admin"]
    assert list(Tier) == ["limited", "free", "basic", "premium", "unlimited"]


def test_ranks_are_told_by_their_order_and_not_by_their_letters() -> None:
    assert ranks_above(Role.ADMIN, Role.USER)
    assert not ranks_above(Role.USER, Role.ADMIN)
    assert not ranks_above(Role.ADMIN, Role.ADMIN)
    below = [[ranks_above(tier, other) for other in Tier].count(True) for tier in Tier]
    assert below == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("public_id", ["ab", "x" * 65])
def test_an_id_of_the_wrong_length_is_refused(session: Session, ada: User, public_id: str) -> None:
    session.add(User(public_id=public_id, created_at=ada.created_at))
    with pytest.raises(IntegrityError, match="ck_users_public_id"):
        session.flush()
