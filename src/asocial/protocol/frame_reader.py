"""Reads the WebSocket frames of a client (RFC 6455, section 5): bytes in, messages out, no awaiting.

It keeps the beginning of a frame that is not complete yet, and the fragments of a message.
Never here: what a message contains, when a socket is read, what is answered.
"""

from __future__ import annotations

from typing import Final, TypeAlias

TEXT: Final = 1
BINARY: Final = 2
CLOSE: Final = 8
PING: Final = 9
PONG: Final = 10

PROTOCOL_ERROR: Final = 1002
INVALID_TEXT: Final = 1007
MESSAGE_TOO_BIG: Final = 1009

FRAGMENTS_AT_ONCE: Final = 16
"""After so many fragments without a whole message, `next` returns FRAGMENTS."""

Message: TypeAlias = tuple[int, str | bytes | int]
"""(kind, content): the text of TEXT, the bytes of BINARY, PING and PONG, the code of CLOSE (0: it has none)."""

_CONTINUATION: Final = 0
FRAGMENTS: Final[Message] = (_CONTINUATION, 0)
"""No message, but as much work as one: 40,000 empty fragments fit into one read."""
_FINAL: Final = 0x80
_RESERVED: Final = 0x70
_MASKED: Final = 0x80
_FINAL_TEXT: Final = _FINAL | TEXT
_OPCODES: Final = frozenset({_CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG})
_CLOSE_CODES: Final = frozenset({1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014})
"""Those below 3000 that may be sent (7.4, and the registry of the IANA)."""


class FramingError(Exception):
    """The client broke RFC 6455 or a limit. `code`: for the close frame. Nothing more can be read."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code


class FrameReader:
    """`limit_bytes`: a message must be smaller. Call `feed` with what was received, then `next` until it is None.

    Other work may be done between two calls: each reads at most FRAGMENTS_AT_ONCE frames.
    """

    __slots__ = ("_at", "_data", "_fragments", "_kind", "_limit", "_partial", "_partial_needs", "has_more")

    def __init__(self, limit_bytes: int) -> None:
        self._limit = limit_bytes
        # What was received and not read yet begins at `_at`.
        self._data = b""
        self._at = 0
        # The beginning of a frame, and how long it must be before it is worth looking at again. Until then `_data` is
        # empty: a frame that arrives byte by byte is not copied for each of them.
        self._partial: bytearray | None = None
        self._partial_needs = 0
        # The fragments of a message, and its kind (_CONTINUATION: none has begun).
        self._fragments: bytearray | None = None
        self._kind = _CONTINUATION
        self.has_more = False
        """Whether `next` may find a message in what was received. Not to be changed from outside."""

    def feed(self, data: bytes) -> None:
        """Add what was received."""
        partial = self._partial
        if partial is not None:
            partial += data
            if len(partial) < self._partial_needs:
                return
            self._data, self._at, self._partial = bytes(partial), 0, None
        elif self.has_more:
            self._data, self._at = self._data[self._at :] + data, 0
        else:
            self._data, self._at = data, 0
        self.has_more = len(self._data) > 0

    def next(self) -> Message | None:
        """The next message; None if more must be received; FRAGMENTS if there may be one. Raises FramingError."""
        fragments = 0
        while True:
            data, at = self._data, self._at
            left = len(data) - at
            if left < 2:
                self._wait_for(2)
                return None
            first, length = data[at], data[at + 1] - _MASKED
            if length < 0:
                raise FramingError(PROTOCOL_ERROR, "a frame is not masked")
            head = 6
            if length >= 126:
                head = 8 if length == 126 else 14
                if first & 0x08:
                    raise FramingError(PROTOCOL_ERROR, "a control frame is too large")
                if left < head - 4:
                    self._check(first, 0)
                    self._wait_for(head - 4)
                    return None
                length = int.from_bytes(data[at + 2 : at + head - 4], "big")
            if first != _FINAL_TEXT or length >= self._limit or self._kind:
                self._check(first, length)
            end = at + head + length
            if left < head + length:
                self._wait_for(head + length)
                return None
            payload = data[at + head : end]
            key = data[at + head - 4 : at + head]
            if length:
                mask = (key * (length // 4 + 1))[:length]
                payload = (int.from_bytes(payload, "big") ^ int.from_bytes(mask, "big")).to_bytes(length, "big")
            if end == len(data):
                self._data, self._at, self.has_more = b"", 0, False
            else:
                self._at = end
            if first == _FINAL_TEXT:
                return TEXT, _text(payload)
            message = self._message(first, payload)
            if message is not None:
                return message
            fragments += 1
            if fragments == FRAGMENTS_AT_ONCE:
                return FRAGMENTS

    def _check(self, first: int, length: int) -> None:
        """Raises FramingError for a header that is not allowed here."""
        opcode = first & 0x0F
        if first & _RESERVED:
            raise FramingError(PROTOCOL_ERROR, "a reserved bit is set")
        if opcode not in _OPCODES:
            raise FramingError(PROTOCOL_ERROR, "an unknown opcode")
        if opcode & 0x08:
            if not first & _FINAL:
                raise FramingError(PROTOCOL_ERROR, "a control frame is fragmented")
            return
        if opcode == _CONTINUATION and not self._kind:
            raise FramingError(PROTOCOL_ERROR, "a fragment of no message")
        if opcode != _CONTINUATION and self._kind:
            raise FramingError(PROTOCOL_ERROR, "a message began within another")
        if length + (len(self._fragments) if self._fragments else 0) >= self._limit:
            raise FramingError(MESSAGE_TOO_BIG, "a message is too large")

    def _wait_for(self, size: int) -> None:
        """Keep the beginning of a frame until `size` bytes of it are here."""
        if self._at < len(self._data):
            self._partial = bytearray(self._data[self._at :])
            self._partial_needs = size
            self._data, self._at, self.has_more = b"", 0, False

    def _message(self, first: int, payload: bytes) -> Message | None:
        """The message that a frame completes, if any. Raises FramingError."""
        opcode = first & 0x0F
        if opcode == CLOSE:
            return CLOSE, _close_code(payload)
        if opcode & 0x08:
            return opcode, payload
        if first == _FINAL | BINARY:
            return BINARY, payload
        if opcode != _CONTINUATION:
            self._kind, self._fragments = opcode, bytearray(payload)
            return None
        if self._fragments is None:
            raise AssertionError  # `_check` has refused it
        self._fragments += payload
        if not first & _FINAL:
            return None
        kind, whole = self._kind, bytes(self._fragments)
        self._kind, self._fragments = _CONTINUATION, None
        return kind, _text(whole) if kind == TEXT else whole


def _text(payload: bytes) -> str:
    try:
        return str(payload, "utf-8")
    except UnicodeDecodeError:
        raise FramingError(INVALID_TEXT, "a text is not UTF-8") from None


def _close_code(payload: bytes) -> int:
    if not payload:
        return 0
    code = int.from_bytes(payload[:2], "big")
    if len(payload) == 1 or (code < 3000 and code not in _CLOSE_CODES):
        raise FramingError(PROTOCOL_ERROR, "a close frame with an invalid code")
    _text(payload[2:])
    return code
