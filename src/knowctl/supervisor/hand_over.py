"""How a preparation hands its order, the bound socket and the lock to the supervisor that asked."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from knowctl.supervisor import order
from knowctl.supervisor.order import Order

LARGEST: Final = 1 << 16
MOST: Final = 4


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a preparation came to: an order, or the cause and the hint of its failure.

    `descriptors` are the lock of the run directory and the listening socket, at a first start.
    """

    order: Order | None
    cause: str = ""
    hint: str = ""
    descriptors: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class HandOver:
    """The errand of a preparation: the descriptor to answer on, and what it has to take.

    `bind`: the address is still to be bound. `first`: the run directory is still to be held.
    """

    channel: int
    bind: bool
    first: bool

    def send(self, wanted: Order, descriptors: Sequence[int]) -> None:
        """Hand everything over."""
        self._send({"order": wanted.to_json()}, descriptors)

    def fail(self, cause: str, hint: str) -> None:
        """Say why there is no order."""
        self._send({"cause": cause[:2000], "hint": hint[:500]}, ())

    def _send(self, document: dict[str, str], descriptors: Sequence[int]) -> None:
        with socket.socket(fileno=os.dup(self.channel)) as channel:
            socket.send_fds(channel, [json.dumps(document).encode()], list(descriptors))

    def __str__(self) -> str:
        binding, place = "bind" if self.bind else "bound", "first" if self.first else "again"
        return f"{self.channel}:{binding}:{place}"


def of_text(text: str) -> HandOver:
    """The errand as the command line has it; ValueError where it is none."""
    channel, binding, place = text.split(":")
    if binding not in {"bind", "bound"} or place not in {"first", "again"}:
        raise ValueError(text)
    return HandOver(int(channel), binding == "bind", place == "first")


def receive(channel: socket.socket) -> Prepared | None:
    """What was handed over, None where nothing was."""
    content, descriptors, _, _ = socket.recv_fds(channel, LARGEST, MOST)
    for each in descriptors:
        os.set_inheritable(each, False)  # noqa: FBT003 -- or every child would hold the lock too
    if not content:
        return None
    document = json.loads(content)
    if "order" in document:
        return Prepared(order.from_json(document["order"]), descriptors=tuple(descriptors))
    return Prepared(None, document["cause"], document["hint"])
