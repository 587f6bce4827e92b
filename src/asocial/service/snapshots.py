"""Snapshots for `user_sync`: read and encoded once for everyone who joins or asks at the same moment (W78).

A snapshot must contain everything that happened before it was requested (W3). So it is shared until the channel changes
and for at most MAX_AGE_S. Requests that come while a snapshot is being read share it if nothing has changed since its
reading began; otherwise they share the next one. There is never more than one reading for a channel.

A large channel is read in the next turn of the loop, for everyone who asks until then.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Sequence
from functools import cached_property
from operator import attrgetter
from typing import NamedTuple, TypedDict

import msgspec
from msgspec import structs

from ..domain.cells import Cell, Region, cells_of
from ..domain.live_message import LiveMessage
from ..domain.profile import Member
from ..first_step import Done, begin
from ..ports import Roster, Stamp
from ..protocol.codec import places_of
from .channel import Channel
from .chat import ChatService
from .presence import Presence

MAX_AGE_S = 0.25
SMALL_CHANNEL = 32
"""With at most so many connections here, a channel is read at once: that costs less than to wait for others who ask."""
MESSAGES = 200
MESSAGE_BYTES = 256 * 1024
"""How many of the newest messages a snapshot holds, and how many bytes of them."""
STROKES = 100
STROKE_BYTES = 128 * 1024
"""The same for strokes."""

_encode = msgspec.json.Encoder().encode
_NONE = msgspec.Raw(b"[]")
_USER_ID = attrgetter("user_id")


class _Users(NamedTuple):
    """A list of users as JSON without the closing bracket. `all_but_last`: room for one more in a full roster."""

    all: bytes
    all_but_last: bytes

    @classmethod
    def of(cls, users: Sequence[Member] | Sequence[str], limit: int) -> _Users:
        encoded = _encode(users)[:-1]
        return cls(encoded, encoded if len(users) < limit else _encode(users[: limit - 1])[:-1])

    def list_with(self, own: bytes | None) -> msgspec.Raw:
        """The JSON list with `own` in it. None: it is already there."""
        if own is None:
            return msgspec.Raw(self.all + b"]")
        comma = b"," if len(self.all_but_last) > 1 else b""
        return msgspec.Raw(self.all_but_last + comma + own + b"]")


class _Newest(NamedTuple):
    """Live messages, and their JSON list, which is valid until the first of them is over."""

    live: Sequence[LiveMessage]
    encoded: msgspec.Raw
    whole_until: float

    @classmethod
    def of(cls, newest: Sequence[LiveMessage]) -> _Newest:
        return cls(newest, _listed(newest), min((message.expires_at for message in newest), default=math.inf))

    def at(self, now_ms: int) -> msgspec.Raw:
        """The JSON list of those that are still live at `now_ms`."""
        if now_ms < self.whole_until:
            return self.encoded
        return _listed([message for message in self.live if message.expires_at > now_ms])


class Snapshot(msgspec.Struct, eq=False, dict=True):
    """The part of a channel's `user_sync` that is the same for everyone, encoded. `listed`: the ids in the roster.

    Never changed. (`dict`: for the cached properties.)
    """

    members: Sequence[Member]
    roster_limit: int
    users: _Users
    listed: frozenset[str]
    user_count: int
    stamp: Stamp
    messages: _Newest
    strokes: _Newest | None
    """None: there are none."""
    bodies: frozenset[bytes]
    """The JSON of each message and stroke."""
    live: Sequence[LiveMessage]
    """All live messages and strokes, the oldest first, also those that are too many for a `user_sync`."""
    regions: dict[Region, Snapshot]
    """The snapshots of the regions that were asked for."""

    @classmethod
    def of(cls, roster: Roster, messages: Sequence[LiveMessage], limit: int) -> Snapshot:
        """`limit`: how many users a roster lists."""
        listed = frozenset(map(_USER_ID, roster.members))
        return cls(
            **_messages_of(messages),
            members=roster.members,
            roster_limit=limit,
            users=_Users.of(roster.members, limit),
            listed=listed,
            user_count=roster.user_count,
            stamp=roster.stamp,
            live=messages,
            regions={},
        )

    def within(self, region: Region) -> Snapshot:
        """The snapshot with the messages and strokes of a region alone. Encoded once for everyone who sees it."""
        found = self.regions.get(region)
        if found is None:
            messages = [message for message, cells in self._located if any(map(region.holds, cells))]
            found = self.regions[region] = structs.replace(self, **_messages_of(messages))
        return found

    @cached_property
    def _located(self) -> list[tuple[LiveMessage, tuple[Cell, ...]]]:
        return [(message, cells_of(places_of(message.body))) for message in self.live]

    def messages_at(self, now_ms: int) -> msgspec.Raw:
        """The JSON list of the messages that are still live at `now_ms` (W12)."""
        return self.messages.at(now_ms)

    def strokes_at(self, now_ms: int) -> msgspec.Raw | msgspec.UnsetType:
        """The same of strokes (W112). Unset if there are none."""
        live = _NONE if self.strokes is None else self.strokes.at(now_ms)
        return msgspec.UNSET if live == _NONE else live

    def users_with(self, own: Member) -> msgspec.Raw:
        """The JSON list of users, with `own` among them (W20)."""
        return self.users.list_with(None if own.user_id in self.listed else _encode(own))

    def user_ids_with(self, own: str) -> msgspec.Raw:
        """The same as plain ids (W103)."""
        return self._user_ids.list_with(None if own in self.listed else _encode(own))

    @cached_property
    def _user_ids(self) -> _Users:
        """Encoded when the first client asks for them: most never do."""
        return _Users.of([member.user_id for member in self.members], self.roster_limit)


class _Messages(TypedDict):
    messages: _Newest
    strokes: _Newest | None
    bodies: frozenset[bytes]


def _messages_of(messages: Sequence[LiveMessage]) -> _Messages:
    return _chosen(messages) if messages else _NO_MESSAGES


def _chosen(messages: Sequence[LiveMessage]) -> _Messages:
    newest = newest_of([message for message in messages if not message.stroke], MESSAGES, MESSAGE_BYTES)
    strokes = newest_of([message for message in messages if message.stroke], STROKES, STROKE_BYTES)
    return _Messages(
        messages=_Newest.of(newest),
        strokes=_Newest.of(strokes) if strokes else None,
        bodies=frozenset(message.body for message in (*newest, *strokes)),
    )


def _listed(messages: Sequence[LiveMessage]) -> msgspec.Raw:
    return msgspec.Raw(b"[" + b",".join([message.body for message in messages]) + b"]")


def newest_of(
    messages: Sequence[LiveMessage], most: int = MESSAGES, most_bytes: int = MESSAGE_BYTES
) -> list[LiveMessage]:
    """The newest messages that fit into a snapshot, in the given order: oldest first."""
    newest: list[LiveMessage] = []
    left = most_bytes
    for message in reversed(messages[-most:]):
        left -= len(message.body)
        if left < 0:
            break
        newest.append(message)
    newest.reverse()
    return newest


_NO_MESSAGES = _chosen(())


class _Reading:
    """One reading. `changes`: `Channel.changes` when it began; None while it has not begun.

    `begun`: what it has read, or the task that reads. `until`: when it is too old.
    """

    __slots__ = ("begun", "changes", "until")

    def __init__(self) -> None:
        self.changes: int | None = None
        self.until = math.inf
        self.begun: Done | asyncio.Task[Snapshot]


class Snapshots:
    """The snapshots of all channels of this process."""

    def __init__(
        self,
        presence: Presence,
        chat: ChatService,
        loop: asyncio.AbstractEventLoop,
        max_age_s: float = MAX_AGE_S,
    ) -> None:
        self._presence = presence
        self._chat = chat
        self._loop = loop
        self._max_age_s = max_age_s
        self._readings: dict[str, _Reading] = {}
        self._ended: deque[tuple[str, _Reading]] = deque()
        """Readings to be forgotten, the oldest first. One timer for all of them."""
        self._timer: asyncio.TimerHandle | None = None

    async def of(self, channel: Channel) -> Snapshot:
        """A snapshot of the channel as it is now. Raises what the stores raise."""
        before = self._readings.get(channel.name)
        if before is not None and before.changes in (None, channel.changes) and before.until > self._loop.time():
            reading = before
        else:
            reading = _Reading()
            reading.begun = begin(self._read(channel, reading, before), self._loop)
            self._readings[channel.name] = reading
        if isinstance(reading.begun, Done):
            snapshot: Snapshot = reading.begun.result
            return snapshot
        return await asyncio.shield(reading.begun)

    def clear(self) -> None:
        """Drop all snapshots: the stores answer differently from now on."""
        self._readings.clear()

    async def _read(self, channel: Channel, reading: _Reading, before: _Reading | None) -> Snapshot:
        try:
            # Requests in the same turn of the loop, or during an earlier reading, share this one.
            if before is not None and not isinstance(before.begun, Done):
                await asyncio.wait((before.begun,))
            elif len(channel) > SMALL_CHANNEL:
                await asyncio.sleep(0)
            reading.changes = channel.changes
            # Until the rules are confirmed, nothing from other processes may be shown: see rules_sync.py.
            messages = await self._chat.live_messages(channel.name, local_only=not channel.confirmed)
            roster = await self._presence.roster(channel.name)
            return Snapshot.of(roster, messages, self._presence.roster_limit)
        finally:
            reading.until = self._loop.time() + self._max_age_s
            self._ended.append((channel.name, reading))
            if self._timer is None:
                self._timer = self._loop.call_later(self._max_age_s, self._forget)

    def _forget(self) -> None:
        now = self._loop.time()
        while self._ended and self._ended[0][1].until <= now:
            name, reading = self._ended.popleft()
            if self._readings.get(name) is reading:
                del self._readings[name]
        # Not at the time of the next one: while many join, each would set a timer.
        self._timer = self._loop.call_later(self._max_age_s, self._forget) if self._ended else None
