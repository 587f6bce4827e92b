"""Batches between processes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias


@dataclass(slots=True)
class Batch:
    """What one process flushed for one channel: whole WebSocket frames, joined, in two lanes (domain/outbox.py).

    `control` is for the other processes (service/control.py) and reaches no client.

    Two batches are equal if their bytes are equal; the other fields say where a batch comes from.
    """

    reliable: bytes
    volatile: bytes
    control: bytes = b""
    number: int = field(default=0, compare=False)
    """The number of the first frame in `reliable`. A publisher numbers a channel's frames one by one. 0: no numbers."""
    frames: int = field(default=0, compare=False)
    """How many frames have numbers."""
    publisher: bytes = field(default=b"", compare=False)
    """The process that the batch comes from. Set by the broker that delivers it."""
    published_at: int = field(default=0, compare=False)
    """When it was published, in ms of the server's clock; 0: just now. Set by the broker that delivers it."""


Deliver: TypeAlias = Callable[[Batch], None]


class Broker(Protocol):
    """Carries batches between processes: at most once, in order for each publisher, never back to the publisher.

    `number` and `frames` arrive unchanged; the broker sets `publisher` and `published_at`.
    """

    async def subscribe(self, channel: str, deliver: Deliver) -> None:
        """When this returns, every batch that another process publishes is passed to `deliver`, on the loop."""
        ...

    async def unsubscribe(self, channel: str) -> None:
        """`deliver` is not called any more after this returns. Unknown channels are ignored."""
        ...

    def publish(self, channel: str, batch: Batch) -> None:
        """Publish `batch` to the other processes. Never blocks, never raises; needs no subscription."""
        ...

    def send_now(self) -> None:
        """What was published, and every live message that was kept before, leaves this process before this returns.

        Called before an `ack` is written, so that no acknowledged message is lost with this process. Never blocks.
        """
        ...

    async def close(self) -> None:
        """Send the published batches if that is possible soon, and release everything."""
        ...
