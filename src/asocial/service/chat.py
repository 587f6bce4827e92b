"""Posting messages, strokes and drafts: limits over all processes, life, and resends."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, TypeAlias

import msgspec
from msgspec.structs import replace

from ..domain.admission import Duplicate, LimitName, Posting, Verdict
from ..domain.cells import cells_of
from ..domain.errors import RateLimited
from ..domain.live_message import LiveMessage
from ..domain.message import check_position, clean_draft, clean_payload
from ..domain.sealed import FREE_BYTES, is_sealed
from ..domain.stroke import points_json
from ..groups import MessageSettings
from ..ports import LiveMessages, RateLimiter
from ..protocol.codec import encode, pack
from ..protocol.framing import text_frame
from ..protocol.schema import Ack, Chat, PostChat, PostSealed, PostStroke, PostTyping, Sealed, Stroke
from .channel import Points
from .draft import Draft, T
from .participant import DrawnPoints, Participant
from .runtime import Runtime

_read_chat = msgspec.json.Decoder(Chat).decode
_read_stroke = msgspec.json.Decoder(Stroke).decode
_read_sealed = msgspec.json.Decoder(Sealed).decode
_COUNTER_OF_LIMIT = {
    "user": "messages", "address": "addresses", "channel": "channels", "slow": "slow", "strokes": "strokes",
}  # fmt: skip


Posted: TypeAlias = Ack | Coroutine[Any, Any, Ack]
"""The `ack` of a message, or what is left to await until there is one: only where other processes must be asked."""
Rest: TypeAlias = Coroutine[Any, Any, None] | None
"""What is left to await, if anything."""


class ChatService:
    """Posts messages and strokes: once, in order, within the limits, and kept while they live.

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

    def post(self, participant: Participant, post: PostChat, slow_ms: int = 0, *, bot: bool = False) -> Posted:
        """Add the times, encode once, and post to the channel. Raises a FrameError if the message is refused.

        `slow_ms`: how long the channel makes its users wait between two messages. `bot`: it is posted with an API key.
        Returns the `ack`, which the participant's connection gets too.
        """
        payload = clean_payload(post.payload, self._payload_characters)
        position = check_position(post.position)
        message_id = post.message_id

        def publish(posting: Posting) -> Ack:
            profile = participant.profile
            chat = Chat(
                message_id, posting.channel, posting.user_id, profile.name, profile.color, payload, position,
                posting.timestamp, posting.expires_at, profile.on_map, bot,
            )  # fmt: skip
            body = encode(chat)
            participant.text.forget(message_id)
            self._counters.messages += 1
            return self._publish(participant, posting, body, ((position.x, position.y),))

        return self._post(participant, message_id, payload, self._life.of(payload), slow_ms, publish)

    def draw(self, participant: Participant, frame: PostStroke, slow_ms: int = 0) -> Posted | Rest:
        """Show a stroke while it is drawn, or post it when it is done (W110). Raises a FrameError if it is refused."""
        message_id = frame.message_id
        points = points_json(frame.points, done=frame.done)
        if not frame.done:
            drawn = DrawnPoints(message_id, points)
            return self._show(participant, participant.stroke, drawn, not frame.points, slow_ms, stroke=True)

        def publish(posting: Posting) -> Ack:
            profile, times = participant.profile, (posting.timestamp, posting.expires_at)
            about = (message_id, posting.channel, posting.user_id, profile.name, profile.color)
            body = encode(Stroke(*about, points, *times, profile.on_map))
            participant.stroke.forget(message_id)
            return self._publish(participant, posting, body, frame.points)

        text = str(points, "ascii")
        return self._post(participant, message_id, text, self._life.base, slow_ms, publish, stroke=True)

    def post_sealed(self, participant: Participant, frame: PostSealed, padded: int, slow_ms: int = 0) -> Posted:
        """Post a message or a finished stroke that this server cannot read (W194). `padded`: the size of its content.

        Raises RateLimited.
        """
        is_stroke = frame.kind == "stroke"
        life_ms = self._life.base if is_stroke else self._life.of_length(padded - FREE_BYTES)
        message_id = frame.message_id

        def publish(posting: Posting) -> Ack:
            times = (posting.timestamp, posting.expires_at)
            body = encode(Sealed(frame.kind, posting.user_id, frame.box, message_id, *times))
            participant.sealed_draft("drawing" if is_stroke else "typing").forget(message_id)
            self._counters.messages += not is_stroke
            return self._publish(participant, posting, body, points=())

        return self._post(participant, message_id, frame.box, life_ms, slow_ms, publish, stroke=is_stroke)

    def draft_sealed(self, participant: Participant, frame: PostSealed, slow_ms: int = 0) -> Rest:
        """Show a draft or a stroke being drawn that this server cannot read. Raises RateLimited."""
        draft = participant.sealed_draft(frame.kind)
        return self._show(participant, draft, frame, not frame.box, slow_ms, stroke=frame.kind == "drawing")

    def _post(
        self,
        participant: Participant,
        message_id: str,
        text: str,
        life_ms: int,
        slow_ms: int,
        publish: Callable[[Posting], Ack],
        *,
        stroke: bool = False,
    ) -> Posted:
        """Count a message or a stroke against the limits, claim its id, and `publish` it. Raises RateLimited.

        If it was posted before, the client gets the same `ack` again.
        """
        channel, user_id = participant.channel.name, participant.user_id

        # The client sends it again because the first `ack` was lost (W10): it gets the same answer, and it counts once.
        timestamp = self._now_ms()
        known = self._live.find(channel, user_id, message_id, timestamp)
        if known is not None:
            return _answer_again(participant, message_id, known)

        address, expires_at = participant.address, timestamp + life_ms
        posting = Posting("chat", channel, user_id, address, message_id, slow_ms, timestamp, expires_at, text, stroke)
        verdict = self._limiter.admit_at_once(posting, self._limits)
        if verdict is None:
            return self._post_after(participant, posting, publish)
        self._check(posting, verdict)
        return publish(posting)

    async def _post_after(self, participant: Participant, posting: Posting, publish: Callable[[Posting], Ack]) -> Ack:
        """The rest of `_post`, where other processes decide too."""
        elsewhere = await self._admit(posting)
        # Another connection of the user may have posted it first, here or elsewhere. Then that message counts (W10).
        known = self._live.find(posting.channel, posting.user_id, posting.message_id, posting.timestamp)
        first = known or elsewhere
        if first is not None:
            if first is not elsewhere or not await self._is_lost(posting, elsewhere):
                return _answer_again(participant, posting.message_id, first)
            posting = replace(posting, timestamp=first.timestamp, expires_at=first.expires_at)
        return publish(posting)

    def _publish(self, participant: Participant, posting: Posting, body: bytes, points: Points) -> Ack:
        """Post a claimed message or stroke. `body`: the JSON of its frame. `points`: where it is. Returns its `ack`."""
        channel, message_id = participant.channel, posting.message_id
        timestamp, expires_at, number = posting.timestamp, posting.expires_at, channel.next_number
        message = LiveMessage(posting.user_id, message_id, timestamp, expires_at, body, number, posting.stroke)
        self._live.add(channel.name, message, shared=channel.confirmed)
        ack = Ack(message_id, timestamp, expires_at)
        channel.post(text_frame(body), participant.connection, pack(ack), message_id, points)
        if channel.crowd is not None and participant.profile.on_map:
            channel.crowd.activity.count_message(cells_of(points), posting.expires_at)
        if channel.confirmed:
            self._limiter.posted(posting)
        else:
            self.unshared.add(channel.name)
        return ack

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

    def draft(self, participant: Participant, frame: PostTyping, slow_ms: int = 0) -> Rest:
        """Show a draft. Raises what `clean_draft` and `check_position` raise, and RateLimited.

        The first frame of a draft counts as the message that it may become. A connection has one draft: a frame with
        another message id ends the earlier draft.
        """
        payload = clean_draft(frame.payload, self._payload_characters)
        shown = PostTyping(frame.message_id, payload, check_position(frame.position))
        return self._show(participant, participant.text, shown, not payload, slow_ms)

    async def rename(self, participant: Participant, slow_ms: int = 0) -> None:
        """Count a new name against the limits, since others read it like a message. Raises RateLimited."""
        await self._admit(
            Posting("name", participant.channel.name, participant.user_id, participant.address, slow_ms=slow_ms)
        )

    def _show(
        self,
        participant: Participant,
        draft: Draft[T],
        state: T,
        is_empty: bool,
        slow_ms: int,
        *,
        stroke: bool = False,
    ) -> Rest:
        """Show a state of a draft. One with another id than the draft before counts. Raises RateLimited.

        If the client has left, only the end of the draft is shown.
        """
        if not is_empty and participant.has_left():
            return None
        message_id = state.message_id
        if message_id != draft.message_id:
            refused, until = draft.refused
            if refused == message_id and participant.now() < until:
                return None  # its first frame was answered with an error; the others are dropped (W26)
            if not is_empty:  # otherwise the end of a draft of an earlier connection: it counts against no limit
                draft.end()
                channel, user_id = participant.channel.name, participant.user_id
                if self._live.find(channel, user_id, message_id, self._now_ms()) is not None:
                    return None  # a late frame of a draft whose message was posted
                posting = Posting("draft", channel, user_id, participant.address, message_id, slow_ms, stroke=stroke)
                verdict = self._limiter.admit_at_once(posting, self._limits)
                if verdict is None:
                    return self._show_after(participant, draft, state, posting)
                self._begin(participant, draft, posting, verdict)
        draft.offer(state)
        return None

    async def _show_after(self, participant: Participant, draft: Draft[T], state: T, posting: Posting) -> None:
        """The rest of `_show`, where other processes decide too."""
        self._begin(participant, draft, posting, await self._limiter.admit(posting, self._limits))
        draft.offer(state)

    def _begin(self, participant: Participant, draft: Draft[T], posting: Posting, verdict: Verdict) -> None:
        """Begin a draft. Raises RateLimited if the verdict is that it may not be shown."""
        try:
            self._check(posting, verdict)
        except RateLimited as limited:
            draft.refused = (posting.message_id, participant.now() + (limited.retry_after_ms or 0) / 1000)
            raise
        draft.begin(posting.message_id)

    async def _admit(self, posting: Posting) -> Duplicate | None:
        """Count a posting against the limits. Returns an earlier message with its id, if any. Raises RateLimited."""
        verdict = await self._limiter.admit(posting, self._limits)
        self._check(posting, verdict)
        return verdict.duplicate

    def _check(self, posting: Posting, verdict: Verdict) -> None:
        """Raises RateLimited for a posting that must wait."""
        if not verdict.wait_ms:
            return
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
            case "strokes":
                return f"at most {self._limits.strokes_per_minute} strokes a minute"

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
                frame = _read(channel, message)
                moved = replace(frame, timestamp=frame.timestamp + by_ms, expires_at=frame.expires_at + by_ms)
                times = {"timestamp": moved.timestamp, "expires_at": moved.expires_at}
                self._live.add(channel, replace(message, **times, body=encode(moved)))

    def expire(self) -> None:
        """Remove messages whose life is over."""
        self._live.expire(self._now_ms())
        self._counters.live_messages_dropped += self._live.take_dropped()


def _read(channel: str, message: LiveMessage) -> Chat | Stroke | Sealed:
    """The frame of a live message."""
    if is_sealed(channel):
        return _read_sealed(message.body)
    return _read_stroke(message.body) if message.stroke else _read_chat(message.body)


def _answer_again(participant: Participant, message_id: str, known: LiveMessage | Duplicate) -> Ack:
    """Send the `ack` of a message that was posted before, also if it still waits for a flush. Returns it."""
    ack = Ack(message_id, known.timestamp, known.expires_at)
    participant.channel.when_published(lambda: participant.connection.write(pack(ack)))
    return ack
