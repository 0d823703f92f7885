from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable

import pytest

from knowctl.supervisor.processes import Children, described


def ended(children: Children, pid: int) -> int:
    deadline = time.monotonic() + 20
    while children.exit_code(pid) is None:
        assert time.monotonic() < deadline
        children.reap()
        time.sleep(0.01)
    code = children.exit_code(pid)
    assert code is not None
    return code


def test_a_child_gets_its_descriptors_from_3_on_and_a_group_of_its_own() -> None:
    children = Children()
    reader, writer = os.pipe()
    words = "import os; os.write(3, b'%d' % (os.getpgid(0) == os.getpid()))"
    pid = children.spawn([sys.executable, "-c", words], {}, [writer])
    os.close(writer)
    assert ended(children, pid) == 0
    assert os.read(reader, 9) == b"1"
    os.close(reader)


@pytest.mark.parametrize("send", [Children.signal, Children.signal_group])
def test_a_child_is_signalled_while_it_runs_and_no_more_afterwards(
    send: Callable[[Children, int, int], None],
) -> None:
    children = Children()
    pid = children.spawn(["/bin/sleep", "60"], {})
    assert children.exit_code(pid) is None
    send(children, pid, signal.SIGTERM)
    assert ended(children, pid) == -signal.SIGTERM
    send(children, pid, signal.SIGTERM)


def test_a_program_that_is_not_there_is_an_error() -> None:
    with pytest.raises(OSError, match="No such file"):
        Children().spawn(["/no/such/program"], {})


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (3, "it ended with code 3"),
        (-9, "it was ended by SIGKILL"),
        (-99, "it was ended by signal 99"),
    ],
)
def test_an_end_is_told_in_words(code: int, words: str) -> None:
    assert described(code) == words
