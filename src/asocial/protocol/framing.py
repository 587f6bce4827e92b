"""WebSocket frames of a server (RFC 6455, section 5): unmasked and unfragmented.

Never here: what a frame contains.
"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet

PING = b"\x89\x00"
"""A ping without data (5.5.2)."""
_SHORT_TEXT = tuple(bytes((0x81, length)) for length in range(126))
"""The headers of text frames of less than 126 bytes."""


def text_frame(payload: bytes) -> bytes:
    """`payload` as one text frame (5.2, 5.6)."""
    length = len(payload)
    if length < 126:
        header = _SHORT_TEXT[length]
    elif length < 0x10000:
        header = b"\x81\x7e" + length.to_bytes(2, "big")
    else:
        header = b"\x81\x7f" + length.to_bytes(8, "big")
    return header + payload


def pong_frame(data: bytes) -> bytes:
    """The answer to a ping with this data, at most 125 bytes (5.5.3)."""
    return bytes((0x8A, len(data))) + data


def close_frame(code: int, reason: bytes) -> bytes:
    """A close frame (5.5.1). `reason` has at most 123 bytes."""
    return bytes((0x88, 2 + len(reason))) + code.to_bytes(2, "big") + reason


def split_frames(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """(begin, end, payload) of each text frame in `data`.

    If the data does not end with a whole frame, the rest of it is the last one.
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
    """`frames` without those whose payload is one of these."""
    return b"".join([frames[begin:end] for begin, end, payload in split_frames(frames) if payload not in payloads])
