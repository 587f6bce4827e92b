"""The points of a stroke (W111)."""

from __future__ import annotations

import json
import math
from typing import Any

import msgspec
import pytest

from asocial.domain.errors import PayloadEmpty, PayloadTooLarge, PositionInvalid
from asocial.domain.stroke import STROKE_BYTES, STROKE_POINTS, points_json


def loads(points: msgspec.Raw) -> Any:
    return json.loads(bytes(points))


LINE = [(0.0, 0.0), (10.0, 5.0)]


def test_w111_points_are_rounded_to_one_decimal() -> None:
    assert bytes(points_json([(1.26, -2.04), (-0.04, 3.0)], done=True)) == b"[[1.3,-2.0],[0.0,3.0]]"


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, 10_000_000.1, -1e300])
def test_w111_every_number_is_finite_and_on_the_plane(bad: float) -> None:
    for point in ((bad, 0.0), (0.0, bad)):
        with pytest.raises(PositionInvalid):
            points_json([*LINE, point], done=True)


def test_w111_the_edge_of_the_plane_is_on_it() -> None:
    edge = [(-10_000_000.0, 10_000_000.0), (0.0, 0.0)]
    assert loads(points_json(edge, done=True)) == [list(point) for point in edge]


@pytest.mark.parametrize("points", [[], [(1.0, 1.0)]])
def test_w110_only_a_finished_stroke_needs_two_points(points: list[tuple[float, float]]) -> None:
    assert loads(points_json(points, done=False)) == [list(point) for point in points]
    with pytest.raises(PayloadEmpty):
        points_json(points, done=True)


def test_w111_the_number_of_points_is_limited() -> None:
    points = [(float(n % 10), 0.0) for n in range(STROKE_POINTS)]
    assert len(loads(points_json(points, done=True))) == STROKE_POINTS
    for done in (False, True):
        with pytest.raises(PayloadTooLarge, match="256 points"):
            points_json([*points, (0.0, 0.0)], done=done)


def test_w111_the_bytes_of_the_points_are_limited_after_rounding() -> None:
    far = [(-1234567.8, -1234567.8)] * 127
    assert len(bytes(points_json(far, done=True))) <= STROKE_BYTES
    with pytest.raises(PayloadTooLarge, match="3072 bytes"):
        points_json([(-1234567.8, -1234567.8)] * 128, done=True)
    long = [(0.123456789123456, 0.123456789123456)] * 200
    assert bytes(points_json(long, done=True)), "long numbers are short by then"
