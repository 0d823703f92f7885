from __future__ import annotations

from knowctl.model.accounts import IssuedKey, RevokedKeys, User, Users

ADA = User("ada", "admin", "free", None, "2026-01-01T12:00:00+00:00")


def test_a_key_is_shown_by_nothing_but_its_own_field() -> None:
    issued = IssuedKey("ada", 1, "sk_abcdefgh", "sk_the-whole-key")
    assert "sk_the-whole-key" not in repr(issued)
    assert issued.data is issued


def test_what_was_asked_for_is_no_failure() -> None:
    for result in (Users((ADA,)), RevokedKeys("ada", ())):
        assert result.failure is None
    assert ADA.disabled_at is None
