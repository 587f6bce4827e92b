"""Talking: a message, a draft, a pointer, a reaction, each from one session to its channel."""

from __future__ import annotations

import asyncio

import msgspec
from msgspec.structs import replace

from ..domain.admission import Known, LimitName, Posting
from ..domain.errors import RateLimited
from ..domain.limits import TokenBucket
from ..domain.live_message_index import LiveMessage
from ..domain.message import Position, check_position, clean_draft, clean_payload
from ..domain.profile import Profile
from ..groups import MessageSettings
from ..ports import Connection, LiveMessages, RateLimiter
from ..protocol.codec import encode, pack
from ..protocol.framing import text_frame
from ..protocol.schema import Ack, Chat, Limits, PostChat, PostReaction, PostTyping, Reaction, ShowView, Typing, View
from .channel import Channel
from .runtime import Runtime
from .throttle import ThrottledLatest

_read_chat = msgspec.json.Decoder(Chat).decode
REACTIONS_PER_SECOND = 5.0
REACTIONS_BURST = 10.0
VIEWS_PER_SECOND = 10.0
FRAME_WEIGHT = 5.0
"""What a draft, a reaction or a view uses of its address's budget. A cursor uses 1: all cursors share one frame."""
_COUNTER_OF_LIMIT = {"user": "messages", "address": "addresses", "channel": "channels", "slow": "slow"}


class Participant:
    """One session's part in the talk of its channel: who speaks, from which connection and address, and how fast."""

    def __init__(
        self,
        channel: Channel,
        connection: Connection,
        user_id: str,
        profile: Profile,
        address: str,
        limits: Limits,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self.channel = channel
        self.connection = connection
        self.user_id = user_id
        self.profile = profile
        self.address = address
        self.budget: TokenBucket | None = None
        """What all connections of the address may show together of what is not kept: drafts, cursors, reactions, views.
        None: no limit. Set before the first frame."""
        self.drafting = ""
        """The message id of the draft that was admitted; one at a time."""
        self.refused = ("", 0.0)
        """The draft that was refused last, and until which moment of the loop that holds."""
        self._shown: PostTyping | None = None
        """What others see of the draft."""
        self._loop = loop
        self._limits = limits
        self._reactions = TokenBucket(REACTIONS_PER_SECOND, REACTIONS_BURST, loop.time())
        # Made when they are first needed: most people only read.
        self._drafts: ThrottledLatest[PostTyping] | None = None
        self._views: ThrottledLatest[ShowView] | None = None
        self._cursors: ThrottledLatest[Position] | None = None

    def now(self) -> float:
        """The loop's clock, in seconds."""
        return self._loop.time()

    def begin_draft(self, message_id: str) -> None:
        """From here on `draft` shows this one."""
        self.end_draft()
        self.drafting = message_id

    def end_draft(self) -> None:
        """The draft is over: others see it go."""
        self.drafting = ""
        if self._drafts is not None:
            self._drafts.drop()
        if self._shown is not None:
            self._send_draft(PostTyping(self._shown.message_id, "", self._shown.position))

    def draft(self, draft: PostTyping) -> None:
        """Show what is being typed. `draft` is checked, and its message id is `drafting`."""
        if self._drafts is None:
            self._drafts = ThrottledLatest(
                self._limits.drafts_per_second, self._loop, self._send_draft, self.budget, FRAME_WEIGHT
            )
        self._drafts.offer(draft)

    def cursor(self, position: Position) -> None:
        """Show where the pointer is. Raises PositionInvalid."""
        check_position(position)
        if self._cursors is None:
            self._cursors = ThrottledLatest(self._limits.cursors_per_second, self._loop, self._send_cursor, self.budget)
        self._cursors.offer(position)

    def react(self, frame: PostReaction) -> None:
        """Show a reaction; one too many is dropped (W26). Raises PositionInvalid."""
        position, now = check_position(frame.position), self._loop.time()
        if self._reactions.take(now) == 0.0 and (self.budget is None or self.budget.take(now, FRAME_WEIGHT) == 0.0):
            self.channel.fleeting(self.connection, pack(Reaction(self.user_id, frame.kind, position)))

    def view(self, frame: ShowView) -> None:
        """Show those who follow what one sees. Raises PositionInvalid."""
        check_position(frame.position)
        if self._views is None:
            self._views = ThrottledLatest(VIEWS_PER_SECOND, self._loop, self._send_view, self.budget, FRAME_WEIGHT)
        self._views.offer(frame)

    def forget_draft(self, message_id: str) -> None:
        """The message itself is on its way: its draft must not follow it, and its places are used."""
        if self.drafting == message_id:
            self.drafting = ""
        if self._shown is not None and self._shown.message_id == message_id:
            self._shown = None
        if self._drafts is not None:
            waiting = self._drafts.waiting
            if waiting is not None and waiting.message_id == message_id:
                self._drafts.drop()

    def silence(self) -> None:
        """Send nothing that waits. Called when it is over: nothing that refers back to this is kept (gc_policy.py)."""
        for latest in (self._drafts, self._cursors, self._views):
            if latest is not None:
                latest.drop()
        self._drafts = self._cursors = self._views = None

    def _send_draft(self, draft: PostTyping) -> None:
        frame = pack(Typing(draft.message_id, self.user_id, draft.payload, draft.position))
        if draft.payload:
            self._shown = draft
            self.channel.draft(self.connection, draft.message_id, frame)
        else:
            if self._shown is not None and self._shown.message_id == draft.message_id:
                self._shown = None
            # That a draft was abandoned is the end of something others see: it takes the lane that loses nothing.
            self.channel.post(frame, self.connection, replaces=draft.message_id)

    def _send_view(self, view: ShowView) -> None:
        # So few a second that none waits for a flush while the next one comes: they need no replacing.
        self.channel.fleeting(self.connection, pack(View(self.user_id, view.position, view.width, view.height)))

    def _send_cursor(self, position: Position) -> None:
        self.channel.cursor(self.user_id, position)


class ChatService:
    """Posting messages: once, in order, within the limits, remembered while they live.

    Drafts and new names are limited here too: what others read is one thing, whichever frame brings it.
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
        """Channels in which something was said here that no other process has got."""

    async def post(self, participant: Participant, post: PostChat, slow_ms: int = 0) -> None:
        """Stamp, encode once, and hand to the channel. Raises a FrameError when it is not to be posted.

        `slow_ms`: how long the channel makes its users wait between two messages.
        """
        payload = clean_payload(post.payload, self._payload_characters)
        position = check_position(post.position)
        channel, user_id, message_id = participant.channel, participant.user_id, post.message_id

        # Sent again because the first `ack` was lost (W10): the same answer, and it counts once.
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
        # Another connection of the user may have been quicker, here or elsewhere: its message is the one (W10).
        first = self._live.find(channel.name, user_id, message_id, timestamp) or elsewhere
        if first is not None:
            if first is not elsewhere or not await self._is_lost(posting, elsewhere):
                participant.connection.write(pack(Ack(message_id, first.timestamp, first.expires_at)))
                return
            timestamp, expires_at = first.timestamp, first.expires_at
        about = (message_id, channel.name, user_id, participant.profile.name, participant.profile.color)
        body = encode(Chat(*about, payload, position, timestamp, expires_at, participant.profile.on_map))
        participant.forget_draft(message_id)
        message = LiveMessage(user_id, message_id, timestamp, expires_at, body, channel.number)
        self._live.add(channel.name, message, shared=channel.confirmed)
        channel.post(
            text_frame(body), participant.connection, pack(Ack(message_id, timestamp, expires_at)), replaces=message_id
        )
        if channel.confirmed:
            self._limiter.posted(posting)
        else:
            self.unshared.add(channel.name)
        self._counters.messages += 1

    async def _is_lost(self, posting: Posting, known: Known) -> bool:
        """Whether a message that another process admitted must be posted here too, for nobody else may have got it.

        That process may have died, or lost its connection to Redis, before Redis had the message. Where Redis has it,
        this process keeps it too, as its ack vouches for it: Redis may lose it, and the other process end.
        """
        if not known.repeated:
            return False
        if not known.sure and await self._limiter.is_lost(posting):
            return True
        for message in await self._live.living(posting.channel, posting.timestamp):
            if (message.user_id, message.message_id) == (posting.user_id, posting.message_id):
                # The number is that of the other process's frame, and means nothing here.
                self._live.add(posting.channel, replace(message, number=0), shared=False)
                return False
        return True

    async def draft(self, participant: Participant, frame: PostTyping, slow_ms: int = 0) -> None:
        """Show what is being typed. Raises what `clean_draft` and `check_position` raise, and RateLimited.

        The first frame of a draft takes the places of the message it may become. A connection has one draft: another
        message id ends the one before.
        """
        message_id = frame.message_id
        payload = clean_draft(frame.payload, self._payload_characters)
        draft = PostTyping(message_id, payload, check_position(frame.position))
        if message_id != participant.drafting and not await self._begin_draft(participant, draft, slow_ms):
            return
        participant.draft(draft)

    async def rename(self, participant: Participant, slow_ms: int = 0) -> None:
        """Take the places of a new name, which others read as they read a message. Raises RateLimited."""
        await self._admit(
            Posting("name", participant.channel.name, participant.user_id, participant.address, slow_ms=slow_ms)
        )

    async def _begin_draft(self, participant: Participant, draft: PostTyping, slow_ms: int) -> bool:
        """Whether this draft may be shown from now on."""
        channel, user_id, message_id = participant.channel.name, participant.user_id, draft.message_id
        refused, until = participant.refused
        if refused == message_id and participant.now() < until:
            return False  # it was answered once; like other drafts too many, it is dropped (W26)
        if not draft.payload:
            return True  # the end of a draft that an earlier connection showed: it needs no place
        participant.end_draft()
        if self._live.find(channel, user_id, message_id, self._now_ms()) is not None:
            return False  # a straggler of what was said
        try:
            await self._admit(Posting("draft", channel, user_id, participant.address, message_id, slow_ms))
        except RateLimited as limited:
            participant.refused = (message_id, participant.now() + (limited.retry_after_ms or 0) / 1000)
            raise
        participant.begin_draft(message_id)
        return True

    async def _admit(self, posting: Posting) -> Known | None:
        """Take the places of a posting. Returns the message that has its name already. Raises RateLimited."""
        verdict = await self._limiter.admit(posting, self._limits)
        if not verdict.wait_ms:
            return verdict.known
        self._counters.rate_limited[_COUNTER_OF_LIMIT[verdict.limit]] += 1
        raise RateLimited(
            f"{self._reason(posting, verdict.limit)}; try again in {-(-verdict.wait_ms // 1000)} s",
            retry_after_ms=verdict.wait_ms,
            limit=verdict.limit,
        )

    def _reason(self, posting: Posting, limit: LimitName) -> str:
        match limit:
            case "slow":
                return f"this channel is slow: one message every {-(-posting.slow_ms // 1000)} s"
            case "user":
                return f"at most {self._limits.user_per_minute} messages a minute"
            case "address":
                return f"at most {self._limits.address_per_minute} messages a minute from one address"
            case "channel":
                return f"at most {self._limits.channel_per_second} messages a second in one channel"

    async def living(self, channel: str, *, here: bool = False) -> list[LiveMessage]:
        """Every message that lives, oldest first. `here`: only those that were said on this process."""
        now_ms = self._now_ms()
        return self._live.here(channel, now_ms) if here else await self._live.living(channel, now_ms)

    def said_here(self) -> dict[str, list[LiveMessage]]:
        """Every message that was said on this process and lives, by channel."""
        now_ms = self._now_ms()
        said = {name: self._live.here(name, now_ms) for name in self._live.channels_here()}
        return {name: messages for name, messages in said.items() if messages}

    def share(self, channel: str) -> None:
        """Let those who join on other processes see what was said on this one and lives."""
        self.unshared.discard(channel)
        self._live.share(channel)

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
                times = (moved.timestamp, moved.expires_at)
                self._live.add(channel, LiveMessage(*name, *times, encode(moved), message.number))

    def expire(self) -> None:
        """Let go of messages that are over."""
        self._live.expire(self._now_ms())
