"""The pointers of a crowd: who moved since the last tick, and what each group of connections gets of it (W165).

Those that rest are kept for a while, for viewports that arrive where they are (W205).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice

import msgspec

from ..domain.cells import Cell, Region, cell_of
from ..domain.pointers import MAX_POINTERS, Pointer, choose, newest_of_cell
from ..domain.region_groups import Group
from ..ports import Connection
from ..protocol.framing import text_frame

WRITING_S = 3.0
"""How long somebody counts as writing after a state of their draft."""
RESTING_S = 15.0
"""How long a pointer that rests is kept."""
MAX_RESTING_OF_CELL = 20
"""The most resting pointers of one cell that a viewport gets: those that moved last."""
_HEAD, _TAIL = b'{"type":"cursors","cursors":[', b"]}"
_ANCHORS_HEAD, _ANCHORS_TAIL = b'],"anchors":{', b"}}"

_encode = msgspec.json.Encoder().encode


class _Cursors(msgspec.Struct, tag="cursors", frozen=True):
    cursors: list[tuple[str, float, float]]
    anchors: dict[str, str] = {}


_decode = msgspec.json.Decoder(_Cursors).decode


class _OfCell:
    """The pointers of one cell in one tick. `inner`, `anchors`: their JSON, joined by commas."""

    __slots__ = ("anchors", "inner", "pointers")

    def __init__(self, pointers: Sequence[Pointer], inner: bytes, anchors: bytes) -> None:
        self.pointers = pointers
        self.inner = inner
        self.anchors = anchors


class Moves:
    """The pointers that moved in one tick. `anchors`: of those that have one, by user id."""

    def __init__(self, pointers: Iterable[Pointer], anchors: Mapping[str, str]) -> None:
        self.by_user = {pointer.user_id: pointer for pointer in pointers}
        by_cell: dict[Cell, list[Pointer]] = {}
        # Encoded once, because many groups get the same pointer.
        self._encoded: dict[str, bytes] = {}
        for pointer in self.by_user.values():
            by_cell.setdefault(cell_of(pointer.x, pointer.y), []).append(pointer)
            self._encoded[pointer.user_id] = _encode((pointer.user_id, pointer.x, pointer.y))
        self._anchors = {
            user_id: _encode(user_id) + b":" + _encode(anchor)
            for user_id, anchor in anchors.items()
            if user_id in self.by_user
        }
        self._cells: dict[Cell, _OfCell] = {}
        self.all_by_cell = by_cell
        for cell, pointers in by_cell.items():
            newest = newest_of_cell(pointers)
            self._cells[cell] = _OfCell(newest, self._inner(newest), self._anchors_of(newest))

    def frame_for(self, group: Group[Connection]) -> bytes:
        """The `cursors` frame of a group. Empty if nothing moved in its region."""
        if group.region is None:
            return b""
        if len(self._cells) < len(group.cells):
            found = [of_cell for cell, of_cell in self._cells.items() if group.region.holds(cell)]
        else:
            found = [self._cells[cell] for cell in group.cells if cell in self._cells]
        if not found:
            return b""
        if sum(len(of_cell.pointers) for of_cell in found) <= MAX_POINTERS:
            anchors = b",".join([of_cell.anchors for of_cell in found if of_cell.anchors]) if self._anchors else b""
            return _frame(b",".join([of_cell.inner for of_cell in found]), anchors)
        pointers = [pointer for of_cell in found for pointer in of_cell.pointers]
        return self._frame_with(choose(pointers, group.region.middle))

    def frame_of(self, users: Iterable[str]) -> bytes:
        """The `cursors` frame of those of these users who moved. Empty if nobody did."""
        moved = [self.by_user[user] for user in users if user in self.by_user]
        return self._frame_with(moved) if moved else b""

    def _frame_with(self, pointers: Sequence[Pointer]) -> bytes:
        return _frame(self._inner(pointers), self._anchors_of(pointers))

    def _inner(self, pointers: Iterable[Pointer]) -> bytes:
        encoded = self._encoded
        return b",".join([encoded[pointer.user_id] for pointer in pointers])

    def encoded(self, user_id: str) -> bytes:
        """The JSON of the user's pointer."""
        return self._encoded[user_id]

    def anchor_of(self, user_id: str) -> bytes:
        """The JSON of the user's anchor, as a field of `anchors`. Empty if there is none."""
        return self._anchors.get(user_id, b"")

    def _anchors_of(self, pointers: Iterable[Pointer]) -> bytes:
        anchors = self._anchors
        if not anchors:
            return b""
        return b",".join([anchors[pointer.user_id] for pointer in pointers if pointer.user_id in anchors])

    def by_cell(self) -> list[tuple[bytes, tuple[Cell, ...]]]:
        """A frame for each cell, for the other processes."""
        return [(_frame(of_cell.inner, of_cell.anchors), (cell,)) for cell, of_cell in self._cells.items()]


class _Resting:
    """The latest move of each user, by cell; in a cell, the oldest move first."""

    __slots__ = ("_cell_of", "_cells")

    def __init__(self) -> None:
        self._cells: dict[Cell, dict[str, tuple[float, bytes, bytes]]] = {}
        """By user: when, and the JSON of the pointer and of its anchor."""
        self._cell_of: dict[str, Cell] = {}

    def __len__(self) -> int:
        return len(self._cell_of)

    def add(self, moves: Moves, now: float) -> None:
        cells, cell_of = self._cells, self._cell_of
        for cell, pointers in moves.all_by_cell.items():
            here = cells.setdefault(cell, {})
            for pointer in pointers:
                user_id = pointer.user_id
                before = cell_of.get(user_id)
                if before == cell:
                    del here[user_id]  # so that it becomes the newest
                else:
                    if before is not None:
                        self.forget(user_id)
                    cell_of[user_id] = cell
                here[user_id] = now, moves.encoded(user_id), moves.anchor_of(user_id)

    def forget(self, user_id: str) -> None:
        cell = self._cell_of.pop(user_id, None)
        if cell is not None:
            here = self._cells[cell]
            del here[user_id]
            if not here:
                del self._cells[cell]

    def expire(self, now: float) -> None:
        for here in list(self._cells.values()):
            for user_id, (moved_at, *_) in list(here.items()):
                if now - moved_at <= RESTING_S:
                    break
                self.forget(user_id)

    def within(self, region: Region, without: Region | None, now: float) -> list[tuple[float, bytes, bytes]]:
        """The pointers in `region` and not in `without`: when they moved, their JSON, and that of their anchor.

        At most MAX_POINTERS, as many of each cell, those that moved last.
        """
        resting = self._cells
        cells = [cell for cell in region.cells() if cell in resting]
        if without is not None:
            left, top, right, bottom = without
            cells = [(x, y) for x, y in cells if not (left <= x <= right and top <= y <= bottom)]
        most = min(MAX_RESTING_OF_CELL, max(1, MAX_POINTERS // max(len(cells), 1)))
        oldest = now - RESTING_S
        found: list[tuple[float, bytes, bytes]] = []
        for cell in cells:
            found += islice(reversed(resting[cell].values()), most)
        return [each for each in found if each[0] >= oldest][:MAX_POINTERS]


class CrowdPointers:
    """Collects moves until `take`: for each user the latest one."""

    __slots__ = ("_local", "_local_anchors", "_order", "_remote", "_remote_anchors", "_writing", "resting")

    def __init__(self) -> None:
        self._local: dict[str, tuple[float, float, int]] = {}
        self._remote: dict[str, tuple[float, float, int]] = {}
        self._local_anchors: dict[str, str] = {}
        self._remote_anchors: dict[str, str] = {}
        """The anchors of these moves, of those that have one."""
        self._writing: dict[str, float] = {}
        self._order = 0
        self.resting = _Resting()

    def __bool__(self) -> bool:
        """Whether anything moved."""
        return bool(self._local or self._remote)

    def move(self, user_id: str, x: float, y: float, anchor: str = "") -> None:
        self._order += 1
        self._local[user_id] = (x, y, self._order)
        if anchor:
            self._local_anchors[user_id] = anchor
        elif self._local_anchors:
            self._local_anchors.pop(user_id, None)

    def add_remote(self, payload: bytes) -> None:
        """Take over the pointers in a `cursors` frame of another process."""
        try:
            moved = _decode(payload)
        except msgspec.DecodeError:
            return
        for user_id, x, y in moved.cursors:
            self._order += 1
            self._remote[user_id] = (x, y, self._order)
            if self._remote_anchors:
                self._remote_anchors.pop(user_id, None)
        self._remote_anchors.update(moved.anchors)

    def writes(self, user_id: str, now: float) -> None:
        """The user has a draft, which changed now."""
        self._writing[user_id] = now

    def forget(self, user_id: str) -> None:
        """The user has left."""
        self._local.pop(user_id, None)
        self._remote.pop(user_id, None)
        self._local_anchors.pop(user_id, None)
        self._remote_anchors.pop(user_id, None)
        self._writing.pop(user_id, None)
        self.resting.forget(user_id)

    def take(self, now: float, *, keep: bool = True) -> tuple[Moves, Moves]:
        """(what moved on this process, what moved anywhere) since the last call. `keep`: for those who come later."""
        self._writing = {user: at for user, at in self._writing.items() if now - at <= WRITING_S}
        local = [Pointer(user, *moved, user in self._writing) for user, moved in self._local.items()]
        remote = [Pointer(user, *moved) for user, moved in self._remote.items()]
        own = Moves(local, self._local_anchors)
        anywhere = own
        if remote:
            # A user with tabs on two processes: the position and its anchor come from the same one.
            elsewhere = {user: at for user, at in self._remote_anchors.items() if user not in self._local}
            anywhere = Moves([*remote, *local], elsewhere | self._local_anchors)
        self._local, self._remote = {}, {}
        if self._local_anchors or self._remote_anchors:
            self._local_anchors, self._remote_anchors = {}, {}
        if keep:
            self.resting.add(anywhere, now)
        elif self.resting:
            self.resting = _Resting()  # positions from before would be out of date
        return own, anywhere

    def frame_of_resting(self, region: Region, without: Region | None, now: float) -> bytes:
        """The `cursors` frame of pointers that rest in `region` and not in `without` (W205). Empty if none do."""
        found = self.resting.within(region, without, now)
        if not found:
            return b""
        return _frame(
            b",".join([pointer for _, pointer, _ in found]), b",".join([anchor for _, _, anchor in found if anchor])
        )


def is_cursors(payload: bytes) -> bool:
    return payload.startswith(_HEAD)


def _frame(inner: bytes, anchors: bytes) -> bytes:
    """`anchors`: as in W181; empty if none of the pointers has one."""
    if anchors:
        return text_frame(_HEAD + inner + _ANCHORS_HEAD + anchors + _ANCHORS_TAIL)
    return text_frame(_HEAD + inner + _TAIL)
