"""Frames from and to JSON: decode what clients send, encode what they get. Pure: no I/O, no clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec

from ..domain.errors import BadFrame, FrameError, PositionInvalid
from ..domain.ids import ID_RULE, is_id, new_message_id
from ..domain.message import POSITION_LIMIT, Dated, Position
from ..domain.sealed import KINDS_WITH_ID
from .framing import split_frames, text_frame
from .schema import (
    CLIENT_FRAME_TYPES,
    WHO_LIMIT,
    AskWho,
    ClientFrame,
    Error,
    Follow,
    IncompleteChat,
    PostChat,
    PostSealed,
    PostStroke,
    PostTyping,
    ServerFrame,
)


class _AnyFrame(msgspec.Struct):
    message_id: str | None = None
    msg_id: str | None = None


class _Fate(msgspec.Struct):
    """The fields that decide whether a server's frame is still worth sending."""

    type: str = ""
    expires_at: int = 0
    timestamp: int = 0


class _Where(msgspec.Struct):
    """Where a message or a stroke is."""

    position: Position | None = None
    points: list[tuple[float, float]] = []


_decoder = msgspec.json.Decoder(ClientFrame)
_incomplete_decoder = msgspec.json.Decoder(IncompleteChat)
_any_decoder = msgspec.json.Decoder(_AnyFrame)
_encoder = msgspec.json.Encoder()
_read_fate = msgspec.json.Decoder(_Fate).decode
_read_where = msgspec.json.Decoder(_Where).decode


def decode(text: str, new_id: Callable[[], str] = new_message_id) -> ClientFrame:
    """The frame in `text`. Raises BadFrame or PositionInvalid with a message that names the error.

    `new_id` makes the message id of a `chat` that has none.
    """
    frame: ClientFrame
    try:
        frame = _decoder.decode(text)
    except msgspec.ValidationError as error:
        # Only after an error, so that valid frames cost no second look.
        if not str(error).startswith(_INCOMPLETE):
            raise _invalid(str(error)) from None
        frame = _decode_incomplete(text, str(error), new_id)
    except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
        raise BadFrame(f"invalid JSON: {_short(str(error))}") from None
    match frame:
        case PostChat() | PostTyping() | PostStroke():
            if not is_id(frame.message_id):
                raise BadFrame(f"message_id must be {ID_RULE}")
        case PostSealed():
            if frame.kind in KINDS_WITH_ID:
                if not is_id(frame.message_id):
                    raise BadFrame(f"message_id must be {ID_RULE}")
            elif frame.message_id:
                raise BadFrame(f"a sealed {frame.kind} has no message_id")
        case Follow():
            if not is_id(frame.user_id):
                raise BadFrame(f"user_id must be {ID_RULE}")
        case AskWho():
            if not (1 <= len(frame.user_ids) <= WHO_LIMIT):
                raise BadFrame(f"user_ids must have 1 to {WHO_LIMIT} ids")
    return frame


_INCOMPLETE = ("Object missing required field `type`", "Object missing required field `message_id`")


def _decode_incomplete(text: str, first_error: str, new_id: Callable[[], str]) -> PostChat:
    """A `chat` without `type` or without `message_id` (W100, W101). `first_error`: why it is no complete frame."""
    try:
        chat = _incomplete_decoder.decode(text)
    except msgspec.ValidationError as error:
        message = str(error)
        # A frame of another type, or one without a payload, is not a chat: the first error fits it better.
        is_chat = "`$.type`" not in message and "required field `payload`" not in message
        raise _invalid(message if is_chat else first_error) from None
    message_id = chat.message_id if isinstance(chat.message_id, str) else chat.msg_id or new_id()
    return PostChat(message_id, chat.payload, chat.position)


def _invalid(message: str) -> FrameError:
    if "`$.type`" in message or "required field `type`" in message:
        return BadFrame(f"type must be one of {', '.join(CLIENT_FRAME_TYPES)}")
    if "out of range" in message and ("`$.position" in message or "`$.points" in message):
        return PositionInvalid(f"x and y must be finite numbers within ±{POSITION_LIMIT:,}")
    return BadFrame(_short(message))


def _short(message: str) -> str:
    return message if len(message) <= 200 else message[:200] + "…"


def message_id_of(text: str) -> str | None:
    """The message id of a frame that could not be decoded, if it has a valid one (W25)."""
    try:
        frame = _any_decoder.decode(text)
    except (msgspec.MsgspecError, RecursionError, UnicodeError):
        return None
    message_id = frame.msg_id if frame.message_id is None else frame.message_id
    return message_id if message_id is not None and is_id(message_id) else None


def encode(frame: ServerFrame) -> bytes:
    """The frame's JSON."""
    return _encoder.encode(frame)


def pack(frame: ServerFrame) -> bytes:
    """The frame as a WebSocket text frame."""
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


def leave_out_messages(frames: bytes, until_ms: int | None = None) -> bytes:
    """`frames` without messages and strokes whose life ends until then, or without all of them.

    Slow: it decodes every frame.
    """
    return b"".join(
        [frames[begin:end] for begin, end, payload in split_frames(frames) if not _is_over(payload, until_ms)]
    )


def dated_messages_in(frames: bytes) -> Iterator[Dated]:
    """Each message and finished stroke, with its times.

    Slow: it decodes every frame.
    """
    for begin, end, payload in split_frames(frames):
        try:
            fate = _read_fate(payload)
        except msgspec.DecodeError:
            continue
        if fate.type in ("chat", "stroke"):
            yield Dated(payload, frames[begin:end], fate.timestamp, fate.expires_at)


def live_messages_in(frames: bytes, now_ms: int, after_ms: int = 0) -> Iterator[tuple[bytes, bytes]]:
    """(payload, frame) of each message and finished stroke that is live and was posted after `after_ms`.

    Slow: it decodes every frame.
    """
    for message in dated_messages_in(frames):
        if message.is_live(now_ms, after_ms):
            yield message.payload, message.frame


def shifted(payload: bytes, by_ms: int) -> bytes:
    """The JSON of a message or a stroke with its times moved, because the server's clock was set. Others stay."""
    try:
        frame = msgspec.json.decode(payload)
    except msgspec.DecodeError:
        return payload
    if not isinstance(frame, dict) or frame.get("type") not in ("chat", "stroke") or "expires_at" not in frame:
        return payload
    moved = {name: frame[name] + by_ms for name in ("timestamp", "expires_at") if name in frame}
    return msgspec.json.encode(frame | moved)


def places_of(payload: bytes) -> list[tuple[float, float]]:
    """The points of the plane where a message or a stroke is. `payload`: the JSON of its frame."""
    try:
        where = _read_where(payload)
    except msgspec.DecodeError:
        return []
    return where.points if where.position is None else [(where.position.x, where.position.y)]


def _is_over(payload: bytes, until_ms: int | None) -> bool:
    try:
        fate = _read_fate(payload)
    except msgspec.DecodeError:
        return False
    # A stroke without a life was abandoned while it was drawn: that must reach everybody who saw it.
    return (
        fate.type in ("chat", "stroke", "sealed")
        and fate.expires_at > 0
        and (until_ms is None or fate.expires_at <= until_ms)
    )
