"""Bots of the Python client: when handlers are called, and what happens when they fail or are slow."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeAlias

import pytest
from asocial_client import Bot, ChannelClosed, Disconnected, Member, Message, Reaction, connect
from asocial_client import bot as bots

from asocial.domain.errors import GoingAway
from tests.support.client import Client
from tests.support.server import Join, Server
from tests.support.waiting import PATIENCE_S, eventually


@pytest.fixture
async def ada(server: Server, join: Join) -> Client:
    return await join(server, "garden", name="Ada")


@contextlib.asynccontextmanager
async def running(bot: Bot, server: Server) -> AsyncIterator[None]:
    task = asyncio.create_task(bot.run_in(server.origin, "garden"))
    try:
        await eventually(lambda: bot._channel is not None or task.done(), "the bot is in the channel")
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def test_each_kind_of_handler_is_called(server: Server, join: Join, ada: Client) -> None:
    bot, called = Bot("Bot"), []

    @bot.on_start
    def start() -> None:
        called.append("start")

    @bot.on_message
    async def message(message: Message) -> None:
        called.append(f"message {message.text}")

    @bot.on_join
    async def joined(member: Member) -> None:
        called.append(f"join {member.name}")

    @bot.on_leave
    async def left(member: Member) -> None:
        called.append(f"leave {member.name}")

    @bot.on(Reaction)
    async def reaction(event: Reaction) -> None:
        called.append(f"reaction {event.kind}")

    @bot.every(3600)
    async def hourly() -> None:
        called.append("every")

    async with running(bot, server):
        bob = await join(server, "garden", name="Bob")
        await eventually(lambda: "join Bob" in called, "Bob is seen")
        await ada.chat("hello")
        await ada.reaction("heart")
        await bob.close()
        await eventually(lambda: "leave Bob" in called, "Bob is missed")
        await eventually(lambda: len(called) == 6, "every handler was called")
    assert sorted(called) == ["every", "join Bob", "leave Bob", "message hello", "reaction heart", "start"]


async def test_w28_after_a_break_the_bot_is_back_and_starts_again(
    server: Server, ada: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "asocial_client")
    bot, starts = Bot("Bot"), []

    @bot.on_start
    def start() -> None:
        starts.append(bot.channel.user_id)

    @bot.on_message
    async def answer(message: Message) -> None:
        await bot.reply(message, "yes")

    async with running(bot, server):
        await eventually(lambda: starts, "it starts")
        for session in server.app.sessions._local.of_user(starts[0], "garden"):
            session.connection.close(GoingAway(retry_ms=1))
        await eventually(lambda: len(starts) == 2, "it starts again")
        assert starts[0] == starts[1], "as the same user"
        assert "Bot is in garden again, with 1 others" in caplog.messages
        await ada.chat("are you there?")
        assert (await ada.receive("chat"))["payload"] == "yes"


async def test_an_error_is_logged_with_the_handlers_name_and_a_slow_handler_holds_up_no_other(
    server: Server, ada: Client, caplog: pytest.LogCaptureFixture
) -> None:
    bot, ended = Bot("Bot"), asyncio.Event()

    @bot.on_message
    async def slow(message: Message) -> None:
        await ended.wait()

    @bot.on_message
    async def broken(message: Message) -> None:
        raise RuntimeError("broken on purpose")

    @bot.on_message
    async def refused(message: Message) -> None:
        await bot.say("x" * 1000)

    @bot.on_message
    async def quick(message: Message) -> None:
        await bot.reply(message, "quick")

    async with running(bot, server):
        for _ in range(2):
            await ada.chat("go")
            assert (await ada.receive("chat"))["payload"] == "quick"
        await eventually(lambda: "payload_too_large" in caplog.text, "the refusal is logged")
        ended.set()
    assert "broken on purpose" in caplog.text
    assert "broken" in caplog.text.split("error in ")[1].split("\n")[0]
    assert "Traceback" not in caplog.text.split("payload_too_large")[0].rsplit("\n", 1)[-1]


async def test_so_many_handlers_at_once_and_no_event_is_lost(
    server: Server, ada: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bots, "HANDLERS_AT_ONCE", 2)
    bot, at_once, most, seen = Bot("Bot"), 0, 0, []

    @bot.on_message
    async def count(message: Message) -> None:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        await asyncio.sleep(0.01)
        at_once -= 1
        seen.append(message.text)

    async with running(bot, server):
        for number in range(10):
            await ada.chat(str(number))
        await eventually(lambda: len(seen) == 10, "all were handled")
    assert most == 2


async def test_before_it_runs_a_bot_has_no_channel() -> None:
    with pytest.raises(RuntimeError, match="does not run yet"):
        _ = Bot("Bot").channel


Closing: TypeAlias = Callable[[], Awaitable[None]]
"""Closes the channel, and notes that the handler ran on."""

HANDLERS: dict[str, Callable[[Bot, Closing], object]] = {
    "start": lambda bot, close: bot.on_start(close),
    "message": lambda bot, close: bot.on_message(lambda _: close()),
    "join": lambda bot, close: bot.on_join(lambda _: close()),
    "leave": lambda bot, close: bot.on_leave(lambda _: close()),
    "reaction": lambda bot, close: bot.on(Reaction)(lambda _: close()),
    "disconnected": lambda bot, close: bot.on(Disconnected)(lambda _: close()),
    "timer": lambda bot, close: bot.every(3600)(close),
    "second timer": lambda bot, close: (bot.every(3600)(print), bot.every(3600)(close)),
}
"""How a handler of each kind is added."""


@pytest.mark.parametrize("kind", HANDLERS)
async def test_a_handler_that_closes_the_channel_runs_on_and_ends_the_bot(
    server: Server, join: Join, ada: Client, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    before = asyncio.all_tasks()
    bot, ran = Bot("Bot"), []

    async def close() -> None:
        await bot.channel.close()
        ran.append("after close")
        with pytest.raises(ChannelClosed):
            await bot.say("too late")
        raise RuntimeError("noticed after close")

    HANDLERS[kind](bot, close)
    bot.on_message(lambda _: ran.append("message"))
    running = asyncio.create_task(bot.run_in(server.origin, "garden"))
    bob: Client | None = None
    if kind not in ("start", "timer", "second timer"):
        member = await ada.receive("user_joined")
        bob = await join(server, "garden", name="Bob")
        if kind == "disconnected":
            for session in server.app.sessions._local.of_user(member["user_id"], "garden"):
                session.connection.close(GoingAway(retry_ms=1))
        await ada.reaction("heart")
        if kind == "message":
            await ada.chat("one")
        if kind == "leave":
            await bob.close()
    async with asyncio.timeout(PATIENCE_S):
        await running
    assert ran.count("after close") == 1
    assert "noticed after close" in caplog.text
    assert "never retrieved" not in caplog.text
    left = {task for task in asyncio.all_tasks() - before if "asocial_client" in repr(task)}
    assert not left


async def test_after_a_close_no_event_is_handled_and_a_handler_that_never_ends_is_cancelled(
    server: Server, ada: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bots, "ENDING_S", 0.05)
    monkeypatch.setattr(bots, "HANDLERS_AT_ONCE", 2)
    bot, seen, cancelled = Bot("Bot"), [], []

    @bot.on_start
    async def stuck() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.append(1)
            raise

    @bot.on_message
    async def one(message: Message) -> None:
        seen.append(message.text)
        if message.text == "0":
            await asyncio.sleep(0.3)  # The others wait in the queue.
            await bot.channel.close()

    running = asyncio.create_task(bot.run_in(server.origin, "garden"))
    await ada.receive("user_joined")
    for number in range(5):
        await ada.chat(str(number))
    async with asyncio.timeout(PATIENCE_S):
        await running
    assert (seen, cancelled) == (["0"], [1])


async def test_a_timer_goes_on_after_something_that_its_handler_waited_for_was_cancelled(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    bot, calls = Bot("Bot"), []

    @bot.every(0.01)
    async def tick() -> None:
        calls.append(1)
        other = asyncio.create_task(asyncio.sleep(60))
        other.cancel()
        await other

    async with running(bot, server):
        await eventually(lambda: len(calls) > 2, "it is called again")
    assert "error in " in caplog.text


async def test_a_program_that_reads_events_gets_none_after_it_closed_the_channel(server: Server, ada: Client) -> None:
    async with connect(server.origin, "garden") as channel:
        await ada.receive("user_joined")
        for number in range(3):
            await ada.chat(str(number))
        await eventually(lambda: len(channel.messages) == 3, "all have arrived")
        read = []
        async for event in channel:
            if isinstance(event, Message):
                read.append(event.text)
                await channel.close()
    assert read == ["0"]


async def test_a_mistake_of_the_client_ends_the_channel(server: Server, ada: Client) -> None:
    async with connect(server.origin, "garden") as channel, asyncio.timeout(PATIENCE_S):
        channel._session.mirror.apply = {}.__getitem__  # type: ignore[method-assign,assignment]
        await ada.chat("hello")
        with pytest.raises(ChannelClosed, match="KeyError") as raised:
            [event async for event in channel]
    assert isinstance(raised.value.__cause__, KeyError)
