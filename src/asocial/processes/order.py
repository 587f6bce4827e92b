"""What the parent sends a process at its start, through a channel that only the two have."""

from __future__ import annotations

import pickle
import socket
import struct
from dataclasses import dataclass, field

from ..groups import ProcessGroup
from ..settings import Settings

LISTENING = b"L"
"""The answer of a process that accepts connections."""
_LENGTH = struct.Struct("!I")


@dataclass(frozen=True)
class Order:
    """`settings` hold secrets, which must be in no argument of a command and in no file."""

    settings: Settings = field(repr=False)
    group: ProcessGroup

    def send(self, channel: socket.socket) -> None:
        data = pickle.dumps(self)
        channel.sendall(_LENGTH.pack(len(data)) + data)


def receive(channel: socket.socket) -> Order:
    """Raises EOFError if the parent has ended."""
    (length,) = _LENGTH.unpack(_exactly(channel, _LENGTH.size))
    order: Order = pickle.loads(_exactly(channel, length))  # noqa: S301 (nobody but the parent can write to it)
    return order


def _exactly(channel: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        part = channel.recv(count - len(data))
        if not part:
            raise EOFError
        data += part
    return data
