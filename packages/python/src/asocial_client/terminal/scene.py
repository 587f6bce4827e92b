"""What is on the canvas, as a grid of cells: messages that fade, drafts, cursors, and what is outside of the view."""

from __future__ import annotations

from dataclasses import dataclass, field

from rich.cells import cell_len
from rich.style import Style

from ..channel import Channel
from ..text import printable
from .grid import Grid, Run, Viewport, wrap
from .palette import QUIET, TEXT, blend, shade

FADE_MS = 1500.0
"""Before its end a message fades for so long."""
COLUMNS = 40
"""The widest line of a message, without the name before it."""
TRIED_ROWS = 8
"""How far below its place a message may be, if another one is there."""


@dataclass
class Own:
    """What this user writes, and where."""

    point: tuple[float, float]
    text: str = ""
    """The draft, empty if there is none."""
    sent: list[tuple[str, tuple[float, float]]] = field(default_factory=list)
    """(text, point) of messages that the server has not accepted yet."""


class Scene:
    """Remembers only where it put messages, so that none moves when another one ends."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._shifts: dict[tuple[str, str], int] = {}

    def paint(self, view: Viewport, own: Own) -> Grid:
        grid = Grid(view.columns, view.rows)
        if not own.text:
            grid.write(*view.cell(*own.point), [("┼", Style(color=QUIET))])
        self._paint_cursors(grid, view)
        self._paint_messages(grid, view)
        for draft in self._channel.drafts:
            name, color = self._who(draft.user_id)
            self._paint_text(grid, view, (draft.x, draft.y), name, f"{draft.text}▏", shade(color), italic=True)
        for text, point in own.sent:
            self._paint_text(grid, view, point, "", text, QUIET, italic=True)
        if own.text:
            self._paint_text(grid, view, own.point, "", f"{own.text}▏", TEXT)
        self._paint_edges(grid, view)
        return grid

    def _paint_messages(self, grid: Grid, view: Viewport) -> None:
        taken: list[tuple[int, int, int, int]] = []
        shifts: dict[tuple[str, str], int] = {}
        now = self._channel.now_ms()
        for message in self._channel.messages:
            key = (message.user_id, message.id)
            column, row = view.cell(message.x, message.y)
            label, lines = _label(message.name), _lines(message.text)
            width = max(cell_len(label + lines[0]), *map(cell_len, lines))
            shift = self._shifts.get(key)
            if shift is None:
                shift = _free_row(taken, column, row, width, len(lines))
            taken.append((column, row + shift, width, len(lines)))
            shifts[key] = shift
            # In steps, so that few rows change from one picture to the next.
            strength = min(1.0, max(0.1, round((message.expires_at - now) / FADE_MS, 1)))
            self._write(grid, column, row + shift, label, lines, shade(message.color), strength)
        self._shifts = shifts

    def _paint_cursors(self, grid: Grid, view: Viewport) -> None:
        for user_id, point in self._channel.cursors.items():
            name, color = self._who(user_id)
            style = Style(color=blend(shade(color), 0.7))
            grid.write(*view.cell(*point), [("↖", style), (printable(name), style)])

    def _paint_text(
        self,
        grid: Grid,
        view: Viewport,
        point: tuple[float, float],
        name: str,
        text: str,
        color: str,
        *,
        italic: bool = False,
    ) -> None:
        self._write(grid, *view.cell(*point), _label(name), _lines(text), color, 0.8 if italic else 1.0, italic=italic)

    def _write(
        self,
        grid: Grid,
        column: int,
        row: int,
        label: str,
        lines: list[str],
        color: str,
        strength: float,
        *,
        italic: bool = False,
    ) -> None:
        plain = Style(color=blend(TEXT, strength), italic=italic, dim=strength < 0.5)
        for number, line in enumerate(lines):
            runs: list[Run] = [(line, plain)]
            if number == 0:
                runs.insert(0, (label, Style(color=blend(color, strength), bold=True)))
            grid.write(column, row + number, runs)

    def _paint_edges(self, grid: Grid, view: Viewport) -> None:
        """How many messages and cursors are outside of the view, on each side."""
        left = right = above = below = 0
        for x, y in (*((m.x, m.y) for m in self._channel.messages), *self._channel.cursors.values()):
            column, row = view.cell(x, y)
            if column < 0:
                left += 1
            elif column >= view.columns:
                right += 1
            elif row < 0:
                above += 1
            elif row >= view.rows:
                below += 1
        style = Style(color=QUIET)
        middle_column, middle_row = view.columns // 2, view.rows // 2
        for count, text, column, row in (
            (left, f"◀ {left}", 0, middle_row),
            (right, f"{right} ▶", view.columns - len(f"{right} ▶"), middle_row),
            (above, f"▲ {above}", middle_column, 0),
            (below, f"▼ {below}", middle_column, view.rows - 1),
        ):
            if count:
                grid.write(column, row, [(text, style)])

    def _who(self, user_id: str) -> tuple[str, str]:
        member = self._channel.members.get(user_id)
        return (member.name, member.color) if member is not None else ("…", "")


def nearest(channel: Channel, view: Viewport) -> tuple[float, float] | None:
    """The nearest message or cursor that is not in the view; None if there is none."""
    points = [*((message.x, message.y) for message in channel.messages), *channel.cursors.values()]

    def is_outside(point: tuple[float, float]) -> bool:
        column, row = view.cell(*point)
        return not (0 <= column < view.columns and 0 <= row < view.rows)

    def distance(point: tuple[float, float]) -> float:
        return abs(complex(point[0] - view.x, point[1] - view.y))

    return min(filter(is_outside, points), key=distance, default=None)


def _label(name: str) -> str:
    """What stands before the first line of a message."""
    return f"{printable(name)}: " if name else ""


def _lines(text: str) -> list[str]:
    return wrap(printable(text), COLUMNS)


def _free_row(taken: list[tuple[int, int, int, int]], column: int, row: int, width: int, height: int) -> int:
    """How many rows further down nothing else is; 0 if there is no such place nearby."""
    for shift in range(TRIED_ROWS):
        top = row + shift
        if not any(
            column < left + its_width
            and left < column + width
            and top < its_top + its_height
            and its_top < top + height
            for left, its_top, its_width, its_height in taken
        ):
            return shift
    return 0
