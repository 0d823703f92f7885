"""The measured promises: `python -m benchmarks` runs them all, a name and its arguments one."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from benchmarks import hot_path, live, memory, startup, throughput, waiting

ALL: Final[Mapping[str, Callable[[Sequence[str]], int]]] = {
    "startup": startup.main,
    "throughput": throughput.main,
    "hot_path": hot_path.main,
    "waiting": waiting.main,
    "live": live.main,
    "memory": memory.main,
}


def main(argv: Sequence[str]) -> int:
    """1 where a promise is broken, 2 where there is no such benchmark."""
    if not argv:
        return max([run([]) for run in ALL.values()])
    name, *rest = argv
    if name not in ALL:
        print(f"there is no benchmark {name}: {', '.join(ALL)}", file=sys.stderr)
        return 2
    return ALL[name](rest)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
