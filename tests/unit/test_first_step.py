"""A coroutine runs at once; a task exists only if it has to wait."""

from __future__ import annotations

import asyncio

import pytest

from asocial.first_step import Done, begin


async def answer(waits_for: asyncio.Future[str] | None) -> str:
    return "at once" if waits_for is None else await waits_for


async def test_what_does_not_wait_is_done_without_a_task() -> None:
    before = asyncio.all_tasks()
    assert begin(answer(None), asyncio.get_running_loop()) == Done("at once")
    assert asyncio.all_tasks() == before


async def test_a_task_does_what_is_left_and_has_its_result() -> None:
    loop = asyncio.get_running_loop()
    waits_for: asyncio.Future[str] = loop.create_future()
    begun = begin(answer(waits_for), loop)
    assert isinstance(begun, asyncio.Task)
    waits_for.set_result("later")
    assert await begun == "later"


async def test_an_error_is_raised_at_once_or_by_the_task() -> None:
    async def fail(*, after: bool) -> None:
        if after:
            await asyncio.sleep(0)
        raise ValueError("broken")

    loop = asyncio.get_running_loop()
    with pytest.raises(ValueError, match="broken"):
        begin(fail(after=False), loop)
    begun = begin(fail(after=True), loop)
    assert isinstance(begun, asyncio.Task)
    with pytest.raises(ValueError, match="broken"):
        await begun


async def test_the_end_of_its_task_reaches_the_coroutine() -> None:
    ended = []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(True)

    begun = begin(work(), asyncio.get_running_loop())
    assert isinstance(begun, asyncio.Task)
    await asyncio.sleep(0)
    begun.cancel()
    with pytest.raises(asyncio.CancelledError):
        await begun
    assert ended == [True]
