"""What one session shows before it posts it: the text of a message, or a stroke while it is drawn (W73, W113)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from .throttle import ThrottledLatest


class HasMessageId(Protocol):
    @property
    def message_id(self) -> str: ...


T = TypeVar("T", bound=HasMessageId)


class Draft(Generic[T]):
    """The states of one draft after another, at a limited rate. A session has at most one draft of a kind at a time.

    `throttle` makes the throttle for a function that sends. `send` shows a state to others; it returns false if the
    state is empty, which removes the draft. `emptied` makes an empty state of the same draft.
    """

    __slots__ = ("_emptied", "_latest", "_send", "_shown", "_throttle", "message_id", "refused")

    def __init__(
        self,
        throttle: Callable[[Callable[[T], None]], ThrottledLatest[T]],
        send: Callable[[T], bool],
        emptied: Callable[[T], T],
    ) -> None:
        self.message_id = ""
        """The message id of the draft that was admitted."""
        self.refused = ("", 0.0)
        """The draft that was refused last, and until when it stays refused (the loop's clock)."""
        self._shown: T | None = None
        """The draft as others see it."""
        self._throttle = throttle
        self._send = send
        self._emptied = emptied
        self._latest: ThrottledLatest[T] | None = None

    def begin(self, message_id: str) -> None:
        """From now on `offer` shows the draft with this id."""
        self.end()
        self.message_id = message_id

    def end(self) -> None:
        """End the draft: it disappears for the others."""
        self.message_id = ""
        if self._latest is not None:
            self._latest.drop()
        if self._shown is not None:
            self._show(self._emptied(self._shown))

    def offer(self, state: T) -> None:
        """Show a state. It has been checked, and its message id is `message_id`."""
        if self._latest is None:
            self._latest = self._throttle(self._show)
        self._latest.offer(state)

    def forget(self, message_id: str) -> None:
        """The message is about to be posted: its draft must not follow it."""
        if self.message_id == message_id:
            self.message_id = ""
        if self._shown is not None and self._shown.message_id == message_id:
            self._shown = None
        if self._latest is not None:
            waiting = self._latest.waiting
            if waiting is not None and waiting.message_id == message_id:
                self._latest.drop()

    def close(self) -> None:
        """Send nothing more, and drop what refers back to this object (gc_policy.py)."""
        if self._latest is not None:
            self._latest.drop()
            self._latest = None

    def _show(self, state: T) -> None:
        if self._send(state):
            self._shown = state
        elif self._shown is not None and self._shown.message_id == state.message_id:
            self._shown = None
