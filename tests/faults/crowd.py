"""People by the hundred, each a correct client of docs/protocol.md that comes back: what the fault tests watch through.

Cheap enough that one test process holds 300 of them: an asyncio protocol each, RFC 6455 by hand. What a person
believes (roster, messages) is kept as the page says a client keeps it; what the server said, frame by frame, is counted
besides, so that a test can ask both "is it right in the end?" and "was anything said that must not be?".

Nothing of `asocial` is imported here.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import itertools
import json
import os
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import urlsplit

from tests.support.waiting import PATIENCE_S, eventually

Frame = dict[str, Any]
BACKOFF_FIRST_S, BACKOFF_CAP_S = 0.25, 5.0
_MASKED = b"\x00\x00\x00\x00"
"""A masking key of zeros leaves the payload as it is, which RFC 6455 allows and a test may do."""

_numbers = itertools.count(1)


def wall_ms() -> float:
    """The server's clock too: everything here is one machine."""
    return time.time_ns() / 1e6


class Wire(asyncio.Protocol):
    """One WebSocket: text frames go to `on_text`. `ended` resolves to the close code and its reason, 1006 and nothing
    where there was none."""

    def __init__(self, request: bytes, on_text: Callable[[bytes], None]) -> None:
        loop = asyncio.get_running_loop()
        self.ended: asyncio.Future[tuple[int, Frame]] = loop.create_future()
        self._request = request
        self._on_text = on_text
        self._buffer = b""
        self._upgraded = False
        self._close: tuple[int, Frame] = (1006, {})
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(self._request)

    def connection_lost(self, _error: Exception | None) -> None:
        if not self.ended.done():
            self.ended.set_result(self._close)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._upgraded:
            head, found, rest = self._buffer.partition(b"\r\n\r\n")
            if not found:
                return
            if not head.startswith(b"HTTP/1.1 101"):
                self.abort()
                return
            self._upgraded, self._buffer = True, rest
        at = 0
        while (frame := self._frame(at)) is not None:
            opcode, start, at = frame
            self._take(opcode, self._buffer[start:at])
        self._buffer = self._buffer[at:]

    def send(self, payload: bytes, opcode: int = 1) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        size = len(payload)
        length = bytes((0x80 | size,)) if size < 126 else bytes((0x80 | 126,)) + size.to_bytes(2, "big")
        self._transport.write(bytes((0x80 | opcode,)) + length + _MASKED + payload)

    def leave(self) -> None:
        """With a close frame."""
        self.send((1000).to_bytes(2, "big"), 8)

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def _frame(self, at: int) -> tuple[int, int, int] | None:
        """Opcode, start and end of the frame at `at`; None while it is not whole."""
        buffer, start = self._buffer, at + 2
        if start > len(buffer):
            return None
        length = buffer[at + 1]
        if length > 125:
            start += 2 if length == 126 else 8
            length = int.from_bytes(buffer[at + 2 : start], "big")
        return None if start + length > len(buffer) else (buffer[at] & 0x0F, start, start + length)

    def _take(self, opcode: int, payload: bytes) -> None:
        if opcode == 1:
            self._on_text(payload)
        elif opcode == 9:
            self.send(payload, 10)
        elif opcode == 8:
            reason = payload[2:]
            self._close = int.from_bytes(payload[:2], "big"), json.loads(reason) if reason else {}
            self.send(payload[:2], 8)
            if self._transport is not None:
                self._transport.close()


@dataclass
class Heard:
    """A message as it came first; `at_ms`: when that was."""

    name: str
    payload: str
    timestamp: int
    expires_at: int
    at_ms: float


@dataclass
class Person:
    """One user with one connection at a time, to one of `urls()`. `comes_back`: as W28 says, to any of them."""

    channel: str
    urls: Callable[[], Sequence[str]]
    comes_back: bool = True
    user_id: str = ""
    token: str = ""
    names: dict[str, str] = field(default_factory=dict)
    """user id -> name, of everyone it knows to be there."""
    count: int = 0
    messages: dict[tuple[str, str], Heard] = field(default_factory=dict)
    acked: dict[str, Frame] = field(default_factory=dict)
    """message id -> its `ack`."""
    unacked: dict[str, Frame] = field(default_factory=dict)
    said: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(type, user id) of every presence frame that ever came."""
    notices: list[str] = field(default_factory=list)
    """`degraded` and `restored`, in order."""
    closes: list[int] = field(default_factory=list)
    story: list[str] = field(default_factory=list)
    """What happened to its connections, for whoever reads a failed test."""
    stays: list[tuple[float, float]] = field(default_factory=list)
    """From which to which moment it was in, ms; the last one is open while `inside`."""
    left_at_s: dict[str, float] = field(default_factory=dict)
    """user id -> when its `user_left` came, by the monotonic clock."""
    errors: Counter[str] = field(default_factory=Counter)
    chats: int = 0
    """`chat` frames that came."""
    doubled_ms: list[float] = field(default_factory=list)
    """When `chat` frames came with a message that was here already."""
    late_ms: list[tuple[float, float]] = field(default_factory=list)
    """When `chat` frames came after their message's end, and how much after."""
    url: str = ""
    inside: bool = False
    since_ms: float = 0.0
    _limit: int = 0
    _stamp: tuple[str, int] = ("", 0)
    _newest: tuple[str, int] = ("", 0)
    _asking: bool = False
    _wire: Wire | None = None

    async def live(self) -> None:
        """Connect, and again, until told not to."""
        delay_s, refused = BACKOFF_FIRST_S, ""
        while True:
            retry_ms: float | None = None
            code = 0
            # As a load balancer would: not to the one that has just refused, if there is another.
            url = random.choice([url for url in self.urls() if url != refused] or self.urls())
            try:
                wire = await self._connect(url)
                code, reason = await asyncio.shield(wire.ended)
                self._tell(f"{'was in' if self.inside else 'never in'} at {url}, closed {code} {reason}")
                retry_ms = reason.get("retry_ms")
                if self.inside:
                    delay_s, refused = BACKOFF_FIRST_S, ""
                    self.closes.append(code)
                    self.stays.append((self.since_ms, wall_ms()))
                self.inside = False
            except OSError as error:
                refused = url
                self._tell(f"not connected to {url}: {error!r}")
            if not self.comes_back or code >= 4500:
                return
            await asyncio.sleep(random.uniform(delay_s / 2, delay_s) if retry_ms is None else retry_ms / 1000)
            delay_s = min(delay_s * 2, BACKOFF_CAP_S)

    def _tell(self, what: str) -> None:
        self.story.append(f"{wall_ms() / 1000 % 1000:.3f} {what}")

    def say(self, payload: str) -> str:
        message_id = f"m-{next(_numbers)}"
        post = {"type": "chat", "message_id": message_id, "payload": payload, "position": {"x": 1, "y": 2}}
        self.unacked[message_id] = post
        self.send(post)
        return message_id

    def send(self, frame: Frame) -> None:
        if self._wire is not None and self.inside:
            self._wire.send(json.dumps(frame).encode())

    def leave(self) -> None:
        self.comes_back = False
        if self._wire is not None:
            self._wire.leave()

    def vanish(self) -> None:
        """The connection breaks, without a word, and the person does not come back."""
        self.comes_back = False
        if self._wire is not None:
            self._wire.abort()

    @property
    def roster(self) -> set[str]:
        return set(self.names)

    def left(self) -> Counter[str]:
        """user id -> how often the server said that it left."""
        return Counter({who: n for (kind, who), n in self.said.items() if kind == "user_left"})

    async def _connect(self, url: str) -> Wire:
        parts = urlsplit(url)
        offered = "asocial.v1" + (f", {self.token}" if self.token else "")
        key = base64.b64encode(os.urandom(16)).decode()
        request = (
            f"GET /api/chat?channel={self.channel} HTTP/1.1\r\nHost: {parts.netloc}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Protocol: {offered}\r\n\r\n"
        ).encode()
        async with asyncio.timeout(PATIENCE_S):
            _, wire = await asyncio.get_running_loop().create_connection(
                lambda: Wire(request, self._take), parts.hostname or "", parts.port or 80
            )
        self._wire, self.url, self._asking = wire, url, False
        return wire

    def _take(self, text: bytes) -> None:
        frame: Frame = json.loads(text)
        match frame["type"]:
            case "user_sync":
                self._sync(frame)
            case "chat":
                self._chat(frame)
            case "ack":
                self.acked[frame["message_id"]] = frame
                self.unacked.pop(frame["message_id"], None)
            case "degraded" | "restored" as notice:
                self.notices.append(notice)
            case "user_joined" | "user_left" | "user_updated":
                self._event(frame)
            case "user_count":
                self._counted(frame)
            case "error":
                self._error(frame)

    def _sync(self, frame: Frame) -> None:
        if not self.inside:
            self.inside, self.since_ms = True, frame["timestamp"]
            self._tell(f"in at {self.url}")
            # W10: what was sent before and never acknowledged is sent again; but not what nobody would see any more.
            for post in self.unacked.values():
                self.send(post)
        self.user_id, self.token = frame["user_id"], frame.get("token", self.token)
        self.names = {user["user_id"]: user["name"] for user in frame["users"]}
        self.count, self._limit = frame["user_count"], frame["limits"]["roster"]
        for message in frame["messages"]:
            self._message(message)
        self._stamp = frame["epoch"], frame["seq"]
        self._asking = False
        if self._newest[0] == self._stamp[0] and self._newest[1] > self._stamp[1]:
            self._ask()

    def _chat(self, frame: Frame) -> None:
        now_ms = wall_ms()
        self.chats += 1
        if (frame["user_id"], frame["message_id"]) in self.messages:
            self.doubled_ms.append(now_ms)
        if now_ms > frame["expires_at"]:
            self.late_ms.append((now_ms, now_ms - frame["expires_at"]))
        self._message(frame)

    def _message(self, frame: Frame) -> None:
        name = frame["user_id"], frame["message_id"]
        if name not in self.messages:
            self.messages[name] = Heard(
                frame["name"], frame["payload"], frame["timestamp"], frame["expires_at"], wall_ms()
            )

    def _event(self, frame: Frame) -> None:
        kind, who = frame["type"], frame["user_id"]
        self.said[kind, who] += 1
        if kind == "user_left":
            self.left_at_s.setdefault(who, time.monotonic())
        stamp = frame["epoch"], frame["seq"]
        if stamp[0] == self._stamp[0] and stamp[1] <= self._stamp[1]:
            return
        self._newest = stamp
        if self._asking:
            return
        if stamp != (self._stamp[0], self._stamp[1] + 1):
            self._ask()
            return
        self._stamp = stamp
        if kind == "user_left":
            self.names.pop(who, None)
        else:
            self.names[who] = frame["name"]
        self.count = len(self.names)

    def _counted(self, frame: Frame) -> None:
        # W20: after it fell to the limit, the number of names can be right and the names wrong.
        fell = self.count > self._limit >= frame["count"]
        self.count = frame["count"]
        self._stamp = self._newest = frame["epoch"], frame["seq"]
        if (fell or self.count != len(self.names)) and self.count <= self._limit and not self._asking:
            self._ask()

    def _ask(self) -> None:
        self._asking = True
        self.send({"type": "sync"})

    def _error(self, frame: Frame) -> None:
        self.errors[frame["code"]] += 1
        if self._asking and "message_id" not in frame:
            asyncio.get_running_loop().call_later(frame.get("retry_after", 500) / 1000, self._ask)


class Crowd:
    """Everybody of a test. `urls`: where those who come back may go."""

    def __init__(self) -> None:
        self.urls: list[str] = []
        self.people: list[Person] = []
        self._living: list[asyncio.Task[None]] = []

    async def enter(
        self, count: int, channel: str, *, at: str | None = None, token: str = "", comes_back: bool = True
    ) -> list[Person]:
        """`count` people more, in when this returns; `at`: on this process and no other, else anywhere."""
        urls: Callable[[], Sequence[str]] = (lambda: [at]) if at is not None else (lambda: self.urls)
        people = [Person(channel, urls, token=token, comes_back=comes_back) for _ in range(count)]
        self.people += people
        for start in range(0, count, 50):
            some = people[start : start + 50]
            self._living += [asyncio.create_task(person.live()) for person in some]
            await eventually(lambda some=some: all(p.inside for p in some), "everyone in")  # type: ignore[misc]
        return people

    async def close(self) -> None:
        for person in self.people:
            person.leave()
        for task in self._living:
            task.cancel()
        await asyncio.gather(*self._living, return_exceptions=True)
        for person in self.people:
            person.vanish()
        await asyncio.sleep(0.05)


@contextlib.asynccontextmanager
async def crowd(*urls: str) -> AsyncIterator[Crowd]:
    made = Crowd()
    made.urls += urls
    try:
        yield made
    finally:
        await made.close()


async def all_hear(speakers: Iterable[Person], listeners: Iterable[Person], *, patience_s: float = PATIENCE_S) -> float:
    """One fresh message of each speaker reaches every listener. Seconds that took."""
    speakers, listeners = list(speakers), list(listeners)
    wanted = [(speaker.user_id, speaker.say("can you hear me?")) for speaker in speakers]

    def missing() -> list[tuple[str, str]]:
        return [
            (listener.url, name[0])
            for listener in listeners
            for name in wanted
            if name[0] != listener.user_id and name not in listener.messages
        ]

    try:
        return await eventually(lambda: not missing(), "everyone hears everyone", patience_s=patience_s)
    except AssertionError:
        raise AssertionError(f"within {patience_s} s not heard, (where, whom): {missing()[:10]}") from None


def rosters(people: Iterable[Person]) -> set[frozenset[str]]:
    """What they believe who is there: one set, where all agree."""
    return {frozenset(person.roster) for person in people}


async def agree(people: Sequence[Person], there: Iterable[str], *, patience_s: float = PATIENCE_S) -> float:
    """Wait until every one of `people` believes that exactly these users are there. Seconds that took."""
    wanted = {frozenset(there)}
    try:
        return await eventually(lambda: rosters(people) == wanted, "rosters right", patience_s=patience_s)
    except AssertionError:
        wrong = {p.url: (len(p.roster - set(*wanted)), len(set(*wanted) - p.roster)) for p in people}
        raise AssertionError(f"after {patience_s} s, by process, (too many, too few): {wrong}") from None
