"""The pointers of a crowd: the latest move of each user by cell, and what a group of connections gets of it (W165).

A group gets what moved since its last frame. Pointers that rest are kept for a while, for viewports that arrive where
they are (W205).

Never here: when a group gets its frame (crowd_rounds.py).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import islice, takewhile
from operator import attrgetter
from typing import TypeAlias

import msgspec

from ..domain.cells import Cell, Region, cell_of
from ..domain.pointers import MAX_OF_CELL, MAX_POINTERS, Pointer, choose
from ..domain.region_groups import Group
from ..ports import Connection
from ..protocol.framing import text_frame

WRITING_S = 3.0
"""How long somebody counts as writing after a state of their draft."""
RESTING_S = 15.0
"""How long a pointer that rests is kept."""
EXPIRE_PARTS = 5
"""After so many seconds each cell has been looked at."""
MAX_RESTING_OF_CELL = 20
"""The most resting pointers of one cell that a viewport gets: those that moved last."""
_HEAD, _TAIL = b'{"type":"cursors","cursors":[', b"]}"
_ANCHORS_HEAD, _ANCHORS_TAIL = b'],"anchors":{', b"}}"

_encode = msgspec.json.Encoder().encode
_order_of = attrgetter("order")


class _Cursors(msgspec.Struct, tag="cursors", frozen=True):
    cursors: list[tuple[str, float, float]]
    anchors: dict[str, str] = {}


_decode = msgspec.json.Decoder(_Cursors).decode


Moved: TypeAlias = tuple[bytes, Sequence[Pointer]]
"""The pointers of one cell that moved since some move: their JSON, joined by commas, and themselves."""
ByCell: TypeAlias = Mapping[Cell, Moved]


class CrowdPointers:
    """The latest move of each user, of the last RESTING_S. `order` counts the moves."""

    __slots__ = ("_anchored", "_expired", "_latest", "_local", "_moves", "_newest", "_passed_on", "_writing", "order")

    def __init__(self) -> None:
        self._latest: dict[str, Pointer] = {}
        """By user."""
        self._moves: dict[Cell, list[Pointer]] = {}
        """The same by cell, in the order of the moves."""
        self._newest: dict[Cell, int] = {}
        """The last move in each cell."""
        self._local: dict[str, Pointer] = {}
        """Who moved on this process since the last call of `take_local`."""
        self._passed_on = 0
        """The last move when `take_moved` was called last."""
        self._writing: dict[str, float] = {}
        self._expired = 0
        """The part of the cells that `expire` looked at last."""
        self._anchored = 0
        """The last move that had an anchor."""
        self.order = 0

    def __len__(self) -> int:
        return len(self._latest)

    def move(self, user_id: str, x: float, y: float, cell: Cell, now: float, anchor: str = "") -> None:
        """A user of this process moved their pointer. `cell`: of x and y."""
        self._local[user_id] = self._set(user_id, x, y, cell, now, anchor)

    def add_remote(self, payload: bytes, now: float) -> None:
        """Take over the pointers in a `cursors` frame of another process."""
        try:
            moved = _decode(payload)
        except msgspec.DecodeError:
            return
        anchor_of = moved.anchors.get
        for user_id, x, y in moved.cursors:
            self._set(user_id, x, y, cell_of(x, y), now, anchor_of(user_id, ""))
            self._local.pop(user_id, None)

    def _set(self, user_id: str, x: float, y: float, cell: Cell, now: float, anchor: str) -> Pointer:
        self.order = order = self.order + 1
        field = b""
        if anchor:
            field = _encode(user_id) + b":" + _encode(anchor)
            self._anchored = order
        if user_id in self._latest:
            self._remove(user_id)
        # Encoded once, because many groups get it.
        moved = self._latest[user_id] = Pointer(user_id, x, y, order, now, _encode((user_id, x, y)), field)
        moves = self._moves.get(cell)
        if moves is None:
            self._moves[cell] = [moved]
        else:
            moves.append(moved)
        self._newest[cell] = order
        return moved

    def writes(self, user_id: str, now: float) -> None:
        """The user has a draft, which changed now."""
        self._writing[user_id] = now

    def forget(self, user_id: str) -> None:
        """The user has left."""
        self._local.pop(user_id, None)
        self._writing.pop(user_id, None)
        if user_id in self._latest:
            self._remove(user_id)

    def _remove(self, user_id: str) -> None:
        # At once, so that its memory is used again while it is in the processor's caches.
        before = self._latest.pop(user_id)
        cell = cell_of(before.x, before.y)
        moves = self._moves[cell]
        if len(moves) > 1:
            del moves[bisect_left(moves, before.order, key=_order_of)]
        else:
            del self._moves[cell], self._newest[cell]

    def expire(self, now: float) -> None:
        """Forget who has rested for too long, and who has stopped writing. Called once a second.

        Each call looks at a part of the cells, because all of them would take too long.
        """
        self._writing = {user: at for user, at in self._writing.items() if now - at <= WRITING_S}
        oldest = now - RESTING_S
        self._expired = (self._expired + 1) % EXPIRE_PARTS
        for cell in [cell for cell in self._moves if (cell[0] + cell[1]) % EXPIRE_PARTS == self._expired]:
            for moved in [*takewhile(lambda moved: moved.at < oldest, self._moves[cell])]:
                self._remove(moved.user_id)

    def take_local(self) -> list[bytes]:
        """`cursors` frames with who moved on this process since the last call, for the other processes."""
        moved = list(self._local.values())
        self._local = {}
        return [_frame_of(moved[at : at + MAX_POINTERS]) for at in range(0, len(moved), MAX_POINTERS)]

    def take_moved(self, users: Iterable[str]) -> list[tuple[str, bytes]]:
        """(user, `cursors` frame) of those of these users who moved since the last call."""
        found = [self._latest[user_id] for user_id in users if user_id in self._latest]
        moved = [pointer for pointer in found if pointer.order > self._passed_on]
        self._passed_on = self.order
        return [(pointer.user_id, _frame_of([pointer])) for pointer in moved]

    def moved(self, cells: Collection[Cell], since: int) -> ByCell:
        """What moved in these cells after the move number `since`."""
        newest = self._newest
        moved = [cell for cell, order in zip(cells, map(newest.get, cells), strict=True) if order and order > since]
        # A cell may be in `moved` and hold nobody who moved: they went on to another cell.
        return {cell: (_joined(pointers), pointers) for cell in moved if (pointers := self._since(cell, since))}

    def _since(self, cell: Cell, since: int) -> Sequence[Pointer]:
        """The pointers of the cell that are worth comparing: the newest, and those of people who write."""
        found: list[Pointer] = []
        for moved in reversed(self._moves[cell]):
            if moved.order <= since:
                break
            if len(found) == MAX_OF_CELL:
                first = found[-1].order
                return found + [
                    pointer
                    for pointer in map(self._latest.get, self._writing)
                    if pointer and since < pointer.order < first and cell_of(pointer.x, pointer.y) == cell
                ]
            found.append(moved)
        return found

    def frame_for(self, group: Group[Connection], moved: ByCell) -> bytes:
        """The `cursors` frame of a group. Empty if nothing moved in its region."""
        region = group.region
        if region is None or not moved:
            return b""
        # A look-up for each group and cell: in C, and once.
        found = [of_cell for of_cell in map(moved.get, group.cells) if of_cell is not None]
        if not found:
            return b""
        if self._anchored > group.since or sum([len(pointers) for _, pointers in found]) > MAX_POINTERS:
            return self._frame_of_chosen([pointer for _, pointers in found for pointer in pointers], region)
        return _frame(b",".join([inner for inner, _ in found]), b"")

    def frame_of_missed(self, region: Region, before: Region, since: int) -> bytes:
        """What moved after `since`, for a viewport that went from `before` to `region`: in the cells of both.

        At most MAX_POINTERS, as many of each cell, those that moved last. To compare all that moved, as for a group,
        took a process all its time where 10,000 people move their viewports over one place.
        """
        both = Region(
            max(region.left, before.left), max(region.top, before.top),
            min(region.right, before.right), min(region.bottom, before.bottom),
        )  # fmt: skip
        if both.left > both.right or both.top > both.bottom:
            return b""
        newest = self._newest.get
        cells = [cell for cell in both.cells() if newest(cell, 0) > since]
        missed = [pointer for pointer in self._newest_of_each(cells, MAX_POINTERS) if pointer.order > since]
        return _frame_of(missed[:MAX_POINTERS]) if missed else b""

    def frame_of_resting(self, region: Region, without: Region | None, now: float) -> bytes:
        """The `cursors` frame of pointers that rest in `region` and not in `without` (W205). Empty if none do.

        At most MAX_POINTERS, as many of each cell, those that moved last.
        """
        oldest = now - RESTING_S
        cells = [cell for cell in region.cells() if cell in self._moves]
        if without is not None:
            cells = [cell for cell in cells if not without.holds(cell)]
        newest = self._newest_of_each(cells, MAX_RESTING_OF_CELL)
        resting = [pointer for pointer in newest if pointer.at >= oldest][:MAX_POINTERS]
        return _frame_of(resting) if resting else b""

    def _newest_of_each(self, cells: Sequence[Cell], most_of_cell: int) -> list[Pointer]:
        """Those that moved last, as many of each cell: about MAX_POINTERS, at least one and at most `most_of_cell`."""
        most = min(most_of_cell, max(1, MAX_POINTERS // max(len(cells), 1)))
        found: list[Pointer] = []
        for cell in cells:
            found += islice(reversed(self._moves[cell]), most)
        return found

    def _frame_of_chosen(self, pointers: Sequence[Pointer], region: Region) -> bytes:
        return _frame_of(choose(pointers, region.middle, self._writing))


def is_cursors(payload: bytes) -> bool:
    return payload.startswith(_HEAD)


def _joined(pointers: Sequence[Pointer]) -> bytes:
    if len(pointers) == 1:
        return pointers[0].json
    return b",".join([pointer.json for pointer in pointers])


def _anchors_of(pointers: Iterable[Pointer]) -> bytes:
    return b",".join([pointer.anchor for pointer in pointers if pointer.anchor])


def _frame_of(pointers: Sequence[Pointer]) -> bytes:
    return _frame(_joined(pointers), _anchors_of(pointers))


def _frame(inner: bytes, anchors: bytes) -> bytes:
    """`anchors`: as in W181; empty if none of the pointers has one."""
    if anchors:
        return text_frame(_HEAD + inner + _ANCHORS_HEAD + anchors + _ANCHORS_TAIL)
    return text_frame(_HEAD + inner + _TAIL)
