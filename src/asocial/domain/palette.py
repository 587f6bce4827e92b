"""The colours of W23, and which one a newcomer gets (W122).

The shades are those of the page (web/src/shared/palette.ts; a test compares), on a light and on a dark ground.
Distances are those of the colour space OKLab, in which they are about as large as they look.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache

SHADES = {
    "rust": ("#782d00", "#ffc5ad"),
    "coral": ("#c21628", "#fd6260"),
    "amber": ("#8d5505", "#d68309"),
    "ochre": ("#584503", "#facf4e"),
    "olive": ("#656504", "#9a9b07"),
    "moss": ("#345202", "#b3e87a"),
    "fern": ("#037227", "#10ad41"),
    "jade": ("#02553d", "#5cf3bd"),
    "teal": ("#076d69", "#0ca7a1"),
    "lagoon": ("#045160", "#84e5fe"),
    "azure": ("#03679e", "#089dee"),
    "cobalt": ("#0935b1", "#c0d5fe"),
    "indigo": ("#6648d1", "#9585ff"),
    "violet": ("#680395", "#e5c5fe"),
    "plum": ("#a92896", "#e269cc"),
    "rose": ("#850241", "#ffc1d0"),
}  # fmt: skip

PALETTE = tuple(SHADES)
_PLACES = {color: place for place, color in enumerate(PALETTE)}


def free_color(preferred: str, present: Iterable[str]) -> str:
    """Of the colours that the fewest people present have, the one farthest from all of theirs.

    `preferred` if nobody is there. `present` has the colour of each person; of equal colours, the first one after
    `preferred` is taken.
    """
    farthest = _farthest(tuple(sorted(present)))
    if not farthest:
        return preferred
    start = _PLACES[preferred]
    for place in farthest:
        if place >= start:
            return PALETTE[place]
    return PALETTE[farthest[0]]


@lru_cache(1024)
def _farthest(present: tuple[str, ...]) -> tuple[int, ...]:
    """Of the colours that the fewest people have, those farthest from all that somebody has: their places, in order.

    Empty if nobody has any.

    `present`: the colour of each person, sorted. Remembered, because channels fill up in much the same way: each
    newcomer's colour follows from those before.
    """
    worn = Counter(present)
    taken = [color for color in PALETTE if worn[color]]
    if not taken:
        return ()
    fewest = min(worn[color] for color in PALETTE)
    free = [color for color in PALETTE if worn[color] == fewest]
    distances = {color: min(map(_DISTANCES_FROM[color].__getitem__, taken)) for color in free}
    most = max(distances.values())
    return tuple(_PLACES[color] for color in free if distances[color] == most)


def _oklab(shade: str) -> tuple[float, float, float]:
    """A `#rrggbb` colour in OKLab (Ottosson 2020)."""
    red, green, blue = (_linear(int(shade[start : start + 2], 16) / 255) for start in (1, 3, 5))
    long = (0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue) ** (1 / 3)
    medium = (0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue) ** (1 / 3)
    short = (0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue) ** (1 / 3)
    return (
        0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short,
    )


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4


_POINTS = {color: tuple(_oklab(shade) for shade in shades) for color, shades in SHADES.items()}
_DISTANCE = {
    (one, other): min(math.dist(a, b) for a, b in zip(_POINTS[one], _POINTS[other], strict=True))
    for one in PALETTE
    for other in PALETTE
}
"""Of two colours, on the ground where they are more alike."""
_DISTANCES_FROM = {one: {other: _DISTANCE[one, other] for other in PALETTE} for one in PALETTE}
