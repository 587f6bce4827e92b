"""Carries out the frames of clients, one at a time and in order, and answers those that are refused (W14, W25).

No client can make this raise: an exception is a bug in the server.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import AbstractContextManager
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
    Ack,
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
from .chat import ChatService, Posted, Rest
from .moderation import Moderation
from .participant import Participant
from .presence import Presence
from .runtime import Runtime
from .session import Session
from .sessions import Sessions

MAX_BYTES_PER_CHARACTER = 4
"""In UTF-8."""
MAX_STRIKES = 10
PUNISHED_LIMITS = ("user", "address")
"""Limits on messages (W72) that only somebody who floods reaches. A full channel or slow mode is nobody's fault."""
REFUSED_PAUSE_S = 0.1
"""How long a connection is not read after a limit on messages refused its frame, so that a flood costs little."""

_Request: TypeAlias = Follow | SetProfile | AskWho | AskSync | Ping | Authenticate | Moderate
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

    def receive(self, session: Session, text: str) -> Rest:
        """Carry out one text frame, or answer with an error. Returns what is left to await, if it has to wait."""
        try:
            if len(text) * MAX_BYTES_PER_CHARACTER > self._frame_bytes:
                self._check_size(session, text)
            frame = decode(text)
            if session.participant.channel.is_sealed:
                _check_sealed(frame)
            kind, rest = self._carry_out(session, frame)
        except FrameError as error:
            return self._refuse_text(session, error, text)
        if rest is not None:
            return self._finish(session, rest, kind, text)
        self._count(session, kind, text)
        return None

    async def _finish(self, session: Session, rest: Coroutine[Any, Any, object], kind: str, text: str) -> None:
        """The rest of `receive`, for a frame that has to wait."""
        try:
            await rest
        except FrameError as error:
            if (pause := self._refuse_text(session, error, text)) is not None:
                await pause
        except StoreUnavailable:
            self._refuse_text(session, Unavailable("the server cannot do this at the moment; try again"), text)
        else:
            self._count(session, kind, text)

    def _count(self, session: Session, kind: str, text: str) -> None:
        self._received[kind].add(1, len(text))
        session.strikes = 0

    def _refuse_text(self, session: Session, error: FrameError, text: str) -> Rest:
        """Answer with an error. Returns the pause before the next frame, if a limit refused this one.

        Its frames wait in its socket meanwhile. Nothing is lost, and other connections are not delayed.
        """
        self._received["refused"].add(1, len(text))
        self.refuse(session, error, message_id_of(text))
        return None if error.limit is None else asyncio.sleep(REFUSED_PAUSE_S)

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
        if len(text) > limit or (not text.isascii() and len(text.encode()) > limit):
            raise PayloadTooLarge(f"a frame may have at most {limit} bytes")

    def _carry_out(self, session: Session, frame: ClientFrame) -> tuple[str, Coroutine[Any, Any, object] | None]:
        """Returns as which kind the frame is counted, and what is left to await. Raises a FrameError."""
        participant = session.participant
        match frame:
            case MoveCursor():
                participant.cursor(frame.position)
                return "cursor", None
            case PostChat():
                slow_ms = self._check_may_write(session)
                if session.trace_message is not None:
                    trace = session.trace_message(frame.message_id)
                    return "chat", self._post_traced(trace, participant, frame, slow_ms)
                return "chat", _rest_of(self._chat.post(participant, frame, slow_ms))
            case PostTyping():
                return "typing", self._chat.draft(participant, frame, self._check_may_write(session))
            case PostStroke():
                return "stroke", _rest_of(self._chat.draw(participant, frame, self._check_may_write(session)))
            case PostReaction():
                self._check_may_write(session)
                participant.react(frame)
                return "reaction", None
            case ShowView():
                participant.view(frame)
                return "view", None
            case PostSealed():
                return _COUNTED_AS[frame.kind], self._receive_sealed(session, frame)
            case _:
                wait_s = self._sessions.take_request(session)
                if wait_s:
                    self._counters.rate_limited["requests"] += 1
                    raise RateLimited("too many requests at once", retry_after_ms=max(1, round(wait_s * 1000)))
                return "request", self._answer(session, frame)

    async def _post_traced(
        self, trace: AbstractContextManager[None], participant: Participant, frame: PostChat, slow_ms: int
    ) -> None:
        with trace:
            if (rest := _rest_of(self._chat.post(participant, frame, slow_ms))) is not None:
                await rest

    def _receive_sealed(self, session: Session, frame: PostSealed) -> Coroutine[Any, Any, object] | None:
        """Pass on what this server cannot read. Returns what is left to await. Raises a FrameError."""
        participant = session.participant
        if not participant.channel.is_sealed:
            raise BadFrame("this channel is not sealed")
        kind = frame.kind
        padded = 0 if not frame.box and kind in KINDS_WITH_END else check_box(frame.box, self._frame_bytes)
        match kind:
            case "chat" | "stroke":
                return _rest_of(self._chat.post_sealed(participant, frame, padded, self._check_may_write(session)))
            case "typing" | "drawing":
                return self._chat.draft_sealed(participant, frame, self._check_may_write(session))
            case "reaction":
                self._check_may_write(session)
                participant.show_sealed(frame)
            case "cursor" | "view" | "profile":
                participant.show_sealed(frame)
        return None

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
                profile = Profile(clean_name(frame.name), clean_color(frame.color), on_map, self._now_ms())
                if profile.name != session.member.name:
                    # Everyone reads a name, so it has the same limits as a message (W73).
                    await self._chat.rename(session.participant, self._check_may_write(session))
                # This process may have been suspended. The client is elsewhere by now and may have changed it again.
                if not session.connection.is_gone():
                    await self._sessions.set_profile(session, profile)


def _rest_of(posted: Posted | Rest) -> Coroutine[Any, Any, object] | None:
    """What is left to await until a message is posted. The sender's connection gets its `ack` by itself."""
    return None if isinstance(posted, Ack) else posted


def _check_sealed(frame: ClientFrame) -> None:
    """Raises NotSealed for a frame that the server could read what people say from (W193)."""
    match frame:
        case PostChat() | PostTyping() | PostStroke() | MoveCursor() | PostReaction() | ShowView() | SetProfile():
            raise NotSealed("this channel is sealed: the server takes no frame that it can read")
