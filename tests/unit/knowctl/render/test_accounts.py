from __future__ import annotations

from knowctl.model.accounts import (
    ChangedUser,
    IssuedKey,
    RevokedKeys,
    User,
    UserKey,
    UserKeys,
    Users,
)
from knowctl.render import json as documents
from knowctl.render.style import Style
from knowctl.render.text import of_result

STYLE = Style(width=100)
AT = "2026-01-01T12:34:56.789+00:00"
ADA = User("ada", "admin", "free", "ada@example.org", AT)
BOB = User("bob", "user", "basic", None, AT, AT)


def test_users_are_a_table() -> None:
    lines = of_result(Users((ADA, BOB)), STYLE).splitlines()
    assert [line.split("  ")[0].strip() for line in lines] == ["USER", "ada", "bob"]
    assert "active" in lines[1]
    assert "disabled 2026-01-01 12:34" in lines[2]
    assert "there are others" in of_result(Users((ADA,), more=True), STYLE)


def test_where_there_is_nobody_the_first_step_is_told() -> None:
    assert "knowctl users create ID --role admin" in of_result(Users(()), STYLE)


def test_a_change_is_one_line() -> None:
    assert of_result(ChangedUser("created", ADA), STYLE).endswith("ada: admin, free")
    assert of_result(ChangedUser("disabled", BOB), STYLE).endswith("bob: user, basic, disabled")


def test_keys_are_a_table_without_the_keys() -> None:
    keys = (UserKey(1, "sk_abcdefgh", AT), UserKey(2, "sk_ijklmnop", AT, AT, AT))
    lines = of_result(UserKeys("ada", keys), STYLE).splitlines()
    assert lines[1].endswith("never")
    assert "revoked 2026-01-01 12:34" in lines[2]
    assert "knowctl keys issue ada" in of_result(UserKeys("ada", ()), STYLE)


def test_an_issued_key_stands_alone_so_that_a_shell_can_take_it() -> None:
    issued = IssuedKey("ada", 1, "sk_abcdefgh", "sk_abcdefgh-the-rest")
    assert of_result(issued, STYLE) == "sk_abcdefgh-the-rest"
    assert '"api_key": "sk_abcdefgh-the-rest"' in documents.of_result(issued)


def test_what_was_revoked_is_listed() -> None:
    assert of_result(RevokedKeys("ada", ("sk_a", "sk_b")), STYLE).count("of ada") == 2
    assert "nothing" in of_result(RevokedKeys("ada", ()), STYLE)
