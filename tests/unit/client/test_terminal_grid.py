"""The cells of the canvas in a terminal."""

from __future__ import annotations

import pytest
from asocial_client.terminal.grid import Grid, Viewport, wrap
from asocial_client.terminal.palette import GROUND, SHADES, TEXT, blend, shade
from rich.cells import cell_len
from rich.style import Style

from asocial.domain import palette

PLAIN = Style.null()


@pytest.mark.parametrize(("columns", "rows"), [(80, 24), (81, 25), (1, 1), (200, 3)])
def test_a_cell_and_its_point_belong_together(columns: int, rows: int) -> None:
    view = Viewport(120, -40, columns, rows)
    for cell in ((0, 0), (columns - 1, rows - 1), (columns // 2, rows // 2)):
        assert view.cell(*view.point(*cell)) == cell
    assert view.cell(120, -40) == (columns // 2, rows // 2)


@pytest.mark.parametrize(
    "text", ["plain", "日本語 text", "e\u0301 clair", "👩‍👩‍👧 family", "a\u200db", "\u2068שלום\u2069", "\u0301"]
)
def test_every_row_is_as_wide_as_the_grid(text: str) -> None:
    for column in range(-6, 12):
        grid = Grid(10, 1)
        grid.write(3, 0, [("日日日", PLAIN)])
        grid.write(column, 0, [(text, PLAIN)])
        assert sum(segment.cell_length for segment in grid.segments(0)) == 10, column


def test_half_of_a_wide_character_is_never_left() -> None:
    grid = Grid(6, 1)
    grid.write(1, 0, [("日", PLAIN)])
    grid.write(2, 0, [("x", PLAIN)])
    assert grid.text(0) == "  x   "


def test_what_is_outside_is_left_out() -> None:
    grid = Grid(4, 2)
    grid.write(-2, 0, [("abcdefgh", PLAIN)])
    grid.write(0, 2, [("below", PLAIN)])
    grid.write(0, -1, [("above", PLAIN)])
    assert (grid.text(0), grid.text(1)) == ("cdef", "    ")


@pytest.mark.parametrize(
    "text", ["", "one", "one two three", "unbreakablelongword", "日本語日本語日本語", "a\nb", "a  b c d e f g"]
)
def test_wrapped_lines_fit_and_lose_nothing(text: str) -> None:
    lines = wrap(text, 8)
    assert all(cell_len(line) <= 8 for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "").replace("\n", "")


def test_the_shades_are_those_of_the_page_on_a_dark_ground() -> None:
    assert {color: dark for color, (_, dark) in palette.SHADES.items()} == SHADES
    assert shade("a colour of the future") == TEXT
    assert (blend("#ffffff", 1.0), blend("#ffffff", 0.0)) == ("#ffffff", GROUND)
