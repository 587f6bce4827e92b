"""The model of the fuzz: what every client must show at rest.

A message counts once its `ack` has arrived, a profile once its `user_updated` has. Where docs/protocol.md promises
nothing, both outcomes are allowed: a message without an `ack`, or one whose only server was killed before it could
publish it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from tests.faults.fork_server import ServerProcess

Key = tuple[str, str]
"""(user_id, message_id): names one message (W13)."""
Appearance = tuple[str, str]
"""Name and colour."""

HANDED_ON_S = 0.3
"""A message acked this long before its server was killed has been published, unless Redis failed."""


@dataclass
class Message:
    payload: str
    acked_by: list[tuple[ServerProcess, float]] = field(default_factory=list)
    tried: set[int] = field(default_factory=set)
    """Numbers of the servers it was sent to."""
    expires_at_s: float = 0.0
    """Its end, by the clock of this machine."""


@dataclass
class Change:
    appearance: Appearance
    confirmed: ServerProcess | None = None


class Model:
    """One channel. `redis_failed`: Redis had a fault, so a process that ends can take with it what only it knew."""

    def __init__(self) -> None:
        self.redis_failed = False
        self.present: dict[str, int] = {}
        """The number of clients of each user that want to be in the channel."""
        self.connected: dict[str, set[str]] = {}
        """The names of each user's clients that have a `user_sync`."""
        self.attempts: dict[str, list[Appearance]] = {}
        """What each user's clients asked for in attempts to connect without a `user_sync`. Each may have succeeded."""
        self.leaving: set[str] = set()
        """Clients that have closed their connection. The server may have read that though they are still connected."""
        self.messages: dict[Key, Message] = {}
        self.changes: dict[str, list[Change]] = {}
        self.cut_drafts: set[Key] = set()
        """Drafts whose author disconnected; only W15 ends them."""

    def enter(self, user_id: str) -> None:
        self.present[user_id] = self.present.get(user_id, 0) + 1

    def leave(self, user_id: str) -> None:
        self.present[user_id] -= 1

    @property
    def roster(self) -> set[str]:
        return {user_id for user_id, clients in self.present.items() if clients}

    def appearance(self, user_id: str) -> Appearance:
        """What the user's browser remembers: the last profile that was confirmed to it."""
        confirmed = [change.appearance for change in self.changes[user_id] if change.confirmed]
        return confirmed[-1]

    def connect(
        self, user_id: str, client: str, asked: Appearance, got: Appearance, server: ServerProcess
    ) -> Change | None:
        """A client has its `user_sync`. `asked`: the profile that it connected with; `got`: the one that it has.

        An attempt to connect may be older than the last change. If the user was away when it succeeded, it counts:
        then this returns the change. Clients here do not read in the order in which the server wrote to them. So while
        other connections of the user are there or being closed, both outcomes are allowed. Both are allowed, too, if
        the user has the profile of an attempt that its client gave up: a server may have let it in.
        """
        others = self.connected.setdefault(user_id, set())
        was_away, all_leave = not others, bool(others) and others <= self.leaving
        others.add(client)
        self.attempts[user_id].remove(asked)
        now = self.appearance(user_id)
        if got == asked:
            unanswered = any(change.confirmed is None for change in self.changes[user_id])
            counts = got != now or (all_leave and unanswered)
        else:
            counts = got != now and got in self.attempts[user_id]
        if not counts:
            return None
        is_sure = was_away and got == asked
        change = Change(got, server if is_sure else None)
        self.changes[user_id].append(change)
        return change

    def disconnect(self, user_id: str, client: str) -> None:
        self.connected.get(user_id, set()).discard(client)
        self.leaving.discard(client)

    def appearances(self, user_id: str) -> set[Appearance]:
        """The names and colours that the user may have at rest. FuzzRun checks that all clients show the same one."""
        changes = self.changes[user_id]
        if self.redis_failed and len({change.confirmed.number for change in changes if change.confirmed}) > 1:
            # Changed on several servers, perhaps while Redis was away: any change may be the last one (W24).
            return {change.appearance for change in changes}
        allowed = set()
        for change in reversed(changes):
            allowed.add(change.appearance)
            if change.confirmed is not None and self._held(change.confirmed, None):
                break
        return allowed

    def certain(self) -> set[Key]:
        """The messages that every client must have at rest: a run on a slow machine may be longer than their life."""
        now_s = time.time()
        return {
            key
            for key, message in self.messages.items()
            if message.expires_at_s > now_s and any(self._held(server, at) for server, at in message.acked_by)
        }

    def _held(self, server: ServerProcess, at: float | None) -> bool:
        """Whether what `server` confirmed at `at` cannot be lost with that server."""
        if server.ended_at == float("inf"):
            return True
        return not self.redis_failed and (at is None or server.ended_at - at > HANDED_ON_S)
