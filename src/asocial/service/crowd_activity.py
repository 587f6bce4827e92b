"""Where the people and the live messages of a crowd are, coarsely, for maps (W166).

Never here: who gets it and when (crowd.py, crowd_rounds.py).
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence

from ..domain.activity import Activity, Change, Counts, added, coarse
from ..domain.cells import Cell
from ..ports import Connection
from ..protocol.codec import pack
from ..protocol.schema import ActivityFrame
from .control import ActivityHere

EXACT_EVERY = 5
"""Each fifth activity is exact; the others leave out small changes."""
OTHERS_S = 3.5
"""How long the activity of another process counts."""


class _Place:
    """Where one connection is: its user's pointer, or the middle of what it shows. `on_map`: others may know."""

    __slots__ = ("cell", "on_map", "pointed", "user_id")

    def __init__(self, user_id: str) -> None:
        self.user_id = user_id
        self.cell: Cell = (0, 0)
        self.on_map = False
        self.pointed = False
        """Whether it is the pointer's cell."""


class CrowdActivity:
    """Counts people and messages by cell, on this process, and adds what other processes count."""

    def __init__(self) -> None:
        self._places: dict[Connection, _Place] = {}
        self._messages: deque[tuple[int, Cell]] = deque()
        self._activity = Activity()
        self._others: dict[bytes, tuple[float, Counts]] = {}
        self._updates = 0

    def look(self, connection: Connection, user_id: str, cell: Cell, *, on_map: bool) -> None:
        """The middle of what the connection shows is in this cell."""
        place = self._place_of(connection, user_id)
        place.on_map = on_map
        if not place.pointed:
            place.cell = cell

    def point(self, connection: Connection, user_id: str, cell: Cell, *, on_map: bool) -> None:
        """The pointer of the connection's user is in this cell."""
        place = self._place_of(connection, user_id)
        place.cell, place.on_map, place.pointed = cell, on_map, True

    def _place_of(self, connection: Connection, user_id: str) -> _Place:
        place = self._places.get(connection)
        if place is None:
            place = self._places[connection] = _Place(user_id)
        return place

    def show_on_map(self, connection: Connection, on_map: bool) -> None:
        """The connection's user hides from maps, or shows up again."""
        place = self._places.get(connection)
        if place is not None:
            place.on_map = on_map

    def leave(self, connection: Connection) -> None:
        self._places.pop(connection, None)

    def count_message(self, cells: Sequence[Cell], expires_at: int) -> None:
        """A message that others may see on a map was posted here."""
        if cells:
            self._messages.append((expires_at, cells[0]))

    def clear_messages(self) -> None:
        self._messages.clear()

    def clock_set(self, shift_ms: int) -> None:
        """The server's clock was set (W85)."""
        self._messages = deque((expires_at + shift_ms, cell) for expires_at, cell in self._messages)

    def add_remote(self, publisher: bytes, here: ActivityHere, now: float) -> None:
        """The activity of another process."""
        half = (1 << here.shift) >> 1
        counts: Counts = {
            ((x << here.shift) + half, (y << here.shift) + half): (people, messages)
            for x, y, people, messages in here.places
        }
        self._others[publisher] = (now + OTHERS_S, counts)

    def update(self, now: float, now_ms: int) -> tuple[ActivityHere, bytes]:
        """(for other processes, a frame with what changed or nothing). Called once a second."""
        self._updates += 1
        here = self._here(now_ms)
        self._others = {publisher: other for publisher, other in self._others.items() if other[0] > now}
        total = added([here, *(counts for _, counts in self._others.values())]) if self._others else here
        change = self._activity.update(total, exact=self._updates % EXACT_EVERY == 0)
        shift, places = coarse(here)
        listed = [(x, y, *both) for (x, y), both in places.items()]
        return ActivityHere(shift, listed), b"" if change is None else _frame(change)

    def whole(self) -> bytes:
        """A frame with all of it."""
        return _frame(self._activity.whole())

    def _here(self, now_ms: int) -> Counts:
        """The activity of this process, by cell."""
        self._messages = deque(entry for entry in self._messages if entry[0] > now_ms)
        where = {place.user_id: place.cell for place in self._places.values() if place.on_map}
        counts: Counts = {cell: (people, 0) for cell, people in Counter(where.values()).items()}
        for _, cell in self._messages:
            people, messages = counts.get(cell, (0, 0))
            counts[cell] = people, messages + 1
        return counts


def _frame(change: Change) -> bytes:
    return pack(ActivityFrame(change.size, change.whole, change.places))
