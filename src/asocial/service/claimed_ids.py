"""User ids that clients choose with `?uid=` (W105 to W109): who holds one, and for how long.

The first client that claims an id gets it, and a token for it. The claim holds the id while its user is connected to
any process; other clients that claim it are refused. If the client keeps tokens (Principal.keeps_token), the id stays
reserved for some minutes after its user has left. Otherwise it is free at once, because such a client, when its page is
reloaded, has nothing but the id to come back with.

Anybody who claims the id later is another user: each claim has its own generation, and the rules of channels name the
generation (Principal.rules_id).

The store may lose a claim whose user is connected (it evicts keys, or is emptied), and somebody else may then claim the
id. So a process remembers when the claims of its users were made, and the next heartbeat brings back the older claim.

While the shared store is away, a process does not know which ids other processes hold. So it refuses new claims. It
accepts the token of a claim, because its bearer held the id once, and checks the claim when the store is back.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable

from ..domain.errors import BadFrame, Refusal
from ..domain.identity import Principal
from ..domain.ids import GUEST_PREFIX, ID_RULE, KEY_PREFIX, is_id, may_be_claimed
from ..domain.profile import clean_name
from ..groups import ClaimedIdSettings
from ..ports import RateLimiter, StoreUnavailable, UserIdClaims
from .session import LocalSessions

DAY_MS = 86_400_000
CONNECTING_MS = 5_000
"""How long a claim holds the id for a client that is still connecting. If it does not join, the id is soon free."""
RELEASE_CHECKS_S = (0.05, 0.1, 0.25, 0.6)
"""Pauses between the checks of an id that its user may be about to release: a page that is reloaded can be back before
the server, or another process, has handled the end of its last connection."""
GENERATION_BYTES = 9
RENEW_BATCH = 200
"""Claims renewed together: enough to fill a pipeline, few enough that other requests are not delayed."""


class ClaimedIds:
    """`now_ms`: a clock that is never set."""

    def __init__(
        self,
        store: UserIdClaims,
        limiter: RateLimiter,
        local: LocalSessions,
        settings: ClaimedIdSettings,
        now_ms: Callable[[], int],
    ) -> None:
        self._now_ms = now_ms
        self._store = store
        self._limiter = limiter
        self.local = local
        self._settings = settings
        self._leaving: dict[str, tuple[Principal, bool]] = {}
        """Users who left while the store was away, by `rules_id`, and whether their ids are to be reserved."""
        self._present: dict[str, tuple[int, int]] = {}
        """Of the claims whose users are here, by `rules_id`: when it was made, by the store's clock, and until when it
        holds the id, by ours."""

    # Connecting.

    async def claim(self, user_id: str, *, keeps_token: bool) -> Principal:
        """The principal of a client that claims this id. `take` then makes the claim. Raises Refusal.

        Takes up to a second if the id is held.
        """
        if not is_id(user_id):
            raise Refusal("uid_invalid", f"uid must be {ID_RULE}")
        if not may_be_claimed(user_id):
            raise Refusal(
                "uid_invalid",
                f"uid must not look like an id that the server makes: it must not begin with {GUEST_PREFIX} or "
                f"{KEY_PREFIX}, and must not be 16 characters with capital and small letters",
            )
        try:
            found = await self._store.find(user_id)
            for pause_s in RELEASE_CHECKS_S:
                if found is None or not found.held or found.reserved:
                    break
                await asyncio.sleep(pause_s)
                found = await self._store.find(user_id)
        except StoreUnavailable:
            raise _unavailable() from None
        if found is not None and found.held:
            raise self._taken()
        return self.principal(user_id, secrets.token_urlsafe(GENERATION_BYTES), keeps_token=keeps_token)

    async def is_current(self, user_id: str, generation: str) -> bool:
        """Whether no later claim of the id is known. If so, the token of this one counts."""
        try:
            found = await self._store.find(user_id)
        except StoreUnavailable:
            return self.local.generations(user_id) <= {generation}
        return found is None or found.generation == generation

    async def take(self, principal: Principal, address: str, *, returning: bool) -> None:
        """Hold the id for an admitted client. `returning`: it sent the token of this claim. Raises Refusal."""
        try:
            # An id that is remembered takes no more memory, so that pages can be reloaded as often as they like.
            if not returning and await self._store.find(principal.user_id) is None:
                await self._take_quota(address)
            held = await self._hold(principal, CONNECTING_MS, reserve=returning)
        except StoreUnavailable:
            if not returning:
                raise _unavailable() from None
        else:
            if not held:
                raise self._taken()

    async def _take_quota(self, address: str) -> None:
        wait_ms = await self._limiter.take(f"uids:{address}", self._settings.per_day, DAY_MS)
        if wait_ms:
            raise Refusal(
                "rate_limited",
                f"too many user ids were claimed from this address; try again in {-(-wait_ms // 1000)} s",
            )

    @staticmethod
    def principal(user_id: str, generation: str, *, keeps_token: bool) -> Principal:
        """The holder of a claim. Its name is the id, if that is a valid name."""
        try:
            name = clean_name(user_id)
        except BadFrame:
            name = None
        return Principal(user_id, name=name, generation=generation, keeps_token=keeps_token)

    # In a channel.

    async def enter(self, principal: Principal) -> bool:
        """Hold the id for a user who is in a channel. False if another claim holds it."""
        return not principal.generation or await self._hold_present(principal)

    async def leave(self, principal: Principal, *, reserve: bool) -> None:
        """A session has ended, or could not be opened. If it was the last one of this claim here, the user has left.

        `reserve`: the id is not to be free at once.
        """
        if not principal.generation or principal.generation in self.local.generations(principal.user_id):
            return
        self._present.pop(principal.rules_id, None)
        user_id, generation = principal.user_id, principal.generation
        try:
            if reserve:
                await self._hold(principal, self._settings.hold_ms, reserve=True)
            await self._store.leave(user_id, generation, self._settings.hold_ms)
        except StoreUnavailable:
            self._leaving[principal.rules_id] = (principal, reserve)

    async def refresh(self) -> list[Principal]:
        """Renew the claims of all users here. Returns the users whose id another claim holds."""
        leaving, self._leaving = self._leaving, {}
        for principal, reserve in leaving.values():
            await self.leave(principal, reserve=reserve)
        lost: list[Principal] = []
        principals = self.local.claimants()
        # Of users who left while their claims were being renewed.
        for gone in self._present.keys() - {principal.rules_id for principal in principals}:
            del self._present[gone]
        for start in range(0, len(principals), RENEW_BATCH):
            batch = principals[start : start + RENEW_BATCH]
            held = await asyncio.gather(
                *(self._hold_present(principal, reserve=principal.keeps_token) for principal in batch)
            )
            lost += [principal for principal, is_held in zip(batch, held, strict=True) if not is_held]
        return lost

    async def rules_id(self, user_id: str) -> str:
        """The name of this id's present user in a channel's rules. Raises StoreUnavailable."""
        found = await self._store.find(user_id)
        return user_id if found is None else Principal(user_id, generation=found.generation).rules_id

    async def _hold_present(self, principal: Principal, *, reserve: bool = False) -> bool:
        now_ms = self._now_ms()
        known_ms, held_until_ms = self._present.get(principal.rules_id, (0, 0))
        if held_until_ms <= now_ms:
            known_ms = 0  # the claim may have ended, and another one may have begun
        try:
            begun_ms = await self._hold(principal, self._settings.present_ms, reserve=reserve, begun_ms=known_ms)
        except StoreUnavailable:
            return True
        if begun_ms:
            self._present[principal.rules_id] = (begun_ms, now_ms + self._settings.present_ms)
        else:
            self._present.pop(principal.rules_id, None)
        return begun_ms > 0

    async def _hold(self, principal: Principal, hold_ms: int, *, reserve: bool, begun_ms: int = 0) -> int:
        user_id, generation = principal.user_id, principal.generation
        return await self._store.hold(user_id, generation, hold_ms, reserve=reserve, begun_ms=begun_ms)

    def _taken(self) -> Refusal:
        return Refusal(
            "uid_taken",
            "this user id is taken: send the token that its user got in user_sync, choose another id, or try again "
            f"after its user has left: at once, or {self._settings.hold_ms // 1000} s later if its client keeps tokens",
        )


def _unavailable() -> Refusal:
    return Refusal("unavailable", "a user id cannot be claimed at the moment; try again, or connect without uid")
