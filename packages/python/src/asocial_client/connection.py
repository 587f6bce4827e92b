"""One WebSocket after another: connects, and connects again when it breaks (W28)."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
from typing import Any, Protocol

import msgspec
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as open_websocket
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.typing import Subprotocol

from .codec import decode, encode
from .errors import ChannelClosed, Refused
from .frames import SUBPROTOCOL, ClientFrame, ServerFrame
from .refusals import FINAL_CODES, FOREIGN, is_final, read_reason, read_refusal, retry_after_s, unreachable, why

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 10.0
"""Between attempts to connect: it doubles from the first to the longest, with jitter."""
STEADY_S = 10.0
"""After a connection of this length, the next pause is the first one again."""
OPEN_TIMEOUT_S = 15.0
PING_S, PONG_WITHIN_S = 15.0, 10.0
"""A server that answers no ping is away, also if the connection still looks open."""
CLOSE_TIMEOUT_S = 5.0


class Translates(Protocol):
    """Stands between the frames of a client and those on the wire (sealed/translator.py)."""

    def outgoing(self, frame: dict[str, Any]) -> dict[str, Any] | None: ...

    def incoming(self, frame: dict[str, Any]) -> dict[str, Any] | None: ...

    def own_change(self) -> dict[str, Any] | None:
        """A frame for the client itself, after it sent its profile."""
        ...


class Owner(Protocol):
    """Whose connection it is."""

    def address(self) -> tuple[str, str]:
        """The URL to upgrade, and the token to send with it."""
        ...

    def opened(self) -> None: ...

    def received(self, frame: ServerFrame) -> None: ...

    def broke(self, reason: str, retry_s: float) -> None:
        """It connects again after `retry_s` seconds."""
        ...

    def failed(self, error: OSError) -> bool:
        """The server cannot be reached. False: do not try again."""
        ...

    def ended(self, error: ChannelClosed | Refused) -> None:
        """The server does not let this client in any more."""
        ...


class Connection:
    def __init__(self, owner: Owner, translator: Translates | None = None) -> None:
        self._owner = owner
        self._translator = translator
        self._socket: ClientConnection | None = None
        self.number = 0
        """Counts the connections, so that what was meant for one of them is not sent on the next."""

    async def run(self) -> None:
        """Connect and handle frames, again and again. Returns when the connection has ended for good."""
        pause_s, loop = FIRST_PAUSE_S, asyncio.get_running_loop()
        while True:
            began, retry_s = loop.time(), None
            try:
                await self._connect_once()
                code, reason, retry_s = self._how_it_closed()
                if code in FINAL_CODES:
                    self._owner.ended(ChannelClosed(code, reason))
                    return
            except InvalidStatus as answer:
                refused = read_refusal(answer)
                # A proxy says 404, for example, while no server is there. At first that is a wrong address.
                if is_final(refused) and (refused.code != FOREIGN or self.number == 0):
                    self._owner.ended(refused)
                    return
                reason, retry_s = str(refused), retry_after_s(answer)
            except msgspec.ValidationError as error:
                reason = f"the server sent a frame that breaks the protocol: {error}"
            except (OSError, InvalidHandshake, EOFError) as error:
                failure = unreachable(error)
                if not self._owner.failed(failure):
                    return
                reason = why(failure)
            if loop.time() - began > STEADY_S:
                pause_s = FIRST_PAUSE_S
            wait_s = retry_s if retry_s is not None else pause_s * random.uniform(0.5, 1.0)
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)
            self._owner.broke(reason, wait_s)
            await asyncio.sleep(wait_s)

    async def send(self, frame: ClientFrame) -> None:
        """Send a frame, if there is a connection."""
        if self._socket is None:
            return
        text = encode(frame)
        if self._translator is not None:
            translated = self._translator.outgoing(json.loads(text))
            if translated is None:
                return
            text = json.dumps(translated)
            changed = self._translator.own_change()
            if changed is not None and (own := decode(json.dumps(changed))) is not None:
                self._owner.received(own)
        with contextlib.suppress(ConnectionClosed):
            await self._socket.send(text)

    async def close(self) -> None:
        """Send a close frame and wait for the answer."""
        if self._socket is not None:
            await self._socket.close()

    async def _connect_once(self) -> None:
        url, token = self._owner.address()
        async with open_websocket(
            url,
            subprotocols=[Subprotocol(SUBPROTOCOL)],
            additional_headers={"Authorization": f"Bearer {token}"},
            open_timeout=OPEN_TIMEOUT_S,
            close_timeout=CLOSE_TIMEOUT_S,
            ping_interval=PING_S,
            ping_timeout=PONG_WITHIN_S,
            max_size=None,
        ) as self._socket:
            self.number += 1
            self._owner.opened()
            with contextlib.suppress(ConnectionClosed):
                async for text in self._socket:
                    frame = self._decode(text)
                    if frame is not None:
                        self._owner.received(frame)

    def _decode(self, text: str | bytes) -> ServerFrame | None:
        if self._translator is None:
            return decode(text)
        try:
            translated = self._translator.incoming(json.loads(text))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise msgspec.ValidationError(f"{type(error).__name__}: {error}") from None
        return None if translated is None else decode(json.dumps(translated))

    def _how_it_closed(self) -> tuple[int, str, float | None]:
        """The close code, the reason, and after how many seconds to connect again if the server said so."""
        if self._socket is None:
            return 1006, "the connection broke", None
        return self._socket.close_code or 1006, *read_reason(self._socket.close_reason or "")
