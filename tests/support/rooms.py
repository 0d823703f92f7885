"""The map of rooms as README shows it: `python -m tests.support.rooms` prints it."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SRC = ROOT / "src"
PACKAGES = ("knowctl", "knowalledge_api")


def modules() -> list[Path]:
    """Every module under src."""
    return sorted(SRC.rglob("*.py"))


def charter(module: Path) -> str:
    """The first paragraph of the module's docstring, empty where it has none."""
    tree = ast.parse(module.read_text("utf-8"))
    return (ast.get_docstring(tree) or "").partition("\n\n")[0]


def rooms() -> dict[str, str]:
    """The charter of each package, and of each module and room in it, by its path."""
    return {
        path.relative_to(ROOT).as_posix() + "/" * path.is_dir(): charter(
            path / "__init__.py" if path.is_dir() else path
        )
        for package in PACKAGES
        for path in _rooms_of(SRC / package)
    }


def render() -> str:
    """The table, in Markdown."""
    rows = (f"| `{path}` | {text} |" for path, text in rooms().items())
    return "\n".join(("| room | what it is for |", "|---|---|", *rows)) + "\n"


def _rooms_of(package: Path) -> Iterator[Path]:
    yield package
    for path in sorted(package.iterdir()):
        if (path / "__init__.py").exists() or (path.suffix == ".py" and path.stem != "__init__"):
            yield path


if __name__ == "__main__":
    sys.stdout.write(render())
