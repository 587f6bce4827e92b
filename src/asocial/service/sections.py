"""The members of a channel, in sections that are flushed one after the other (decision 0042).

One flush to 5,000 people takes 40 ms. A message that arrives during it would wait for its end, and then for its turn
in the next one. A section has its own outbox and pacer, so between two sections the loop reads what has arrived, and
the next section gets it already. Every frame goes into each section's outbox; each connection is in one section.

A channel with few members is one section. Never here: timers, what a frame means.
"""

from __future__ import annotations

from ..domain.outbox import Outbox
from ..domain.pacing import FlushPacer, LoopLag
from ..ports import Connection
from .held_frames import HeldFrames

SECTION_MEMBERS = 1000
"""About 9 ms of writes."""

Members = dict[Connection, HeldFrames | None]


class Section:
    """`members`: each with the frames held back from it, or None."""

    __slots__ = ("backwards", "members", "outbox", "pacer")

    def __init__(self, lag: LoopLag, members: Members) -> None:
        self.outbox: Outbox[Connection] = Outbox()
        self.pacer = FlushPacer(lag)
        self.members = members
        self.backwards = False
        """Whether the last flush began with the last member: every second one does, so that nobody is always last."""


class Sections:
    """At least one. What the first one flushes is counted, and published to other processes, unless another one
    acknowledged it before.

    `members`: of the channel. While there is one section, they are its members too, and are kept once. `all`: not
    to be changed from outside; an attribute, because small channels ask for it with every frame.
    """

    __slots__ = ("_lag", "_members", "all", "first")

    def __init__(self, lag: LoopLag, members: Members) -> None:
        self._lag = lag
        self._members = members
        self.first = Section(lag, members)
        self.all = [self.first]

    @property
    def has_frames(self) -> bool:
        """Whether anything waits besides cursors."""
        if len(self.all) == 1:
            return bool(self.first.outbox)
        return any(each.outbox for each in self.all)

    @property
    def has_cursors(self) -> bool:
        if len(self.all) == 1:
            return self.first.outbox.has_cursors
        return any(each.outbox.has_cursors for each in self.all)

    @property
    def waiting_bytes(self) -> int:
        """Of the section that is furthest behind."""
        if len(self.all) == 1:
            return self.first.outbox.waiting_bytes
        return max(each.outbox.waiting_bytes for each in self.all)

    def attach(self, connection: Connection, held: HeldFrames | None) -> None:
        """A connection has become a member of the channel. It gets what is posted from now on."""
        if len(self.all) == 1 and len(self._members) <= SECTION_MEMBERS:
            self.first.outbox.attach(connection)
            return
        if self.first.members is self._members:
            self.first.members = {each: held for each, held in self._members.items() if each is not connection}
        section = min(self.all, key=lambda each: len(each.members))
        if len(section.members) >= SECTION_MEMBERS:
            section = Section(self._lag, {})
            self.all.append(section)
        section.members[connection] = held
        section.outbox.attach(connection)

    def release(self, connection: Connection) -> None:
        """No frames are held back from the connection any more."""
        for section in self.all:
            if connection in section.members:
                section.members[connection] = None

    def detach(self, connection: Connection, user_gone: str | None) -> None:
        """The connection is not a member any more."""
        for section in self.all:
            section.members.pop(connection, None)
            section.outbox.detach(connection, user_gone)
        if len(self.all) > 1:
            rest = [section for section in self.all[1:] if section.members]
            self.all = [self.first, *rest]
            if not rest:
                self.first.members = self._members

    def due(self, *, only_cursors: bool) -> float:
        """When the next flush is due, of a section with something to write."""
        if len(self.all) == 1:
            pacer = self.first.pacer
            return pacer.cursors_due() if only_cursors else pacer.due()
        if only_cursors:
            dues = [each.pacer.cursors_due() for each in self.all if each.outbox.has_cursors]
        else:
            dues = [each.pacer.due() for each in self.all if each.outbox]
        return min(dues, default=float("-inf"))

    def next(self) -> Section:
        """The section whose flush is due next: one that has frames, or else one that has cursors."""
        if len(self.all) == 1:
            return self.first
        waiting = [each for each in self.all if each.outbox]
        if waiting:
            return min(waiting, key=lambda each: each.pacer.due())
        waiting = [each for each in self.all if each.outbox.has_cursors]
        return min(waiting, key=lambda each: each.pacer.cursors_due(), default=self.first)

    def join(self) -> None:
        """Drop what waits, and be one section: the channel becomes a crowd, which has its own outbox."""
        self.first = Section(self._lag, self._members)
        self.all = [self.first]

    def divide(self) -> None:
        """The channel is no crowd any more: its members are those of sections again."""
        members = list(self._members.items())
        if len(members) > SECTION_MEMBERS:
            starts = range(0, len(members), SECTION_MEMBERS)
            self.all = [Section(self._lag, dict(members[at : at + SECTION_MEMBERS])) for at in starts]
            self.first = self.all[0]
