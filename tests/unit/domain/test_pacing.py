"""The moments at which a channel flushes."""

from __future__ import annotations

import pytest

from asocial.domain.pacing import (
    CURSOR_TICK_S,
    LAG_SAMPLES,
    LATE_STRETCH,
    MAX_TICK_S,
    MAX_WAIT_S,
    STRETCH,
    TICK_S,
    FlushPacer,
    LoopLag,
)


def test_a_quiet_channel_flushes_at_once() -> None:
    assert FlushPacer(LoopLag()).due() == float("-inf")
    assert FlushPacer(LoopLag()).cursors_due() == float("-inf")


def test_a_busy_channel_waits_for_the_end_of_the_tick() -> None:
    pacer = FlushPacer(LoopLag())
    pacer.flushed(10.0, cursors=False)
    assert pacer.due() == pytest.approx(10.0 + TICK_S)


def test_the_tick_stretches_with_the_cost_at_once_and_comes_back_by_halves() -> None:
    pacer = FlushPacer(LoopLag())
    pacer.observe_cost(0.020)
    assert pacer.tick_s == pytest.approx(STRETCH * 0.020)
    pacer.observe_cost(0.0)
    assert pacer.tick_s == pytest.approx((STRETCH * 0.020 + TICK_S) / 2)
    for _ in range(50):
        pacer.observe_cost(0.0)
    assert pacer.tick_s == pytest.approx(TICK_S)


def test_the_tick_never_grows_past_what_people_notice() -> None:
    pacer = FlushPacer(LoopLag())
    pacer.observe_cost(5.0)
    assert pacer.tick_s == MAX_TICK_S


def test_cursors_have_a_slower_tick_of_their_own() -> None:
    pacer = FlushPacer(LoopLag())
    pacer.flushed(10.0, cursors=True)
    pacer.flushed(10.5, cursors=False)
    assert pacer.cursors_due() == pytest.approx(10.5 + TICK_S)
    pacer.flushed(11.0, cursors=True)
    assert pacer.cursors_due() == pytest.approx(11.0 + max(CURSOR_TICK_S, TICK_S))


def test_a_late_loop_makes_every_channel_wait_longer() -> None:
    lag = LoopLag()
    mine, another = FlushPacer(lag), FlushPacer(lag)
    mine.flushed(10.0, cursors=False)
    another.flushed(10.0, cursors=False)
    for _ in range(20 * LAG_SAMPLES):
        lag.observe(0.002)
    assert mine.due() == another.due() == pytest.approx(10.0 + TICK_S + LATE_STRETCH * 0.002)
    for _ in range(20 * LAG_SAMPLES):
        lag.observe(0.0)
    assert mine.due() == pytest.approx(10.0 + TICK_S)


def test_one_late_loop_turn_hardly_stretches_the_tick() -> None:
    lag = LoopLag()
    lag.observe(0.020)
    assert lag.tick_s == pytest.approx(TICK_S + LATE_STRETCH * 0.020 / LAG_SAMPLES)


def test_the_wait_is_bounded_for_any_loop_lag() -> None:
    lag = LoopLag()
    for _ in range(LAG_SAMPLES):
        lag.observe(5.0)
    assert lag.tick_s == TICK_S + MAX_WAIT_S


def test_a_channel_that_costs_more_than_the_others_keeps_its_own_tick() -> None:
    lag = LoopLag()
    pacer = FlushPacer(lag)
    pacer.observe_cost(0.040)
    lag.observe(0.010)
    pacer.flushed(10.0, cursors=False)
    assert pacer.due() == pytest.approx(10.0 + STRETCH * 0.040)
