"""Bots of the Python client: when handlers are called, and what happens when they fail or are slow."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
from asocial_client import Bot, Member, Message, Reaction
from asocial_client import bot as bots

from asocial.domain.errors import GoingAway
from tests.support.client import Client
from tests.support.server import Join, Server
from tests.support.waiting import eventually


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


async def test_w28_after_a_break_the_bot_is_back_and_starts_again(server: Server, ada: Client) -> None:
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
