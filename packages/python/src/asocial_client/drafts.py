"""A message while it is written, as others see it (W15, W73)."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self

from . import frames as f
from .events import Message
from .session import Session


class DraftWriter:
    """Made by `Channel.draft`. Leaving the block without `say` abandons the draft."""

    def __init__(self, session: Session, say: Callable[..., Awaitable[Message]], at: tuple[float, float]) -> None:
        self.message_id = secrets.token_urlsafe(12)
        self._session = session
        self._say = say
        self._at = at
        self._text = ""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._text and self._session.is_open:
            await self.type("")

    async def type(self, text: str) -> None:
        """Show the whole draft so far. An empty text abandons it."""
        self._text = text
        await self._session.show_draft(f.PostTyping(self.message_id, text, f.Position(*self._at)))

    async def say(self, text: str | None = None, *, timeout_s: float | None = 30.0) -> Message:
        """Post the draft, or `text` in its place. As Channel.say."""
        message = await self._say(
            self._text if text is None else text, self._at, message_id=self.message_id, timeout_s=timeout_s
        )
        self._text = ""
        return message
