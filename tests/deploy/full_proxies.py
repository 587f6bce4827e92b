"""Behind a real nginx with the Ingress's settings and a real HAProxy.

Not collected by itself; `make test-deploy-full` runs it.

Idle WebSockets live through ten minutes and a reload. A rolling restart of three processes under 1,000 people: every
process exits 0 within 30 s, every close is a 4001, nobody is seen leaving, no message is lost that lived while its
reader was there, and no second has more than a tenth of the reconnects.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.frames import Frame, Opcode
from websockets.protocol import Event
from websockets.typing import Subprotocol

from tests.deploy.proxies import HAProxy, Nginx, Proxy
from tests.support.client import Client
from tests.support.processes import Process, all_ready, processes
from tests.support.redis_server import Server, running, temporary_folder

IDLE_S = 600.0
RELOAD_AFTER_S = 200.0
SHORT_TIMEOUT_S = 60
"""What nginx and HAProxy cut after where nobody told them otherwise: our pings must keep that away too."""
IDLE_CLIENTS = 10

PEOPLE = 1000
CHANNELS = 20
MESSAGES_PER_SECOND = 20
SPREAD_S = 10
EXIT_WITHIN_S = 30.0
EDGE_MS = 300.0
"""A message this close to the moment a reader came or went may have been for them or not; besides, a crowd in one
process sees its own end later than the server does, by as much as it sees anything later, which is measured."""


@pytest.fixture
def folder() -> Iterator[Path]:
    with temporary_folder() as path:
        path.chmod(0o755)  # a worker of an nginx that root starts is nobody
        yield path
        for log in (path / "nginx.log", path / "haproxy.log"):  # shown by pytest where the test failed
            print(log.name, *log.read_text(errors="replace").splitlines()[-20:], sep="\n")


async def test_idle_websockets_live_through_ten_minutes_and_a_reload(folder: Path) -> None:
    redis = Server(folder)
    with running(redis), processes(folder, 2, redis.url) as pair:
        ports = [process.port for process in pair]
        proxies: list[Proxy] = [
            Nginx(folder, ports, timeout_s=SHORT_TIMEOUT_S),
            HAProxy(folder, ports, timeout_s=SHORT_TIMEOUT_S),
        ]
        with running(*proxies):
            await all_ready(*pair)
            people = {
                proxy.name: [await Client.connect(proxy.url, channel=proxy.name) for _ in range(IDLE_CLIENTS)]
                for proxy in proxies
            }
            print(f"\n{IDLE_CLIENTS} idle people behind each proxy, whose timeouts are {SHORT_TIMEOUT_S} s")
            began = time.monotonic()
            for until_s, what in ((RELOAD_AFTER_S, "both are reloaded"), (IDLE_S, "the ten minutes are over")):
                while time.monotonic() - began < until_s:
                    await asyncio.sleep(10)
                    left = [each for crowd in people.values() for each in crowd if each.socket.close_code is None]
                    assert len(left) == len(proxies) * IDLE_CLIENTS, f"after {time.monotonic() - began:.0f} s"
                print(f"  after {time.monotonic() - began:.0f} s {what}; all are connected")
                if until_s == RELOAD_AFTER_S:
                    for proxy in proxies:
                        proxy.reload()
            for proxy in proxies:
                speaker, *others = people[proxy.name]
                await speaker.chat("still here", message_id="m")
                await asyncio.gather(*(each.receive("chat") for each in others))
                # Those who come after the reload meet those who came before.
                late = await Client.connect(proxy.url, channel=proxy.name)
                assert late.sync["user_count"] == IDLE_CLIENTS + 1
                await late.close()
            await asyncio.gather(*(each.close() for crowd in people.values() for each in crowd))


class Noting(ClientConnection):
    """Notes when the close frame came: the connection itself ends only after a handshake, in which nothing is said."""

    told_at_ms = float("inf")

    def process_event(self, event: Event) -> None:
        if isinstance(event, Frame) and event.opcode is Opcode.CLOSE:
            self.told_at_ms = time.time() * 1000
        super().process_event(event)


class Person:
    """A client that does what docs/protocol.md says when it is sent away (W28), and remembers what it saw."""

    def __init__(self, url: str, channel: str) -> None:
        self.url = url
        self.channel = channel
        self.token: str | None = None
        self.user_id = ""
        self.here: list[list[float]] = []
        """Wall-clock ms: from the snapshot to the close, one pair for each connection."""
        self.codes: Counter[int] = Counter()
        self.refused: Counter[str] = Counter()
        """Attempts that came to nothing, by what was said."""
        self.back_at: list[float] = []
        self.lag_ms = 0.0
        """The longest that a message took to get here."""
        self.seen: set[str] = set()
        self.left: set[str] = set()
        self.unacked: dict[str, str] = {}
        self.acked: dict[str, tuple[int, int]] = {}
        self.ready = asyncio.Event()
        self._socket: ClientConnection | None = None

    async def live(self) -> None:
        while True:
            wait_ms = await self._once()
            self.ready.clear()
            await asyncio.sleep(wait_ms / 1000)

    async def say(self, message_id: str) -> None:
        text = json.dumps({"type": "chat", "message_id": message_id, "payload": "hello", "position": {"x": 0, "y": 0}})
        self.unacked[message_id] = text
        if self._socket is not None:
            with contextlib.suppress(ConnectionClosed):
                await self._socket.send(text)

    async def _once(self) -> float:
        """One connection, from its opening to its end. The ms to wait before the next."""
        offered = [Subprotocol("asocial.v1"), *([Subprotocol(self.token)] if self.token else [])]
        try:
            socket = await connect(
                f"{self.url}/api/chat?channel={self.channel}",
                subprotocols=offered,
                compression=None,
                proxy=None,
                ping_interval=None,
                create_connection=Noting,
                max_queue=None,
                open_timeout=20,
            )
        except (OSError, InvalidStatus, TimeoutError) as error:
            self.refused[str(error) or type(error).__name__] += 1
            return 500.0
        try:
            async for text in socket:
                self._take(str(text), socket)
        except ConnectionClosed:
            pass
        self._socket = None
        code = socket.close_code or 1006
        self.codes[code] += 1
        if self.here and self.here[-1][1] == float("inf"):
            self.here[-1][1] = min(time.time() * 1000, cast(Noting, socket).told_at_ms)
        reason = json.loads(socket.close_reason or "{}") if code == 4001 else {}
        return float(reason.get("retry_ms", 500))

    def _take(self, text: str, socket: ClientConnection) -> None:
        frame: dict[str, Any] = json.loads(text)
        match frame["type"]:
            case "chat":
                self.seen.add(frame["message_id"])
                self.lag_ms = max(self.lag_ms, time.time() * 1000 - frame["timestamp"])
            case "ack":
                if self.unacked.pop(frame["message_id"], None) is not None:
                    self.acked[frame["message_id"]] = frame["timestamp"], frame["expires_at"]
            case "user_left":
                self.left.add(frame["user_id"])
            case "user_sync":
                self.seen.update(message["message_id"] for message in frame["messages"])
                if self.token is not None and not self.ready.is_set():
                    self.back_at.append(time.monotonic())
                if not self.ready.is_set():
                    self.here.append([time.time() * 1000, float("inf")])
                self.token, self.user_id = frame["token"], frame["user_id"]
                self._socket = socket
                self.ready.set()
                for waiting in list(self.unacked.values()):
                    asyncio.get_running_loop().create_task(_send(socket, waiting))

    def missed(self, said: dict[str, tuple[int, int]], edge_ms: float) -> list[str]:
        """Messages that lived while this person was there, and were not seen."""
        return [
            message_id
            for message_id, (at, until) in said.items()
            if message_id not in self.seen
            and message_id not in self.acked
            and any(came + edge_ms < until and at < went - edge_ms for came, went in self.here)
        ]


async def _send(socket: ClientConnection, text: str) -> None:
    with contextlib.suppress(ConnectionClosed):
        await socket.send(text)


async def chatter(people: list[Person], stop: asyncio.Event) -> int:
    count = 0
    while not stop.is_set():
        await people[count * 7 % len(people)].say(f"m{count}")
        count += 1
        await asyncio.sleep(1 / MESSAGES_PER_SECOND)
    return count


async def test_a_rolling_restart_under_1000_people_loses_nobody_and_nothing(folder: Path) -> None:
    asyncio.get_running_loop().set_debug(False)  # else the crowd would be slower than what it looks at
    redis = Server(folder)
    flags = ("--drain-notice-seconds", "5", "--reconnect-spread-seconds", str(SPREAD_S))
    with running(redis), processes(folder, 3, redis.url, *flags) as three:
        ports = [process.port for process in three]
        proxies: list[Proxy] = [Nginx(folder, ports), HAProxy(folder, ports)]
        with running(*proxies):
            await all_ready(*three)
            people = [Person(proxies[n % 2].url, f"place-{n % CHANNELS}") for n in range(PEOPLE)]
            living = []
            for person in people:
                living.append(asyncio.create_task(person.live()))
                if len(living) % 50 == 0:
                    await asyncio.sleep(0.2)
            async with asyncio.timeout(60):
                await asyncio.gather(*(person.ready.wait() for person in people))
            print(f"\n{PEOPLE} people in {CHANNELS} channels, behind nginx and HAProxy, on three processes")
            stop = asyncio.Event()
            talking = asyncio.create_task(chatter(people, stop))
            await asyncio.sleep(3)

            for process in three:
                took_s = await restart(process, people)
                print(f"  process {process.number} exited 0 after {took_s:.1f} s, and everybody is back")
            stop.set()
            said_count = await talking
            await asyncio.sleep(3)

            back_at = sorted(at for person in people for at in person.back_at)
            codes: Counter[int] = sum((person.codes for person in people), Counter())
            seconds = Counter(int(at) for at in back_at)
            most = max(seconds.values())
            said = [{} for _ in range(CHANNELS)]  # type: list[dict[str, tuple[int, int]]]
            for number, person in enumerate(people):
                said[number % CHANNELS] |= person.acked
            lag_ms = max(person.lag_ms for person in people)
            edge_ms = EDGE_MS + lag_ms
            lost = {n: some for n, each in enumerate(people) if (some := each.missed(said[n % CHANNELS], edge_ms))}
            deliveries = sum(len(person.seen) for person in people)
            print(f"  {len(back_at)} reconnects, at most {most} in a second ({100 * most / len(back_at):.1f} %)")
            refused: Counter[str] = sum((person.refused for person in people), Counter())
            print(f"  closes: {dict(codes)}; refused attempts: {dict(refused)}")
            print(f"  {said_count} messages said, {deliveries} seen, the slowest after {lag_ms:.0f} ms")
            for task in living:
                task.cancel()
            await asyncio.gather(*living, return_exceptions=True)

    assert set(codes) == {4001}
    assert len(back_at) >= PEOPLE
    assert most <= len(back_at) / 10
    assert {user_id for person in people for user_id in person.left} == set(), "seen leaving"
    assert sum(len(each) for each in said) == said_count, "said and never acknowledged"
    assert deliveries > said_count * (PEOPLE / CHANNELS) / 2, "they hear each other"
    assert lost == {}


async def restart(process: Process, people: list[Person]) -> float:
    """One step of a rolling update: the process is asked to stop and starts again; all are back before this returns."""
    began = time.monotonic()
    assert await process.terminated() == 0
    took_s = time.monotonic() - began
    assert took_s <= EXIT_WITHIN_S
    process.spawn()
    await asyncio.to_thread(process.wait)
    await all_ready(process)
    deadline = time.monotonic() + SPREAD_S + 20
    while away := [person for person in people if not person.ready.is_set()]:
        told = [(person.url, dict(person.codes), dict(person.refused)) for person in away[:5]]
        assert time.monotonic() < deadline, f"{len(away)} are not back: {told}"
        await asyncio.sleep(0.1)
    await asyncio.sleep(2)
    return took_s
