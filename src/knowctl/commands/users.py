"""Users: made, listed, promoted, kept out and let in again."""

from typing import Annotated

import typer

from knowctl.choices import RoleName, TierName
from knowctl.context import Context
from knowctl.model.accounts import ChangedUser, Users
from knowctl.options import Option
from knowctl.services import accounts
from knowctl.shell import command, group

app = group("Manage the users of the API.\n\nExample: knowctl users create ada --role admin")

Id = Annotated[str, typer.Argument(metavar="ID", help="The user's id.")]
Yes = Annotated[bool, Option("--yes", help="Also where nobody else administers.")]


@app.command()
@command
def create(
    context: Context,
    user_id: Annotated[
        str, typer.Argument(metavar="ID", help="3 to 64 letters, digits, or one of . _ - @.")
    ],
    role: Annotated[RoleName, Option(help="What the user may do.")] = RoleName.USER,
    tier: Annotated[
        TierName, Option(metavar="TIER", help="limited, free, basic, premium or unlimited.")
    ] = TierName.FREE,
    email: Annotated[str | None, Option(help="Where the user can be reached.")] = None,
) -> ChangedUser:
    """Make a user, without a key: knowctl keys issue gives one.

    Example: knowctl users create ada --role admin
    """
    return context.accounts().accounts.create(user_id, role.value, tier.value, email)


@app.command("list")
@command
def list_users(
    context: Context,
    limit: Annotated[int, Option(min=1, max=100000, help="How many at most.")] = 1000,
) -> Users:
    """List users with their role, tier and state.

    Example: knowctl users list -o json
    """
    return context.accounts().accounts.users(limit)


@app.command()
@command
def set_role(
    context: Context,
    user_id: Id,
    role: Annotated[RoleName, typer.Argument(metavar="ROLE", help="user or admin.")],
    yes: Yes = False,
) -> ChangedUser:
    """Change what a user may do; it holds within 5 seconds.

    Example: knowctl users set-role ada admin
    """
    return accounts.set_role(context.accounts(), user_id, role.value, confirmed=yes)


@app.command()
@command
def set_tier(
    context: Context,
    user_id: Id,
    tier: Annotated[
        TierName,
        typer.Argument(metavar="TIER", help="limited, free, basic, premium or unlimited."),
    ],
) -> ChangedUser:
    """Change how much a user may ask for; it holds within 5 seconds.

    Example: knowctl users set-tier ada premium
    """
    return context.accounts().accounts.set_tier(user_id, tier.value)


@app.command()
@command
def disable(context: Context, user_id: Id, yes: Yes = False) -> ChangedUser:
    """Keep a user out, whatever key or token comes; it holds within 5 seconds.

    Example: knowctl users disable ada
    """
    return accounts.disable(context.accounts(), user_id, confirmed=yes)


@app.command()
@command
def enable(context: Context, user_id: Id) -> ChangedUser:
    """Let a user in again, with the keys there were.

    Example: knowctl users enable ada
    """
    return context.accounts().accounts.enable(user_id)
