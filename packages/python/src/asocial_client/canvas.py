"""What lives on the plane: messages and strokes until their end, drafts until they are sent or dropped (W12 to W15)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

from . import events as e
from . import frames as f
from .clock import Clock

DRAFT_LIFE_S = 10.0
"""A draft that does not change for this long is no longer shown (W15)."""
STRAGGLING_S = 15.0
"""For so long after the end of a message or a stroke its id is known: a draft or a repetition may be late (W13)."""

Key = tuple[str, str]
"""(user id, message id): names one message or stroke (W13)."""


class Canvas:
    """`emit`: called with each change."""

    def __init__(self, clock: Clock, emit: Callable[[e.Event], None]) -> None:
        self._clock = clock
        self._emit = emit
        self.messages: dict[Key, e.Message] = {}
        self.drafts: dict[Key, e.Draft] = {}
        self.strokes: dict[Key, e.Stroke] = {}
        """Finished ones that live."""
        self._timers: dict[Key, asyncio.TimerHandle] = {}
        """When messages, strokes and drafts end."""
        self._known: dict[Key, float] = {}
        """Messages and strokes that arrived, also those that are over: until when on the loop's clock each is known."""
        self._cleared_until = 0

    def add(self, chat: f.Chat) -> None:
        """A message arrived. Ignored if it is known, over, or cleared."""
        message = e.Message(
            chat.message_id, chat.user_id, chat.name, chat.color, chat.payload,
            chat.position.x, chat.position.y, chat.timestamp, chat.expires_at, chat.on_map, chat.bot,
        )  # fmt: skip
        if self.keep(message):
            self._emit(message)

    def keep(self, message: e.Message) -> bool:
        """Keep a message until its end. False if it is known, over, or cleared."""
        key = (message.user_id, message.id)
        left_s = self._begin(key, message)
        if left_s <= 0:
            return False
        self.messages[key] = message
        self._timers[key] = asyncio.get_running_loop().call_later(left_s, self._expire, key)
        return True

    def add_stroke(self, stroke: f.Stroke) -> None:
        """A finished stroke arrived. Ignored if it is known, over, or cleared."""
        drawn = e.Stroke(
            stroke.message_id, stroke.user_id, stroke.name, stroke.color, tuple(stroke.points),
            stroke.timestamp, stroke.expires_at, stroke.on_map,
        )  # fmt: skip
        if self.keep_stroke(drawn):
            self._emit(drawn)

    def keep_stroke(self, stroke: e.Stroke) -> bool:
        """Keep a stroke until its end. False if it is known, over, or cleared."""
        key = (stroke.user_id, stroke.id)
        left_s = self._begin(key, stroke)
        if left_s <= 0:
            return False
        self.strokes[key] = stroke
        self._timers[key] = asyncio.get_running_loop().call_later(left_s, self._drop_stroke, key)
        return True

    def show_draft(self, typing: f.Typing) -> None:
        key = (typing.user_id, typing.message_id)
        if key in self._known:
            return
        if not typing.payload:
            self._drop_draft(key)
            return
        if key in self._timers:
            self._timers[key].cancel()
        at = typing.position
        draft = self.drafts[key] = e.Draft(typing.message_id, typing.user_id, typing.payload, at.x, at.y)
        self._timers[key] = asyncio.get_running_loop().call_later(DRAFT_LIFE_S, self._drop_draft, key)
        self._emit(draft)

    def drop_drafts(self, user_id: str | None = None) -> None:
        """Those of one user, or all: after a break nobody says which ones have ended."""
        for key in list(self.drafts):
            if user_id in (None, key[0]):
                self._drop_draft(key)

    def clear(self, timestamp: int) -> None:
        """The owner cleared everything up to this time. Older messages that come later are ignored (W65)."""
        self._cleared_until = timestamp
        for key in [key for key, message in self.messages.items() if message.sent_at <= timestamp]:
            self._expire(key)
        for key in [key for key, stroke in self.strokes.items() if stroke.sent_at <= timestamp]:
            self._drop_stroke(key)
        self.drop_drafts()

    def shift(self, by_ms: int) -> None:
        """The server's clock was set: messages and strokes keep the time they have left (W85). Timers do not change."""
        self.messages = {
            key: replace(message, sent_at=message.sent_at + by_ms, expires_at=message.expires_at + by_ms)
            for key, message in self.messages.items()
        }
        self.strokes = {
            key: replace(stroke, sent_at=stroke.sent_at + by_ms, expires_at=stroke.expires_at + by_ms)
            for key, stroke in self.strokes.items()
        }
        self._cleared_until += by_ms

    def close(self) -> None:
        """No more changes."""
        for timer in self._timers.values():
            timer.cancel()

    def _begin(self, key: Key, post: e.Message | e.Stroke) -> float:
        """How many seconds a message or a stroke has left, 0 if it is known, over, or cleared. Its draft ends."""
        now = asyncio.get_running_loop().time()
        # Those at the front came first. One that lives longer holds the others back for some seconds only.
        while self._known and next(iter(self._known.values())) <= now:
            del self._known[next(iter(self._known))]
        if key in self._known:
            return 0
        left_s = max(0, (post.expires_at - self._clock.now_ms()) / 1000)
        self._known[key] = now + left_s + STRAGGLING_S
        if left_s == 0 or post.sent_at <= self._cleared_until:
            self._drop_draft(key)
            return 0
        if self.drafts.pop(key, None) is not None:
            self._timers.pop(key).cancel()
        return left_s

    def _expire(self, key: Key) -> None:
        self._timers.pop(key).cancel()
        self._emit(e.Expired(self.messages.pop(key)))

    def _drop_stroke(self, key: Key) -> None:
        self._timers.pop(key).cancel()
        del self.strokes[key]

    def _drop_draft(self, key: Key) -> None:
        draft = self.drafts.pop(key, None)
        if draft is not None:
            self._timers.pop(key).cancel()
            self._emit(replace(draft, text=""))
