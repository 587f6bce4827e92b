"""The rules of a stroke: its points and their size (W111), as functions of values.

Never here: who draws it, or what time it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import msgspec

from .errors import PayloadEmpty, PayloadTooLarge, PositionInvalid
from .message import POSITION_LIMIT

STROKE_POINTS = 256
"""The most points of a stroke."""
STROKE_BYTES = 3072
"""The most bytes of a stroke's points, as the JSON that others get."""
STROKES_PER_SECOND = 10.0
"""How often others see a stroke grow while it is drawn. Above this rate only the latest state counts (W113)."""
DECIMALS = 1
"""Points are rounded to a tenth of a CSS pixel at zoom 1."""

Points: TypeAlias = Sequence[tuple[float, float]]

_encode = msgspec.json.Encoder().encode


def points_json(points: Points, *, done: bool) -> msgspec.Raw:
    """The rounded points as JSON. `done`: the stroke is finished, so it has at least two.

    Raises PositionInvalid, PayloadTooLarge or PayloadEmpty.
    """
    if done and len(points) < 2:
        raise PayloadEmpty("a finished stroke has at least two points")
    if len(points) > STROKE_POINTS:
        raise PayloadTooLarge(f"a stroke may have at most {STROKE_POINTS} points; this one has {len(points)}")
    for x, y in points:
        # Comparisons with NaN are false.
        if not (-POSITION_LIMIT <= x <= POSITION_LIMIT and -POSITION_LIMIT <= y <= POSITION_LIMIT):
            raise PositionInvalid(f"every point has finite numbers within ±{POSITION_LIMIT:,}")
    # Adding 0.0 turns -0.0 into 0.0.
    encoded = _encode([(round(x, DECIMALS) + 0.0, round(y, DECIMALS) + 0.0) for x, y in points])
    if len(encoded) > STROKE_BYTES:
        raise PayloadTooLarge(
            f"the points of a stroke may have at most {STROKE_BYTES} bytes; these have {len(encoded)}"
        )
    return msgspec.Raw(encoded)
