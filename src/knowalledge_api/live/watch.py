"""The one thread of the live part: it answers on the channel, and looks around once a second."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final

from knowalledge_api.live.channel import Channel
from knowalledge_api.live.transport import Listener

log = logging.getLogger(__name__)

LOOK: Final = 1.0
"""Seconds between looks."""
JOIN: Final = 2.0
"""Seconds that the end may take; the thread is a daemon."""

Look = Callable[[], None]


class Watch:
    """Runs until it is stopped; nothing that fails in it ends it."""

    def __init__(self, channel: Channel, listener: Listener | None, looks: Sequence[Look]) -> None:
        self._channel = channel
        self._listener = listener
        self._looks = looks
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="live", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Be silent, and leave no socket behind."""
        self.vanish()
        self._stopping.set()
        with suppress(OSError):  # it has ended already
            self._channel.wake()
        self._thread.join(JOIN)

    def vanish(self) -> None:
        """Take the socket away; who is connected is still answered."""
        if self._listener is not None:
            self._listener.path.unlink(missing_ok=True)

    def _run(self) -> None:
        while not self._stopping.is_set():
            if not _tried(self._turn):
                self._stopping.wait(LOOK)
            for look in self._looks:
                _tried(look)
        self._channel.close()
        if self._listener is not None:
            self._listener.close()

    def _turn(self) -> None:
        self._channel.turn(LOOK)


def _tried(action: Look) -> bool:
    try:
        action()
    except Exception:
        log.exception("the live state suffers; this is tried again")
        return False
    return True
