"""What owners decided."""

from __future__ import annotations

from typing import Protocol

from ..domain.rules import Rules


class ChannelRules(Protocol):
    """What holds in each channel, for all processes: kept while it is used, forgotten some time after."""

    async def load(self, channel: str) -> Rules:
        """The rules as they are; NO_RULES for a channel that has none (any more)."""
        ...

    async def swap(self, channel: str, rules: Rules, keep_ms: int) -> Rules:
        """Store `rules` for `keep_ms` if their version is above the stored one's. Returns what is stored then."""
        ...

    async def refresh(self, channel: str, keep_ms: int) -> Rules:
        """The rules are in use: `keep_ms` starts anew (what is kept for longer is not shortened). Returns them."""
        ...

    async def close(self) -> None: ...
