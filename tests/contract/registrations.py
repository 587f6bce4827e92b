"""How many connections a registry counts. It finds out as a process does, by registering."""

from __future__ import annotations

from asocial.ports import SessionRegistry


async def connections_of(registry: SessionRegistry, user_id: str) -> int:
    """The user's connections on every process, at most 20: one more is registered only above that limit."""
    for limit in range(1, 21):
        if await registry.register(user_id, "one more", limit):
            await registry.unregister(user_id, "one more")
            return limit - 1
    raise AssertionError("more than 20")
