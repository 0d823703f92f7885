"""The migration scripts: which there are, which a downgrade would undo, and one more of them."""

from __future__ import annotations

import os
from argparse import Namespace
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from knowalledge_api.database.schema import (
    SCRIPTS,
    known_steps,
    migration_connection,
    script_directory,
)
from knowalledge_api.errors import MigrationError
from knowalledge_api.settings import Settings

if TYPE_CHECKING:
    from alembic.config import Config
    from alembic.runtime.migration import RevisionStep
    from alembic.script import ScriptDirectory

FILE_TEMPLATE = "%%(rev)s_%%(slug)s"


@dataclass(frozen=True, slots=True)
class Script:
    """One migration: its revision, those before it, and its first line."""

    revision: str
    parents: tuple[str, ...]
    title: str
    head: bool


def all_scripts(directory: Path = SCRIPTS) -> tuple[Script, ...]:
    """Every migration of this code, the newest first."""
    return tuple(_script(each) for each in script_directory(directory).walk_revisions())


def steps_up(start: str | None, to: str = "head", directory: Path = SCRIPTS) -> tuple[Script, ...]:
    """What an upgrade applies, in its order; UnknownRevisionError where `to` is not above."""
    return _steps(lambda scripts: scripts._upgrade_revs(to, start), directory)  # type: ignore[arg-type]  # noqa: SLF001 -- as alembic.command.upgrade does


def steps_down(start: str | None, to: str, directory: Path = SCRIPTS) -> tuple[Script, ...]:
    """What a downgrade undoes, in its order; UnknownRevisionError where `to` is not below."""
    return _steps(lambda scripts: scripts._downgrade_revs(to, start), directory)  # noqa: SLF001 -- as alembic.command.downgrade does


def write_script(
    settings: Settings,
    message: str,
    *,
    autogenerate: bool,
    wait: float = 30.0,
    directory: Path = SCRIPTS,
) -> Path:
    """Write a new migration and give back its file, numbered behind those that are there.

    With `autogenerate` it holds what leads from the database, which must be at the head, to the
    models. Raises MigrationError where this is no checkout, or the database is not at the head.
    """
    _require_checkout(directory)
    if not autogenerate:
        return _write(directory, message, {})
    with migration_connection(settings, wait=wait) as connection:
        return _write(directory, message, {"connection": connection}, autogenerate=True)


def _steps(
    way: Callable[[ScriptDirectory], list[RevisionStep]], directory: Path
) -> tuple[Script, ...]:
    with known_steps():
        steps = way(script_directory(directory))
    return tuple(_script(step.revision) for step in steps)


def _require_checkout(directory: Path) -> None:
    """Whether migrations are written here: a checkout has the configuration of `alembic` too."""
    project = directory.parents[3] / "pyproject.toml"
    if not project.is_file() or "[tool.alembic]" not in project.read_text("utf-8"):
        raise MigrationError(
            f"{directory} is an installed copy: its next installation would lose the file",
            "run it in a checkout of the source, with the checkout's own knowctl",
        )
    if not os.access(directory / "versions", os.W_OK):
        raise MigrationError(
            f"{directory / 'versions'} is not writable for this user", "run it as its owner"
        )


def _write(
    directory: Path, message: str, attributes: dict[str, Any], *, autogenerate: bool = False
) -> Path:
    from alembic import command  # noqa: PLC0415 -- start-up time
    from alembic.util import CommandError  # noqa: PLC0415 -- the same

    number = _next_number(script_directory(directory))
    config = _config(directory, number, attributes)
    try:
        made: Any = command.revision(config, message, autogenerate=autogenerate, rev_id=number)
    except CommandError as error:
        raise MigrationError(str(error), "knowctl db upgrade, then try again") from error
    return Path(made.path)


def _next_number(scripts: ScriptDirectory) -> str:
    taken = [each.revision for each in scripts.walk_revisions()]
    return f"{max(map(int, filter(str.isdigit, taken)), default=0) + 1:04}"


def _config(directory: Path, number: str, attributes: dict[str, Any]) -> Config:
    from alembic.config import Config  # noqa: PLC0415 -- start-up time

    config = Config(attributes=attributes, cmd_opts=Namespace(quiet=True, rev_id=number))
    config.set_main_option("script_location", str(directory).replace("%", "%%"))
    config.set_main_option("file_template", FILE_TEMPLATE)
    return config


def _script(script: Any) -> Script:
    return Script(
        revision=script.revision,
        parents=tuple(sorted(script._versioned_down_revisions)),  # noqa: SLF001 -- a tuple whatever it was written as
        title=str(script.doc).strip().rstrip("."),
        head=script.is_head,
    )
