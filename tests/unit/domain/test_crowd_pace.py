"""W167: the pace follows the number of senders and the load."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from asocial.domain.crowd_pace import (
    BUSY,
    CALM,
    FRAMES_PER_SECOND,
    FULL,
    FULL_SECONDS,
    LATE_S,
    LEAST,
    MOST,
    OVERLOADED,
    ROOM,
    VERY_LATE_S,
    CrowdPace,
)


def settle(pace: CrowdPace, senders: int, late_s: float = 0.0, busy: float = 0.0) -> float:
    for _ in range(50):
        pace.update(senders, late_s, busy)
    return pace.pace.cursors_per_second


@given(st.integers(0, 100_000), st.floats(0, 1), st.floats(0, 1))
def test_w167_the_pace_stays_within_the_limits(senders: int, late_s: float, busy: float) -> None:
    pace = CrowdPace(30, 20)
    settle(pace, senders, late_s, busy)
    assert OVERLOADED[-1][0] <= pace.pace.cursors_per_second <= MOST
    assert LEAST <= pace.pace.drafts_per_second <= MOST


def test_w167_many_senders_send_less_often() -> None:
    assert settle(CrowdPace(30, 30), 50) == MOST
    assert settle(CrowdPace(5, 30), 50) == 5
    assert settle(CrowdPace(30, 30), 4_000) < MOST
    rate = settle(CrowdPace(30, 30), 8_000)
    assert rate * 8_000 <= FRAMES_PER_SECOND


def test_w167_a_late_loop_asks_for_less_and_a_rested_one_for_more_again() -> None:
    pace = CrowdPace(30, 30)
    before = settle(pace, 1_000)
    late = settle(pace, 1_000, LATE_S * 2)
    assert late < before
    assert settle(pace, 1_000) > late


def test_w167_a_busy_process_asks_for_less_and_a_fairly_busy_one_changes_nothing() -> None:
    pace = CrowdPace(30, 30)
    before = settle(pace, 5_000)
    assert settle(pace, 5_000, busy=(BUSY + CALM) / 2) == before
    busy = settle(pace, 5_000, busy=0.99)
    assert busy < before
    usual = settle(pace, 5_000, busy=(BUSY + CALM) / 2)
    assert busy <= usual == LEAST
    assert settle(pace, 5_000) > usual


def test_w167_a_few_people_more_or_less_change_nothing() -> None:
    pace = CrowdPace(30, 30)
    settle(pace, 1_000)
    changes = [pace.update(1_000 + number % 3 * 20, 0.0, 0.0) for number in range(50)]
    assert sum(changes) <= 1


def test_w167_an_overloaded_process_asks_for_pointers_more_rarely_than_once_a_second() -> None:
    pace = CrowdPace(30, 20)
    assert settle(pace, 10_000, busy=(BUSY + 0.9) / 2) == LEAST
    assert (LEAST, pace.tick_s) == OVERLOADED[0]
    assert settle(pace, 10_000, busy=1.0) == OVERLOADED[-1][0]
    assert pace.pace.drafts_per_second == LEAST
    assert pace.tick_s == OVERLOADED[-1][1]
    assert settle(pace, 10_000, busy=(FULL + ROOM) / 2) == OVERLOADED[-1][0]
    assert settle(pace, 10_000, busy=ROOM - 0.01) == LEAST


def test_w167_a_short_peak_changes_nothing() -> None:
    pace = CrowdPace(30, 20)
    settle(pace, 10_000, busy=0.85)
    for _ in range(10):
        for busy in (1.0, 0.8, 0.8):
            pace.update(10_000, 0.0, busy)
    assert pace.pace.cursors_per_second == LEAST


def test_w167_the_pace_waits_until_clients_follow_it_and_does_not_swing() -> None:
    """A pointer a second takes 0.98 of the time, and each pace below it a seventh less."""
    pace = CrowdPace(30, 20)
    settle(pace, 10_000, busy=0.85)
    changes = [pace.update(10_000, 0.0, 0.98 - (1 - pace.pace.cursors_per_second) * 0.47) for _ in range(60)]
    assert pace.pace.cursors_per_second == OVERLOADED[1][0]
    assert sum(changes) == 1


def test_w167_a_step_is_judged_by_what_came_after_it() -> None:
    pace = CrowdPace(30, 20)
    settle(pace, 10_000, busy=0.85)
    changed = [pace.update(10_000, 0.0, 1.0) for _ in range(4 * FULL_SECONDS)]
    first = changed.index(True)
    assert changed[first:] == [number % FULL_SECONDS == 0 for number in range(len(changed) - first)]


def test_w167_a_very_late_process_is_overloaded_although_it_hardly_works() -> None:
    pace = CrowdPace(30, 20)
    assert settle(pace, 10_000, late_s=VERY_LATE_S * 2, busy=0.5) == OVERLOADED[-1][0]
    assert settle(pace, 10_000, late_s=VERY_LATE_S / 2, busy=0.5) == LEAST
