"""W160, W164: cells and regions."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from asocial.domain.cells import CELL, MARGIN, MAX_CELLS, MAX_SIDE, cell_of, cells_of, region_of
from asocial.domain.message import POSITION_LIMIT

coordinates = st.floats(-POSITION_LIMIT, POSITION_LIMIT)
sizes = st.floats(0.1, 2 * POSITION_LIMIT)


def test_w160_a_cell_holds_its_left_and_upper_edge() -> None:
    assert cell_of(0, 0) == (0, 0)
    assert cell_of(CELL, CELL - 0.5) == (1, 0)
    assert cell_of(-0.5, -CELL) == (-1, -1)


def test_w160_a_region_is_the_cells_of_the_viewport_and_one_around() -> None:
    assert region_of(512, 512, 100, 100) == (-1, -1, 1, 1)
    assert region_of(1024, 512, 100, 100) == (-1, -1, 2, 1)


@given(coordinates, coordinates, sizes, sizes)
def test_w164_a_region_holds_the_middle_of_its_viewport_and_is_of_limited_size(
    x: float, y: float, width: float, height: float
) -> None:
    region = region_of(x, y, width, height)
    assert region.holds(cell_of(x, y))
    assert len(region.cells()) <= MAX_SIDE**2
    assert all(map(region.holds, region.cells()))


@given(coordinates, coordinates, st.floats(1, (MAX_SIDE - 2 * MARGIN - 1) * CELL), st.floats(0, 1), st.floats(0, 1))
def test_w160_everything_in_a_viewport_of_usual_size_is_in_its_region(
    x: float, y: float, size: float, across: float, down: float
) -> None:
    region = region_of(x, y, size, size)
    assert region.holds(cell_of(x + (across - 0.5) * size, y + (down - 0.5) * size))


def test_w164_a_stroke_has_few_cells_in_the_order_of_its_points() -> None:
    line = [(step * CELL, 0.0) for step in range(100) for _ in range(2)]
    assert cells_of(line) == tuple((step, 0) for step in range(MAX_CELLS))
    assert cells_of([]) == ()
