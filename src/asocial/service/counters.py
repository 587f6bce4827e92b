"""What a process counts about itself: plain numbers, added to where things happen, read when somebody asks.

Counting must cost nothing that a crowd would feel. So there are no locks and no labels to look up on the way of a
message: what belongs to a frame is one addition, what belongs to a flush is done once per flush, whoever reads it.
Everything runs on one loop. asocial/metrics.py gives these numbers the names that Prometheus knows.

Never here: a user, a channel, a message. A meter that grows with the people it counts is a leak.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence

from ..domain.errors import FrameError

SECONDS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
BYTES = (256.0, 1024.0, 4096.0, 16384.0, 65536.0, 262144.0, 1048576.0)
FRAMES = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0)

STORED = ("batch", "channel", "key", "message", "profile", "registration", "rules")
"""Kinds of entries in the shared store. `key`: a key of the wrong type, whatever it should hold."""

_RFC_6455 = frozenset(map(str, range(1000, 1016)))


class Histogram:
    """How often values fell at or below each bound. `counts` has one place more than `bounds`: for all above."""

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
    """The counters of one process. Attributes are counted up only; durations are in seconds.

    `close_codes`: those that the server itself closes connections with.
    """

    def __init__(self, close_codes: Iterable[int] = ()) -> None:
        self.messages = 0
        """Messages said on this process and posted to their channel."""
        self.received = {
            kind: FrameCounter() for kind in ("chat", "typing", "cursor", "reaction", "view", "request", "refused")
        }
        """What clients sent. `request`: profile, who, sync, ping; `refused`: what was answered by an `error`."""
        self.sent = {kind: FrameCounter() for kind in ("chat", "typing", "cursors", "fleeting", "presence", "remote")}
        """What was written to connections, each recipient counted. `fleeting`: reactions, views; `remote`: batches of
        other processes, undecoded."""
        self.broadcast = Histogram()
        """Of messages said here: from being posted to the last write; the first of a flush stands for all of it."""
        self.flush_seconds = Histogram()
        self.flush_bytes = Histogram(BYTES)
        self.flush_frames = Histogram(FRAMES)
        """Frames of this process that left in one flush: the coalescing factor."""
        self.volatile_dropped = 0
        """Times a connection that reads slowly was spared drafts and cursors."""
        self.unsent_relieved = 0
        """Connections closed because too much was unsent in the whole process; they were furthest behind."""
        self.errors = Counter({error.code: 0 for error in FrameError.__subclasses__()})
        """AnswerBudget that were errors, by code: frames, and requests refused before the upgrade."""
        self.refusals: Counter[str] = Counter()
        """Requests refused before the upgrade, by error code, and connections refused after it, by close code."""
        self.rate_limited = Counter(
            {"messages": 0, "addresses": 0, "channels": 0, "slow": 0, "requests": 0, "connections": 0}
        )
        """What was refused, by limit: the messages of a user, of an address, of a channel, of a slow channel; requests
        of a connection; connections of an address."""
        self.connections = 0
        self.reconnects = 0
        """Of those, by somebody whom we know by a token: back after a break or a reload, or in another tab."""
        self.disconnects = Counter({str(code): 0 for code in close_codes})
        """By close code; one that is neither ours nor RFC 6455's is `other`: a client may send any."""
        self.sweeps = 0
        self.swept = 0
        """Connections that a sweep removed: gone without a word, wherever they were connected."""
        self.loop_lag = Histogram()
        self.broker_lag = Histogram()
        """How old batches of other processes are when they arrive, by the two processes' clocks."""
        self.publish_seconds = Histogram()
        """From handing a batch over to the broker's answer."""
        self.broker_dropped = 0
        """Batches not handed over: the broker was away, or its queue full."""
        self.outages = 0
        """Times the store that processes share went away."""
        self.clock_steps = 0
        """Times a clock was set that this process uses: the machine's, or that of the shared store."""
        self.unreadable: Counter[str] = Counter(dict.fromkeys(STORED, 0))
        """Entries of the store that could not be read and were treated as absent, by kind."""
        self.http: dict[tuple[str, str], Histogram] = {}
        """HTTP answers by handler and status."""

    def disconnected(self, code: int | None) -> None:
        """A connection ended with this close code; None or 1006: without one."""
        label = str(code or 1006)
        self.disconnects[label if label in self.disconnects or label in _RFC_6455 else "other"] += 1
