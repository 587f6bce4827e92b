"""Frames to text and back."""

from __future__ import annotations

import msgspec

from .frames import ClientFrame, ServerFrame


class _Type(msgspec.Struct):
    type: str


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(ServerFrame).decode
_decode_type = msgspec.json.Decoder(_Type).decode
_TYPES = frozenset(str(frame.__struct_config__.tag) for frame in ServerFrame.__args__)


def encode(frame: ClientFrame) -> str:
    return _encode(frame).decode()


def decode(text: str | bytes) -> ServerFrame | None:
    """The frame in `text`, or None for a type that this version does not know, which a client ignores.

    Raises msgspec.ValidationError for a frame that breaks the protocol.
    """
    try:
        frame: ServerFrame = _decode(text)
        return frame
    except msgspec.ValidationError:
        if _decode_type(text).type in _TYPES:
            raise
        return None
