"""Snapshots for `user_sync`: read and encoded once for all who join or ask at the same moment (W78).

A snapshot must hold all that happened before it was asked for (W3). So one is shared until the channel changes, and for
at most MAX_AGE_S; those who ask while one is being read get that one if nothing has changed since, otherwise the next,
together. There is never more than one reading for a channel.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import msgspec

from ..domain.live_message_index import LiveMessage
from ..domain.profile import Member
from ..ports import Roster, Stamp
from .channel import Channel
from .chat import ChatService
from .presence import Presence

MAX_AGE_S = 0.25
MESSAGES = 200
MESSAGE_BYTES = 256 * 1024
"""How many of the newest messages a snapshot holds, and how many bytes of them."""

_encode = msgspec.json.Encoder().encode


class _Users(NamedTuple):
    """A list of users, as JSON without the closing bracket. `fewer`: without the last of a full roster."""

    all: bytes
    fewer: bytes

    @classmethod
    def of(cls, encoded: Sequence[bytes], limit: int) -> _Users:
        return cls(b"[" + b",".join(encoded), b"[" + b",".join(encoded[: limit - 1]))

    def list_with(self, own: bytes | None) -> msgspec.Raw:
        """The whole list, with `own` in it. None: it is in it already."""
        if own is None:
            return msgspec.Raw(self.all + b"]")
        comma = b"," if len(self.fewer) > 1 else b""
        return msgspec.Raw(self.fewer + comma + own + b"]")


@dataclass(frozen=True, eq=False)
class Snapshot:
    """A channel's part of `user_sync`, encoded. `listed`: the ids of the users in the roster."""

    members: Sequence[Member]
    roster_limit: int
    users: _Users
    listed: frozenset[str]
    user_count: int
    stamp: Stamp
    newest: Sequence[LiveMessage]
    messages: msgspec.Raw
    """All of `newest`: what is told until the first of them is over."""
    whole_until: float
    told: frozenset[bytes]
    """The JSON of each of `newest`."""

    @classmethod
    def of(cls, roster: Roster, messages: Sequence[LiveMessage], limit: int) -> Snapshot:
        """`limit`: how many users a roster lists."""
        users = _Users.of(list(map(_encode, roster.members)), limit)
        listed = frozenset(member.user_id for member in roster.members)
        newest = newest_of(messages)
        whole_until = min((message.expires_at for message in newest), default=math.inf)
        told = frozenset(message.body for message in newest)
        return cls(
            members=roster.members,
            roster_limit=limit,
            users=users,
            listed=listed,
            user_count=roster.user_count,
            stamp=roster.stamp,
            newest=newest,
            messages=_listed(newest),
            whole_until=whole_until,
            told=told,
        )

    def messages_at(self, now_ms: int) -> msgspec.Raw:
        """The JSON list of those messages that still live at `now_ms` (W12)."""
        if now_ms < self.whole_until:
            return self.messages
        return _listed([message for message in self.newest if message.expires_at > now_ms])

    def users_with(self, own: Member) -> msgspec.Raw:
        """The JSON list of users, `own` among them (W20)."""
        return self.users.list_with(None if own.user_id in self.listed else _encode(own))

    def user_ids_with(self, own: str) -> msgspec.Raw:
        """The same as plain ids (W103)."""
        return self._user_ids.list_with(None if own in self.listed else _encode(own))

    @cached_property
    def _user_ids(self) -> _Users:
        """Encoded when the first client asks for them: most never do."""
        return _Users.of([_encode(member.user_id) for member in self.members], self.roster_limit)


def _listed(messages: Sequence[LiveMessage]) -> msgspec.Raw:
    return msgspec.Raw(b"[" + b",".join([message.body for message in messages]) + b"]")


def newest_of(messages: Sequence[LiveMessage]) -> list[LiveMessage]:
    """The newest messages that fit into a snapshot, in their order: oldest first, as they were given."""
    newest: list[LiveMessage] = []
    left = MESSAGE_BYTES
    for message in reversed(messages[-MESSAGES:]):
        left -= len(message.body)
        if left < 0:
            break
        newest.append(message)
    newest.reverse()
    return newest


class _Moment:
    """One reading. `changes`: how often the channel had changed when it began; None while it has not begun."""

    __slots__ = ("changes", "reading")

    def __init__(self) -> None:
        self.changes: int | None = None
        self.reading: asyncio.Task[Snapshot]


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
        self._moments: dict[str, _Moment] = {}

    async def of(self, channel: Channel) -> Snapshot:
        """The channel as it is now. Raises what the stores raise."""
        before = self._moments.get(channel.name)
        if before is not None and before.changes in (None, channel.changes):
            moment = before
        else:
            moment = self._moments[channel.name] = _Moment()
            moment.reading = self._loop.create_task(self._read(channel, moment, before))
        return await asyncio.shield(moment.reading)

    def clear(self) -> None:
        """Nothing read so far is to be given out any more: the stores answer differently from now on."""
        self._moments.clear()

    async def _read(self, channel: Channel, moment: _Moment, before: _Moment | None) -> Snapshot:
        try:
            # Those who ask in the same turn of the loop, or while another is being read, share this one.
            await (asyncio.sleep(0) if before is None else asyncio.wait((before.reading,)))
            moment.changes = channel.changes
            # While its rules are not confirmed, nothing of other processes may be told: see moderation.py.
            messages = await self._chat.living(channel.name, here=not channel.confirmed)
            roster = await self._presence.roster(channel.name)
            return Snapshot.of(roster, messages, self._presence.roster_limit)
        finally:
            self._loop.call_later(self._max_age_s, self._forget, channel.name, moment)

    def _forget(self, name: str, moment: _Moment) -> None:
        if self._moments.get(name) is moment:
            del self._moments[name]
