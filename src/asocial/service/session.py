"""A session is one client in one channel. LocalSessions holds those of this process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager

import msgspec

from ..domain.access import Access
from ..domain.connection_index import ConnectionIndex
from ..domain.errors import TooManyConnections
from ..domain.identity import Principal
from ..domain.limits import TokenBucket
from ..domain.profile import Member
from ..domain.settled_addresses import Stay
from ..ports import Connection, SessionRegistry
from .participant import Participant


class Session(msgspec.Struct, eq=False):
    """A client in a channel. `member` is what the others see; `principal` is who its token says it is."""

    connection: Connection
    participant: Participant
    member: Member
    token: str | None
    principal: Principal
    access: Access
    address: str
    """Its address as limits count it; empty if unknown."""
    plain_users: bool = False
    """Whether `users` in its `user_sync` are plain ids (W103)."""
    provisional: bool = False
    """Whether it was admitted by rules that were not confirmed. When they are confirmed, it may have to leave."""
    expiry: asyncio.TimerHandle | None = None
    strikes: int = 0
    requests: TokenBucket | None = None
    """The rate of its requests. Created with the first one: most clients send none."""
    stay: Stay | None = None
    """What it counts as among the connections of its address (W121)."""
    trace_message: Callable[[str], AbstractContextManager[None]] | None = None
    """A context manager around the posting of each message, if the connection is traced."""


class LocalSessions:
    """The sessions of this process by connection and by user, and their registrations in the session registry."""

    def __init__(self, registry: SessionRegistry, connections_per_user: int) -> None:
        self._registry = registry
        self._connections_per_user = connections_per_user
        self._by_connection: dict[Connection, Session] = {}
        self._by_user: ConnectionIndex[Connection] = ConnectionIndex()

    def __len__(self) -> int:
        return len(self._by_connection)

    def __iter__(self) -> Iterator[Session]:
        return iter(list(self._by_connection.values()))

    async def register(self, user_id: str, connection: Connection) -> None:
        """Count the connection as one of its user's, over all processes. Raises TooManyConnections."""
        if not await self._registry.register(user_id, connection.id, self._connections_per_user):
            raise TooManyConnections

    async def unregister(self, user_id: str, connection: Connection) -> None:
        await self._registry.unregister(user_id, connection.id)

    async def refresh(self) -> None:
        """Refresh the registration of every session here."""
        await self._registry.refresh([(session.member.user_id, session.connection.id) for session in self])

    def add(self, session: Session) -> None:
        self._by_connection[session.connection] = session
        self._by_user.add(session.member.user_id, session.connection)

    def remove(self, session: Session) -> None:
        del self._by_connection[session.connection]
        self._by_user.remove(session.member.user_id, session.connection)

    def connections(self, user_id: str) -> int:
        """How many connections a user has on this process."""
        return len(self._by_user.get(user_id, ()))

    def generations(self, user_id: str) -> set[str]:
        """The generations of this id's claims whose users are connected here; "" if it was not claimed."""
        connections = self._by_user.get(user_id, ())
        return {self._by_connection[connection].principal.generation for connection in connections}

    def claimants(self) -> list[Principal]:
        """The users here with a claimed id, each once."""
        claimed = (session.principal for session in self._by_connection.values() if session.principal.generation)
        return list({principal.rules_id: principal for principal in claimed}.values())

    def of_claim(self, principal: Principal) -> list[Session]:
        """The sessions of a user with a claimed id, in all channels."""
        connections = self._by_user.get(principal.user_id, ())
        sessions = [self._by_connection[connection] for connection in connections]
        return [session for session in sessions if session.principal.generation == principal.generation]

    def of_user(self, user_id: str, channel: str) -> list[Session]:
        """A user's sessions in one channel."""
        sessions = [self._by_connection[connection] for connection in self._by_user.get(user_id, ())]
        return [session for session in sessions if session.participant.channel.name == channel]

    def of_connections(self, connections: Iterable[Connection]) -> list[Session]:
        """The sessions of these connections. A connection that is still joining has none."""
        found = map(self._by_connection.get, connections)
        return [session for session in found if session is not None]
