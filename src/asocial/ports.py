"""The contracts between the services and the technologies behind them.

Each port has a suite in tests/contract/ that every adapter passes unchanged; where a docstring here and
a suite disagree, the suite is wrong. Keys (channel, user and connection ids) are opaque strings.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol, TypeAlias

from .domain.admission import MessageLimits, Posting, Verdict
from .domain.errors import Disconnect
from .domain.identity import Principal
from .domain.live_message_index import LiveMessage
from .domain.outbox import Piece, Shared
from .domain.profile import Member, Profile
from .domain.rules import Rules

REMEMBER_MS = 86_400_000
"""How long the last claim of a user id is remembered when it is not held any more: as long as a ban may last."""


class StoreUnavailable(Exception):
    """A shared store cannot be asked just now. Raised soon (about a second), never after a long wait."""


class StoreEvents(Protocol):
    """What a shared store tells this process. All are called on the loop."""

    def degraded(self) -> None:
        """The store is away: an outage begins."""
        ...

    async def restored(self) -> None:
        """The outage is over: everything is subscribed and answers again. The store may have come back empty.

        Raises StoreUnavailable if the store went away again meanwhile.
        """
        ...

    def process_died(self) -> None:
        """Other processes died and their people have been removed: not all of that may have been told."""
        ...

    def clock_set(self, shift_ms: int) -> None:
        """The clock that all processes share was set by so much just now."""
        ...


class Connection(Protocol):
    """One client's socket, as the fan-out sees it. Nothing here waits."""

    @property
    def id(self) -> str: ...

    @property
    def unsent_bytes(self) -> int:
        """What was written and has not reached the kernel."""
        ...

    def write(self, data: bytes) -> None:
        """Send `data`, one or many whole WebSocket frames. A connection that is closing or gone ignores it."""
        ...

    def deliver(self, shared: Shared, pieces: Sequence[Piece] | None = None) -> None:
        """Send what is for many: all of `shared`, or `pieces`, of which memoryviews are slices of it. Keeps no copy."""
        ...

    def close(self, disconnect: Disconnect) -> None:
        """Begin to close. Idempotent; what was written before is still sent if the client reads."""
        ...


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


class Stamp(NamedTuple):
    """Where a channel's presence stands: events are numbered by `seq`, a new `epoch` starts another count (W19)."""

    epoch: str
    seq: int


class Joined(NamedTuple):
    """`first`: the user had no connection before, so others are to be told; then `stamp` is that event's."""

    member: Member
    first: bool
    user_count: int
    stamp: Stamp


class Updated(NamedTuple):
    """A profile changed in a channel of `user_count` users. `shared`: in the store of all processes, not only here."""

    user_count: int
    stamp: Stamp
    shared: bool = True


class Departed(NamedTuple):
    """A connection is gone. `last`: it was the user's last, so others are to be told; then `stamp` is that event's."""

    channel: str
    connection_id: str
    user_id: str
    last: bool
    user_count: int
    stamp: Stamp


class Roster(NamedTuple):
    """At most as many members as asked for, in the order they joined, and the true number of users."""

    members: list[Member]
    user_count: int
    stamp: Stamp


class PresenceStore(Protocol):
    """Who is in which channel, counted by connections. Each operation is atomic.

    A connection that is not refreshed within the presence TTL, or whose grace is over, is gone with the next
    `sweep`, by whichever process sweeps; each departure is reported exactly once, to one caller.
    """

    async def join(self, channel: str, connection_id: str, user_id: str, profile: Profile, now_ms: int) -> Joined:
        """Add a connection. A user who is present already keeps `joined_at` and profile; twice is once."""
        ...

    async def leave(self, channel: str, connection_id: str) -> Departed | None:
        """Remove a connection at once. None if it is not there (any more)."""
        ...

    async def abandon(self, channel: str, connection_id: str, grace_ms: int) -> None:
        """The connection's socket broke: unless it is left before, it is gone by the first sweep after `grace_ms`."""
        ...

    async def update(self, channel: str, user_id: str, profile: Profile) -> Updated | None:
        """Change a present user's profile, which is an event. None if the user is not present."""
        ...

    async def roster(self, channel: str, limit: int) -> Roster:
        """A snapshot. A channel that nobody is in is empty, its epoch ""."""
        ...

    async def members(self, channel: str, user_ids: Sequence[str]) -> list[Member]:
        """Those of `user_ids` who are present, in the order asked for, none twice."""
        ...

    async def refresh(self, channel: str, connection_ids: Sequence[str]) -> None:
        """These connections live: their TTL starts anew. Abandoned and unknown ones are not brought back."""
        ...

    async def sweep(self) -> list[Departed]:
        """Remove every connection whose time is up, in all channels."""
        ...

    async def close(self) -> None: ...


class RateLimiter(Protocol):
    """Limits shared by all processes. Counts in windows are exact: never more than `limit` in any `window_ms`, per key.

    While a shared store is away each process counts by itself, with what it admitted before.
    """

    async def take(self, key: str, limit: int, window_ms: int) -> int:
        """Take one place and return 0, or take none and return the ms until one is free. A `limit` of 0 is no limit."""
        ...

    async def admit(self, posting: Posting, limits: MessageLimits) -> Verdict:
        """Decide on all limits of a posting at once (domain/admission.py). What is refused takes no place anywhere.

        An admitted message claims its (channel, user, message id) until it expires: a second one of that name, on
        another process, gets `known` with the times of the first. (A process knows its own by LiveMessages.)
        """
        ...

    def posted(self, posting: Posting) -> None:
        """An admitted message has been handed to its channel: other processes need not post it. Never blocks."""
        ...

    async def is_lost(self, posting: Posting) -> bool:
        """For a `known` that is not `sure`: whether this same message was claimed and not posted within half a second.

        Then the process that claimed it has most likely died, and the caller posts it, with the times of `known`.
        """
        ...

    async def close(self) -> None: ...


class LiveMessages(Protocol):
    """The messages that live, for those who join late."""

    def add(self, channel: str, message: LiveMessage, *, shared: bool = True) -> None:
        """Keep `message` until its `expires_at`. Never blocks; other processes see it in `living` within moments.

        Not `shared`: they see it after `share`.
        """
        ...

    def share(self, channel: str) -> None:
        """Let other processes see what was added here and lives, again where they saw it already. Never blocks."""
        ...

    def find(self, channel: str, user_id: str, message_id: str, now_ms: int) -> LiveMessage | None:
        """The message of that name, if it was added on this process and still lives. Never blocks."""
        ...

    async def living(self, channel: str, now_ms: int) -> list[LiveMessage]:
        """Those whose `expires_at` is after `now_ms`, ordered by `timestamp`."""
        ...

    def here(self, channel: str, now_ms: int) -> list[LiveMessage]:
        """Those that were added on this process and live. Never blocks."""
        ...

    def channels_here(self) -> list[str]:
        """The channels that `here` may have something of. Never blocks."""
        ...

    async def clear(self, channel: str, until_ms: int) -> None:
        """Let go of what was said until then (ms, included), for all who ask from now on. Others' own: see `forget`."""
        ...

    def forget(self, channel: str, until_ms: int) -> None:
        """Another process cleared the channel: let go of what was added here until then. Never blocks."""
        ...

    def expire(self, now_ms: int) -> None:
        """Let go of all that is over. Called about once a second, so that not even memory holds a history."""
        ...

    async def close(self) -> None: ...


class SessionRegistry(Protocol):
    """How many connections a user has, over all processes.

    Entries of a process that ended without a word go by themselves: an entry that is not refreshed within the presence
    TTL may be forgotten. While a shared store is away, each process counts its own connections.
    """

    async def register(self, user_id: str, connection_id: str, limit: int) -> bool:
        """Add a connection. False, and nothing added, if the user has `limit` others already; twice is once."""
        ...

    async def unregister(self, user_id: str, connection_id: str) -> None:
        """Remove a connection that was registered here. Unknown ones are ignored."""
        ...

    async def refresh(self, entries: Sequence[tuple[str, str]]) -> None:
        """These (user id, connection id) live, and are registered again if they were lost. Unknown ones are ignored."""
        ...

    async def close(self) -> None: ...


class UserIdClaim(NamedTuple):
    """`generation`: of the last claim. `held`: whether nobody else may claim the id now."""

    generation: str
    held: bool


class UserIdClaims(Protocol):
    """Who holds the user ids that clients chose themselves (W105). Each operation is atomic.

    Each claim of an id has a random `generation`. A claim is held for the time that its holder asked for. After that,
    anybody may claim the id, and the store remembers the last generation for another `REMEMBER_MS`.
    """

    async def find(self, user_id: str) -> UserIdClaim | None:
        """The last claim of an id. None: there is none, or it is forgotten."""
        ...

    async def hold(self, user_id: str, generation: str, hold_ms: int) -> bool:
        """Hold the id for at least `hold_ms` from now. False, and nothing changed, if another claim holds it."""
        ...

    async def leave(self, user_id: str, generation: str, hold_ms: int) -> None:
        """Hold the id for exactly `hold_ms` more. Does nothing if another claim holds it."""
        ...

    async def close(self) -> None: ...


class ChannelRules(Protocol):
    """What holds in each channel, for all processes: kept while it is used, forgotten some time after."""

    async def load(self, channel: str) -> Rules:
        """The rules as they are; NO_RULES for a channel that has none (any more)."""
        ...

    async def swap(self, channel: str, rules: Rules, keep_ms: int) -> Rules:
        """Store `rules` for `keep_ms` if their version is above the stored one's. Returns what is stored then."""
        ...

    async def keep(self, channel: str, keep_ms: int) -> Rules:
        """The rules are in use: `keep_ms` starts anew (what is kept for longer is not shortened). Returns them."""
        ...

    async def close(self) -> None: ...


Verify: TypeAlias = Callable[[str], Awaitable[Principal]]
"""Who a token speaks for. Raises TokenInvalid or TokenExpired, and StoreUnavailable where that cannot be known now."""
