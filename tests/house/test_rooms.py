"""Every module has a charter, a sensible name, a test beside it and a row in README's map."""

from __future__ import annotations

import ast
import re
from pathlib import Path, PurePosixPath

import pytest

from tests.support.rooms import PACKAGES, ROOT, SRC, charter, modules, rooms

UNIT = ROOT / "tests" / "unit"
WITHOUT_UNIT_TESTS = frozenset(
    {
        "*/__init__.py",  # no logic, which a test below holds
        "knowalledge_api/database/migrations/env.py",  # Alembic runs it, within integration tests
        "knowalledge_api/database/migrations/versions/*.py",  # applied, by integration tests
        "knowalledge_api/providers/offline/languages/*.py",  # words, held by test_phrasebook.py
        "knowalledge_api/providers/protocol.py",  # a protocol and a constant; nothing runs
    }
)
EMPTY_WORDS = frozenset(
    {"utils", "helpers", "common", "misc", "manager", "enhanced", "advanced", "new", "v2"}
)
ROW = re.compile(r"^\| `(src/[^`]+)` \| (.*) \|$", re.MULTILINE)

every_module = pytest.mark.parametrize(
    "module", modules(), ids=[path.relative_to(SRC).as_posix() for path in modules()]
)


def name_of(module: Path) -> PurePosixPath:
    return PurePosixPath(module.relative_to(SRC).as_posix())


def mirror(module: PurePosixPath) -> str:
    """The unit test of a module: knowctl/__main__.py has knowctl/test_main.py."""
    return str(module.with_name(f"test_{module.stem.strip('_')}.py"))


def mirrors() -> set[str]:
    names = map(name_of, modules())
    return {
        mirror(name)
        for name in names
        if not any(name.match(pattern) for pattern in WITHOUT_UNIT_TESTS)
    }


def unit_tests() -> set[str]:
    return {path.relative_to(UNIT).as_posix() for path in UNIT.rglob("test_*.py")}


def is_declaration(statement: ast.stmt) -> bool:
    """A docstring, an import, `__all__` or `__version__`."""
    match statement:
        case ast.Expr(ast.Constant(str())) | ast.Import() | ast.ImportFrom():
            return True
        case ast.Assign([ast.Name("__all__" | "__version__")]):
            return True
    return False


def test_every_module_has_its_unit_test() -> None:
    assert mirrors() - unit_tests() == set()


def test_every_unit_test_has_its_module() -> None:
    assert unit_tests() - mirrors() == set()


def test_every_exemption_from_unit_tests_is_used() -> None:
    names = [name_of(module) for module in modules()]
    unused = {each for each in WITHOUT_UNIT_TESTS if not any(name.match(each) for name in names)}
    assert unused == set()


@every_module
def test_a_module_begins_with_a_charter_of_one_sentence(module: Path) -> None:
    assert re.fullmatch(r"(?:[^.!?\n]|[.!?](?=\S))+\.", charter(module)), charter(module)


@every_module
def test_no_module_has_a_name_that_says_nothing(module: Path) -> None:
    parts = name_of(module).with_suffix("").parts
    words = {word for part in parts for word in part.split("_")}
    assert words & EMPTY_WORDS == set()


@pytest.mark.parametrize("package", PACKAGES)
def test_an_init_file_holds_no_logic(package: str) -> None:
    logic = [
        f"{name_of(path)}:{statement.lineno}"
        for path in (SRC / package).rglob("__init__.py")
        for statement in ast.parse(path.read_text("utf-8")).body
        if not is_declaration(statement)
    ]
    assert logic == []


def test_the_map_of_rooms_in_readme_is_the_one_that_the_code_draws() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    assert ROW.findall(readme) == list(rooms().items()), "python -m tests.support.rooms prints it"
