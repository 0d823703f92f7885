"""The migration scripts, listed and written."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from knowalledge_api.database import schema, scripts
from knowalledge_api.errors import MigrationError, UnknownRevisionError
from tests.support.configuration import settings_of, sqlite_settings

HEAD = schema.known_revisions().heads[0]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout's migrations."""
    (tmp_path / "pyproject.toml").write_text("[tool.alembic]\n")
    directory = tmp_path / "src" / "knowalledge_api" / "database" / "migrations"
    shutil.copytree(schema.SCRIPTS, directory, ignore=shutil.ignore_patterns("__pycache__"))
    return directory


def test_scripts_are_listed_from_the_newest_to_the_oldest() -> None:
    newest, *_, oldest = scripts.all_scripts()
    assert (newest.revision, newest.head) == (HEAD, True)
    assert (oldest.revision, oldest.parents, oldest.head) == ("0001", (), False)
    assert oldest.title == "Topics, and what was written about them"


def test_the_way_up_and_the_way_down_are_told_step_by_step() -> None:
    assert [each.revision for each in scripts.steps_up(None, "0002")] == ["0001", "0002"]
    assert [each.revision for each in scripts.steps_up("0001", "0002")] == ["0002"]
    assert scripts.steps_up(HEAD) == ()
    assert [each.revision for each in scripts.steps_down("0002", "base")] == ["0002", "0001"]
    assert [each.revision for each in scripts.steps_down("0002", "-1")] == ["0002"]


@pytest.mark.parametrize("to", ["nowhere", "0002", "-3"])
def test_what_does_not_lie_below_is_no_way_down(to: str) -> None:
    with pytest.raises(UnknownRevisionError) as caught:
        scripts.steps_down("0001", to)
    assert "knowctl db history" in caught.value.hint


def test_what_is_not_known_is_no_way_up() -> None:
    with pytest.raises(UnknownRevisionError, match="nowhere"):
        scripts.steps_up(None, "nowhere")


def test_a_new_script_is_numbered_behind_the_last_and_needs_no_database(
    checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    away = settings_of(DATABASE_URL="postgresql://127.0.0.1:1/x")
    made = scripts.write_script(away, "keep notes", autogenerate=False, directory=checkout)
    number = f"{int(HEAD) + 1:04}"
    assert made == checkout / "versions" / f"{number}_keep_notes.py"
    assert f'down_revision = "{HEAD}"' in made.read_text().replace("'", '"')
    assert capsys.readouterr().out == ""


def test_a_script_from_the_models_needs_a_database_at_the_head(
    checkout: Path, tmp_path: Path
) -> None:
    settings = sqlite_settings(tmp_path)
    with pytest.raises(MigrationError, match="not up to date") as caught:
        scripts.write_script(settings, "x", autogenerate=True, directory=checkout)
    assert caught.value.hint == "knowctl db upgrade, then try again"
    schema.migrate(settings)
    made = scripts.write_script(settings, "nothing", autogenerate=True, directory=checkout)
    assert "def upgrade() -> None:\n    # ### commands" in made.read_text()
    assert "schema_history" not in made.read_text()


def test_an_installed_copy_is_no_place_for_a_new_script(checkout: Path) -> None:
    (checkout.parents[3] / "pyproject.toml").write_text("[project]\n")
    with pytest.raises(MigrationError, match="installed copy") as caught:
        scripts.write_script(settings_of(), "x", autogenerate=False, directory=checkout)
    assert "checkout" in caught.value.hint
    (checkout.parents[3] / "pyproject.toml").unlink()
    with pytest.raises(MigrationError, match="installed copy"):
        scripts.write_script(settings_of(), "x", autogenerate=False, directory=checkout)


def test_a_directory_that_can_not_be_written_is_named(checkout: Path) -> None:
    shutil.rmtree(checkout / "versions")
    with pytest.raises(MigrationError, match="versions is not writable"):
        scripts.write_script(settings_of(), "x", autogenerate=False, directory=checkout)
