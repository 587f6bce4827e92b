"""A plain client of the wire, written from docs/protocol.md alone.

It shares no line with the server: it speaks through the `websockets` library and knows only what the page says. So
a test that passes with it shows that the page is enough, and that the server does what the page says. Nothing of
`asocial` may ever be imported here.

`Client` is a well-behaved client; frames that a test does not ask for wait in its inbox, so tests need not care
how unrelated frames interleave. A client that breaks RFC 6455 is in raw_client.py. Each code that the server answers
with, by HTTP, error frame or close frame, is added to `OBSERVED`.
"""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self
from urllib.parse import quote, urlencode

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Origin, Subprotocol

from tests.support.waiting import PATIENCE_S

Frame = dict[str, Any]
Position = tuple[float, float]
TokenBy = Literal["subprotocol", "header", "query"]

OBSERVED: set[int | str] = set()
"""Codes the server answered with since the set was last cleared: close codes as int, the others as str."""

_message_numbers = itertools.count(1)


@dataclass(frozen=True)
class Closed:
    """How a connection ended. `code` 1006: without a close frame."""

    code: int
    reason: str

    @property
    def info(self) -> Frame:
        """The reason as the JSON object that W28 promises."""
        parsed: Frame = json.loads(self.reason)
        return parsed


@dataclass(frozen=True)
class Refusal:
    """An answer before the upgrade (W1)."""

    status: int
    content_type: str
    body: Frame

    @property
    def code(self) -> str:
        return str(self.body["error"]["code"])

    @property
    def message(self) -> str:
        return str(self.body["error"]["message"])


def chat_url(
    base: str,
    *,
    channel: str | None = None,
    token: str | None = None,
    uid: str | None = None,
    name: str | None = None,
    color: str | None = None,
    on_map: str | None = None,
    trace: str | None = None,
    invite: str | None = None,
    users: str | None = None,
    lang: str | None = None,
    view: tuple[float, float, float, float] | None = None,
    sealed: str | None = None,
) -> str:
    given = {
        "channel": channel,
        "token": token,
        "uid": uid,
        "name": name,
        "color": color,
        "on_map": on_map,
        "trace": trace,
        "invite": invite,
        "users": users,
        "lang": lang,
        "sealed": sealed,
    }
    if view is not None:
        given |= dict(zip(("x", "y", "w", "h"), map(str, view), strict=True))
    query = urlencode({key: value for key, value in given.items() if value is not None}, quote_via=quote)
    return f"{base}/api/chat?{query}" if query else f"{base}/api/chat"


class Client:
    """One connection to one channel. Make it with `connect`."""

    def __init__(self, socket_: ClientConnection) -> None:
        self.socket = socket_
        self.sync: Frame = {}
        """The latest `user_sync`."""
        self.received: list[Frame] = []
        """Every frame so far, in the order of arrival."""
        self._inbox: list[Frame] = []

    @classmethod
    async def connect(
        cls,
        base: str,
        *,
        channel: str | None = None,
        token: str | None = None,
        token_by: TokenBy = "subprotocol",
        subprotocols: Sequence[str] = ("asocial.v1",),
        uid: str | None = None,
        name: str | None = None,
        color: str | None = None,
        on_map: str | None = None,
        trace: str | None = None,
        invite: str | None = None,
        users: str | None = None,
        lang: str | None = None,
        view: tuple[float, float, float, float] | None = None,
        sealed: str | None = None,
        origin: str | None = None,
        compression: str | None = None,
        address: str | None = None,
        wait_for_sync: bool = True,
    ) -> Self:
        """Connects to `base` (`ws://host:port`) and waits for `user_sync`. `address`: the own one, as 127.0.0.2.

        Raises websockets' InvalidStatus where the server answers before the upgrade (see `refusal`).
        """
        offered = list(subprotocols)
        headers: dict[str, str] = {}
        if token is not None and token_by == "subprotocol":
            offered.append(token)
        if token is not None and token_by == "header":
            headers["Authorization"] = f"Bearer {token}"
        in_query = token if token_by == "query" else None
        profile = {"name": name, "color": color, "on_map": on_map, "lang": lang, "sealed": sealed}
        url = chat_url(
            base,
            channel=channel,
            token=in_query,
            uid=uid,
            trace=trace,
            invite=invite,
            users=users,
            view=view,
            **profile,
        )
        connection = await connect(
            url,
            subprotocols=[Subprotocol(item) for item in offered] or None,
            additional_headers=headers,
            origin=None if origin is None else Origin(origin),
            compression=compression,
            local_addr=None if address is None else (address, 0),
            proxy=None,
            ping_interval=None,
            open_timeout=PATIENCE_S,
            close_timeout=PATIENCE_S,
            max_size=None,
            max_queue=None,
        )
        client = cls(connection)
        if wait_for_sync:
            client.sync = await client.receive("user_sync")
        return client

    @property
    def user_id(self) -> str:
        return str(self.sync["user_id"])

    @property
    def connection_id(self) -> str:
        return str(self.sync["connection_id"])

    @property
    def token(self) -> str:
        return str(self.sync["token"])

    # Sending: one helper for each row of section 2.

    async def send(self, frame: Mapping[str, Any]) -> None:
        await self.socket.send(json.dumps(frame))

    async def send_raw(self, data: str | bytes) -> None:
        """A text frame (str) or a binary one (bytes), whatever is in it."""
        await self.socket.send(data)

    async def chat(self, payload: str, *, message_id: str | None = None, at: Position = (0, 0)) -> str:
        """Sends and returns the message id, without waiting for the `ack`."""
        message_id = message_id or new_message_id()
        await self.send({"type": "chat", "message_id": message_id, "payload": payload, "position": position(at)})
        return message_id

    async def typing(self, payload: str, *, message_id: str, at: Position = (0, 0)) -> None:
        await self.send({"type": "typing", "message_id": message_id, "payload": payload, "position": position(at)})

    async def stroke(self, points: Sequence[Position], *, message_id: str | None = None, done: bool = True) -> str:
        """Sends and returns the message id, without waiting for the `ack`."""
        message_id = message_id or new_message_id()
        await self.send({"type": "stroke", "message_id": message_id, "points": points, "done": done})
        return message_id

    async def cursor(self, at: Position) -> None:
        await self.send({"type": "cursor", "position": position(at)})

    async def reaction(self, kind: str, at: Position = (0, 0)) -> None:
        await self.send({"type": "reaction", "kind": kind, "position": position(at)})

    async def look(self, at: Position, size: tuple[float, float] = (1000, 800)) -> None:
        """Sends `view`: the middle and the size of what the client shows."""
        await self.send({"type": "view", "position": position(at), "width": size[0], "height": size[1]})

    async def follow(self, user_id: str) -> None:
        await self.send({"type": "follow", "user_id": user_id})

    async def profile(self, name: str, color: str, **more: Any) -> None:
        await self.send({"type": "profile", "name": name, "color": color, **more})

    async def who(self, user_ids: Sequence[str]) -> None:
        await self.send({"type": "who", "user_ids": list(user_ids)})

    async def resync(self) -> Frame:
        """Sends `sync`, returns the `user_sync` that answers."""
        await self.send({"type": "sync"})
        self.sync = await self.receive("user_sync")
        return self.sync

    async def authenticate(self, token: str) -> None:
        await self.send({"type": "auth", "token": token})

    async def moderate(self, action: str, **fields: Any) -> None:
        await self.send({"type": "moderate", "action": action, **fields})

    async def ping(self, t: int) -> None:
        await self.send({"type": "ping", "t": t})

    # Receiving.

    async def receive(
        self, *types: str, timeout_s: float = PATIENCE_S, where: Callable[[Frame], bool] = lambda frame: True
    ) -> Frame:
        """The next frame of one of `types` (none given: of any) for which `where` holds; others stay in the inbox."""
        deadline = asyncio.get_running_loop().time() + timeout_s
        looked_at = 0
        while True:
            for index in range(looked_at, len(self._inbox)):
                frame = self._inbox[index]
                if (not types or frame["type"] in types) and where(frame):
                    return self._inbox.pop(index)
            looked_at = len(self._inbox)
            wanted = " or ".join(types) or "frame"
            try:
                async with asyncio.timeout_at(deadline):
                    await self._read()
            except TimeoutError:
                waiting = [str(frame)[:200] for frame in self._inbox]
                raise AssertionError(f"no {wanted} within {timeout_s} s; the inbox holds {waiting}") from None
            except ConnectionClosed:
                how = self._how_it_closed()
                raise AssertionError(f"closed with {how.code} {how.reason} while waiting for {wanted}") from None

    def waiting(self, *types: str) -> list[Frame]:
        """Frames of `types` that came and that nobody asked for yet."""
        return [frame for frame in self._inbox if not types or frame["type"] in types]

    async def closed(self, *, timeout_s: float = PATIENCE_S) -> Closed:
        """Waits until the server closes, keeping frames that come before in `received` and the inbox."""
        try:
            async with asyncio.timeout(timeout_s):
                while True:
                    await self._read()
        except TimeoutError:
            last = [str(frame)[:200] for frame in self.received[-3:]]
            raise AssertionError(f"still open after {timeout_s} s; the last frames were {last}") from None
        except ConnectionClosed:
            return self._how_it_closed()

    async def close(self) -> None:
        """Leaves with a close frame."""
        await self.socket.close()

    def abort(self) -> None:
        """Breaks the TCP connection, without a close frame."""
        self.socket.transport.abort()

    async def _read(self) -> None:
        data = await self.socket.recv()
        assert isinstance(data, str), f"section 0: all frames are text frames, this one is {data!r}"
        frame = json.loads(data)
        assert isinstance(frame, dict), f"section 0: a frame is one JSON object, this one is {data}"
        assert isinstance(frame.get("type"), str), f"section 0: a frame has a type, this one is {data}"
        if frame["type"] == "error":
            OBSERVED.add(frame["code"])
        self.received.append(frame)
        self._inbox.append(frame)

    def _how_it_closed(self) -> Closed:
        code = self.socket.close_code or 1006
        OBSERVED.add(code)
        return Closed(code, self.socket.close_reason or "")


async def refusal(base: str, **options: Any) -> Refusal:
    """Tries to connect (options as of `Client.connect`), expects an answer before the upgrade and returns it."""
    try:
        client = await Client.connect(base, wait_for_sync=False, **options)
    except InvalidStatus as error:
        response = error.response
        answer = Refusal(response.status_code, response.headers.get("Content-Type", ""), json.loads(response.body))
        OBSERVED.add(answer.code)
        return answer
    how = await client.closed() if client.socket.close_code else "open"
    await client.close()
    raise AssertionError(f"upgraded where a refusal was expected; it is {how}")


def new_message_id() -> str:
    return f"m-{next(_message_numbers)}"


def position(at: Position) -> Frame:
    return {"x": at[0], "y": at[1]}
