"""The palette, and the colour of a newcomer (W122)."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest

from asocial.domain.palette import _DISTANCE, PALETTE, SHADES, free_color

PAGE = Path(__file__).parents[3] / "web" / "src" / "shared" / "palette.ts"


def test_the_page_has_the_same_list() -> None:
    rows = re.findall(r"^  (\w+): \{ light: '(#\w{6})', dark: '(#\w{6})' \},$", PAGE.read_text(), re.MULTILINE)
    assert {name: (light, dark) for name, light, dark in rows} == SHADES
    assert [name for name, _, _ in rows] == list(PALETTE)


def test_w122_any_two_colours_can_be_told_apart_on_both_grounds() -> None:
    # Before its lightness varied, the closest two were 0.036 apart.
    assert min(_DISTANCE[pair] for pair in itertools.combinations(PALETTE, 2)) > 0.05


@pytest.mark.parametrize("preferred", PALETTE)
def test_w122_the_first_people_are_far_apart(preferred: str) -> None:
    present: list[str] = []
    for _ in range(len(PALETTE)):
        present.append(free_color(preferred, present))
    assert present[0] == preferred
    assert sorted(present) == sorted(PALETTE), "nobody shares a colour while there is another"
    assert min(_DISTANCE[pair] for pair in itertools.combinations(present[:5], 2)) > 0.13
    assert min(_DISTANCE[pair] for pair in itertools.combinations(present[:8], 2)) > 0.09


def test_w122_the_colour_is_the_farthest_from_those_present() -> None:
    for present in itertools.combinations(PALETTE, 2):
        chosen = free_color("rust", present)
        distances = {color: min(_DISTANCE[color, other] for other in present) for color in PALETTE}
        assert distances[chosen] == max(distances.values())


def test_w122_when_all_are_taken_the_fewest_share_one() -> None:
    present = [*PALETTE, *PALETTE]
    present.remove("moss")
    assert free_color("rust", present) == "moss"
    assert free_color("jade", PALETTE) == "jade"


def test_w122_a_colour_from_elsewhere_counts_for_nothing() -> None:
    assert free_color("rust", ["unknown"]) == "rust"
