"""No sequence of frames causes a server error or affects another client (docs/security.md).

Hypothesis writes what Mallory sends: good frames, good ones with something wrong, any JSON, any text, any bytes. Bob is
in the channel with her. Whatever came: the server has logged no error and closed nobody with 4011; Bob is who he was,
what he said stands as he said it, his limits are what they were, and all he has heard is fit to be shown and hers.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import logging
import math
import unicodedata
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed

from asocial.app import build
from asocial.config import load
from tests.support.client import Client, Frame
from tests.support.lifted_limits import LIFTED
from tests.support.server import Server

ENOUGH_S = 15.0
NUMBERS = st.integers() | st.floats() | st.sampled_from([1e7, -1e7, 1e7 + 1, 2**53, 2**53 + 1, 2**64, -0.0])
ODD_TEXT = st.text(max_size=40) | st.text("ab \n\t\r\x00\x1b\u0301\u200d\u202e\u2066\ufeff😀", max_size=60)
TEXT = ODD_TEXT | st.sampled_from(["", "hi", "x" * 500, "x" * 501, "😀" * 500, "m", "a" * 64, "a" * 65, "rust"])
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)
POSITIONS = st.fixed_dictionaries({"x": st.floats(-2e7, 2e7), "y": st.floats(-1e7, 1e7)})
IDS = st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True) | st.just("bob-1")
GOOD: st.SearchStrategy[Frame] = st.one_of(
    st.fixed_dictionaries(
        {"type": st.sampled_from(["chat", "typing"]), "message_id": IDS, "payload": TEXT, "position": POSITIONS}
    ),
    st.fixed_dictionaries({"type": st.just("cursor"), "position": POSITIONS}),
    st.fixed_dictionaries(
        {
            "type": st.just("stroke"),
            "message_id": IDS,
            "points": st.lists(st.tuples(st.floats(-2e7, 2e7), st.floats(-1e7, 1e7)), max_size=300),
            "done": st.booleans(),
        }
    ),
    st.fixed_dictionaries(
        {"type": st.just("profile"), "name": TEXT, "color": st.sampled_from(["rust", "jade", "red"])}
    ),
    st.fixed_dictionaries({"type": st.just("who"), "user_ids": st.lists(IDS | TEXT, max_size=52)}),
    st.fixed_dictionaries({"type": st.just("ping"), "t": st.integers()}),
    st.just({"type": "sync"}),
)
CLAIMS = st.dictionaries(
    st.sampled_from(["user_id", "channel_id", "timestamp", "expires_at", "name", "color", "seq", "epoch", "token"]),
    JSON,
)


@st.composite
def almost_good(draw: st.DrawFn) -> Frame:
    """A good frame with a field gone, changed, or more than there should be."""
    frame = dict(draw(GOOD))
    frame |= draw(CLAIMS)
    for name in draw(st.lists(st.sampled_from(sorted(frame)), max_size=2, unique=True)):
        if draw(st.booleans()):
            del frame[name]
        else:
            frame[name] = draw(JSON)
    return frame


@st.composite
def cut_off(draw: st.DrawFn) -> str:
    text = json.dumps(draw(GOOD))
    return text[: draw(st.integers(0, len(text)))] + draw(st.sampled_from(["", "}", "\x00", "{}"]))


SENT: st.SearchStrategy[str | bytes] = st.one_of(
    GOOD.map(json.dumps),
    almost_good().map(json.dumps),
    almost_good().map(lambda frame: json.dumps(frame, ensure_ascii=False)),
    cut_off(),
    JSON.map(json.dumps),
    ODD_TEXT,
    st.binary(max_size=50),
)


class Errors(logging.Handler):
    """What asyncio and aiohttp had to complain of."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@pytest.fixture
def complaints() -> Iterator[Errors]:
    handler = Errors()
    logging.getLogger().addHandler(handler)
    yield handler
    logging.getLogger().removeHandler(handler)


def test_no_client_input_causes_an_error_or_affects_other_clients(complaints: Errors) -> None:
    channels = (f"channel-{number}" for number in itertools.count())
    with asyncio.Runner() as runner, structlog.testing.capture_logs() as logged:
        # A name and two messages a minute: Bob's own count shows whether anybody else can use it up, or get him more.
        given_settings = {
            "port": 0,
            "host": "127.0.0.1",
            **LIFTED,
            "rate_limit_per_minute": 3,
        }
        given_settings |= {"connections_per_ip": 0, "reconnect_spread_seconds": 0}

        async def start() -> Server:
            app = build(load(given_settings, {}))
            await app.start()
            return Server(app)

        server = runner.run(start())

        @settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
        @given(sequence=st.lists(SENT, min_size=1, max_size=25))
        def holds(sequence: list[str | bytes]) -> None:
            runner.run(asyncio.wait_for(one_meeting(server, next(channels), sequence), ENOUGH_S))
            errors = [entry for entry in logged if entry["log_level"] in ("error", "critical")]
            assert not errors
            assert not complaints.lines
            logged.clear()

        try:
            holds()
        finally:
            runner.run(server.app.drain())


async def one_meeting(server: Server, channel: str, sequence: list[str | bytes]) -> None:
    bob = await Client.connect(server.url, channel=channel)
    mallory = await Client.connect(server.url, channel=channel)
    try:
        await bob.profile("Bob", "teal")
        await bob.receive("user_updated")
        await bob.chat("as I said", message_id="bob-1", at=(3, 4))
        await bob.receive("ack")
        before = await bob.resync()
        [said_before] = before["messages"]

        try:
            for data in sequence:
                await mallory.send_raw(data)
            await mallory.ping(7_777)
            await mallory.receive("pong", "error", where=lambda frame: frame.get("t") == 7_777 or limited(frame))
        except (ConnectionClosed, AssertionError):
            assert mallory.socket.close_code == 4501, (mallory.socket.close_code, mallory.received[-3:])

        await bob.chat("and again", message_id="bob-2")
        ack = await bob.receive("ack", "error")
        assert ack["type"] == "ack", "his limit was used up by somebody else"
        await bob.chat("too much", message_id="bob-3")
        assert (await bob.receive("ack", "error"))["type"] == "error", "his limit grew"
        after = await bob.resync()
        check_bob(bob, before, after, said_before, mallory.user_id)
    finally:
        await asyncio.gather(bob.close(), mallory.close())


def limited(frame: Frame) -> bool:
    return frame.get("code") == "rate_limited" and "message_id" not in frame


def check_bob(bob: Client, before: Frame, after: Frame, said_before: Frame, mallory: str) -> None:
    for name in ("user_id", "connection_id", "token", "limits", "channel_id", "ttl", "epoch"):
        assert after[name] == before[name], name
    assert {user["user_id"] for user in after["users"]} <= {bob.user_id, mallory}
    [himself] = [user for user in after["users"] if user["user_id"] == bob.user_id]
    assert (himself["name"], himself["color"]) == ("Bob", "teal")
    own = [message for message in after["messages"] if message["user_id"] == bob.user_id]
    assert own[0] == said_before
    assert [message["message_id"] for message in own] == ["bob-1", "bob-2"]
    for frame in bob.received:
        check_frame(frame, bob.user_id, mallory)


def check_frame(frame: Frame, bob: str, mallory: str) -> None:
    match frame["type"]:
        case "chat" | "typing":
            assert frame["user_id"] == mallory
            assert len(frame["payload"]) <= 500
            assert not [c for c in frame["payload"] if unicodedata.category(c) == "Cc" and c != "\n"]
            assert all(math.isfinite(n) and abs(n) <= 1e7 for n in frame["position"].values())
        case "stroke":
            assert frame["user_id"] == mallory
            assert len(frame["points"]) <= 256
            assert all(math.isfinite(n) and abs(n) <= 1e7 for point in frame["points"] for n in point)
        case "cursors":
            assert {row[0] for row in frame["cursors"]} <= {bob, mallory}
            assert all(math.isfinite(n) and abs(n) <= 1e7 for row in frame["cursors"] for n in row[1:])
        case "user_updated":
            assert frame["user_id"] == mallory or frame["name"] == "Bob"
            assert 1 <= len(frame["name"]) <= 32
        case "user_joined" | "user_left":
            assert frame["user_id"] == mallory
        case "error":
            assert frame["code"] == "rate_limited"
            assert frame["message_id"] == "bob-3"
        case type_:
            assert type_ in ("user_sync", "ack"), frame
