"""Users and keys as text for a person; of a key that was issued, the key alone."""

from __future__ import annotations

from typing import Final

from knowctl.model.accounts import ChangedUser, IssuedKey, RevokedKeys, UserKeys, Users
from knowctl.render.style import Style
from knowctl.render.table import of_table
from knowctl.render.text import of_result, of_step, of_warning

MINUTE: Final = len("2026-01-01T12:00")


@of_result.register
def _(found: Users, style: Style) -> str:
    if not found.users:
        return of_step("users", "nobody yet; knowctl users create ID --role admin", style)
    rows = [
        (
            each.user_id,
            each.role,
            each.tier,
            f"disabled {_moment(each.disabled_at)}" if each.disabled_at else "active",
            _moment(each.created_at),
            each.email or "-",
        )
        for each in found.users
    ]
    columns = ("USER", "ROLE", "TIER", "STATE", "CREATED", "EMAIL")
    table = of_table(columns, rows, style)
    if not found.more:
        return table
    return f"{table}\n{of_warning('more', 'there are others; --limit shows more', style)}"


@of_result.register
def _(changed: ChangedUser, style: Style) -> str:
    user = changed.user
    state = ", disabled" if user.disabled_at else ""
    return of_step(changed.done, f"{user.user_id}: {user.role}, {user.tier}{state}", style)


@of_result.register
def _(found: UserKeys, style: Style) -> str:
    if not found.keys:
        words = f"{found.user_id} has none; knowctl keys issue {found.user_id}"
        return of_step("keys", words, style)
    rows = [
        (
            str(each.id),
            each.prefix,
            f"revoked {_moment(each.revoked_at)}" if each.revoked_at else "active",
            _moment(each.created_at),
            _moment(each.last_used_at) if each.last_used_at else "never",
        )
        for each in found.keys
    ]
    return of_table(("ID", "KEY", "STATE", "CREATED", "LAST USED"), rows, style)


@of_result.register
def _(issued: IssuedKey, _style: Style) -> str:
    return issued.api_key


@of_result.register
def _(gone: RevokedKeys, style: Style) -> str:
    if not gone.revoked:
        return of_step("revoked", f"nothing: it did not count any more ({gone.user_id})", style)
    return "\n".join(
        of_step("revoked", f"{each} of {gone.user_id}", style) for each in gone.revoked
    )


def _moment(iso: str) -> str:
    """To the minute, as people read it."""
    return iso[:MINUTE].replace("T", " ")
