"""Tables for a person: columns as wide as they need, long cells folded, figures below another."""

from __future__ import annotations

import io
from collections.abc import Collection, Iterable, Sequence

from knowctl.render.style import Style


def of_table(
    columns: Sequence[str],
    rows: Iterable[Sequence[str]],
    style: Style,
    whole: Collection[str] = (),
) -> str:
    """A table without lines, within the width of the style; `whole` columns are not folded."""
    from rich.console import Console  # noqa: PLC0415 -- only tables pay for rich's import
    from rich.table import Table  # noqa: PLC0415 -- the same

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in columns:
        table.add_column(name, overflow="fold", no_wrap=name in whole)
    for row in rows:
        table.add_row(*row)
    page = io.StringIO()
    Console(
        file=page,
        width=style.width,
        force_terminal=style.color,
        no_color=not style.color,
        markup=False,
        highlight=False,
    ).print(table)
    return "\n".join(line.rstrip() for line in page.getvalue().splitlines())


def of_figures(
    columns: Sequence[str],
    rows: Iterable[Sequence[str]],
    style: Style,
    words: Collection[str] = (),
) -> str:
    """A table of figures, aligned on the right but for the columns of `words`; close when wide."""
    cells = [tuple(columns), *map(tuple, rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    gap = " " * (2 if sum(widths) + 2 * len(widths) - 2 <= style.width else 1)
    lines = [
        gap.join(
            cell.ljust(width) if name in words else cell.rjust(width)
            for name, cell, width in zip(columns, row, widths, strict=True)
        ).rstrip()
        for row in cells
    ]
    return "\n".join([style.paint(lines[0], "bold"), *lines[1:]])
