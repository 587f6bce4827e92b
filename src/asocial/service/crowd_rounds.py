"""When each connection of a crowd gets its pointers, and notices for everyone: rounds over all groups (W165).

A round is spread over a tick, and each group gets what moved until its own turn. So a pointer waits for its group's
turn, and not for the beginning of a round and then for the place of the group in it.

Never here: which pointers a group gets (crowd_pointers.py).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping

from ..domain.flush import Shared
from ..domain.pacing import CURSOR_TICK_S
from ..domain.region_groups import Block, Group, RegionGroups
from ..ports import Connection
from .crowd_load import CrowdLoad
from .crowd_pointers import ByCell, CrowdPointers
from .held_frames import HeldFrames
from .runtime import Runtime
from .writing import VOLATILE_UNSENT_LIMIT_BYTES

SLICE = 384
"""Connections that are written to in one turn of the loop, so that messages need not wait for all pointers."""
PAUSE_SHARE = 0.2
"""How long the loop is free for messages after such a turn at least, as a share of what the turn took."""
ROUND_SHARE = 0.9
"""The part of a tick over which the turns are spread, if there is more to write than in one."""


class CrowdRounds:
    """Writes to the groups with a region."""

    def __init__(
        self,
        members: Mapping[Connection, HeldFrames | None],
        groups: RegionGroups[Connection],
        pointers: CrowdPointers,
        load: CrowdLoad,
        write_to: Callable[[Connection, bytes], None],
        runtime: Runtime,
    ) -> None:
        self._members = members
        self._groups = groups
        self._pointers = pointers
        self._load = load
        self._write_to = write_to
        self._counters = runtime.counters
        self._loop = runtime.loop
        self.notice = b""
        """Frames for everyone with a region, which go with the next round."""
        self.lacking: set[Connection] = set()
        """Connections that were too slow for a notice."""
        self._timer: asyncio.Handle | None = None
        self._round: Iterator[int] | None = None
        self._began_at = float("-inf")
        self._began_with = 0
        """The last move of a pointer when the last round began."""
        self._passed = 0
        """Connections whose turn has come in this round."""
        self._moved: dict[int, ByCell] = {}
        """What moved in the block that is written to, by `since`. It is right for one turn of the loop."""
        self._moved_in: Block[Connection] | None = None

    def close(self) -> None:
        """Stop the timer."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._round = None

    def schedule(self) -> None:
        """Something moved, or there is a notice: make sure that a round comes."""
        if self._timer is None:
            due = self._began_at + max(CURSOR_TICK_S, self._load.tick_s)
            self._timer = self._loop.call_at(max(due, self._loop.time()), self._begin)

    def _begin(self) -> None:
        self._began_at, self._began_with, self._passed = self._loop.time(), self._pointers.order, 0
        notice, self.notice = self.notice, b""
        self._round = self._write_round(notice)
        self._continue()

    def _continue(self) -> None:
        """Write to some connections, and go on in a later turn of the loop."""
        self._timer = None
        if self._round is None:
            return
        began, written, self._moved_in = self._loop.time(), 0, None
        for count in self._round:
            written += count
            if written >= SLICE:
                now = self._loop.time()
                part = self._passed / max(len(self._members), self._passed)
                due = max(now + (now - began) * PAUSE_SHARE, self._began_at + self._load.tick_s * ROUND_SHARE * part)
                self._timer = self._loop.call_at(due, self._continue)
                return
        self._round = None
        if self.notice or self._pointers.order > self._began_with:
            self.schedule()

    def _write_round(self, notice: bytes) -> Iterator[int]:
        """Write to one group after the other. Yields how many connections were written to.

        Connections change their group between two turns: each gets the notice once, and those that the round missed get
        it at the end.
        """
        blocks = self._groups.blocks()
        unnoticed: set[Connection] = set()
        if notice:
            unnoticed.update(connection for block in blocks for group in block.groups for connection in group.members)
        for block in blocks:
            began = self._pointers.order
            groups = [group for group in block.groups if notice or group.since < began]
            while groups:
                for group in groups:
                    count = self._write(block, group, notice, unnoticed)
                    if count:
                        yield count
                # Groups that came between two turns.
                groups = [group for group in block.groups if group.since < began]
            block.since = began
        for connection in unnoticed & self._members.keys():
            self._write_to(connection, notice)

    def _write(
        self, block: Block[Connection], group: Group[Connection], notice: bytes, unnoticed: set[Connection]
    ) -> int:
        """Write to one group. Returns how many connections were written to."""
        cursors = self._pointers.frame_for(group, self._moved_since(block, group.since)) if group.members else b""
        group.since = self._pointers.order
        self._passed += len(group.members)
        if not cursors and not notice:
            return 0
        plain, with_notice = Shared(cursors), Shared(notice + cursors)
        for connection in group.members:
            shared = plain
            if connection in unnoticed:
                unnoticed.discard(connection)
                shared = with_notice
            reader = self._members.get(connection) or connection
            if reader.is_behind and reader.unsent_bytes > VOLATILE_UNSENT_LIMIT_BYTES:
                self._counters.volatile_dropped += 1
                if shared is with_notice:
                    self.lacking.add(connection)
            elif shared.data:
                reader.deliver(shared)
        count = len(group.members)
        self._counters.sent["cursors"].add(count if cursors else 0, len(cursors) * count)
        return count

    def _moved_since(self, block: Block[Connection], since: int) -> ByCell:
        if self._moved_in is not block:
            self._moved_in, self._moved = block, {}
        moved = self._moved.get(since)
        if moved is None:
            moved = self._moved[since] = self._pointers.moved(block.cells, since)
        return moved
