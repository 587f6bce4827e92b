"""A client of the fuzz, which follows docs/protocol.md exactly; `differences` compares what it shows with the model.

It implements W10 (send again without an `ack`), W12 and W13 (one message per key, no draft after it), W16 (send the
draft again when somebody joins), W19 and W20 (gaps, epochs, counts). It knows only what a page would know.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import time
from collections.abc import Callable
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from tests.faults.fork_server import ServerProcess
from tests.faults.fuzz_model import Appearance, Change, Key, Message, Model
from tests.support.client import chat_url, position
from tests.support.waiting import PATIENCE_S

Frame = dict[str, Any]

ASK_AGAIN_S = 0.5
OPEN_TIMEOUT_S = 1.0
"""Of the first attempt, which may meet a frozen server. Twice as long after each attempt that timed out."""


class FuzzClient:
    """`pick` returns a server to try, or None. `note` takes a line for the history."""

    def __init__(
        self,
        name: str,
        user_id: str,
        channel: str,
        model: Model,
        rng: random.Random,
        pick: Callable[[], ServerProcess | None],
        note: Callable[[str], None],
    ) -> None:
        self.name, self.user_id, self.channel = name, user_id, channel
        self.model, self._rng, self._pick, self._note = model, rng, pick, note
        self.wanted = True
        self.live = False
        self.degraded = False
        self.server: ServerProcess | None = None
        self.away_s: float | None = None
        """How long to stay away after the next break."""

        self.epoch, self.seq, self.count, self.limit = "", 0, 0, 0
        self.users: dict[str, tuple[str, str, int]] = {}
        self.messages: dict[Key, Frame] = {}
        self.drafts: set[Key] = set()
        """Kept for longer than 10 s (W15), so that a draft whose end is missing shows."""
        self.unacked: dict[str, Frame] = {}
        self.draft: Frame | None = None
        self._abandoned: dict[str, int] = {}
        """Drafts that were abandoned, and the number of the ping sent after that; its pong shows the server read it."""
        self._pings = 0
        self._open_timeout_s = OPEN_TIMEOUT_S
        self.outages = 0
        self.pointer = False
        self.cursors: dict[str, tuple[float, float]] = {}

        self.heard: tuple[str, int] | None = None
        """While the client waits for a snapshot: the newest event that it must contain."""
        self.asked: list[str] = []
        """Why it asked for a snapshot, each time."""
        self._joined_as: Change | None = None
        """The profile that this connection joined with, if its user was away; None after the first new epoch."""
        self.synced_at = ("", 0)
        self.events: set[int] = set()
        """Every `seq` heard on this connection."""
        self.errors: list[str] = []
        self.changing: Appearance | None = None
        self._asked: Appearance = ("", "")
        self._socket: ClientConnection | None = None
        self._small: set[asyncio.Task[None]] = set()
        self._life = asyncio.create_task(self._live())
        model.enter(user_id)

    # What the client sends.

    async def post(self, message_id: str, payload: str) -> None:
        if self.draft is not None and self.draft["message_id"] == message_id:
            self.draft = None
        frame = {"type": "chat", "message_id": message_id, "payload": payload, "position": position((1, 2))}
        self.unacked[message_id] = frame
        self.model.messages[self.user_id, message_id] = Message(payload)
        await self._send_post(frame)

    async def type(self, message_id: str, payload: str) -> None:
        frame = {"type": "typing", "message_id": message_id, "payload": payload, "position": position((1, 2))}
        self.draft = frame if payload else None
        if not payload and self._socket is None:
            self.model.cut_drafts.add((self.user_id, message_id))  # no server hears of it
        elif not payload:
            self._pings += 1
            self._abandoned[message_id] = self._pings
        await self._send(frame)
        if message_id in self._abandoned:
            await self._send({"type": "ping", "t": self._abandoned[message_id]})

    async def move(self, x: float, y: float) -> None:
        self.pointer = True
        await self._send({"type": "cursor", "position": position((x, y))})

    async def change_profile(self, appearance: Appearance) -> None:
        self.changing = appearance
        self.model.changes[self.user_id].append(Change(appearance))
        await self._send({"type": "profile", "name": appearance[0], "color": appearance[1]})

    async def leave(self) -> None:
        """With a close frame."""
        self._go()
        if self._socket is not None:
            self.model.leaving.add(self.name)
            with contextlib.suppress(ConnectionClosed):
                await self._socket.close()

    def kill(self, *, back_after_s: float | None) -> None:
        """Break the TCP connection, and connect again after `back_after_s` if it is given."""
        if back_after_s is None:
            self._go()
        self.away_s = back_after_s
        if self._socket is not None:
            self._socket.transport.abort()

    async def end(self) -> None:
        self.wanted = False
        for task in (self._life, *self._small):
            task.cancel()
        await asyncio.gather(self._life, *self._small, return_exceptions=True)

    @property
    def is_settled(self) -> bool:
        """Whether it is connected to a server that stays."""
        return self.live and self.server is not None and self.server.state == "running"

    @property
    def waits_for_snapshot(self) -> bool:
        return self.heard is not None

    def missing(self) -> set[int]:
        """The numbers of events that did not arrive on this connection."""
        return set(range(self.synced_at[1] + 1, max(self.events, default=0))) - self.events

    # The connection.

    def _go(self) -> None:
        self.wanted = False
        if self.draft is not None:
            self.model.cut_drafts.add((self.user_id, self.draft["message_id"]))
        self.model.leave(self.user_id)

    async def _live(self) -> None:
        while self.wanted:
            server = self._pick()
            if server is not None:
                await self._connect(server)
            if self.wanted:
                pause = self.away_s if self.away_s is not None else self._rng.uniform(0.02, 0.2)
                self.away_s = None
                await asyncio.sleep(pause)

    async def _connect(self, server: ServerProcess) -> None:
        name, color = self._asked = self.model.appearance(self.user_id)
        attempts = self.model.attempts.setdefault(self.user_id, [])
        attempts.append(self._asked)
        url = chat_url(server.url, channel=self.channel, uid=self.user_id, name=name, color=color)
        try:
            async with connect(
                url,
                compression=None,
                proxy=None,
                ping_interval=None,
                max_queue=None,
                open_timeout=self._open_timeout_s,
                close_timeout=OPEN_TIMEOUT_S,
            ) as self._socket:
                self._open_timeout_s = OPEN_TIMEOUT_S
                self.server = server
                if not self.wanted:
                    return
                async for data in self._socket:
                    self._take(json.loads(data))
        except ConnectionClosed:
            pass
        except TimeoutError:
            self._open_timeout_s = min(self._open_timeout_s * 2, PATIENCE_S)
            return
        except (OSError, InvalidHandshake, EOFError):
            if not self.live:
                attempts.remove(self._asked)  # no server let it in
            return
        finally:
            closed = self._socket
            if self.live or (closed is not None and closed.close_code is not None):
                code = closed.close_code if closed is not None else None
                self._note(f"{self.name} lost its connection to {server.number}: {code}")
                if code is not None and code >= 4500:
                    self.errors.append(f"{self.name} was sent away for good: {code} {closed and closed.close_reason}")
            # The server may not have read what was sent just before the connection ended.
            self.model.cut_drafts |= {(self.user_id, id_) for id_ in self._abandoned}
            self._abandoned.clear()
            self.live, self._socket, self.heard, self.changing = False, None, None, None
            self.model.disconnect(self.user_id, self.name)

    async def _send(self, frame: Frame) -> None:
        if self._socket is not None:
            with contextlib.suppress(ConnectionClosed):
                await self._socket.send(json.dumps(frame))

    async def _send_post(self, frame: Frame) -> None:
        if self._socket is not None and self.server is not None:
            self.model.messages[self.user_id, frame["message_id"]].tried.add(self.server.number)
            await self._send(frame)

    def _soon(self, frame: Frame, after_s: float = 0.0) -> None:
        """Send `frame` after `after_s`, unless the connection has ended by then."""
        socket = self._socket

        async def send() -> None:
            await asyncio.sleep(after_s)
            over = frame["type"] == "typing" and frame is not self.draft
            if self._socket is socket and not over:
                await (self._send_post(frame) if frame["type"] == "chat" else self._send(frame))

        task = asyncio.create_task(send())
        self._small.add(task)
        task.add_done_callback(self._small.discard)

    # What the server sends.

    def _take(self, frame: Frame) -> None:
        match frame["type"]:
            case "user_sync":
                self._sync(frame)
            case "user_joined" | "user_left" | "user_updated" | "user_count":
                self._event(frame)
            case "chat":
                self._message(frame)
            case "ack":
                self._acked(frame)
            case "typing":
                self._typing(frame)
            case "degraded" | "restored":
                self.degraded = frame["type"] == "degraded"
                self.outages += self.degraded
            case "pong":
                self._abandoned = {id_: number for id_, number in self._abandoned.items() if number > frame["t"]}
            case "cursors":
                for user_id, x, y in frame["cursors"]:
                    self.cursors[user_id] = (x, y)
            case "error" if frame["code"] == "unavailable" and frame.get("message_id") in self.unacked:
                self._soon(self.unacked[frame["message_id"]], 0.2)
            case "error" if frame["code"] != "rate_limited":
                self.errors.append(f"{self.name} got {frame}")

    def _sync(self, frame: Frame) -> None:
        for message in frame["messages"]:
            self._message(message)
        first, self.live = not self.live, True
        stale = not first and (
            (frame["epoch"] == self.epoch and frame["seq"] < self.seq)
            or (self.heard is not None and self.heard[0] == frame["epoch"] and frame["seq"] < self.heard[1])
        )
        if first:
            self.synced_at, self.events = (frame["epoch"], frame["seq"]), set()
            self.limit = frame["limits"]["roster"]
            self.degraded = False
            self.drafts.clear()  # some may have ended, and a new connection is not told
            for unacked in self.unacked.values():  # W10
                self._soon(unacked)
        if stale:
            return  # `again` asks once more
        if not first and frame["epoch"] != self.epoch and self._joined_as is not None:
            # It joined while its server could not reach the others, where its user may be present with another profile.
            self._joined_as.confirmed = None
            self._joined_as = None
        self.epoch, self.seq, self.count, self.heard = frame["epoch"], frame["seq"], frame["user_count"], None
        self.users = {u["user_id"]: (u["name"], u["color"], u["joined_at"]) for u in frame["users"]}
        if self.user_id not in self.users:
            self.errors.append(f"{self.name} is not in its own user_sync (W20)")
        elif first and self.server is not None:
            got = self.users[self.user_id][:2]
            self._joined_as = self.model.connect(self.user_id, self.name, self._asked, got, self.server)
        if self.epoch != self.synced_at[0]:
            self.synced_at, self.events = (self.epoch, self.seq), set()

    def _event(self, frame: Frame) -> None:
        if frame["type"] == "user_joined" and self.draft is not None:  # W16
            self._soon(self.draft, self._rng.uniform(0, 0.3))
        if frame["type"] == "user_updated" and frame["user_id"] == self.user_id:
            self._changed((frame["name"], frame["color"]))
        place = (frame["epoch"], frame["seq"])
        if place[0] == self.synced_at[0]:
            self.events.add(place[1])
        if self.heard is not None:
            self.heard = (place[0], max(place[1], self.heard[1])) if place[0] == self.heard[0] else place
        elif place[0] != self.epoch:
            self._ask(place, frame)
        elif place[1] > self.seq:
            self._apply(frame, place)

    def _apply(self, frame: Frame, place: tuple[str, int]) -> None:
        if frame["type"] == "user_count":  # W20
            self.seq, self.count = place[1], frame["count"]
            # The right number of names proves nothing: while only counts came, one may have left and another joined.
            if self.count <= self.limit:
                self._ask(place, frame)
            return
        if place[1] != self.seq + 1:
            self._ask(place, frame)
            return
        self.seq = place[1]
        user_id = frame["user_id"]
        if frame["type"] == "user_left":
            self.count -= 1
            self.users.pop(user_id, None)
        elif frame["type"] == "user_joined":
            self.count += user_id not in self.users
            self.users[user_id] = (frame["name"], frame["color"], frame["joined_at"])
        elif user_id in self.users:
            self.users[user_id] = (frame["name"], frame["color"], self.users[user_id][2])

    def _ask(self, place: tuple[str, int], frame: Frame | None = None) -> None:
        """`frame`: what made it ask; None if there was no answer yet."""
        self.heard = place
        about = f"{frame['type']} {frame.get('user_id', '')}" if frame else "no answer"
        self.asked.append(f"{about} {place} at {(self.epoch, self.seq)}")
        self._soon({"type": "sync"})
        socket = self._socket

        async def again() -> None:
            await asyncio.sleep(ASK_AGAIN_S)
            if self.heard is not None and self._socket is socket:
                self._ask(self.heard)

        task = asyncio.create_task(again())
        self._small.add(task)
        task.add_done_callback(self._small.discard)

    def _changed(self, appearance: Appearance) -> None:
        for change in self.model.changes[self.user_id]:
            if change.appearance == appearance and change.confirmed is None:
                change.confirmed = self.server
        if self.changing == appearance:
            self.changing = None

    def _message(self, frame: Frame) -> None:
        key = (frame["user_id"], frame["message_id"])
        self.drafts.discard(key)  # W13
        known = self.messages.setdefault(key, frame)
        if known["payload"] != frame["payload"]:
            self.errors.append(f"{self.name} has two different messages {key}")

    def _acked(self, frame: Frame) -> None:
        sent = self.unacked.pop(frame["message_id"], None)
        key = (self.user_id, frame["message_id"])
        assert self.server is not None
        self.model.messages[key].acked_by.append((self.server, time.monotonic()))
        self.model.messages[key].expires_at_s = frame["expires_at"] / 1000
        if sent is not None:
            self.messages.setdefault(key, sent | {"user_id": self.user_id} | frame | {"type": "chat"})

    def _typing(self, frame: Frame) -> None:
        key = (frame["user_id"], frame["message_id"])
        if key in self.messages or not frame["payload"]:
            self.drafts.discard(key)
        else:
            self.drafts.add(key)


def differences(client: FuzzClient, calm: bool, drafting: set[tuple[str, str]], author: FuzzClient | None) -> list[str]:
    """How what `client` shows differs from what is so. `drafting`: the drafts in hand, of `author`.

    That a draft was abandoned may go under with a server or a Redis; so of other drafts only a calm run has a say.
    """
    model, found = client.model, []
    if not client.live or client.degraded:
        return [f"{client.name} is {'degraded' if client.live else 'not in'}"]
    where = f"{client.name} on server {client.server.number if client.server else '?'}"
    roster = model.roster
    if client.count != len(roster):
        found.append(f"{where} counts {client.count} clients, there are {len(roster)} ({client.epoch}, {client.seq})")
    if len(roster) <= client.limit:
        wrong = sorted(roster ^ client.users.keys())
        found += [f"{where} {'misses' if user_id in roster else 'still shows'} {user_id}" for user_id in wrong]
        for user_id in sorted(roster & client.users.keys()):
            appearance = client.users[user_id][:2]
            if appearance not in model.appearances(user_id):
                found.append(f"{where} knows {user_id} as {appearance}, not as one of {model.appearances(user_id)}")
    for key in sorted(model.certain() - client.messages.keys()):
        acked_by = [server.number for server, _ in model.messages[key].acked_by]
        found.append(f"{where} lacks the message {key} that {acked_by} acked")
    unknown = sorted(client.messages.keys() - model.messages.keys())
    found += [f"{where} has a message nobody sent: {key}" for key in unknown]
    if client.unacked:
        found.append(f"{where} has no ack for {list(client.unacked)}")
    elsewhere = author is not None and author.channel != client.channel
    wanted = set() if client is author or elsewhere else drafting
    drafts = client.drafts - model.cut_drafts
    if not calm:
        drafts = {key for key in drafts if author is not None and key[0] == author.user_id}
    if drafts - wanted:
        found.append(f"{where} still shows the drafts {sorted(drafts - wanted)}")
    if wanted - drafts:
        found.append(f"{where} does not see the drafts {sorted(wanted - drafts)}")
    return found
