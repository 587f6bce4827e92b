"""Messages and strokes that the server has not acknowledged yet (W10)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeAlias

import msgspec

from . import frames as f
from .errors import ChannelClosed, NotSent, Refused

Post: TypeAlias = f.PostChat | f.PostStroke

UNAVAILABLE_PAUSE_S = 0.2
"""Before a post that the server could not handle just now is sent again."""


class Posts:
    """`send`: sends a frame if there is a connection. Without one, `unacknowledged` is sent when there is one again."""

    def __init__(self, send: Callable[[Post], Awaitable[None]]) -> None:
        self._send = send
        self._waiting: dict[str, tuple[Post, asyncio.Future[f.Ack]]] = {}

    @property
    def unacknowledged(self) -> list[Post]:
        """In the order in which they were posted."""
        return [post for post, _ in self._waiting.values()]

    async def post(self, post: Post, timeout_s: float | None) -> f.Ack:
        """Send until the server accepts it. Waits for limits that are over in time. Raises NotSent or ChannelClosed."""
        loop = asyncio.get_running_loop()
        deadline = None if timeout_s is None else loop.time() + timeout_s
        while True:
            try:
                return await self._post_once(post, deadline)
            except NotSent as refused:
                wait_s = UNAVAILABLE_PAUSE_S if refused.code == "unavailable" else refused.retry_after_s
                if wait_s is None or (deadline is not None and loop.time() + wait_s > deadline):
                    raise
                await asyncio.sleep(wait_s)

    def accept(self, ack: f.Ack) -> None:
        _, answer = self._waiting.get(ack.message_id, (None, None))
        if answer is not None and not answer.done():
            answer.set_result(ack)

    def refuse(self, error: f.Error) -> bool:
        """Whether the error answers one of these posts."""
        if error.message_id is msgspec.UNSET or error.message_id not in self._waiting:
            return False
        _, answer = self._waiting[error.message_id]
        if not answer.done():
            answer.set_exception(not_sent(error))
        return True

    def end(self, error: ChannelClosed | Refused) -> None:
        """The channel is closed: no answer will come."""
        for _, answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(error)

    async def _post_once(self, post: Post, deadline: float | None) -> f.Ack:
        answer: asyncio.Future[f.Ack] = asyncio.get_running_loop().create_future()
        self._waiting[post.message_id] = post, answer
        try:
            await self._send(post)
            async with asyncio.timeout_at(deadline):
                return await answer
        except TimeoutError:
            raise NotSent("timeout", "the server did not accept the message in time") from None
        finally:
            self._waiting.pop(post.message_id, None)


def not_sent(error: f.Error) -> NotSent:
    """What the program gets of an error frame."""
    retry_s = None if error.retry_after is msgspec.UNSET else error.retry_after / 1000
    return NotSent(error.code, error.message, retry_s, "" if error.limit is msgspec.UNSET else error.limit)
