"""The counters of one process: plain numbers, incremented where things happen and read when metrics are scraped.

Counting must cost next to nothing, so there are no locks, and no labels are looked up on the path of a message. What
belongs to a frame is one addition; what belongs to a flush is counted once per flush. Everything runs on one loop.
asocial/metrics.py gives these numbers their Prometheus names.

Never here: a user, a channel, a message. Memory must not grow with the number of people.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence

from ..domain.errors import FrameError
from ..domain.flush import Flush
from ..ports import Connection

SECONDS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
BYTES = (256.0, 1024.0, 4096.0, 16384.0, 65536.0, 262144.0, 1048576.0)
FRAMES = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0)

STORED = ("batch", "channel", "key", "message", "profile", "registration", "rules")
"""Kinds of entries in the shared store. `key`: a key of the wrong type."""

_RFC_6455 = frozenset(map(str, range(1000, 1016)))


class Histogram:
    """How many values fell at or below each bound. `counts` has one more item, for values above all bounds."""

    __slots__ = ("bounds", "counts", "sum")

    def __init__(self, bounds: Sequence[float] = SECONDS) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.sum = 0.0

    def observe(self, value: float, times: int = 1) -> None:
        self.counts[bisect_left(self.bounds, value)] += times
        self.sum += value * times


class FrameCounter:
    """Frames of one kind, and their bytes."""

    __slots__ = ("bytes", "frames")

    def __init__(self) -> None:
        self.frames = 0
        self.bytes = 0

    def add(self, frames: int, size: int) -> None:
        self.frames += frames
        self.bytes += size


class Counters:
    """The counters of one process. They only increase; durations are in seconds.

    `close_codes`: those with which the server itself closes connections.
    """

    def __init__(self, close_codes: Iterable[int] = ()) -> None:
        self.messages = 0
        """Messages posted by clients of this process."""
        self.received = {
            kind: FrameCounter()
            for kind in ("chat", "typing", "stroke", "cursor", "reaction", "view", "request", "refused")
        }
        """Frames from clients. `request`: profile, who, sync, ping; `refused`: frames answered with an `error`."""
        self.sent = {
            kind: FrameCounter() for kind in ("chat", "typing", "cursors", "fleeting", "presence", "remote", "region")
        }
        """Frames written to connections, each recipient counted. `chat`: messages and strokes; `typing`: drafts and
        strokes being drawn; `fleeting`: reactions, views; `remote`: batches of other processes, undecoded; `region`:
        what connections of a crowd got, of all kinds but cursors."""
        self.broadcast = Histogram()
        """From posting a message here to its last write. The first message of a flush stands for all of them."""
        self.flush_seconds = Histogram()
        self.flush_bytes = Histogram(BYTES)
        self.flush_frames = Histogram(FRAMES)
        """Frames of this process that left in one flush: the coalescing factor."""
        self.volatile_dropped = 0
        """Times a slow reader got no drafts and cursors."""
        self.live_messages_dropped = 0
        """Live messages of this process that people who join miss, because a channel or the process had too many."""
        self.crowd_messages_dropped = 0
        """Messages that a crowd did not keep for moving viewports, because it had too many; the oldest."""
        self.unsent_relieved = 0
        """Connections closed because the process had too much unsent data; they were furthest behind."""
        self.errors = Counter({error.code: 0 for error in FrameError.__subclasses__()})
        """Answers that were errors, by code: to frames, and to requests refused before the upgrade."""
        self.refusals: Counter[str] = Counter()
        """Requests refused before the upgrade, by error code, and connections refused after it, by close code."""
        self.rate_limited = Counter(
            {"messages": 0, "addresses": 0, "channels": 0, "slow": 0, "strokes": 0, "requests": 0, "connections": 0}
        )
        """Refusals by limit: messages of a user, an address, a channel, a slow channel; strokes of a user; requests of
        a connection; connections of an address."""
        self.connections = 0
        self.reconnects = 0
        """Connections with a token that we gave out before: after a break or a reload, or in another tab."""
        self.disconnects = Counter({str(code): 0 for code in close_codes})
        """By close code. `other`: a code that is neither ours nor RFC 6455's, since a client may send any."""
        self.sweeps = 0
        self.swept = 0
        """Connections that a sweep removed, on any process."""
        self.loop_lag = Histogram()
        self.broker_lag = Histogram()
        """Age of other processes' batches on arrival, by the clocks of the two processes."""
        self.publish_seconds = Histogram()
        """From publishing a batch to the broker's answer."""
        self.broker_dropped = 0
        """Batches that were not published: the broker was away, or its queue was full."""
        self.outages = 0
        """Times the store that processes share went away."""
        self.clock_steps = 0
        """Times that the machine's clock or the shared store's clock was set."""
        self.unreadable: Counter[str] = Counter(dict.fromkeys(STORED, 0))
        """Entries of the store that could not be read and were treated as absent, by kind."""
        self.http: dict[tuple[str, str], Histogram] = {}
        """HTTP answers by handler and status."""

    def count_flush(self, flush: Flush[Connection], cursors: int, readers: int, *, first: bool = True) -> None:
        """Count a flush: once, multiplied by its recipients. `cursors`: bytes of its cursors frame, 0 for none.

        `first`: whether it is that of the channel's first section. The others flush the same frames to more readers.
        """
        counts, sent, size = flush.counts, self.sent, len(flush.shared.data)
        if first:
            frames = counts.messages + counts.events + counts.drafts + counts.transient + (cursors > 0)
            self.flush_frames.observe(frames)
            self.flush_bytes.observe(size)
        if readers:
            # The sender of a message, a draft or a transient frame does not get it; everything else is for everyone.
            others = readers - 1
            if counts.messages:
                sent["chat"].add(counts.messages * others, counts.message_bytes * others)
            if counts.events:
                sent["presence"].add(counts.events * readers, counts.event_bytes * readers)
            if counts.drafts:
                sent["typing"].add(counts.drafts * others, counts.draft_bytes * others)
            if counts.transient:
                sent["fleeting"].add(counts.transient * others, counts.transient_bytes * others)
            if cursors:
                sent["cursors"].add(readers, cursors * readers)
            if remote := size - len(flush.reliable) - len(flush.volatile):
                sent["remote"].add(readers, remote * readers)

    def sent_in_crowd(self, readers: int, size: int) -> None:
        """Count what one group of a crowd got in a flush. It is not divided by kind."""
        self.sent["region"].add(readers, readers * size)

    def disconnected(self, code: int | None) -> None:
        """A connection ended with this close code. None or 1006: without one."""
        label = str(code or 1006)
        self.disconnects[label if label in self.disconnects or label in _RFC_6455 else "other"] += 1
