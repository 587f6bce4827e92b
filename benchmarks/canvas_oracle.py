"""What each person of the canvas must have got, from what they looked at and when.

Written from docs/protocol.md (W160, W163, W164) alone: it shares no line with the server. A message is due to a person
whose region held its cell for at least MARGIN_S within the message's life. One that came although the region never held
its cell is counted too: it cost bytes. Times are seconds of one monotonic clock.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from math import floor
from typing import NamedTuple, TypeAlias

CELL = 1024
MOST_CELLS = 12
MARGIN_S = 1.0
LEAST_LIFE_S = 5.0

Cell: TypeAlias = tuple[int, int]
Region: TypeAlias = tuple[int, int, int, int]


class Post(NamedTuple):
    author: int
    cell: Cell
    at: float


class Stay(NamedTuple):
    """A person's region holds a cell from one moment to another."""

    person: int
    begin: float
    end: float


@dataclass
class Verdict:
    due: int = 0
    received: int = 0
    lost: int = 0
    doubled: int = 0
    out_of_region: int = 0
    latencies_ms: list[float] = field(default_factory=list)
    """From posting a message to its arrival, for people whose region held its cell all the time."""
    ages_ms: list[float] = field(default_factory=list)
    """From sending a pointer's position to its arrival."""


def cell_of(x: float, y: float) -> Cell:
    return floor(x / CELL), floor(y / CELL)


def region_of(x: float, y: float, width: float, height: float) -> Region:
    (left, right), (top, bottom) = _span(x, width), _span(y, height)
    return left, top, right, bottom


def _span(middle: float, size: float) -> tuple[int, int]:
    first, last = floor((middle - size / 2) / CELL) - 1, floor((middle + size / 2) / CELL) + 1
    if last - first >= MOST_CELLS:
        first = floor(middle / CELL) - MOST_CELLS // 2
        last = first + MOST_CELLS - 1
    return first, last


class Oracle:
    """Collects what happens while the load runs; `verdict` at the end."""

    def __init__(self) -> None:
        self.ages_ms: list[float] = []
        self.counting = False
        self._posts: dict[int, Post] = {}
        self._arrivals: dict[tuple[int, int], float] = {}
        self._doubled = 0
        self._seen: dict[int, list[tuple[float, Region]]] = defaultdict(list)

    def begin(self) -> None:
        """From now on it counts."""
        self.counting = True
        self.ages_ms.clear()

    def posted(self, number: int, author: int, x: float, y: float, at: float) -> None:
        self._posts[number] = Post(author, cell_of(x, y), at)

    def looked(self, person: int, region: Region, at: float) -> None:
        """The person has sent a view with this region."""
        seen = self._seen[person]
        if not seen or seen[-1][1] != region:
            seen.append((at, region))

    def arrived(self, person: int, number: int, at: float) -> None:
        key = (person, number)
        if key in self._arrivals:
            self._doubled += 1
        else:
            self._arrivals[key] = at

    def verdict(self) -> Verdict:
        verdict = Verdict(received=len(self._arrivals), doubled=self._doubled, ages_ms=self.ages_ms)
        stays = self._stays()
        held: Counter[int] = Counter()
        for number, post in self._posts.items():
            end = post.at + LEAST_LIFE_S
            could: set[int] = set()
            due: set[int] = set()
            for stay in stays.get(post.cell, ()):
                if stay.begin > end + MARGIN_S or stay.end < post.at - MARGIN_S or stay.person == post.author:
                    continue
                could.add(stay.person)
                if min(stay.end, end) - max(stay.begin, post.at) >= MARGIN_S:
                    due.add(stay.person)
                arrival = self._arrivals.get((stay.person, number))
                if arrival is not None and stay.begin < post.at - MARGIN_S and stay.end > arrival:
                    verdict.latencies_ms.append((arrival - post.at) * 1000)
            verdict.due += len(due)
            verdict.lost += sum((person, number) not in self._arrivals for person in due)
            held[number] = sum((person, number) in self._arrivals for person in could)
        verdict.out_of_region = len(self._arrivals) - sum(held.values())
        return verdict

    def _stays(self) -> dict[Cell, list[Stay]]:
        """For each cell, who held it and when. Views that follow each other with the same cell make one stay."""
        wanted = {post.cell for post in self._posts.values()}
        stays: dict[Cell, list[Stay]] = defaultdict(list)
        for person, seen in self._seen.items():
            since: dict[Cell, float] = {}
            for at, (left, top, right, bottom) in seen:
                now = {(x, y) for x in range(left, right + 1) for y in range(top, bottom + 1)} & wanted
                for cell in since.keys() - now:
                    stays[cell].append(Stay(person, since.pop(cell), at))
                for cell in now - since.keys():
                    since[cell] = at
            for cell, begin in since.items():
                stays[cell].append(Stay(person, begin, float("inf")))
        return stays
