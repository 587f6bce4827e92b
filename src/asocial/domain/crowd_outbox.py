"""What a crowd will write, and to which regions: the outbox of a channel with more people than one screen shows.

As in outbox.py there are two lanes, and a flush is limited. But each frame has cells, and goes to the connections whose
region holds one of them; a frame without cells (presence, rules) goes to everyone. `divide` makes one Flush for each
group of connections with the same region, so a group costs one join of bytes.

Nobody is attached while reliable frames wait (service/crowd.py flushes first), so there are no latecomers here.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Generic, Literal, NamedTuple, TypeAlias, TypeVar

from .cells import Cell
from .flush import Cut, Flush, FlushCounts, FlushLimit
from .outbox import MAX_TRANSIENT_FRAMES, REMOTE_DRAIN_DIVISOR
from .region_groups import Group, RegionGroups

C = TypeVar("C")

Cells: TypeAlias = tuple[Cell, ...]
Kind: TypeAlias = Literal["chat", "typing", "fleeting", "presence", "remote"]


class Run(NamedTuple, Generic[C]):
    """One or more whole frames with the same recipients. `cells` empty: for everyone."""

    data: bytes
    cells: Cells = ()
    volatile: bool = False
    sender: C | None = None
    reply: bytes = b""
    kind: Kind = "remote"


class RemoteBatch(NamedTuple):
    """What another process flushed: each lane as (frames, cells)."""

    reliable: Sequence[tuple[bytes, Cells]]
    volatile: Sequence[tuple[bytes, Cells]]
    size: int


class Taken(NamedTuple, Generic[C]):
    """What leaves in one flush, in order. The first `local` runs are of this process."""

    runs: list[Run[C]]
    local: int
    counts: FlushCounts


class CrowdOutbox(Generic[C]):
    """Collects frames until `take`. Pointers are elsewhere (service/crowd_pointers.py)."""

    __slots__ = ("_drafts", "_drawings", "_frames", "_remote", "_remote_bytes", "_transient", "waiting_bytes")

    def __init__(self) -> None:
        self._frames: deque[Run[C]] = deque()
        self._drafts: dict[C, tuple[str, Run[C]]] = {}
        self._drawings: dict[C, tuple[str, Run[C]]] = {}
        self._transient: list[Run[C]] = []
        self._remote: deque[RemoteBatch] = deque()
        self._remote_bytes = 0
        self.waiting_bytes = 0
        """The size of the waiting reliable frames of this process."""

    def __bool__(self) -> bool:
        """Whether anything waits."""
        return bool(self._frames or self._drafts or self._transient or self._remote or self._drawings)

    @property
    def waiting_frames(self) -> int:
        """The number of waiting reliable frames of this process."""
        return len(self._frames)

    @property
    def has_reliable(self) -> bool:
        """Whether frames wait that somebody who comes now must not get: they are in their snapshot."""
        return bool(self._frames or self._remote)

    def waiting(self) -> Iterator[bytes]:
        """The reliable frames that wait."""
        yield from (run.data for run in self._frames)
        yield from (data for batch in self._remote for data, _ in batch.reliable)

    def post(
        self, frame: bytes, cells: Cells = (), sender: C | None = None, reply: bytes = b"", replaces: str = ""
    ) -> None:
        """Add a reliable frame. `sender` gets `reply` instead. `replaces`: the message id whose draft is over."""
        if replaces and sender is not None:
            for waiting in (self._drafts, self._drawings):
                if sender in waiting and waiting[sender][0] == replaces:
                    del waiting[sender]
        kind: Kind = "chat" if reply else "presence"
        self._frames.append(Run(frame, cells, sender=sender, reply=reply, kind=kind))
        self.waiting_bytes += len(frame)

    def set_draft(self, sender: C, message_id: str, frame: bytes, cells: Cells) -> None:
        """Set the sender's draft. It replaces one that still waits."""
        self._drafts[sender] = (message_id, Run(frame, cells, volatile=True, sender=sender, kind="typing"))

    def set_drawing(self, sender: C, message_id: str, frame: bytes, cells: Cells) -> None:
        """Set the stroke that the sender draws. It replaces a state that still waits."""
        self._drawings[sender] = (message_id, Run(frame, cells, volatile=True, sender=sender, kind="typing"))

    def post_transient(self, sender: C, frame: bytes, cells: Cells) -> None:
        """Add a volatile frame that replaces no other; above the limit it is dropped."""
        if len(self._transient) < MAX_TRANSIENT_FRAMES:
            self._transient.append(Run(frame, cells, volatile=True, sender=sender, kind="fleeting"))

    def add_batch(self, reliable: Sequence[tuple[bytes, Cells]], volatile: Sequence[tuple[bytes, Cells]]) -> None:
        """Add what another process flushed."""
        size = sum(len(data) for data, _ in reliable) + sum(len(data) for data, _ in volatile)
        self._remote.append(RemoteBatch(reliable, volatile, size))
        self._remote_bytes += size

    def detach(self, connection: C) -> None:
        """Drop the waiting volatile frames of `connection`."""
        self._drafts.pop(connection, None)
        self._drawings.pop(connection, None)
        self._transient = [run for run in self._transient if run.sender != connection]

    def take(self, bound: FlushLimit) -> Taken[C]:
        """Remove what waits, as far as `bound` allows: reliable frames first, then volatile ones."""
        runs: list[Run[C]] = []
        counts = self._take_frames(runs, bound)
        if not self._frames:
            counts = self._take_volatile(runs, bound, counts)
        local = len(runs)
        remote_bound, taken = max(bound.bytes, self._remote_bytes // REMOTE_DRAIN_DIVISOR), 0
        while self._remote and (not taken or taken + self._remote[0].size <= remote_bound):
            batch = self._remote.popleft()
            taken += batch.size or 1
            self._remote_bytes -= batch.size
            runs += [Run(data, cells) for data, cells in batch.reliable]
            runs += [Run(data, cells, volatile=True) for data, cells in batch.volatile]
        return Taken(runs, local, counts)

    def _take_frames(self, runs: list[Run[C]], bound: FlushLimit) -> FlushCounts:
        messages = message_bytes = event_bytes = 0
        while self._frames and len(runs) < bound.frames:
            size = len(self._frames[0].data)
            if runs and message_bytes + event_bytes + size > bound.bytes:
                break
            run = self._frames.popleft()
            self.waiting_bytes -= size
            runs.append(run)
            if run.reply:
                messages += 1
                message_bytes += size
            else:
                event_bytes += size
        return FlushCounts(messages, message_bytes, len(runs) - messages, event_bytes)

    def _take_volatile(self, runs: list[Run[C]], bound: FlushLimit, counts: FlushCounts) -> FlushCounts:
        """Drafts and strokes being drawn, the longest waiting first, within the limit; and all transient frames."""
        drafts = draft_bytes = 0
        for waiting in (self._drafts, self._drawings):
            taken: list[C] = []
            for sender, (_, run) in waiting.items():
                if drafts and draft_bytes + len(run.data) > bound.bytes:
                    break
                runs.append(run)
                taken.append(sender)
                drafts += 1
                draft_bytes += len(run.data)
            for sender in taken:
                del waiting[sender]
            if waiting:
                break
        runs += self._transient
        transient, self._transient = self._transient, []
        return counts._replace(
            drafts=drafts,
            draft_bytes=draft_bytes,
            transient=len(transient),
            transient_bytes=sum(len(run.data) for run in transient),
        )


class _Part(Generic[C]):
    """The flush of one group, while it is put together."""

    __slots__ = ("at", "data", "personal", "volatile")

    def __init__(self) -> None:
        self.at = 0
        self.data: list[bytes] = []
        self.personal: dict[C, list[Cut]] = {}
        self.volatile: list[Cut] = []


def divide(runs: Iterable[Run[C]], groups: RegionGroups[C]) -> list[tuple[Group[C], Flush[C]]]:
    """What each group gets, in the order of `runs`. Groups that get nothing are left out.

    Listeners get no volatile frames. A sender outside the region that it writes to gets its reply all the same.
    """
    parts: dict[Group[C], _Part[C]] = {}
    for run in runs:
        own = None if run.sender is None else groups.group_of(run.sender)
        cut = False
        for group in groups.of_cells(run.cells) if run.cells else groups:
            if run.volatile and group.region is None:
                continue
            part = parts.get(group)
            if part is None:
                part = parts[group] = _Part()
            begin, part.at = part.at, part.at + len(run.data)
            part.data.append(run.data)
            if run.volatile:
                part.volatile.append((begin, part.at, b""))
            if group is own and run.sender is not None:
                part.personal.setdefault(run.sender, []).append((begin, part.at, run.reply))
                cut = True
        if own is not None and run.sender is not None and run.reply and not cut:
            part = parts.setdefault(own, _Part())
            part.personal.setdefault(run.sender, []).append((part.at, part.at, run.reply))
    return [
        (group, Flush(b"".join(part.data), (0, 0), part.volatile, part.personal, FlushCounts()))
        for group, part in parts.items()
    ]
