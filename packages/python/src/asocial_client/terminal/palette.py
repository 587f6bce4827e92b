"""The colours of docs/protocol.md (W23) on a dark ground, as the page shows them."""

from __future__ import annotations

GROUND = "#101214"
TEXT = "#e8e6e1"
QUIET = "#8a8d91"

SHADES = {
    "rust": "#ffc5ad",
    "coral": "#fd6260",
    "amber": "#d68309",
    "ochre": "#facf4e",
    "olive": "#9a9b07",
    "moss": "#b3e87a",
    "fern": "#10ad41",
    "jade": "#5cf3bd",
    "teal": "#0ca7a1",
    "lagoon": "#84e5fe",
    "azure": "#089dee",
    "cobalt": "#c0d5fe",
    "indigo": "#9585ff",
    "violet": "#e5c5fe",
    "plum": "#e269cc",
    "rose": "#ffc1d0",
}


def shade(color: str) -> str:
    """The shade of a colour; that of plain text for a colour that this version does not know."""
    return SHADES.get(color, TEXT)


def blend(color: str, strength: float) -> str:
    """`color` as `#rrggbb` over the ground: 1 is the colour, 0 the ground."""
    over, under = (int(each[1:], 16).to_bytes(3, "big") for each in (color, GROUND))
    mixed = (round(a * strength + b * (1 - strength)) for a, b in zip(over, under, strict=True))
    return "#" + "".join(f"{each:02x}" for each in mixed)
