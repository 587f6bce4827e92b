"""What clients may ask for, in bytes: small questions with large answers must not make a process busy (W79).

Counted is what is written because of a question: a `user_sync`, also the first one; `profiles`; a `user_updated` or
`followed` once for each connection that gets it. A user and an address each have a budget. The answer that empties it
is still given; the next question after it waits.
"""

from __future__ import annotations

from ..domain.limits import Budgets

USER_BURST_S = 8.0
ADDRESS_BURST_S = 16.0
"""How many seconds' worth may be asked for at once: people of one network all ask when a store changes."""


class AnswerBudget:
    """The budgets of all users and addresses of this process, in bytes a second; 0 for no limit."""

    def __init__(self, *, per_user: int, per_address: int) -> None:
        self._users = Budgets(per_user, per_user * USER_BURST_S)
        self._addresses = Budgets(per_address, per_address * ADDRESS_BURST_S)

    def wait_s(self, user_id: str, address: str, now: float) -> float:
        """How long they must wait before the next question; 0.0 for not at all."""
        return max(self._users.wait_s(user_id, now), self._addresses.wait_s(address, now))

    def spend(self, user_id: str, address: str, size: int, now: float) -> None:
        """`size` bytes were written because of this user, who is at this address."""
        self._users.spend(user_id, size, now)
        self._addresses.spend(address, size, now)
