"""The two counters, told the time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asocial.domain.limits import Allowance, SlidingWindow, TokenBucket


def test_a_bucket_gives_its_burst_at_once_and_its_rate_after() -> None:
    bucket = TokenBucket(rate=10, burst=3, now=100.0)
    assert [bucket.take(100.0) for _ in range(3)] == [0.0, 0.0, 0.0]
    wait = bucket.take(100.0)
    assert 0.099 < wait <= 0.1
    assert bucket.take(100.0 + wait + 1e-9) == 0.0
    assert bucket.take(100.0 + wait + 2e-9) > 0


def test_a_bucket_holds_no_more_than_its_burst_however_long_it_rests() -> None:
    bucket = TokenBucket(rate=10, burst=3, now=0.0)
    assert [bucket.take(1e6) == 0.0 for _ in range(5)] == [True, True, True, False, False]


def test_a_clock_that_stands_or_goes_back_gives_nothing() -> None:
    bucket = TokenBucket(rate=1000, burst=1, now=50.0)
    assert bucket.take(50.0) == 0.0
    assert bucket.take(49.0) > 0


@given(st.lists(st.integers(0, 400), max_size=200), st.integers(1, 5), st.integers(1, 1000))
def test_no_window_ever_holds_more_than_its_limit(steps: list[int], limit: int, window_ms: int) -> None:
    window, now, taken = SlidingWindow(limit, window_ms), 0, []
    for step in steps:
        now += step
        wait = window.take(now)
        if wait == 0:
            taken.append(now)
        else:
            # What it promises is true: one ms earlier is too early, then there is a place.
            inside = [at for at in taken if at > now - window_ms]
            assert len(inside) == limit
            assert wait == inside[0] + window_ms - now
    for at in taken:
        assert sum(at - window_ms < other <= at for other in taken) <= limit


def test_a_window_is_empty_once_everything_in_it_is_over() -> None:
    window = SlidingWindow(2, 1000)
    assert window.empty(0)
    window.take(10)
    assert not window.empty(1009)
    assert window.empty(1010)


def test_an_allowance_refuses_nothing_and_says_how_long_to_wait() -> None:
    allowance = Allowance(rate=10, burst=20, now=100.0)
    assert allowance.use(20, 100.0) == 0.0
    assert allowance.use(5, 100.0) == 0.5
    assert allowance.use(5, 100.0) == 1.0, "a debt grows"
    assert allowance.use(0, 101.0) == 0.0
    assert allowance.use(21, 1000.0) == pytest.approx(0.1), "no more is saved than the burst"
