"""The wire as pure functions: text in, values out."""

from __future__ import annotations

import json
from uuid import UUID

import pytest

from asocial.domain.errors import BadFrame, FrameError, PositionInvalid, RateLimited
from asocial.domain.message import Position
from asocial.protocol.codec import decode, error_frame, leave_out_messages, message_id_of, pack
from asocial.protocol.framing import text_frame
from asocial.protocol.schema import (
    AskSync,
    AskWho,
    Follow,
    MoveCursor,
    Ping,
    Pong,
    PostChat,
    PostReaction,
    PostStroke,
    PostTyping,
    SetProfile,
    ShowView,
)


@pytest.mark.parametrize(
    ("text", "frame"),
    [
        (
            '{"type":"chat","message_id":"m-1_A","payload":"hi","position":{"x":1,"y":-2.5}}',
            PostChat("m-1_A", "hi", Position(1, -2.5)),
        ),
        (
            '{"type":"stroke","message_id":"s","points":[[1,2],[3.5,-4]]}',
            PostStroke("s", [(1.0, 2.0), (3.5, -4.0)]),
        ),
        (
            '{"type":"stroke","message_id":"s","points":[],"done":true}',
            PostStroke("s", [], True),
        ),
        (
            '{"position":{"y":0,"x":0},"payload":"","message_id":"m","type":"typing"}',
            PostTyping("m", "", Position(0, 0)),
        ),
        ('{"type":"cursor","position":{"x":1e3,"y":0}}', MoveCursor(Position(1000, 0))),
        ('{"type":"reaction","kind":"heart","position":{"x":1,"y":2}}', PostReaction("heart", Position(1, 2))),
        ('{"type":"follow","user_id":"bob"}', Follow("bob")),
        ('{"type":"view","position":{"x":1,"y":2},"width":3,"height":4}', ShowView(Position(1, 2), 3, 4)),
        ('{"type":"profile","name":"Ann","color":"rust"}', SetProfile("Ann", "rust")),
        ('{"type":"who","user_ids":["a","b"]}', AskWho(["a", "b"])),
        ('{"type":"sync"}', AskSync()),
        ('{"type":"ping","t":-5}', Ping(-5)),
        ('{"type":"sync","user_id":"somebody else","timestamp":0,"channel_id":[1]}', AskSync()),
    ],
)
def test_w7_every_client_frame_decodes_and_unknown_fields_are_ignored(text: str, frame: object) -> None:
    assert decode(text) == frame


AT = '"position":{"x":1.5,"y":-2}'


@pytest.mark.parametrize(
    ("text", "message_id"),
    [
        (f'{{"user_id":"alice","msg_id":"m1","payload":"hi",{AT}}}', "m1"),
        (f'{{"message_id":"m1","payload":"hi",{AT}}}', "m1"),
        (f'{{"type":"chat","msg_id":"m1","payload":"hi",{AT}}}', "m1"),
        (f'{{"message_id":"m1","msg_id":"m2","payload":"hi",{AT}}}', "m1"),
        (f'{{"payload":"hi",{AT}}}', "made"),
        (f'{{"type":"chat","payload":"hi",{AT}}}', "made"),
        (f'{{"msg_id":"","payload":"hi",{AT}}}', "made"),
    ],
)
def test_w100_w101_a_chat_needs_no_type_and_no_id_of_its_own(text: str, message_id: str) -> None:
    assert decode(text, lambda: "made") == PostChat(message_id, "hi", Position(1.5, -2))


def test_w101_the_id_that_the_server_makes_is_a_uuid() -> None:
    one, two = (decode(f'{{"payload":"hi",{AT}}}') for _ in range(2))
    assert isinstance(one, PostChat)
    assert isinstance(two, PostChat)
    assert len({UUID(one.message_id), UUID(two.message_id)}) == 2


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "invalid JSON"),
        ("hello", "invalid JSON"),
        ('{"type":"chat"', "invalid JSON"),
        ('{"type":"cursor","position":{"x":NaN,"y":0}}', "invalid JSON"),
        ('{"payload":"hi"}', "position"),
        (f'{{"payload":5,{AT}}}', "payload"),
        (f'{{"msg_id":"a b","payload":"hi",{AT}}}', "message_id must be 1 to 64"),
        (f'{{"msg_id":7,"payload":"hi",{AT}}}', "msg_id"),
        (f'{{"type":"typing","msg_id":"m1","payload":"hi",{AT}}}', "message_id"),
        (f'{{"type":null,"payload":"hi",{AT}}}', "type must be one of chat"),
        ('{"message_id":"m1"}', "type must be one of chat"),
        ("[]", "object"),
        ("null", "object"),
        ("{}", "type must be one of chat"),
        ('{"type":"shout"}', "type must be one of chat"),
        ('{"type":7}', "type must be one of chat"),
        ('{"type":"chat","message_id":"m","payload":"hi"}', "position"),
        ('{"type":"chat","message_id":"m","payload":5,"position":{"x":0,"y":0}}', "payload"),
        ('{"type":"chat","message_id":"","payload":"hi","position":{"x":0,"y":0}}', "message_id must be 1 to 64"),
        ('{"type":"chat","message_id":"a b","payload":"hi","position":{"x":0,"y":0}}', "message_id must be 1 to 64"),
        (f'{{"type":"chat","message_id":"{"m" * 65}","payload":"hi","position":{{"x":0,"y":0}}}}', "message_id"),
        ('{"type":"cursor","position":{"x":"1","y":0}}', "position.x"),
        ('{"type":"cursor","position":[1,2]}', "position"),
        ('{"type":"reaction","kind":"tomato","position":{"x":0,"y":0}}', "kind"),
        ('{"type":"cursor","position":{"x":true,"y":0}}', "position.x"),
        ('{"type":"who","user_ids":[]}', "1 to 50"),
        (json.dumps({"type": "who", "user_ids": ["u"] * 51}), "1 to 50"),
        ('{"type":"ping","t":1.5}', "t"),
        ('{"type":"chat","message_id":"m","payload":"\\ud800","position":{"x":0,"y":0}}', "invalid JSON"),
        ('{"type":"sync","deep":' + "[" * 3000 + "]" * 3000 + "}", "invalid JSON"),
    ],
)
def test_w25_a_bad_frame_says_where_it_is_wrong(text: str, says: str) -> None:
    with pytest.raises(BadFrame) as caught:
        decode(text)
    assert says in caught.value.message
    assert len(caught.value.message) < 250


@pytest.mark.parametrize("value", ["1e999", "-1e999", "1" + "0" * 400])
def test_w9_a_number_too_large_to_hold_is_a_position_out_of_range(value: str) -> None:
    with pytest.raises(PositionInvalid):
        decode(f'{{"type":"cursor","position":{{"x":{value},"y":0}}}}')


@pytest.mark.parametrize(
    ("text", "message_id"),
    [
        ('{"type":"chat","message_id":"m1","payload":7}', "m1"),
        ('{"type":"nonsense","message_id":"m1"}', "m1"),
        ('{"message_id":"not an id"}', None),
        ('{"message_id":7}', None),
        ('{"msg_id":"m1","payload":7}', "m1"),
        ('{"msg_id":"m1","message_id":"m2"}', "m2"),
        ("[]", None),
        ("nonsense", None),
        ("[" * 100_000, None),
    ],
)
def test_w25_the_message_id_of_a_bad_frame_is_found_where_there_is_one(text: str, message_id: str | None) -> None:
    assert message_id_of(text) == message_id


def test_a_frame_carries_its_type_and_absent_fields_are_absent() -> None:
    assert json.loads(pack(Pong(5, 6))[2:]) == {"type": "pong", "t": 5, "timestamp": 6}
    assert json.loads(error_frame(BadFrame("why"), None)[2:]) == {
        "type": "error",
        "code": "bad_frame",
        "message": "why",
    }
    limited: FrameError = RateLimited("slow down", retry_after_ms=1200)
    assert json.loads(error_frame(limited, "m1")[2:]) == {
        "type": "error", "code": "rate_limited", "message": "slow down", "retry_after": 1200, "message_id": "m1",
    }  # fmt: skip


@pytest.mark.parametrize("rest", [b"\x81", b"\x81\x05abc", b"\x81\x7e\x01", b"\x81\x7f" + b"\xff" * 8])
def test_an_incomplete_frame_is_no_message(rest: bytes) -> None:
    data = text_frame(b"{}") + rest
    assert leave_out_messages(data) == data


def test_messages_are_left_out_by_their_end() -> None:
    over, lives = (b'{"type":"chat","payload":"hi","expires_at":%d}' % end for end in (100, 101))
    other, broken = pack(Pong(1, 1)), text_frame(b"{")
    frames = text_frame(over) + other + broken + text_frame(lives)
    assert leave_out_messages(frames, 100) == other + broken + text_frame(lives)
    assert leave_out_messages(frames) == other + broken


def test_w112_strokes_are_left_out_by_their_end_and_abandoned_ones_stay() -> None:
    over, lives = (b'{"type":"stroke","points":[],"expires_at":%d}' % end for end in (100, 101))
    abandoned = text_frame(b'{"type":"stroke","message_id":"s","user_id":"ann","points":[]}')
    frames = text_frame(over) + abandoned + text_frame(lives)
    assert leave_out_messages(frames, 100) == abandoned + text_frame(lives)
    assert leave_out_messages(frames) == abandoned


@pytest.mark.parametrize("point", ['["1",0]', "[1]", "[1,2,3]", "null", "{}"])
def test_w111_a_point_is_two_numbers(point: str) -> None:
    with pytest.raises(BadFrame):
        decode('{"type":"stroke","message_id":"s","points":[%s]}' % point)  # noqa: UP031
