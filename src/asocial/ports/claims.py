"""Who holds the user ids that clients chose themselves."""

from __future__ import annotations

from typing import NamedTuple, Protocol

REMEMBER_MS = 86_400_000
"""How long the last claim of a user id is remembered after it ended: as long as a ban may last."""


class UserIdClaim(NamedTuple):
    """`generation`: of the last claim. `held`: whether nobody else may claim the id now.

    `reserved`: whether the claim goes on holding the id for some time after its user has left.
    """

    generation: str
    held: bool
    reserved: bool = False


class UserIdClaims(Protocol):
    """The claims of user ids (W105), for all processes. Each operation is atomic.

    Each claim has a random `generation`, and holds the id for as long as the caller says. After that, anybody may claim
    the id, and the store remembers the last generation for another `REMEMBER_MS`.
    """

    async def find(self, user_id: str) -> UserIdClaim | None:
        """The last claim of an id. None if there is none, or if it is forgotten."""
        ...

    async def hold(
        self, user_id: str, generation: str, hold_ms: int, *, reserve: bool = False, begun_ms: int = 0
    ) -> int:
        """Hold the id for at least `hold_ms` from now.

        Returns when the claim was made, in ms of the store's own clock; 0, and nothing changed, if another claim holds
        the id. `reserve`: make the claim a reserved one. It stays one.

        `begun_ms`: what an earlier call returned, if the claim has held the id ever since. If another claim holds it
        now, the store has lost this one in between, and it comes back if it is the older of the two.
        """
        ...

    async def leave(self, user_id: str, generation: str, reserve_ms: int) -> None:
        """The user has left: hold the id for exactly `reserve_ms` more if the claim is reserved, else no longer.

        Does nothing if another claim was the last one.
        """
        ...

    async def close(self) -> None: ...
