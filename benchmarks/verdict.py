"""What was promised, what was measured, and whether that holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Verdict:
    """One promise; `measured` must be at least the bound, or at most where `most` is set."""

    promise: str
    what: str
    measured: float
    bound: float
    unit: str = ""
    most: bool = False

    @property
    def holds(self) -> bool:
        """Whether the promise is kept."""
        return self.measured <= self.bound if self.most else self.measured >= self.bound

    def __str__(self) -> str:
        word = "at most" if self.most else "at least"
        verdict = "holds" if self.holds else "BROKEN"
        return (
            f"{self.promise}  {self.what}: {self.measured:.2f}{self.unit}, "
            f"promised {word} {self.bound:g}{self.unit}: {verdict}"
        )


def told(*verdicts: Verdict) -> int:
    """Print them; 1 where a promise is broken."""
    print(*verdicts, sep="\n", end="\n\n")
    return 0 if all(each.holds for each in verdicts) else 1


def table(head: Sequence[str], *rows: Sequence[object]) -> None:
    """Print a table: the first column to the left, the others to the right."""
    lines = [[str(cell) for cell in row] for row in (head, *rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    for first, *rest in lines:
        cells = [cell.rjust(width) for cell, width in zip(rest, widths[1:], strict=True)]
        print("  ".join((first.ljust(widths[0]), *cells)).rstrip())
