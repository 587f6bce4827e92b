"""Sliding windows by key. A window is removed when nothing is counted in it any more."""

from __future__ import annotations

from .limits import SlidingWindow

_FORGET_EVERY = 1024
"""How many takes pass between two removals of empty windows, so that memory follows the keys in use."""


class RateWindows:
    __slots__ = ("_takes", "_windows")

    def __init__(self) -> None:
        self._windows: dict[str, SlidingWindow] = {}
        self._takes = 0

    def take(self, key: str, limit: int, window_ms: int, now_ms: int) -> int:
        """Take a place in the window of `key` and return 0, or take none and return the ms until one is free."""
        self._takes += 1
        if self._takes % _FORGET_EVERY == 0:
            self.forget_empty(now_ms)
        return self.window(key, limit, window_ms).take(now_ms)

    def window(self, key: str, limit: int, window_ms: int) -> SlidingWindow:
        """The window of `key`, for callers that decide over several. They must call `forget_empty` sometimes."""
        window = self._windows.get(key)
        if window is None or (window.limit, window.window_ms) != (limit, window_ms):
            window = self._windows[key] = SlidingWindow(limit, window_ms)
        return window

    def forget_empty(self, now_ms: int) -> None:
        self._windows = {k: window for k, window in self._windows.items() if not window.empty(now_ms)}

    def clear(self) -> None:
        self._windows.clear()
