"""Batches between processes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias


@dataclass(slots=True)
class Batch:
    """What one process flushed for one channel: whole WebSocket frames, joined, in two lanes (see domain/outbox.py).

    `control` is for the processes themselves (see service/control.py) and reaches no client.

    Two batches are equal if their bytes are; the other fields say where a batch comes from.
    """

    reliable: bytes
    volatile: bytes
    control: bytes = b""
    number: int = field(default=0, compare=False)
    """Of the first frame in `reliable`: the publisher numbers those of a channel one by one. 0: no numbers."""
    frames: int = field(default=0, compare=False)
    """How many have numbers."""
    publisher: bytes = field(default=b"", compare=False)
    """Set by the broker that delivers the batch: names the process it comes from."""
    published_at: int = field(default=0, compare=False)
    """Set by the broker that delivers the batch: ms of the server's clock. 0: just now."""


Deliver: TypeAlias = Callable[[Batch], None]


class Broker(Protocol):
    """Carries batches between processes. At most once, in order per publisher; never back to the publisher.

    `number` and `frames` arrive as they were; `publisher` and `published_at` are set on the way.
    """

    async def subscribe(self, channel: str, deliver: Deliver) -> None:
        """From the moment this returns, every batch another process publishes is handed to `deliver`, on the loop."""
        ...

    async def unsubscribe(self, channel: str) -> None:
        """No `deliver` call happens after this returns. Unknown channels are ignored."""
        ...

    def publish(self, channel: str, batch: Batch) -> None:
        """Hand `batch` over for the other processes. Never blocks, never raises; needs no subscription."""
        ...

    async def close(self) -> None:
        """Send what was handed over, as far as that is possible soon, and let go of everything."""
        ...
