"""What must be true at rest, by what the clients were told.

A message counts once its `ack` came, a profile once `user_updated` came back. Where docs/protocol.md promises nothing
both are allowed: a message whose sender never learned what became of it, or whose only server was killed before
it could hand it on.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.faults.nursery import ServerProcess

Key = tuple[str, str]
"""(user_id, message_id): names one message (W13)."""
Look = tuple[str, str]
"""Name and colour."""

HANDED_ON_S = 0.3
"""A message acked this long before its server was killed has surely left it, if Redis was well."""


@dataclass
class Message:
    payload: str
    acked_by: list[tuple[ServerProcess, float]] = field(default_factory=list)
    tried: set[int] = field(default_factory=set)
    """Numbers of the servers it was sent to."""


@dataclass
class Change:
    look: Look
    confirmed: ServerProcess | None = None


class Model:
    """One channel. `shaken`: Redis itself was hurt in this run, so what one process knew alone may die with it."""

    def __init__(self) -> None:
        self.shaken = False
        self.present: dict[str, int] = {}
        """user -> number of clients that want to be there"""
        self.messages: dict[Key, Message] = {}
        self.changes: dict[str, list[Change]] = {}
        self.cut_drafts: set[Key] = set()
        """Whose author went away in the middle of a word; W15 alone ends them."""

    def enter(self, user_id: str) -> None:
        self.present[user_id] = self.present.get(user_id, 0) + 1

    def leave(self, user_id: str) -> None:
        self.present[user_id] -= 1

    @property
    def roster(self) -> set[str]:
        return {user_id for user_id, clients in self.present.items() if clients}

    def look(self, user_id: str) -> Look:
        """What the user's browser remembers: the last profile it was told holds."""
        confirmed = [change.look for change in self.changes[user_id] if change.confirmed]
        return confirmed[-1]

    def looks(self, user_id: str) -> set[Look]:
        """The profiles that the user may have at rest; it has the same one for everybody (World checks)."""
        changes = self.changes[user_id]
        if self.shaken and len({change.confirmed.number for change in changes if change.confirmed}) > 1:
            # Changed through several servers, some of it while Redis was away: either may be the last (W24).
            return {change.look for change in changes}
        allowed = set()
        for change in reversed(changes):
            allowed.add(change.look)
            if change.confirmed is not None and self._held(change.confirmed, None):
                break
        return allowed

    def certain(self) -> set[Key]:
        """The messages that everyone must have at rest."""
        return {
            key
            for key, message in self.messages.items()
            if any(self._held(server, at) for server, at in message.acked_by)
        }

    def _held(self, server: ServerProcess, at: float | None) -> bool:
        """Whether what `server` said at `at` cannot have died with it."""
        if server.ended_at == float("inf"):
            return True
        return not self.shaken and (at is None or server.ended_at - at > HANDED_ON_S)
