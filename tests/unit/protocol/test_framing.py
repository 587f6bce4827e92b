"""WebSocket frames as RFC 6455 writes them."""

from __future__ import annotations

import pytest

from asocial.protocol.framing import PING, close_frame, leave_out, pong_frame, split_frames, text_frame


@pytest.mark.parametrize(
    ("length", "header"),
    [
        (0, b"\x81\x00"),
        (125, b"\x81\x7d"),
        (126, b"\x81\x7e\x00\x7e"),
        (65535, b"\x81\x7e\xff\xff"),
        (65536, b"\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00"),
    ],
)
def test_a_text_frame_is_framed_as_rfc_6455_says(length: int, header: bytes) -> None:
    assert text_frame(b"x" * length) == header + b"x" * length


def test_control_frames_are_framed_as_rfc_6455_says() -> None:
    assert PING == b"\x89\x00"
    assert pong_frame(b"Hello") == b"\x8a\x05Hello"
    assert close_frame(4001, b"bye") == b"\x88\x05\x0f\xa1bye"


def test_joined_frames_are_split_where_they_were_joined() -> None:
    payloads = [b"x" * size for size in (0, 1, 125, 126, 65_535, 65_536)]
    assert [payload for _, _, payload in split_frames(b"".join(map(text_frame, payloads)))] == payloads
    joined = b"".join(map(text_frame, payloads))
    assert [joined[begin:end] for begin, end, _ in split_frames(joined)] == list(map(text_frame, payloads))


@pytest.mark.parametrize("rest", [b"\x81", b"\x81\x05abc", b"\x81\x7e\x01", b"\x81\x7f" + b"\xff" * 8])
def test_an_incomplete_frame_is_unchanged(rest: bytes) -> None:
    data = text_frame(b"{}") + rest
    assert b"".join(data[begin:end] for begin, end, _ in split_frames(data)) == data
    assert leave_out(data, {b"another"}) == data


def test_frames_are_left_out_by_their_payload() -> None:
    frames = [text_frame(payload) for payload in (b"a", b"b", b"c")]
    assert leave_out(b"".join(frames), {b"b"}) == frames[0] + frames[2]
