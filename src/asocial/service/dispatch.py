"""Carries out the frames of clients, one at a time and in order, and answers those that are refused (W14, W25).

No client can make this raise: an exception is a bug in the server.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeAlias

from msgspec import UNSET

from ..domain.errors import (
    BadFrame,
    FrameError,
    NotSealed,
    PayloadTooLarge,
    ProtocolAbuse,
    RateLimited,
    TokenExpired,
    TokenInvalid,
    TokenRefused,
    Unavailable,
)
from ..domain.profile import Profile, clean_color, clean_name
from ..domain.sealed import KINDS_WITH_END, check_box, frame_limit
from ..ports import StoreUnavailable, Verify
from ..protocol.codec import decode, error_frame, message_id_of, pack
from ..protocol.schema import (
    AskSync,
    AskWho,
    Authenticate,
    Authenticated,
    ClientFrame,
    Follow,
    Moderate,
    MoveCursor,
    Ping,
    Pong,
    PostChat,
    PostReaction,
    PostSealed,
    PostStroke,
    PostTyping,
    Profiles,
    SetProfile,
    ShowView,
)
from .chat import ChatService
from .moderation import Moderation
from .presence import Presence
from .runtime import Runtime
from .session import Session
from .sessions import Sessions

MAX_STRIKES = 10
PUNISHED_LIMITS = ("user", "address")
"""Limits on messages (W72) that only somebody who floods reaches. A full channel or slow mode is nobody's fault."""
REFUSED_PAUSE_S = 0.1
"""How long a connection is not read after a limit on messages refused its frame, so that a flood costs little."""

_Request: TypeAlias = Follow | SetProfile | AskWho | AskSync | Ping | Authenticate | Moderate | PostSealed
_Other: TypeAlias = PostChat | PostTyping | PostStroke | PostReaction | ShowView | _Request
"""Every frame but a cursor: those come by the thousand, and wait for nothing."""


_COUNTED_AS = {
    "chat": "chat", "typing": "typing", "stroke": "stroke", "drawing": "stroke", "cursor": "cursor",
    "reaction": "reaction", "view": "view", "profile": "request",
}  # fmt: skip
"""As which kind of frame each kind of sealed frame is counted."""


class Dispatch:
    """`frame_bytes`: the largest frame allowed. `verify`: verifies tokens; None if this server takes none."""

    def __init__(
        self,
        sessions: Sessions,
        presence: Presence,
        chat: ChatService,
        moderation: Moderation,
        verify: Verify | None,
        frame_bytes: int,
        runtime: Runtime,
    ) -> None:
        self._counters = runtime.counters
        self._received = self._counters.received
        self._sessions = sessions
        self._presence = presence
        self._chat = chat
        self._moderation = moderation
        self._access = moderation.access
        self._verify = verify
        self._loop = runtime.loop
        self._now_ms = runtime.clock.now_ms
        self._frame_bytes = frame_bytes

    def receive(self, session: Session, text: str) -> Coroutine[Any, Any, None] | None:
        """Carry out one text frame, or answer with an error. Returns what is left to await, None for a cursor."""
        try:
            self._check_size(session, text)
            frame = decode(text)
            if session.participant.channel.is_sealed:
                _check_sealed(frame)
            if not isinstance(frame, MoveCursor):
                return self._receive(session, frame, text)
            session.participant.cursor(frame.position)
        except FrameError as error:
            self._refuse_text(session, error, text)
        else:
            self._received["cursor"].add(1, len(text))
            session.strikes = 0
        return None

    async def _receive(self, session: Session, frame: _Other, text: str) -> None:
        try:
            await self._carry_out(session, frame, text)
        except FrameError as error:
            self._refuse_text(session, error, text)
            if error.limit is not None:
                # Its frames wait in its socket meanwhile. Nothing is lost, and other connections are not delayed.
                await asyncio.sleep(REFUSED_PAUSE_S)
        except StoreUnavailable:
            self._refuse_text(session, Unavailable("the server cannot do this at the moment; try again"), text)
        else:
            session.strikes = 0

    def _refuse_text(self, session: Session, error: FrameError, text: str) -> None:
        self._received["refused"].add(1, len(text))
        self.refuse(session, error, message_id_of(text))

    def receive_binary(self, session: Session, _data: bytes) -> None:
        """Answer a binary frame with an error: this protocol has none."""
        self.refuse(session, BadFrame("frames must be text, not binary"))

    def refuse(self, session: Session, error: FrameError, message_id: str | None = None) -> None:
        """Answer with an `error`. Ten in a row that a correct client never causes close the connection (W27)."""
        session.connection.write(error_frame(error, message_id))
        self._counters.errors[error.code] += 1
        if error.strikes or error.limit in PUNISHED_LIMITS:
            self._sessions.punish(session)
        if error.strikes:
            session.strikes += 1
            if session.strikes >= MAX_STRIKES:
                session.connection.close(ProtocolAbuse())

    def _check_size(self, session: Session, text: str) -> None:
        limit = self._frame_bytes
        if session.participant.channel.is_sealed:
            limit = frame_limit(limit)
        # isascii() costs nothing; other text is encoded only if it could be too large in UTF-8.
        if len(text) > limit or (not text.isascii() and len(text) * 4 > limit and len(text.encode()) > limit):
            raise PayloadTooLarge(f"a frame may have at most {limit} bytes")

    async def _carry_out(self, session: Session, frame: _Other, text: str) -> None:
        match frame:
            case PostChat():
                slow_ms = self._check_may_write(session)
                if session.trace_message is None:
                    await self._chat.post(session.participant, frame, slow_ms)
                else:
                    with session.trace_message(frame.message_id):
                        await self._chat.post(session.participant, frame, slow_ms)
                kind = "chat"
            case PostTyping():
                await self._chat.draft(session.participant, frame, self._check_may_write(session))
                kind = "typing"
            case PostStroke():
                await self._chat.draw(session.participant, frame, self._check_may_write(session))
                kind = "stroke"
            case PostReaction():
                self._check_may_write(session)
                session.participant.react(frame)
                kind = "reaction"
            case ShowView():
                session.participant.view(frame)
                kind = "view"
            case PostSealed():
                await self._receive_sealed(session, frame)
                kind = _COUNTED_AS[frame.kind]
            case _:
                wait_s = session.requests.take(self._loop.time()) or self._sessions.request_wait_s(session)
                if wait_s:
                    self._counters.rate_limited["requests"] += 1
                    raise RateLimited("too many requests at once", retry_after_ms=max(1, round(wait_s * 1000)))
                await self._answer(session, frame)
                kind = "request"
        self._received[kind].add(1, len(text))

    async def _receive_sealed(self, session: Session, frame: PostSealed) -> None:
        """Pass on what this server cannot read. Raises a FrameError."""
        participant = session.participant
        if not participant.channel.is_sealed:
            raise BadFrame("this channel is not sealed")
        kind = frame.kind
        padded = 0 if not frame.box and kind in KINDS_WITH_END else check_box(frame.box, self._frame_bytes)
        match kind:
            case "chat" | "stroke":
                await self._chat.post_sealed(participant, frame, padded, self._check_may_write(session))
            case "typing" | "drawing":
                await self._chat.draft_sealed(participant, frame, self._check_may_write(session))
            case "reaction":
                self._check_may_write(session)
                participant.show_sealed(frame)
            case "cursor" | "view" | "profile":
                participant.show_sealed(frame)

    def _check_may_write(self, session: Session) -> int:
        return self._access.check_may_write(session.participant.channel, session.principal, session.access)

    async def _authenticate(self, session: Session, token: str) -> None:
        """Replace the session's token by a newer one of the same user (W60)."""
        if self._verify is None:
            raise TokenRefused("this server does not use tokens")
        try:
            verified = await self._verify(token)
        except (TokenInvalid, TokenExpired) as error:
            raise TokenRefused(error.reason) from None
        if verified.user_id != session.member.user_id:
            raise TokenRefused("this token belongs to another user")
        self._sessions.renew(session, verified)
        session.connection.write(pack(Authenticated(verified.expires_at)))

    async def _answer(self, session: Session, frame: _Request) -> None:
        match frame:
            case Follow():
                self._sessions.follow(session, frame.user_id)
            case Ping():
                session.connection.write(pack(Pong(frame.t, self._now_ms())))
            case AskWho():
                members = await self._presence.members(session.participant.channel.name, frame.user_ids)
                profiles = pack(Profiles(members))
                session.connection.write(profiles)
                self._sessions.charge_answer(session, len(profiles))
            case AskSync():
                await self._sessions.sync(session)
            case Authenticate():
                await self._authenticate(session, frame.token)
            case Moderate():
                size = await self._moderation.moderate(session.participant.channel, session.principal, frame)
                self._sessions.charge_broadcast(session, size)
            case SetProfile():
                on_map = session.member.on_map if frame.on_map is UNSET else frame.on_map
                profile = Profile(clean_name(frame.name), clean_color(frame.color), on_map)
                if profile.name != session.member.name:
                    # Everyone reads a name, so it has the same limits as a message (W73).
                    await self._chat.rename(session.participant, self._check_may_write(session))
                # This process may have been suspended. The client is elsewhere by now and may have changed it again.
                if not session.connection.is_gone():
                    await self._sessions.set_profile(session, profile)


def _check_sealed(frame: ClientFrame) -> None:
    """Raises NotSealed for a frame that the server could read what people say from (W193)."""
    match frame:
        case PostChat() | PostTyping() | PostStroke() | MoveCursor() | PostReaction() | ShowView() | SetProfile():
            raise NotSealed("this channel is sealed: the server takes no frame that it can read")
