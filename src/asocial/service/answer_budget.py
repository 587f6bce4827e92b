"""Limits on how many bytes clients may request, so that small requests with large answers do not load a process (W79).

Every byte written because of a request counts: a `user_sync` (the first one too), `profiles`, and a `user_updated` or
`followed` once for each connection that gets it. Each user and each address has a budget. The request that empties it
is still answered; the next one must wait.
"""

from __future__ import annotations

from ..domain.limits import Budgets

USER_BURST_S = 8.0
ADDRESS_BURST_S = 16.0
"""How many seconds' worth may be requested at once. After an outage everyone in a network asks at the same time."""


class AnswerBudget:
    """The budgets of all users and addresses on this process, in bytes a second. 0: no limit."""

    def __init__(self, *, per_user: int, per_address: int) -> None:
        self._users = Budgets(per_user, per_user * USER_BURST_S)
        self._addresses = Budgets(per_address, per_address * ADDRESS_BURST_S)

    def wait_s(self, user_id: str, address: str, now: float) -> float:
        """Seconds to wait before the next request; 0.0: none."""
        return max(self._users.wait_s(user_id, now), self._addresses.wait_s(address, now))

    def spend(self, user_id: str, address: str, size: int, now: float) -> None:
        """`size` bytes were written because of a request of this user at this address."""
        self._users.spend(user_id, size, now)
        self._addresses.spend(address, size, now)
