"""Posting and reading with an API key: a program that is in no channel, has no socket, and is nobody's neighbour.

It posts as a member would: the message passes the same limits, is kept while it lives, and reaches all processes.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Sequence

from ..domain.api_keys import ApiKey
from ..domain.errors import Disconnect
from ..domain.flush import Piece, Shared
from ..domain.live_message import LiveMessage
from ..domain.profile import Profile
from ..ports import Roster
from ..protocol.schema import Ack, Limits, PostChat
from .channels import Channels
from .chat import ChatService
from .event_stream import EventStream, after
from .participant import Participant
from .presence import Presence
from .rules_sync import RulesSync
from .runtime import Runtime


class ApiChat:
    """What the HTTP API does in channels. Whether a key may do it is decided before (adapters/http/api.py)."""

    def __init__(
        self,
        channels: Channels,
        rules: RulesSync,
        chat: ChatService,
        presence: Presence,
        limits: Limits,
        runtime: Runtime,
    ) -> None:
        self._channels = channels
        self._rules = rules
        self._chat = chat
        self._presence = presence
        self._limits = limits
        self._loop = runtime.loop

    async def post(self, key: ApiKey, channel_name: str, post: PostChat, profile: Profile, address: str) -> Ack:
        """Post a message. Again with the same id, it changes nothing and returns the same. Raises a FrameError."""
        connection = _NoConnection()
        channel = await self._channels.join(channel_name, connection)
        try:
            await self._rules.confirm(channel)
            participant = Participant(channel, connection, key.user_id, profile, address, self._limits, self._loop)
            posted = self._chat.post(participant, post, bot=True)
            ack = posted if isinstance(posted, Ack) else await posted
            published = asyncio.Event()
            channel.when_published(published.set)
            await published.wait()
            return ack
        finally:
            self._channels.leave(channel, connection)

    @contextlib.asynccontextmanager
    async def events(self, channel_name: str, last_event_id: str) -> AsyncIterator[EventStream]:
        """What happens in a channel, from its live messages on. `last_event_id`: the last event that the program has.

        Raises StoreUnavailable.
        """
        stream = EventStream()
        channel = await self._channels.join(channel_name, stream)
        try:
            await self._rules.confirm(channel)
            messages = await self._chat.live_messages(channel_name)
            bodies = frozenset(message.body for message in messages)
            channel.release(stream, after(messages, last_event_id), bodies)
            yield stream
        finally:
            self._channels.leave(channel, stream)

    async def members(self, channel: str) -> Roster:
        """Who is in a channel: as many as a `user_sync` lists, and the number of all. Raises StoreUnavailable."""
        return await self._presence.roster(channel)

    async def messages(self, channel: str) -> list[LiveMessage]:
        """The live messages, oldest first. Raises StoreUnavailable."""
        return await self._chat.live_messages(channel)


class _NoConnection:
    """The Connection of a program that reads nothing."""

    is_behind = False
    unsent_bytes = 0

    def __init__(self) -> None:
        self.id = secrets.token_urlsafe(9)

    def is_gone(self) -> bool:
        return False

    def write(self, data: bytes) -> None:
        pass

    def deliver(self, shared: Shared, pieces: Sequence[Piece] | None = None) -> None:
        pass

    def close(self, disconnect: Disconnect) -> None:
        pass
