"""Frames from and to bytes: decode what clients send, encode what they get. Pure: no I/O, no clock."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from ..domain.errors import BadFrame, FrameError, PositionInvalid
from ..domain.ids import ID_RULE, is_id, new_message_id
from ..domain.message import POSITION_LIMIT
from .framing import split_frames, text_frame
from .schema import (
    CLIENT_FRAME_TYPES,
    WHO_LIMIT,
    AskWho,
    ClientFrame,
    Error,
    Follow,
    LooseChat,
    PostChat,
    PostTyping,
    ServerFrame,
)


class _AnyFrame(msgspec.Struct):
    message_id: str | None = None
    msg_id: str | None = None


class _Fate(msgspec.Struct):
    """What decides whether a server's frame is still worth sending."""

    type: str = ""
    expires_at: int = 0


_decoder = msgspec.json.Decoder(ClientFrame)
_loose_decoder = msgspec.json.Decoder(LooseChat)
_any_decoder = msgspec.json.Decoder(_AnyFrame)
_encoder = msgspec.json.Encoder()
_read_fate = msgspec.json.Decoder(_Fate).decode


def decode(text: str, new_id: Callable[[], str] = new_message_id) -> ClientFrame:
    """The frame in `text`. Raises BadFrame or PositionInvalid with a message that says where it is wrong.

    `new_id`: makes the message id of a `chat` that has none.
    """
    frame: ClientFrame
    try:
        frame = _decoder.decode(text)
    except msgspec.ValidationError as error:
        # Frames of our own clients never come here, so that they pay nothing for those of the original's.
        if not str(error).startswith(_LOOSE):
            raise _invalid(str(error)) from None
        frame = _decode_loose(text, str(error), new_id)
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


_LOOSE = ("Object missing required field `type`", "Object missing required field `message_id`")


def _decode_loose(text: str, why_not_strict: str, new_id: Callable[[], str]) -> PostChat:
    """A `chat` without `type` or without `message_id` (W100, W101)."""
    try:
        loose = _loose_decoder.decode(text)
    except msgspec.ValidationError as error:
        message = str(error)
        # It is no chat: another type without a message id, or nothing that could be shown.
        is_chat = "`$.type`" not in message and "required field `payload`" not in message
        raise _invalid(message if is_chat else why_not_strict) from None
    message_id = loose.message_id if isinstance(loose.message_id, str) else loose.msg_id or new_id()
    return PostChat(message_id, loose.payload, loose.position)


def _invalid(message: str) -> FrameError:
    if "`$.type`" in message or "required field `type`" in message:
        return BadFrame(f"type is one of {', '.join(CLIENT_FRAME_TYPES)}")
    if "out of range" in message and "`$.position" in message:
        return PositionInvalid(f"x and y must be finite numbers within ±{POSITION_LIMIT:,}")
    return BadFrame(_short(message))


def _short(message: str) -> str:
    return message if len(message) <= 200 else message[:200] + "…"


def message_id_of(text: str) -> str | None:
    """The message id of a frame that was refused, where it has a usable one (W25)."""
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
