"""Runs a coroutine at once, up to where it first has to wait. A task exists only if it does.

Most of what a client causes waits for nothing, and a task costs more than many of these steps.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Generator
from types import coroutine
from typing import Any, NamedTuple, TypeVar

T = TypeVar("T")


class Done(NamedTuple):
    """What a coroutine returned that did not have to wait."""

    result: Any


def begin(work: Coroutine[Any, Any, T], loop: asyncio.AbstractEventLoop) -> Done | asyncio.Task[T]:
    """Begin `work`. Returns its result, or a task that does the rest. Raises what `work` raises in its first step.

    The first step runs outside a task, and in another context than the rest. So until `work` waits for the first time,
    it may neither use `asyncio.timeout` nor set a context variable that it resets later.
    """
    try:
        waits_for = work.send(None)
    except StopIteration as ended:
        return Done(ended.value)
    return loop.create_task(_finish(work, waits_for))


async def _finish(work: Coroutine[Any, Any, T], waits_for: object) -> T:
    return await _rest(work, waits_for)


@coroutine
def _rest(work: Coroutine[Any, Any, T], waits_for: object) -> Generator[object, Any, T]:
    """The rest of `work`, which has run until it yielded `waits_for`."""
    while True:
        try:
            try:
                sent = yield waits_for
            except BaseException as error:
                waits_for = work.throw(error)
            else:
                waits_for = work.send(sent)
        except StopIteration as ended:
            result: T = ended.value
            return result
