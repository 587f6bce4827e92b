"""Posting messages and drafts: limits over all processes, life, and resends."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from ..domain.admission import Duplicate, LimitName, Posting
from ..domain.errors import RateLimited
from ..domain.live_message_index import LiveMessage
from ..domain.message import check_position, clean_draft, clean_payload
from ..groups import MessageSettings
from ..ports import LiveMessages, RateLimiter
from ..protocol.codec import encode, pack
from ..protocol.framing import text_frame
from ..protocol.schema import Ack, Chat, PostChat, PostTyping
from .participant import Participant
from .runtime import Runtime

_read_chat = msgspec.json.Decoder(Chat).decode
_COUNTER_OF_LIMIT = {"user": "messages", "address": "addresses", "channel": "channels", "slow": "slow"}


class ChatService:
    """Posts messages: once, in order, within the limits, and kept while they live.

    The limits also cover drafts and new names, because other people read those too.
    """

    def __init__(
        self,
        live: LiveMessages,
        limiter: RateLimiter,
        settings: MessageSettings,
        runtime: Runtime,
    ) -> None:
        self._counters = runtime.counters
        self._live = live
        self._limiter = limiter
        self._now_ms = runtime.clock.now_ms
        self._life = settings.life
        self._limits = settings.limits
        self._payload_characters = settings.payload_characters
        self.unshared: set[str] = set()
        """Channels with messages that were posted here and have not been sent to other processes."""

    async def post(self, participant: Participant, post: PostChat, slow_ms: int = 0) -> None:
        """Add the times, encode once, and post to the channel. Raises a FrameError if the message is refused.

        `slow_ms`: how long the channel makes its users wait between two messages.
        """
        payload = clean_payload(post.payload, self._payload_characters)
        position = check_position(post.position)
        channel, user_id, message_id = participant.channel, participant.user_id, post.message_id

        # The client sends it again because the first `ack` was lost (W10): it gets the same answer, and it counts once.
        timestamp = self._now_ms()
        known = self._live.find(channel.name, user_id, message_id, timestamp)
        if known is not None:
            participant.connection.write(pack(Ack(message_id, known.timestamp, known.expires_at)))
            return

        expires_at = timestamp + self._life.of(payload)
        posting = Posting(
            "chat", channel.name, user_id, participant.address, message_id, slow_ms, timestamp, expires_at, payload
        )
        elsewhere = await self._admit(posting)
        # Another connection of the user may have posted it first, here or elsewhere. Then that message counts (W10).
        first = self._live.find(channel.name, user_id, message_id, timestamp) or elsewhere
        if first is not None:
            if first is not elsewhere or not await self._is_lost(posting, elsewhere):
                participant.connection.write(pack(Ack(message_id, first.timestamp, first.expires_at)))
                return
            timestamp, expires_at = first.timestamp, first.expires_at
        about = (message_id, channel.name, user_id, participant.profile.name, participant.profile.color)
        body = encode(Chat(*about, payload, position, timestamp, expires_at, participant.profile.on_map))
        participant.forget_draft(message_id)
        message = LiveMessage(user_id, message_id, timestamp, expires_at, body, channel.next_number)
        self._live.add(channel.name, message, shared=channel.confirmed)
        channel.post(
            text_frame(body), participant.connection, pack(Ack(message_id, timestamp, expires_at)), replaces=message_id
        )
        if channel.confirmed:
            self._limiter.posted(posting)
        else:
            self.unshared.add(channel.name)
        self._counters.messages += 1

    async def _is_lost(self, posting: Posting, known: Duplicate) -> bool:
        """Whether this process must post a message that another process admitted, because nobody else may have it.

        That process may have died, or lost its connection to Redis, before Redis had the message. If Redis has it, this
        process keeps a copy, because it acknowledges the message: Redis may lose it, and the other process may end.
        """
        if not known.same_text:
            return False
        if not known.confirmed and await self._limiter.is_lost(posting):
            return True
        for message in await self._live.load(posting.channel, posting.timestamp):
            if (message.user_id, message.message_id) == (posting.user_id, posting.message_id):
                # The number belongs to the other process's frame and means nothing here.
                self._live.add(posting.channel, replace(message, number=0), shared=False)
                return False
        return True

    async def draft(self, participant: Participant, frame: PostTyping, slow_ms: int = 0) -> None:
        """Show a draft. Raises what `clean_draft` and `check_position` raise, and RateLimited.

        The first frame of a draft counts as the message that it may become. A connection has one draft: a frame with
        another message id ends the earlier draft.
        """
        message_id = frame.message_id
        payload = clean_draft(frame.payload, self._payload_characters)
        draft = PostTyping(message_id, payload, check_position(frame.position))
        if message_id != participant.draft_id and not await self._begin_draft(participant, draft, slow_ms):
            return
        participant.draft(draft)

    async def rename(self, participant: Participant, slow_ms: int = 0) -> None:
        """Count a new name against the limits, since others read it like a message. Raises RateLimited."""
        await self._admit(
            Posting("name", participant.channel.name, participant.user_id, participant.address, slow_ms=slow_ms)
        )

    async def _begin_draft(self, participant: Participant, draft: PostTyping, slow_ms: int) -> bool:
        """Whether this draft may be shown from now on."""
        channel, user_id, message_id = participant.channel.name, participant.user_id, draft.message_id
        refused, until = participant.refused_draft
        if refused == message_id and participant.now() < until:
            return False  # its first frame was answered with an error; the others are dropped (W26)
        if not draft.payload:
            return True  # the end of a draft of an earlier connection: it counts against no limit
        participant.end_draft()
        if self._live.find(channel, user_id, message_id, self._now_ms()) is not None:
            return False  # a late frame of a draft whose message was posted
        try:
            await self._admit(Posting("draft", channel, user_id, participant.address, message_id, slow_ms))
        except RateLimited as limited:
            participant.refused_draft = (message_id, participant.now() + (limited.retry_after_ms or 0) / 1000)
            raise
        participant.begin_draft(message_id)
        return True

    async def _admit(self, posting: Posting) -> Duplicate | None:
        """Count a posting against the limits. Returns an earlier message with its id, if any. Raises RateLimited."""
        verdict = await self._limiter.admit(posting, self._limits)
        if not verdict.wait_ms:
            return verdict.duplicate
        self._counters.rate_limited[_COUNTER_OF_LIMIT[verdict.limit]] += 1
        raise RateLimited(
            f"{self._reason(posting, verdict.limit)}; try again in {-(-verdict.wait_ms // 1000)} s",
            retry_after_ms=verdict.wait_ms,
            limit=verdict.limit,
        )

    def _reason(self, posting: Posting, limit: LimitName) -> str:
        match limit:
            case "slow":
                return f"slow mode: one message every {-(-posting.slow_ms // 1000)} s"
            case "user":
                return f"at most {self._limits.user_per_minute} messages a minute"
            case "address":
                return f"at most {self._limits.address_per_minute} messages a minute from one address"
            case "channel":
                return f"at most {self._limits.channel_per_second} messages a second in one channel"

    async def live_messages(self, channel: str, *, local_only: bool = False) -> list[LiveMessage]:
        """The live messages, oldest first. `local_only`: only those posted on this process."""
        now_ms = self._now_ms()
        return self._live.local(channel, now_ms) if local_only else await self._live.load(channel, now_ms)

    def local_messages(self) -> dict[str, list[LiveMessage]]:
        """The live messages that were posted on this process, by channel."""
        now_ms = self._now_ms()
        messages_of = {name: self._live.local(name, now_ms) for name in self._live.local_channels()}
        return {name: messages for name, messages in messages_of.items() if messages}

    def share(self, channel: str) -> None:
        """Make the live messages of this process visible to people who join on other processes."""
        self.unshared.discard(channel)
        self._live.share(channel)

    def forget(self, channel: str, until_ms: int) -> None:
        """Another process cleared the channel."""
        self._live.forget(channel, until_ms)

    def shift_clock(self, by_ms: int) -> None:
        """The server's clock was set by this much: live messages of this process keep their remaining life."""
        before_ms = self._now_ms() - by_ms
        live = {channel: self._live.local(channel, before_ms) for channel in self._live.local_channels()}
        # Removed before any is added: adding a message removes those that look expired.
        for channel, messages in live.items():
            self._live.forget(channel, max((message.timestamp for message in messages), default=before_ms))
        for channel, messages in live.items():
            for message in messages:
                chat = _read_chat(message.body)
                moved = replace(chat, timestamp=chat.timestamp + by_ms, expires_at=chat.expires_at + by_ms)
                name = (message.user_id, message.message_id)
                times = (moved.timestamp, moved.expires_at)
                self._live.add(channel, LiveMessage(*name, *times, encode(moved), message.number))

    def expire(self) -> None:
        """Remove messages whose life is over."""
        self._live.expire(self._now_ms())
