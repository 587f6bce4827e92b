"""Landmarks: names that owners give to places (W115, W116)."""

from __future__ import annotations

import math

import pytest

from asocial.domain.errors import BadFrame, PositionInvalid
from asocial.domain.landmarks import LANDMARK_CHARACTERS, MAX_LANDMARKS, Landmark, Landmarks, place, remove, rename
from asocial.domain.message import Position
from asocial.domain.rules import NO_RULES

HERE, THERE = Position(1, 2), Position(-3.5, 4)


def of(*names: str) -> Landmarks:
    landmarks: Landmarks = ()
    for name in names:
        landmarks = place(landmarks, name, HERE)
    return landmarks


def test_w115_a_placed_landmark_is_the_last_and_its_name_is_clean() -> None:
    assert place(of("fire"), "  main \u3000 stage ", THERE) == (Landmark("fire", HERE), Landmark("main stage", THERE))


def test_w115_a_name_that_is_there_moves_whatever_its_case_and_keeps_its_turn() -> None:
    assert place(of("fire", "Straße", "stage"), "STRASSE", THERE) == (
        Landmark("fire", HERE),
        Landmark("STRASSE", THERE),
        Landmark("stage", HERE),
    )
    composed, decomposed = "\u00e9t\u00e9", "e\u0301te\u0301"
    assert place(of(composed), decomposed, THERE) == (Landmark(decomposed, THERE),)


def test_w115_a_renamed_landmark_keeps_its_place_and_its_turn() -> None:
    before = (Landmark("fire", THERE), Landmark("stage", HERE))
    assert rename(before, "FIRE", "camp fire") == (Landmark("camp fire", THERE), Landmark("stage", HERE))
    assert rename(before, "fire", "Fire") == (Landmark("Fire", THERE), Landmark("stage", HERE))


def test_w115_what_is_not_there_is_renamed_and_removed_without_an_error() -> None:
    before = of("fire")
    assert rename(before, "stage", "theatre") == remove(before, "stage") == before
    assert remove(before, "Fire") == ()


def test_w116_twenty_landmarks_and_not_one_more() -> None:
    full = of(*(f"number {n}" for n in range(MAX_LANDMARKS)))
    with pytest.raises(BadFrame, match="at most 20"):
        place(full, "one more", HERE)
    assert place(full, "number 7", THERE)[7] == Landmark("number 7", THERE)
    assert len(place(remove(full, "number 7"), "one more", HERE)) == MAX_LANDMARKS


def test_w116_a_name_of_another_landmark_is_refused() -> None:
    with pytest.raises(BadFrame, match="another landmark"):
        rename(of("fire", "stage"), "fire", "Stage")


@pytest.mark.parametrize("name", ["", "  ", "\u200b", "a\nb", "a\x00", "a\u202eb", "e" + "\u0301" * 9])
def test_w116_names_are_refused_as_names_of_people_are(name: str) -> None:
    with pytest.raises(BadFrame):
        place((), name, HERE)
    with pytest.raises(BadFrame):
        rename(of("fire"), "fire", name)


def test_w116_a_name_has_at_most_forty_characters() -> None:
    longest = "火" * LANDMARK_CHARACTERS
    assert place((), longest, HERE)[0].name == longest
    with pytest.raises(BadFrame, match="1 to 40 characters"):
        place((), longest + "火", HERE)


@pytest.mark.parametrize("x", [math.nan, math.inf, -math.inf, 10_000_001])
def test_w116_positions_are_those_of_messages(x: float) -> None:
    with pytest.raises(PositionInvalid):
        place((), "fire", Position(x, 0))


def test_w115_a_change_that_changes_nothing_makes_no_new_version() -> None:
    rules = NO_RULES.with_landmarks(lambda before: place(before, "fire", HERE))
    assert (rules.version, rules.landmarks) == (1, of("fire"))
    assert rules.with_landmarks(lambda before: remove(before, "stage")) is rules
    assert rules.with_landmarks(lambda before: remove(before, "fire")).landmarks == ()


def test_w115_other_changes_leave_the_landmarks() -> None:
    rules = NO_RULES.with_landmarks(lambda _: of("fire"))
    changed = rules.with_owner("ann").with_slow_ms(1).with_read_only(True).with_private(True).with_ban("bob", 9, 0)
    assert changed.with_invitation(7, "key").landmarks == of("fire")
