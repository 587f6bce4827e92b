"""Limits over all processes."""

from __future__ import annotations

from typing import Protocol

from ..domain.admission import MessageLimits, Posting, Verdict


class RateLimiter(Protocol):
    """Limits over all processes, for each key. Windows are exact: never more than `limit` in any `window_ms`.

    During an outage of the shared store, each process decides alone, counting what it admitted before.
    """

    async def take(self, key: str, limit: int, window_ms: int) -> int:
        """Take one place and return 0, or take none and return the ms until one is free. A `limit` of 0: no limit."""
        ...

    async def take_token(self, key: str, burst: int, per_minute: int) -> int:
        """Take a token from a bucket of `burst` and return 0, or take none and return the ms to wait, at most a minute.

        The bucket has refilled at `per_minute` since the last take. Refused callers are told one token after another.
        A `burst` of 0: no limit. See domain/token_buckets.py.
        """
        ...

    async def admit(self, posting: Posting, limits: MessageLimits) -> Verdict:
        """Decide on all limits of a posting at once (domain/admission.py). A refused posting counts nowhere.

        An admitted message claims its (channel, user, message id) until it expires. A second one with this id, on
        another process, gets `duplicate` with the times of the first. (LiveMessages has a process's own messages.)
        """
        ...

    def admit_at_once(self, posting: Posting, limits: MessageLimits) -> Verdict | None:
        """As `admit`, if that needs no answer from others: the usual case in one process. None: call `admit`.

        Never a `duplicate`.
        """
        ...

    def posted(self, posting: Posting) -> None:
        """An admitted message was posted to its channel, so other processes need not post it. Never blocks."""
        ...

    async def is_lost(self, posting: Posting) -> bool:
        """Whether a `duplicate` that is not `confirmed` was claimed but not posted within half a second.

        Then the claiming process has most likely died, and the caller posts the message with the times of `duplicate`.
        """
        ...

    async def close(self) -> None: ...
