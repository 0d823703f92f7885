"""API keys: issued and shown once, listed, revoked, replaced."""

from typing import Annotated

import typer

from knowctl.context import Context
from knowctl.model.accounts import IssuedKey, RevokedKeys, UserKeys
from knowctl.options import Option
from knowctl.services import accounts
from knowctl.shell import command, group

app = group("Manage the API keys of a user.\n\nExample: knowctl keys issue ada")

User = Annotated[str, typer.Argument(metavar="USER", help="The user's id.")]
Yes = Annotated[bool, Option("--yes", help="Do not ask.")]


@app.command()
@command
def issue(context: Context, user: User) -> IssuedKey:
    """Issue a further key, and show it this once: stdout is the key alone.

    Example: knowctl keys issue ada > ada.key
    """
    return accounts.issue(context.accounts(), user)


@app.command("list")
@command
def list_keys(
    context: Context,
    user: User,
    every: Annotated[bool, Option("--all", help="Those that were revoked, too.")] = False,
) -> UserKeys:
    """List a user's keys: number, beginning, and when each was used last.

    Example: knowctl keys list ada
    """
    return context.accounts().accounts.keys(user, revoked=every)


@app.command()
@command
def revoke(
    context: Context,
    user: User,
    key_id: Annotated[
        int | None, typer.Argument(metavar="ID", min=1, help="The key's number.")
    ] = None,
    every: Annotated[bool, Option("--all", help="All keys of the user.")] = False,
    yes: Yes = False,
) -> RevokedKeys:
    """Revoke a key, and with it every token that it got; it holds within 5 seconds.

    Example: knowctl keys revoke ada 3 --yes
    """
    chosen = accounts.which(key_id, every=every)
    return accounts.revoke(context.accounts(), user, chosen, confirmed=yes)


@app.command()
@command
def rotate(context: Context, user: User, yes: Yes = False) -> IssuedKey:
    """Issue a new key, shown this once, and revoke all others in the same moment.

    Example: knowctl keys rotate ada --yes
    """
    return accounts.rotate(context.accounts(), user, confirmed=yes)
