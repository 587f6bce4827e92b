"""Talking: a message, a draft, a pointer, a reaction, each from one session to its channel (DESIGN section 4)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import msgspec
from msgspec.structs import replace

from ..domain.errors import RateLimited
from ..domain.limits import TokenBucket
from ..domain.living import LiveMessage
from ..domain.message import Life, Position, check_position, clean_draft, clean_payload
from ..domain.profile import Profile
from ..ports import Connection, LiveMessages, RateLimiter
from ..protocol import (
    Ack,
    Chat,
    PostChat,
    PostReaction,
    PostTyping,
    Reaction,
    ShowView,
    Typing,
    View,
    encode,
    pack,
    text_frame,
)
from .channels import Channel
from .meters import Meters
from .volatile import Latest

MINUTE_MS = 60_000
_read_chat = msgspec.json.Decoder(Chat).decode
REACTIONS_PER_SECOND = 5.0
REACTIONS_BURST = 10.0
VIEWS_PER_SECOND = 10.0


class Voice:
    """One session's part in the talk of its channel: who speaks, from which connection, and how fast."""

    def __init__(
        self,
        channel: Channel,
        connection: Connection,
        user_id: str,
        profile: Profile,
        *,
        loop: asyncio.AbstractEventLoop,
        drafts_per_second: float,
        cursors_per_second: float,
    ) -> None:
        self.channel = channel
        self.connection = connection
        self.user_id = user_id
        self.profile = profile
        self._loop = loop
        self._drafts_per_second = drafts_per_second
        self._cursors_per_second = cursors_per_second
        self._reactions = TokenBucket(REACTIONS_PER_SECOND, REACTIONS_BURST, loop.time())
        # Made when they are first needed: most people only read.
        self._drafts: Latest[PostTyping] | None = None
        self._views: Latest[ShowView] | None = None
        self._cursors: Latest[Position] | None = None

    def draft(self, frame: PostTyping) -> None:
        """Show what is being typed. Raises what `clean_draft` and `check_position` raise."""
        payload = clean_draft(frame.payload)
        draft = PostTyping(frame.message_id, payload, check_position(frame.position))
        if self._drafts is None:
            self._drafts = Latest(self._drafts_per_second, self._loop, self._send_draft)
        self._drafts.offer(draft)

    def cursor(self, position: Position) -> None:
        """Show where the pointer is. Raises PositionInvalid."""
        check_position(position)
        if self._cursors is None:
            self._cursors = Latest(self._cursors_per_second, self._loop, self._send_cursor)
        self._cursors.offer(position)

    def react(self, frame: PostReaction) -> None:
        """Show a reaction; one too many is dropped (W26). Raises PositionInvalid."""
        position = check_position(frame.position)
        if self._reactions.take(self._loop.time()) == 0.0:
            self.channel.fleeting(self.connection, pack(Reaction(self.user_id, frame.kind, position)))

    def view(self, frame: ShowView) -> None:
        """Show those who follow what one sees. Raises PositionInvalid."""
        check_position(frame.position)
        if self._views is None:
            self._views = Latest(VIEWS_PER_SECOND, self._loop, self._send_view)
        self._views.offer(frame)

    def forget_draft(self, message_id: str) -> None:
        """The message itself is on its way: its draft must not follow it."""
        if self._drafts is None:
            return
        waiting = self._drafts.waiting
        if waiting is not None and waiting.message_id == message_id:
            self._drafts.drop()

    def silence(self) -> None:
        """Send nothing that waits. Called when it is over: nothing that refers back to this is kept (garbage.py)."""
        for latest in (self._drafts, self._cursors, self._views):
            if latest is not None:
                latest.drop()
        self._drafts = self._cursors = self._views = None

    def _send_draft(self, draft: PostTyping) -> None:
        frame = pack(Typing(draft.message_id, self.user_id, draft.payload, draft.position))
        if draft.payload:
            self.channel.draft(self.connection, draft.message_id, frame)
        else:
            # That a draft was abandoned is the end of something others see: it takes the lane that loses nothing.
            self.channel.post(frame, self.connection, replaces=draft.message_id)

    def _send_view(self, view: ShowView) -> None:
        # So few a second that none waits for a flush while the next one comes: they need no replacing.
        self.channel.fleeting(self.connection, pack(View(self.user_id, view.position, view.width, view.height)))

    def _send_cursor(self, position: Position) -> None:
        self.channel.cursor(self.user_id, position)


class Talk:
    """Posting messages: once, in order, within the rate, remembered while they live."""

    def __init__(
        self,
        live: LiveMessages,
        limiter: RateLimiter,
        *,
        now_ms: Callable[[], int],
        life: Life,
        messages_per_minute: int,
        meters: Meters | None = None,
    ) -> None:
        self._meters = meters or Meters()
        self._live = live
        self._limiter = limiter
        self._now_ms = now_ms
        self._life = life
        self._messages_per_minute = messages_per_minute

    async def post(self, voice: Voice, post: PostChat, slow_ms: int = 0) -> None:
        """Stamp, encode once, and hand to the channel. Raises a FrameError when it is not to be posted.

        `slow_ms`: how long the channel makes its users wait between two messages.
        """
        payload = clean_payload(post.payload)
        position = check_position(post.position)
        channel, user_id = voice.channel, voice.user_id

        # Sent again because the first `ack` was lost (W10): the same answer, and it counts once.
        known = self._live.find(channel.name, user_id, post.message_id, self._now_ms())
        if known is not None:
            voice.connection.write(pack(Ack(post.message_id, known.timestamp, known.expires_at)))
            return

        if slow_ms:
            wait_ms = await self._limiter.take(f"slow:{channel.name}:{user_id}", 1, slow_ms)
            if wait_ms:
                every_s = -(-slow_ms // 1000)
                raise RateLimited(f"this channel is slow: one message every {every_s} s", retry_after_ms=wait_ms)
        wait_ms = await self._limiter.take(f"messages:{user_id}", self._messages_per_minute, MINUTE_MS)
        if wait_ms:
            self._meters.rate_limited["messages"] += 1
            raise RateLimited(
                f"at most {self._messages_per_minute} messages a minute; try again in {-(-wait_ms // 1000)} s",
                retry_after_ms=wait_ms,
            )
        timestamp = self._now_ms()
        expires_at = timestamp + self._life.of(payload)
        about = (post.message_id, channel.name, user_id, voice.profile.name, voice.profile.color)
        body = encode(Chat(*about, payload, position, timestamp, expires_at, voice.profile.on_map))
        voice.forget_draft(post.message_id)
        self._live.add(
            channel.name, LiveMessage(user_id, post.message_id, timestamp, expires_at, body), shared=channel.confirmed
        )
        ack = pack(Ack(post.message_id, timestamp, expires_at))
        channel.post(text_frame(body), voice.connection, ack, replaces=post.message_id)
        self._meters.messages += 1

    async def living(self, channel: str, *, here: bool = False) -> list[LiveMessage]:
        """Every message that lives, oldest first. `here`: only those that were said on this process."""
        now_ms = self._now_ms()
        return self._live.here(channel, now_ms) if here else await self._live.living(channel, now_ms)

    def said_here(self) -> dict[str, list[bytes]]:
        """The JSON of every message that was said on this process and lives, by channel."""
        now_ms = self._now_ms()
        said = {name: self._live.here(name, now_ms) for name in self._live.channels_here()}
        return {name: [message.body for message in messages] for name, messages in said.items() if messages}

    def share(self, channel: str) -> None:
        """Let those who join on other processes see what was said on this one and lives."""
        self._live.share(channel)

    async def clear(self, channel: str, until_ms: int) -> None:
        """Let go of what was said in a channel until then, for all processes. Raises StoreUnavailable."""
        await self._live.clear(channel, until_ms)

    def forget(self, channel: str, until_ms: int) -> None:
        """Another process cleared the channel."""
        self._live.forget(channel, until_ms)

    def shift(self, by_ms: int) -> None:
        """The clock was set by so much just now: what was said here and lives keeps the time it has left."""
        before_ms = self._now_ms() - by_ms
        living = {channel: self._live.here(channel, before_ms) for channel in self._live.channels_here()}
        # All of them first: adding one lets go of what is over by its time.
        for channel, messages in living.items():
            self._live.forget(channel, max((message.timestamp for message in messages), default=before_ms))
        for channel, messages in living.items():
            for message in messages:
                chat = _read_chat(message.body)
                moved = replace(chat, timestamp=chat.timestamp + by_ms, expires_at=chat.expires_at + by_ms)
                name = (message.user_id, message.message_id)
                self._live.add(channel, LiveMessage(*name, moved.timestamp, moved.expires_at, encode(moved)))

    def expire(self) -> None:
        """Let go of messages that are over."""
        self._live.expire(self._now_ms())
