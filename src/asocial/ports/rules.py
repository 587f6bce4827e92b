"""What owners decided."""

from __future__ import annotations

from typing import Protocol

from ..domain.rules import Rules


class ChannelRules(Protocol):
    """The rules of each channel, for all processes. Rules that are not used for some time are removed."""

    async def load(self, channel: str) -> Rules:
        """The stored rules; NO_RULES for a channel that has none."""
        ...

    async def swap(self, channel: str, rules: Rules, keep_ms: int, *, restore: bool = False) -> Rules:
        """Store `rules` for `keep_ms` if they are a newer version of the stored ones. Returns what is stored then.

        `restore`: also if the stored ones were begun later (`Rules.replaces`): the store had lost these.
        """
        ...

    async def refresh(self, channel: str, keep_ms: int) -> Rules:
        """Keep the rules for at least `keep_ms` from now. Returns them."""
        ...

    async def close(self) -> None: ...
