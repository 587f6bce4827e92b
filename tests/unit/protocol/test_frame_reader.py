"""WebSocket frames of a client (RFC 6455, section 5), however they are cut into pieces."""

from __future__ import annotations

import random

import pytest
from websockets.frames import Close, Frame, Opcode

from asocial.protocol.frame_reader import (
    BINARY,
    CLOSE,
    FRAGMENTS,
    FRAGMENTS_AT_ONCE,
    PING,
    PONG,
    TEXT,
    FrameReader,
    FramingError,
    Message,
)
from tests.support.raw_client import raw_frame

LIMIT = 64 * 1024


def frame(opcode: Opcode, data: bytes, *, final: bool = True) -> bytes:
    return Frame(opcode, data, fin=final).serialize(mask=True)


def read(pieces: list[bytes], limit: int = LIMIT) -> list[Message]:
    reader, messages = FrameReader(limit), []
    for piece in pieces:
        reader.feed(piece)
        while (message := reader.next()) is not None:
            messages.append(message)
        assert not reader.has_more
    return messages


STREAM: list[tuple[bytes, list[Message]]] = [
    (frame(Opcode.TEXT, "héllo".encode()), [(TEXT, "héllo")]),
    (frame(Opcode.TEXT, b""), [(TEXT, "")]),
    (frame(Opcode.BINARY, bytes(range(256))), [(BINARY, bytes(range(256)))]),
    (frame(Opcode.PING, b"x" * 125), [(PING, b"x" * 125)]),
    (frame(Opcode.PONG, b""), [(PONG, b"")]),
    (
        frame(Opcode.TEXT, "fragments ä".encode()[:-1], final=False)
        + frame(Opcode.PING, b"between")
        + frame(Opcode.CONT, b"", final=False)
        + frame(Opcode.CONT, "ä".encode()[1:] + b" end"),
        [(PING, b"between"), (TEXT, "fragments ä end")],
    ),
    (frame(Opcode.BINARY, b"", final=False) + frame(Opcode.CONT, b"late"), [(BINARY, b"late")]),
    (frame(Opcode.TEXT, b"m" * 126), [(TEXT, "m" * 126)]),
    (frame(Opcode.TEXT, b"l" * 65_535), [(TEXT, "l" * 65_535)]),
    (frame(Opcode.CLOSE, Close(4000, "bye").serialize()), [(CLOSE, 4000)]),
    (frame(Opcode.CLOSE, b""), [(CLOSE, 0)]),
]


@pytest.mark.parametrize(("data", "messages"), STREAM, ids=range(len(STREAM)))
def test_a_frame_is_read_when_it_comes_at_once_and_when_it_comes_byte_by_byte(
    data: bytes, messages: list[Message]
) -> None:
    assert read([data]) == messages
    assert read([data[at : at + 1] for at in range(len(data))]) == messages


def test_many_frames_are_read_wherever_they_are_cut() -> None:
    data = b"".join(piece for piece, _ in STREAM if len(piece) < 1000)
    messages = [message for piece, several in STREAM if len(piece) < 1000 for message in several]
    assert read([data]) == messages
    for cut in range(len(data) + 1):
        assert read([data[:cut], data[cut:]]) == messages


@pytest.mark.parametrize("seed", range(20))
def test_random_pieces_give_the_same_messages(seed: int) -> None:
    rng = random.Random(seed)
    chosen = [rng.choice(STREAM) for _ in range(30)]
    data = b"".join(piece for piece, _ in chosen)
    pieces = []
    while data:
        size = rng.choice((1, 2, 7, 100, 5000, 100_000))
        pieces.append(data[:size])
        data = data[size:]
    assert read(pieces) == [message for _, several in chosen for message in several]


def test_many_fragments_are_read_in_several_calls() -> None:
    reader, text = FrameReader(LIMIT), "x" * 100
    pieces = [frame(Opcode.CONT, b"x", final=False)] * 98
    reader.feed(b"".join([frame(Opcode.TEXT, b"x", final=False), *pieces, frame(Opcode.CONT, b"x")]))
    calls = [reader.next() for _ in range(100 // FRAGMENTS_AT_ONCE + 2)]
    assert calls == [FRAGMENTS] * (99 // FRAGMENTS_AT_ONCE) + [(TEXT, text), None]


BROKEN = [
    pytest.param(raw_frame(Opcode.TEXT, b"x", masked=False), 1002, id="not masked"),
    pytest.param(raw_frame(Opcode.TEXT, b"x", reserved_bits=4), 1002, id="rsv1"),
    pytest.param(raw_frame(Opcode.TEXT, b"x", reserved_bits=1), 1002, id="rsv3"),
    pytest.param(raw_frame(Opcode.PING, b"x", reserved_bits=4), 1002, id="a control frame with rsv1"),
    pytest.param(raw_frame(0x3, b""), 1002, id="an unknown opcode"),
    pytest.param(raw_frame(0xB, b""), 1002, id="an unknown control opcode"),
    pytest.param(raw_frame(Opcode.PING, b"x" * 126), 1002, id="a large ping"),
    pytest.param(bytes([Opcode.PING, 0x80]) + bytes(4), 1002, id="a fragmented ping"),
    pytest.param(raw_frame(Opcode.CONT, b"x"), 1002, id="a fragment of nothing"),
    pytest.param(frame(Opcode.TEXT, b"", final=False) + frame(Opcode.TEXT, b"x"), 1002, id="a message in another"),
    pytest.param(frame(Opcode.TEXT, b"\xc3\x28"), 1007, id="not UTF-8"),
    pytest.param(frame(Opcode.TEXT, b"\xc3", final=False) + frame(Opcode.CONT, b"\x28"), 1007, id="not UTF-8 in parts"),
    pytest.param(raw_frame(Opcode.TEXT, b"x" * LIMIT), 1009, id="too large"),
    pytest.param(
        frame(Opcode.TEXT, b"x" * 60_000, final=False) + frame(Opcode.CONT, b"x" * 5_536), 1009, id="too large in parts"
    ),
    pytest.param(raw_frame(Opcode.CLOSE, b"\x03"), 1002, id="half a close code"),
    *(
        pytest.param(raw_frame(Opcode.CLOSE, code.to_bytes(2, "big")), 1002, id=f"close code {code}")
        for code in (0, 999, 1004, 1005, 1006, 1015, 2999)
    ),
    pytest.param(raw_frame(Opcode.CLOSE, b"\x03\xe8\xff"), 1007, id="a close reason that is not UTF-8"),
]


@pytest.mark.parametrize(("data", "code"), BROKEN)
def test_what_breaks_rfc_6455_raises_with_the_close_code(data: bytes, code: int) -> None:
    with pytest.raises(FramingError) as raised:
        read([data])
    assert raised.value.code == code
    with pytest.raises(FramingError):
        read([data[at : at + 1] for at in range(len(data))])


@pytest.mark.parametrize("size", [LIMIT, 1 << 40, (1 << 64) - 1])
def test_a_large_message_is_refused_when_its_header_is_there(size: int) -> None:
    with pytest.raises(FramingError) as raised:
        read([b"\x81\xff" + size.to_bytes(8, "big")])
    assert raised.value.code == 1009


def test_messages_before_a_broken_frame_are_read() -> None:
    reader = FrameReader(LIMIT)
    reader.feed(frame(Opcode.TEXT, b"first") + raw_frame(0x3, b""))
    assert reader.next() == (TEXT, "first")
    with pytest.raises(FramingError):
        reader.next()


def test_what_is_fed_before_all_was_read_follows_it() -> None:
    reader = FrameReader(LIMIT)
    second = frame(Opcode.TEXT, b"two")
    reader.feed(frame(Opcode.TEXT, b"one") + second[:3])
    assert reader.next() == (TEXT, "one")
    assert reader.has_more
    reader.feed(second[3:])
    assert reader.next() == (TEXT, "two")
    assert reader.next() is None
