"""Functions and modules stay small.

Counted are the lines from the first statement of a function's body to the last, comments and
blank lines between them included, its signature and docstring not; a function within another
counts by itself and in the outer one.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from tests.support.rooms import SRC, modules

MEDIAN, MOST, LONGEST = 10, 30, 60
LONGEST_MODULE = 300
SHARE = 0.9

Function = ast.FunctionDef | ast.AsyncFunctionDef


def lines_of(function: Function) -> int:
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def functions_in(module: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(module.read_text("utf-8"))):
        if isinstance(node, Function):
            yield f"{module.relative_to(SRC)}:{node.lineno} {node.name}", lines_of(node)


def functions() -> dict[str, int]:
    return dict(found for module in modules() for found in functions_in(module))


def test_half_of_all_functions_have_at_most_ten_lines() -> None:
    assert median(functions().values()) <= MEDIAN


def test_nine_functions_in_ten_have_at_most_thirty_lines() -> None:
    sizes = list(functions().values())
    assert sum(size <= MOST for size in sizes) >= SHARE * len(sizes)


def test_no_function_has_more_than_sixty_lines() -> None:
    assert {name: size for name, size in functions().items() if size > LONGEST} == {}


def test_no_module_has_more_than_three_hundred_lines() -> None:
    sizes = {str(path.relative_to(SRC)): len(path.read_bytes().splitlines()) for path in modules()}
    assert {name: size for name, size in sizes.items() if size > LONGEST_MODULE} == {}


def test_signature_and_docstring_do_not_count_but_comments_do() -> None:
    head = 'def f(\n    a,\n):\n    """Two\n\n    lines."""\n'
    body = "    # why\n    b = a\n\n    # so\n    return b\n"
    function = ast.parse(head + body).body[0]
    assert isinstance(function, Function)
    assert lines_of(function) == 4
