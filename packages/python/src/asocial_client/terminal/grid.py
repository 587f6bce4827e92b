"""A grid of terminal cells, and where the points of the canvas are on it. Pure: no terminal, no time, no channel."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style

CELL_WIDTH, CELL_HEIGHT = 10.0, 24.0
"""Of a terminal cell, in CSS pixels at zoom 1."""


@dataclass(frozen=True)
class Viewport:
    """What the terminal shows: the point in its middle, and its size in cells."""

    x: float
    y: float
    columns: int
    rows: int

    def cell(self, x: float, y: float) -> tuple[int, int]:
        """The column and the row of a point; outside of the terminal they are negative or too large."""
        return (
            round((x - self.x) / CELL_WIDTH) + self.columns // 2,
            round((y - self.y) / CELL_HEIGHT) + self.rows // 2,
        )

    def point(self, column: int, row: int) -> tuple[float, float]:
        """The point of a cell."""
        return (
            self.x + (column - self.columns // 2) * CELL_WIDTH,
            self.y + (row - self.rows // 2) * CELL_HEIGHT,
        )

    @property
    def size(self) -> tuple[float, float]:
        """In CSS pixels."""
        return self.columns * CELL_WIDTH, self.rows * CELL_HEIGHT


Run = tuple[str, Style]
"""Text in one style."""


class Grid:
    def __init__(self, columns: int, rows: int) -> None:
        self.size = (columns, rows)
        self._columns = columns
        # A wide character fills its cell and the next one, which holds an empty text.
        self._cells: list[list[Run]] = [[(" ", Style.null())] * columns for _ in range(rows)]

    def write(self, column: int, row: int, runs: Sequence[Run]) -> None:
        """Write runs of text side by side; what is outside of the grid is left out."""
        if not 0 <= row < len(self._cells):
            return
        for text, style in runs:
            for character in graphemes(text):
                width = cell_len(character)
                if width and column >= 0 and column + width <= self._columns:
                    self._put(column, row, character, width, style)
                column += width

    def segments(self, row: int) -> list[Segment]:
        """A row, with neighbours of one style together."""
        segments: list[Segment] = []
        for text, style in self._cells[row]:
            if segments and segments[-1].style == style:
                segments[-1] = Segment(segments[-1].text + text, style)
            else:
                segments.append(Segment(text, style))
        return segments

    def changed_rows(self, before: Grid) -> list[int]:
        """The rows that differ from those of a grid of the same size."""
        return [row for row, cells in enumerate(self._cells) if cells != before._cells[row]]

    def text(self, row: int) -> str:
        return "".join(text for text, _ in self._cells[row])

    def _put(self, column: int, row: int, character: str, width: int, style: Style) -> None:
        cells = self._cells[row]
        if cells[column][0] == "":
            cells[column - 1] = (" ", cells[column - 1][1])
        after = column + width
        if after < self._columns and cells[after][0] == "":
            cells[after] = (" ", cells[after][1])
        cells[column] = (character, style)
        for covered in range(column + 1, after):
            cells[covered] = ("", style)


def graphemes(text: str) -> Iterator[str]:
    """The characters of a text, each with the marks and joiners that follow it."""
    current = ""
    for character in text:
        joined = unicodedata.category(character) in ("Mn", "Me", "Cf") or current.endswith("\u200d")
        # What has no width, such as the mark before a text of another direction, goes with what follows it.
        if cell_len(current) and not joined:
            yield current
            current = ""
        current += character
    if current:
        yield current


def wrap(text: str, columns: int) -> list[str]:
    """The lines of a text, at most so many columns wide, broken at spaces where there are any."""
    lines = []
    for paragraph in text.split("\n"):
        line = ""
        for word in paragraph.split(" "):
            joined = f"{line} {word}" if line else word
            if cell_len(joined) <= columns:
                line = joined
                continue
            if line:
                lines.append(line)
            *full, line = _chunks(word, columns)
            lines += full
        lines.append(line)
    return lines


def _chunks(word: str, columns: int) -> list[str]:
    chunks = [""]
    for character in graphemes(word):
        if cell_len(chunks[-1] + character) > columns:
            chunks.append("")
        chunks[-1] += character
    return chunks
