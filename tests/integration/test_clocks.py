"""Real processes whose clocks the test sets or offsets. Clients notice nothing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.client import Client, Frame
from tests.support.fake_clock import FakeClock
from tests.support.processes import Process, processes
from tests.support.redis_server import Server, running, temporary_folder
from tests.support.server import Enter, metric, until_metric
from tests.support.waiting import PATIENCE_S, until

HOUR_S = 3600


@pytest.fixture
def place() -> Iterator[Path]:
    with temporary_folder() as made:
        yield made


async def server_clock_ms(client: Client) -> float:
    """The server's clock by W21, less the test's own."""
    t = round(time.time() * 1000)
    await client.ping(t)
    pong = await client.receive("pong")
    return float(pong["timestamp"]) - (t + time.time() * 1000) / 2


async def talk(people: list[Client], words: str) -> None:
    """Each says something, gets its `ack`, and hears all others; all lives are as long as ever."""
    for person in people:
        await say(person, words)
        for other in people:
            if other is not person:
                assert (await heard_of(other, person))["payload"] == words


async def say(person: Client, words: str) -> None:
    message_id = await person.chat(words)
    ack = await person.receive("ack", where=lambda frame: frame["message_id"] == message_id)
    assert ack["expires_at"] - ack["timestamp"] == 5000


async def heard_of(listener: Client, speaker: Client) -> Frame:
    return await listener.receive("chat", where=lambda frame: frame["user_id"] == speaker.user_id)


@pytest.mark.parametrize("step_s", [HOUR_S, -HOUR_S, 24 * HOUR_S], ids=["forward", "back", "a day"])
async def test_w86_the_machines_clock_is_set_under_one_process(place: Path, enter: Enter, step_s: int) -> None:
    clock = FakeClock(place, "machine")
    with clock.seen(), processes(place, 1, "", "--rate-limit-per-minute", "20") as [process]:
        people = [await enter(process) for _ in range(3)]
        await talk(people, "before")
        before_ms = await server_clock_ms(people[0])
        clock.set(step_s)
        swept = await metric(process.port, "presence_sweeps_total")
        await until_metric(process.port, "presence_sweeps_total", swept + 2, patience_s=30)
        await talk(people, "after")
        assert abs(await server_clock_ms(people[0]) - before_ms) < 1000
        newcomer = await enter(process)
        assert newcomer.sync["user_count"] == 4
        assert [message["payload"] for message in newcomer.sync["messages"]].count("after") == 3
        assert not [frame for person in people for frame in person.received if frame["type"] in ("user_left", "clock")]
        # The limit is one of durations: 20 a minute, and no wait above a minute.
        for _ in range(20):
            await people[0].chat("once more")
        refused = await people[0].receive("error")
        assert 0 < refused["retry_after"] <= 60_000
        assert await metric(process.port, "clock_steps_total") == 1


@pytest.mark.parametrize("skew_s", [-20, -7, 20])
async def test_w86_processes_with_different_machine_clocks_agree_on_the_time(
    place: Path, redis: Server, enter: Enter, skew_s: int
) -> None:
    clock = FakeClock(place, "machine")
    clock.set(skew_s)
    with processes(place, 1, redis.url) as [right], clock.seen(), processes(place, 1, redis.url) as [wrong]:
        ann, bob = await enter(right), await enter(wrong)
        await talk([ann, bob], "hello")
        assert abs(await server_clock_ms(ann) - await server_clock_ms(bob)) < 500
        late = await enter(right)
        assert len(late.sync["messages"]) == 2
        # Told where an operator looks.
        assert abs(await metric(wrong.port, "clock_skew_seconds") - skew_s) < 1
        assert abs(await metric(right.port, "clock_skew_seconds")) < 1
        await asyncio.to_thread(until, lambda: "clock differs from Redis" in _log(place, wrong), "a log line")
        assert "clock differs from Redis" not in _log(place, right)


@pytest.mark.parametrize("step_s", [HOUR_S, -HOUR_S], ids=["forward", "back"])
async def test_w85_the_clock_of_redis_is_set(place: Path, enter: Enter, step_s: int) -> None:
    clock = FakeClock(place, "redis")
    redis = Server(place)
    with clock.seen():
        redis.spawn()
    with running(_Spawned(redis)), processes(place, 2, redis.url, "--message-ttl-seconds", "60",
                                             "--message-ttl-max-seconds", "60") as [one, two]:  # fmt: skip
        people = [await enter(one), await enter(two)]
        message_id = await people[0].chat("it hangs on")
        told = await people[1].receive("chat")
        clock.set(step_s)
        shifts = [(await person.receive("clock"))["shift"] for person in people]
        assert all(abs(shift - step_s * 1000) < 1000 for shift in shifts)
        await asyncio.gather(*(person.receive("restored") for person in people))
        newcomer = await enter(one)
        [message] = [m for m in newcomer.sync["messages"] if m["message_id"] == message_id]
        # What was said keeps the time it has left: moved by exactly that.
        assert message["expires_at"] - told["expires_at"] == shifts[0]
        # On a busy machine a `restored` may be about an earlier outage; then the other process is not back yet.
        async with asyncio.timeout(PATIENCE_S):
            while newcomer.sync["user_count"] != 3:
                await asyncio.sleep(0.2)
                await newcomer.resync()
        await people[0].chat("and on")
        await people[1].receive("chat", where=lambda frame: frame["payload"] == "and on")
        assert abs(await server_clock_ms(people[0]) - await server_clock_ms(people[1])) < 500
        assert not [frame for person in people for frame in person.received if frame["type"] == "user_left"]


class _Spawned:
    """A server that was started already, and is ended with the test."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def start(self) -> None:
        self._server.wait()

    def stop(self) -> None:
        self._server.stop()


def _log(place: Path, process: Process) -> str:
    return (place / f"process-{process.number}.log").read_text()
