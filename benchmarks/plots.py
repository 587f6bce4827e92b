"""Plots as SVG, made of text alone: the same results give the same file, and a diff shows what changed.

Colours are set in CSS inside the file, so that a plot is readable on a light and on a dark page.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

WIDTH = 760
LABEL = 190
ROW = 24
STYLE = """<style>
text { font: 13px system-ui, sans-serif; fill: #24292f } .faint { fill: #6e7781; font-size: 12px }
.title { font-weight: 600 } .bar { fill: #9aa5b1 }
.ours { fill: #c2410c } .rule { stroke: #d0d7de } .line { stroke: #c2410c }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 } .faint { fill: #9198a1 } .bar { fill: #59636e } .ours { fill: #f97316 }
  .rule { stroke: #3d444d } .line { stroke: #f97316 }
}
</style>"""

PARTS = ("#c2410c", "#2563eb", "#0d9488", "#a16207", "#7c3aed", "#64748b", "#be185d", "#65a30d")
"""Colours of what a whole is made of: told apart on light and on dark."""

Bar = tuple[str, float | None, str]
"""(label, value or None where there is none, what to write beside it)."""
Painted = tuple[str, Sequence[tuple[str, float]], str]
"""(label, (how it is painted, width) of each of its parts, what to write beside it)."""


def bars(panels: Sequence[tuple[str, Sequence[Bar]]], *, ours: str, log: bool = False) -> str:
    """Horizontal bars, a panel under the other, each with its own scale; `ours` is the label that stands out."""
    drawn = []
    for title, rows in panels:
        lengths = _lengths([value for _, value, _ in rows], log)
        kinds = ["ours" if label == ours else "bar" for label, _, _ in rows]
        made_of = [[(f'class="{kind}" rx="2"', length)] for kind, length in zip(kinds, lengths, strict=True)]
        drawn.append((title, [(label, parts, beside) for (label, _, beside), parts in zip(rows, made_of, strict=True)]))
    y, parts = _panels(drawn)
    return _svg(y, parts)


def stacks(panels: Sequence[tuple[str, Sequence[tuple[str, dict[str, float]]]]], *, unit: str) -> str:
    """Bars made of parts, a panel under the other, each with its own scale: (title, (label, parts)). Then a legend."""
    names = list(dict.fromkeys(name for _, rows in panels for _, made_of in rows for name in made_of))
    paint = {name: f'fill="{PARTS[place % len(PARTS)]}"' for place, name in enumerate(names)}
    drawn = []
    for title, rows in panels:
        wholes = [sum(made_of.values()) for _, made_of in rows]
        lengths = _lengths(wholes, log=False)
        bars_of = []
        for (label, made_of), whole, length in zip(rows, wholes, lengths, strict=True):
            widths = [(paint[name], length * made_of.get(name, 0.0) / whole if whole else 0.0) for name in names]
            bars_of.append((label, widths, f"{whole:.1f} {unit}"))
        drawn.append((title, bars_of))
    y, parts = _panels(drawn)
    for name in names:
        parts.append(f'<rect {paint[name]} x="{LABEL}" y="{y + 3}" width="14" height="{ROW - 10}" rx="2"/>')
        parts.append(f'<text x="{LABEL + 22}" y="{y + 15}">{escape(name)}</text>')
        y += ROW
    return _svg(y + 8, parts)


def lines(panels: Sequence[tuple[str, Sequence[tuple[float, float]], str]], *, x_title: str) -> str:
    """Lines over one x axis, a panel under the other: (title, points, unit)."""
    parts: list[str] = []
    y, height = 8, 90
    left, right = 60, WIDTH - 10
    end = max(x for _, points, _ in panels for x, _ in points) or 1.0
    for title, points, unit in panels:
        y += 20
        parts.append(f'<text class="title" x="0" y="{y}">{escape(title)}</text>')
        y += 10
        top = max(value for _, value in points) * 1.1 or 1.0
        for share in (0.0, 0.5, 1.0):
            at = y + height * (1 - share)
            parts.append(f'<line class="rule" x1="{left}" x2="{right}" y1="{at:.1f}" y2="{at:.1f}"/>')
            label = f"{top * share:,.0f} {unit}".strip()
            parts.append(f'<text class="faint" x="{left - 6}" y="{at + 4:.1f}" text-anchor="end">{label}</text>')
        path = " ".join(
            f"{left + (right - left) * x / end:.1f},{y + height * (1 - value / top):.1f}" for x, value in points
        )
        parts.append(f'<polyline class="line" fill="none" stroke-width="1.5" points="{path}"/>')
        y += height + 10
    y += 14
    parts.append(f'<text class="faint" x="{left}" y="{y}">0</text>')
    parts.append(f'<text class="faint" x="{right}" y="{y}" text-anchor="end">{end:,.0f} {escape(x_title)}</text>')
    return _svg(y + 8, parts)


def _panels(panels: Sequence[tuple[str, Sequence[Painted]]]) -> tuple[int, list[str]]:
    """(height, what is drawn) of panels of horizontal bars, one under the other."""
    parts: list[str] = []
    y = 8
    for title, rows in panels:
        y += 20
        parts.append(f'<text class="title" x="0" y="{y}">{escape(title)}</text>')
        y += 10
        for label, made_of, beside in rows:
            x = float(LABEL)
            parts.append(f'<text x="{LABEL - 8}" y="{y + 15}" text-anchor="end">{escape(label)}</text>')
            for paint, width in made_of:
                parts.append(f'<rect {paint} x="{x:.1f}" y="{y + 3}" width="{width:.1f}" height="{ROW - 8}"/>')
                x += width
            parts.append(f'<text class="faint" x="{x + 6:.1f}" y="{y + 15}">{escape(beside)}</text>')
            y += ROW
        y += 10
    return y, parts


def _lengths(values: Sequence[float | None], log: bool) -> list[float]:
    longest = WIDTH - LABEL - 170
    known = [value for value in values if value]
    if not known:
        return [0.0 for _ in values]
    if not log:
        return [longest * (value or 0.0) / max(known) for value in values]
    low = math.log10(min(known)) - 0.3
    span = math.log10(max(known)) - low
    return [longest * (math.log10(value) - low) / span if value else 0.0 for value in values]


def _svg(height: float, parts: Sequence[str]) -> str:
    size = f'width="{WIDTH}" height="{height:.0f}" viewBox="0 0 {WIDTH} {height:.0f}"'
    return "\n".join([f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">', STYLE, *parts, "</svg>", ""])
