"""The wire, version 1: frames as types, decode, encode. docs/protocol.md is the same in prose; W-numbers refer to it.

Pure: text in, values out; values in, bytes ready for the socket out. What a frame *does* is the services' business.
"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from typing import Annotated, Literal, TypeAlias

import msgspec

from .domain.errors import BadFrame, FrameError, PositionInvalid
from .domain.ids import ID_RULE, is_id
from .domain.message import PAYLOAD_CHARACTERS, POSITION_LIMIT, Life, Position
from .domain.profile import NAME_CHARACTERS, Member
from .domain.rules import BAN_MOST_S, SLOW_MOST_MS, Rights

SUBPROTOCOL = "asocial.v1"
SUBPROTOCOL_FAMILY = "asocial.v"
WHO_LIMIT = 50

ReactionKind: TypeAlias = Literal["heart", "spark", "laugh", "wave", "agree", "question", "point"]


class _ClientFrame(msgspec.Struct, tag_field="type", frozen=True):
    pass


class PostChat(_ClientFrame, tag="chat", frozen=True):
    message_id: str
    payload: str
    position: Position


class PostTyping(_ClientFrame, tag="typing", frozen=True):
    message_id: str
    payload: str
    position: Position


class MoveCursor(_ClientFrame, tag="cursor", frozen=True):
    position: Position


class PostReaction(_ClientFrame, tag="reaction", frozen=True):
    kind: ReactionKind
    position: Position


class Follow(_ClientFrame, tag="follow", frozen=True):
    user_id: str


class ShowView(_ClientFrame, tag="view", frozen=True):
    position: Position
    width: Annotated[float, msgspec.Meta(gt=0, le=2 * POSITION_LIMIT)]
    height: Annotated[float, msgspec.Meta(gt=0, le=2 * POSITION_LIMIT)]


class SetProfile(_ClientFrame, tag="profile", frozen=True):
    name: str
    color: str
    on_map: bool | msgspec.UnsetType = msgspec.UNSET


class AskWho(_ClientFrame, tag="who", frozen=True):
    user_ids: list[str]


class AskSync(_ClientFrame, tag="sync", frozen=True):
    pass


class Ping(_ClientFrame, tag="ping", frozen=True):
    t: Annotated[int, msgspec.Meta(ge=-(2**53), le=2**53)]


class Authenticate(_ClientFrame, tag="auth", frozen=True):
    token: str


class Moderate(_ClientFrame, tag="moderate", frozen=True):
    action: Literal["remove", "slow", "read_only", "private", "clear"]
    user_id: str = ""
    seconds: Annotated[int, msgspec.Meta(ge=0, le=BAN_MOST_S)] = 3600
    slow_ms: Annotated[int, msgspec.Meta(ge=0, le=SLOW_MOST_MS)] = 0
    on: bool = False


ClientFrame: TypeAlias = (
    PostChat | PostTyping | MoveCursor | PostReaction | ShowView | Follow | SetProfile | AskWho | AskSync | Ping
    | Authenticate | Moderate
)  # fmt: skip


class Limits(msgspec.Struct, frozen=True):
    """What a client may do, as told in `user_sync`; 0 messages per minute or second means no limit."""

    frame_bytes: int
    messages_per_minute: int
    messages_per_minute_per_ip: int
    channel_messages_per_second: int
    connections_per_user: int
    roster: int
    drafts_per_second: int
    cursors_per_second: int
    payload_characters: int = PAYLOAD_CHARACTERS
    name_characters: int = NAME_CHARACTERS
    position: int = POSITION_LIMIT


class RulesTold(msgspec.Struct, frozen=True):
    """What holds in a channel, and for the one it is told to: `rights` to read or to write, `yours` to decide."""

    owner: str
    slow_ms: int
    read_only: bool
    private: bool
    rights: Rights
    yours: bool


class _ServerFrame(msgspec.Struct, tag_field="type", frozen=True):
    pass


class UserSync(_ServerFrame, tag="user_sync", frozen=True, kw_only=True):
    channel_id: str
    user_id: str
    connection_id: str
    token: str | msgspec.UnsetType = msgspec.UNSET
    users: msgspec.Raw
    """A list of Member, as JSON: encoded once for all who ask at the same moment."""
    user_count: int
    messages: msgspec.Raw
    """A list of Chat, as JSON."""
    timestamp: int
    ttl: Life
    limits: Limits
    epoch: str
    seq: int
    rules: RulesTold | msgspec.UnsetType = msgspec.UNSET
    expires_at: int | msgspec.UnsetType = msgspec.UNSET


class UserJoined(_ServerFrame, tag="user_joined", frozen=True, omit_defaults=True):
    user_id: str
    name: str
    color: str
    joined_at: int
    epoch: str
    seq: int
    on_map: bool = True


class UserLeft(_ServerFrame, tag="user_left", frozen=True):
    user_id: str
    epoch: str
    seq: int


class UserUpdated(_ServerFrame, tag="user_updated", frozen=True, omit_defaults=True):
    user_id: str
    name: str
    color: str
    epoch: str
    seq: int
    on_map: bool = True


class UserCount(_ServerFrame, tag="user_count", frozen=True):
    count: int
    epoch: str
    seq: int


class Chat(_ServerFrame, tag="chat", frozen=True, omit_defaults=True):
    message_id: str
    channel_id: str
    user_id: str
    name: str
    color: str
    payload: str
    position: Position
    timestamp: int
    expires_at: int
    on_map: bool = True


class Ack(_ServerFrame, tag="ack", frozen=True):
    message_id: str
    timestamp: int
    expires_at: int


class Typing(_ServerFrame, tag="typing", frozen=True):
    message_id: str
    user_id: str
    payload: str
    position: Position


class Cursors(_ServerFrame, tag="cursors", frozen=True):
    cursors: list[tuple[str, float, float]]


class Reaction(_ServerFrame, tag="reaction", frozen=True):
    user_id: str
    kind: ReactionKind
    position: Position


class Followed(_ServerFrame, tag="followed", frozen=True):
    user_id: str


class View(_ServerFrame, tag="view", frozen=True):
    user_id: str
    position: Position
    width: float
    height: float


class Profiles(_ServerFrame, tag="profiles", frozen=True):
    users: list[Member]


class Pong(_ServerFrame, tag="pong", frozen=True):
    t: int
    timestamp: int


class Degraded(_ServerFrame, tag="degraded", frozen=True):
    pass


class Restored(_ServerFrame, tag="restored", frozen=True):
    pass


class Authenticated(_ServerFrame, tag="authenticated", frozen=True):
    expires_at: int | None


class ChannelUpdated(_ServerFrame, tag="channel_updated", frozen=True):
    owner: str
    slow_ms: int
    read_only: bool
    private: bool
    by: str
    timestamp: int


class ClockSet(_ServerFrame, tag="clock", frozen=True):
    timestamp: int
    shift: int


class Cleared(_ServerFrame, tag="cleared", frozen=True):
    by: str
    timestamp: int


class Error(_ServerFrame, tag="error", frozen=True):
    code: str
    message: str
    retry_after: int | msgspec.UnsetType = msgspec.UNSET
    limit: str | msgspec.UnsetType = msgspec.UNSET
    message_id: str | msgspec.UnsetType = msgspec.UNSET


ServerFrame: TypeAlias = (
    UserSync | UserJoined | UserLeft | UserUpdated | UserCount
    | Chat | Ack | Typing | Cursors | Reaction | Followed | View | Profiles | Pong | Degraded | Restored | Error
    | Authenticated | ChannelUpdated | Cleared | ClockSet
)  # fmt: skip


class _AnyFrame(msgspec.Struct):
    message_id: str | None = None


_decoder = msgspec.json.Decoder(ClientFrame)
_any_decoder = msgspec.json.Decoder(_AnyFrame)
_encoder = msgspec.json.Encoder()


class _Fate(msgspec.Struct):
    """What decides whether a server's frame is still worth sending."""

    type: str = ""
    expires_at: int = 0


_read_fate = msgspec.json.Decoder(_Fate).decode

CLIENT_FRAME_TYPES = (
    "chat", "typing", "cursor", "reaction", "view", "follow", "profile", "who", "sync", "ping", "auth", "moderate",
)  # fmt: skip


def decode(text: str) -> ClientFrame:
    """The frame in `text`. Raises BadFrame or PositionInvalid with a message that says where it is wrong."""
    try:
        frame: ClientFrame = _decoder.decode(text)
    except msgspec.ValidationError as error:
        raise _invalid(str(error)) from None
    except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
        raise BadFrame(f"not JSON that can be read: {_short(str(error))}") from None
    match frame:
        case PostChat() | PostTyping():
            if not is_id(frame.message_id):
                raise BadFrame(f"message_id is {ID_RULE}")
        case Follow():
            if not is_id(frame.user_id):
                raise BadFrame(f"user_id is {ID_RULE}")
        case AskWho():
            if not (1 <= len(frame.user_ids) <= WHO_LIMIT):
                raise BadFrame(f"user_ids has 1 to {WHO_LIMIT} ids")
    return frame


def _invalid(message: str) -> FrameError:
    if "`$.type`" in message or "required field `type`" in message:
        return BadFrame(f"type is one of {', '.join(CLIENT_FRAME_TYPES)}")
    if "out of range" in message and "`$.position" in message:
        return PositionInvalid(f"x and y must be finite numbers within ±{POSITION_LIMIT:,}")
    return BadFrame(_short(message))


def _short(message: str) -> str:
    return message if len(message) <= 200 else message[:200] + "…"


def message_id_of(text: str) -> str | None:
    """The `message_id` of a frame that could not be decoded, where it has a usable one (W25)."""
    try:
        message_id = _any_decoder.decode(text).message_id
    except (msgspec.MsgspecError, RecursionError, UnicodeError):
        return None
    return message_id if message_id is not None and is_id(message_id) else None


def encode(frame: ServerFrame) -> bytes:
    """The frame's JSON."""
    return _encoder.encode(frame)


def text_frame(payload: bytes) -> bytes:
    """`payload` as one unmasked, unfragmented WebSocket text frame (RFC 6455, 5.2), ready for any socket."""
    length = len(payload)
    if length < 126:
        header = bytes((0x81, length))
    elif length < 0x10000:
        header = b"\x81\x7e" + length.to_bytes(2, "big")
    else:
        header = b"\x81\x7f" + length.to_bytes(8, "big")
    return header + payload


def split_frames(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """(begin, end, payload) of each of the frames that `text_frame` made and somebody joined.

    What cannot be a whole frame is the last one, with all that follows.
    """
    at, size = 0, len(data)
    while at < size:
        length = data[at + 1] if at + 1 < size else 0
        start = at + 2
        if length >= 126:
            start += 2 if length == 126 else 8
            length = int.from_bytes(data[at + 2 : start], "big")
        end = min(start + length, size)
        yield at, end, data[start:end]
        at = end


def leave_out(frames: bytes, payloads: AbstractSet[bytes]) -> bytes:
    """`frames` without those that have one of these payloads."""
    return b"".join([frames[begin:end] for begin, end, payload in split_frames(frames) if payload not in payloads])


def leave_out_chats(frames: bytes, until_ms: int | None = None) -> bytes:
    """`frames` without messages whose life ends until then, or without any. Decodes each: not for the usual way."""
    return b"".join(
        [frames[begin:end] for begin, end, payload in split_frames(frames) if not _is_chat_over(payload, until_ms)]
    )


def _is_chat_over(payload: bytes, until_ms: int | None) -> bool:
    try:
        fate = _read_fate(payload)
    except msgspec.DecodeError:
        return False
    return fate.type == "chat" and (until_ms is None or fate.expires_at <= until_ms)


def close_frame(code: int, reason: bytes) -> bytes:
    """A WebSocket close frame (RFC 6455, 5.5.1). `reason` has at most 123 bytes."""
    return bytes((0x88, 2 + len(reason))) + code.to_bytes(2, "big") + reason


def pack(frame: ServerFrame) -> bytes:
    """Encode and frame in one go."""
    return text_frame(_encoder.encode(frame))


def error_frame(error: FrameError, message_id: str | None) -> bytes:
    """The packed `error` that answers a frame."""
    return pack(
        Error(
            code=error.code,
            message=error.message,
            retry_after=msgspec.UNSET if error.retry_after_ms is None else error.retry_after_ms,
            limit=msgspec.UNSET if error.limit is None else error.limit,
            message_id=msgspec.UNSET if message_id is None else message_id,
        )
    )
