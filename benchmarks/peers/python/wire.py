"""The part of the wire that peers speak, for those in Python: the same decoder and encoder that Asocial uses."""

from __future__ import annotations

import secrets
import time

import msgspec

LIFE_MS = 5000


class Position(msgspec.Struct):
    x: float
    y: float


class PostChat(msgspec.Struct, tag_field="type", tag="chat"):
    message_id: str
    payload: str
    position: Position


class MoveCursor(msgspec.Struct, tag_field="type", tag="cursor"):
    position: Position


class Chat(msgspec.Struct, tag_field="type", tag="chat"):
    message_id: str
    channel_id: str
    user_id: str
    name: str
    color: str
    payload: str
    position: Position
    timestamp: int
    expires_at: int


class Ack(msgspec.Struct, tag_field="type", tag="ack"):
    message_id: str
    timestamp: int
    expires_at: int


class Cursor(msgspec.Struct, tag_field="type", tag="cursor"):
    user_id: str
    position: Position


class UserSync(msgspec.Struct, tag_field="type", tag="user_sync"):
    channel_id: str
    user_id: str


_decode = msgspec.json.Decoder(PostChat | MoveCursor).decode
_encode = msgspec.json.Encoder().encode


def new_user() -> str:
    return secrets.token_urlsafe(12)


def welcome(channel: str, user: str) -> str:
    return _encode(UserSync(channel, user)).decode()


def heed(channel: str, user: str, text: str | bytes) -> tuple[str, str | None]:
    """(for the others, for the sender or None): one frame, decoded, stamped and encoded once."""
    frame = _decode(text)
    if isinstance(frame, MoveCursor):
        return _encode(Cursor(user, frame.position)).decode(), None
    now = time.time_ns() // 1_000_000
    expires = now + LIFE_MS
    message = Chat(frame.message_id, channel, user, "sly fox", "rust", frame.payload, frame.position, now, expires)
    return _encode(message).decode(), _encode(Ack(frame.message_id, now, expires)).decode()
