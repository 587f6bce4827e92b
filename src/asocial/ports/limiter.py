"""Limits over all processes."""

from __future__ import annotations

from typing import Protocol

from ..domain.admission import MessageLimits, Posting, Verdict


class RateLimiter(Protocol):
    """Limits shared by all processes. Counts in windows are exact: never more than `limit` in any `window_ms`, per key.

    While a shared store is away each process counts by itself, with what it admitted before.
    """

    async def take(self, key: str, limit: int, window_ms: int) -> int:
        """Take one place and return 0, or take none and return the ms until one is free. A `limit` of 0 is no limit."""
        ...

    async def admit(self, posting: Posting, limits: MessageLimits) -> Verdict:
        """Decide on all limits of a posting at once (domain/admission.py). What is refused takes no place anywhere.

        An admitted message claims its (channel, user, message id) until it expires: a second one of that name, on
        another process, gets `known` with the times of the first. (A process knows its own by LiveMessages.)
        """
        ...

    def posted(self, posting: Posting) -> None:
        """An admitted message has been handed to its channel: other processes need not post it. Never blocks."""
        ...

    async def is_lost(self, posting: Posting) -> bool:
        """For a `known` that is not `sure`: whether this same message was claimed and not posted within half a second.

        Then the process that claimed it has most likely died, and the caller posts it, with the times of `known`.
        """
        ...

    async def close(self) -> None: ...
