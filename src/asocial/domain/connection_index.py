"""The connections of each user. Most have one, so they are kept as tuples: a set takes four times the memory."""

from __future__ import annotations

from typing import TypeVar

C = TypeVar("C")


class ConnectionIndex(dict[str, tuple[C, ...]]):
    """Connections by user id, in the order in which they came. `C` is a connection or its id."""

    def add(self, user_id: str, connection: C) -> None:
        self[user_id] = (*self.get(user_id, ()), connection)

    def remove(self, user_id: str, connection: C) -> None:
        """Forget `connection`, and the user with the last one. Unknown ones are ignored."""
        left = tuple(each for each in self.pop(user_id, ()) if each != connection)
        if left:
            self[user_id] = left
