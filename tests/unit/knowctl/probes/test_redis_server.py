from __future__ import annotations

import contextlib
import socket
import threading
from pathlib import Path

import pytest

from knowctl.errors import KnowctlError
from knowctl.probes.redis_server import RedisProbe
from tests.support.configuration import PASSWORD, settings_of


def test_where_none_is_configured_nothing_is_asked() -> None:
    probe = RedisProbe(settings_of())
    assert (probe.facts(), probe.ahead()) == (None, None)


@pytest.mark.parametrize(
    ("url", "hint"),
    [
        (f"redis://:{PASSWORD}@127.0.0.1:6379/0?nonsense=1", "mend what follows the ?"),
        (f"unix://:{PASSWORD}@/nowhere/redis.sock", "start Redis, or mend REDIS_URL"),
    ],
)
def test_a_redis_that_can_not_be_reached_is_an_error_without_a_secret(url: str, hint: str) -> None:
    probe = RedisProbe(settings_of(REDIS_URL=url))
    for ask in (probe.facts, probe.ahead):
        with pytest.raises(KnowctlError) as told:
            ask()
        assert hint in told.value.failure.hint
        assert PASSWORD not in repr(told.value.failure)


def _say_no(listener: socket.socket) -> None:
    while True:
        with contextlib.suppress(OSError), listener.accept()[0] as link:
            while link.recv(65536):
                link.sendall(b"-ERR a\x1b[2Jb\r\n")
            continue
        return


def test_what_a_redis_says_can_not_draw_on_a_terminal(tmp_path: Path) -> None:
    path = str(tmp_path / "redis.sock")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        listener.settimeout(5)
        thread = threading.Thread(target=_say_no, args=(listener,), daemon=True)
        thread.start()
        with pytest.raises(KnowctlError) as told:
            RedisProbe(settings_of(REDIS_URL=f"unix://{path}")).facts()
    assert "a\N{REPLACEMENT CHARACTER}[2Jb" in told.value.failure.cause
    thread.join(10)
