"""Which messages each member has from its snapshot, so that a batch of another process does not bring them again.

A message can be in a snapshot a moment before its batch arrives, because Redis has it before the batch is delivered.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Container, KeysView

from ..domain.flush import Cut, Flush
from ..ports import Connection
from ..protocol.framing import split_frames

MEMORY_S = 3.0
"""How long the messages of a snapshot are remembered."""


class SnapshotMemory:
    """Messages are compared as the JSON of their frames. `members`: the connections that are in the channel."""

    def __init__(self, members: Container[Connection], loop: asyncio.AbstractEventLoop) -> None:
        self._members = members
        self._loop = loop
        self._messages: dict[Connection, tuple[frozenset[bytes], float]] = {}

    def __len__(self) -> int:
        return len(self._messages)

    def remember(self, connection: Connection, messages: frozenset[bytes]) -> None:
        """A member gets a snapshot with these messages. A connection that has left by now is ignored."""
        if messages and connection in self._members:
            # Only the latest snapshot: a client that asks again and again must not fill memory. In order of time.
            self._messages.pop(connection, None)
            self._messages[connection] = (messages, self._loop.time() + MEMORY_S)

    def forget(self, connection: Connection) -> None:
        self._messages.pop(connection, None)

    def messages_of(self, connection: Connection) -> frozenset[bytes]:
        return self._messages.get(connection, (frozenset(), 0.0))[0]

    def connections(self) -> KeysView[Connection]:
        """The members whose snapshot is remembered."""
        return self._messages.keys()

    def cut(self, flush: Flush[Connection], only: Collection[Connection] | None = None) -> None:
        """Remove from the flush, for each member, the messages that its snapshot contained.

        `only`: of the members, those who get this flush. None: all.
        """
        now = self._loop.time()
        for connection, (_, until) in list(self._messages.items()):
            if until > now:
                break  # the others were added later
            del self._messages[connection]
        spans: dict[bytes, Cut] = {}
        if self._messages:
            spans = {payload: (begin, end, b"") for begin, end, payload in split_frames(flush.shared.data)}
        # Many members share one snapshot: after an outage, all of them.
        cuts: dict[int, list[Cut]] = {}
        # In a crowd there are many flushes for few members each: never a look at all members for one of them.
        members = self._messages.keys() if only is None else [member for member in only if member in self._messages]
        for connection in members:
            messages, _ = self._messages[connection]
            found = cuts.get(id(messages))
            if found is None:
                found = cuts[id(messages)] = [] if spans.keys().isdisjoint(messages) else _find(spans, messages)
            if found:
                flush.cut(connection, found)


def _find(spans: dict[bytes, Cut], messages: frozenset[bytes]) -> list[Cut]:
    return sorted(spans[message] for message in messages if message in spans)
