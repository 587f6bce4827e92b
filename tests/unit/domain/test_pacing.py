"""The moments at which a channel flushes."""

from __future__ import annotations

import pytest

from asocial.domain.pacing import CURSOR_TICK_S, MAX_TICK_S, STRETCH, TICK_S, FlushPacer


def test_a_quiet_channel_flushes_at_once() -> None:
    assert FlushPacer().due() == float("-inf")
    assert FlushPacer().cursors_due() == float("-inf")


def test_a_busy_channel_waits_for_the_end_of_the_tick() -> None:
    pacer = FlushPacer()
    pacer.flushed(10.0, cursors=False)
    assert pacer.due() == pytest.approx(10.0 + TICK_S)


def test_the_tick_stretches_with_the_cost_at_once_and_comes_back_by_halves() -> None:
    pacer = FlushPacer()
    pacer.cost(0.020)
    assert pacer.tick_s == pytest.approx(STRETCH * 0.020)
    pacer.cost(0.0)
    assert pacer.tick_s == pytest.approx((STRETCH * 0.020 + TICK_S) / 2)
    for _ in range(50):
        pacer.cost(0.0)
    assert pacer.tick_s == pytest.approx(TICK_S)


def test_the_tick_never_grows_past_what_people_notice() -> None:
    pacer = FlushPacer()
    pacer.cost(5.0)
    assert pacer.tick_s == MAX_TICK_S


def test_cursors_have_a_slower_tick_of_their_own() -> None:
    pacer = FlushPacer()
    pacer.flushed(10.0, cursors=True)
    pacer.flushed(10.5, cursors=False)
    assert pacer.cursors_due() == pytest.approx(10.5 + TICK_S)
    pacer.flushed(11.0, cursors=True)
    assert pacer.cursors_due() == pytest.approx(11.0 + max(CURSOR_TICK_S, TICK_S))
