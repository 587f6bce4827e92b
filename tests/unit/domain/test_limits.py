"""Rate limits on a clock that the test sets."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asocial.domain.limits import Allowance, Budgets, Share, SlidingWindow, TokenBucket
from asocial.domain.turn import Turn


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


def test_a_stopped_or_reversed_clock_adds_no_tokens() -> None:
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
    assert allowance.spend(20, 100.0) == 0.0
    assert allowance.spend(5, 100.0) == 0.5
    assert allowance.spend(5, 100.0) == 1.0, "a debt grows"
    assert allowance.spend(0, 101.0) == 0.0
    assert allowance.spend(21, 1000.0) == pytest.approx(0.1), "no more is saved than the burst"


def test_budgets_are_kept_for_each_key_until_they_are_whole_again() -> None:
    budgets = Budgets(rate=10, burst=20)
    assert [budgets.spend("ann", 10, 0.0) for _ in range(2)] == [0.0, 0.0]
    assert budgets.spend("bob", 20, 0.0) == 0.0
    assert budgets.spend("ann", 10, 0.0) == 1.0
    assert budgets.wait_s("ann", 0.5) == 0.5
    assert budgets.wait_s("nobody", 0.0) == 0.0
    for number in range(budgets.FORGET_EVERY):
        budgets.spend(f"key {number}", 1, 10.0)
    budgets.spend("carol", 1, 20.0)
    for _ in range(budgets.FORGET_EVERY):
        budgets.spend("carol", 0, 20.0)
    assert len(budgets._by_key) == 1, "memory follows the keys in use"


def test_debt_is_limited_to_one_burst() -> None:
    budgets = Budgets(rate=10, burst=20)
    for _ in range(1000):
        budgets.spend("ann", 100, 0.0)
    assert budgets.wait_s("ann", 0.0) == 2.0


@pytest.mark.parametrize(("rate", "key"), [(0, "ann"), (10, "")], ids=["no limit", "an address that is not known"])
def test_a_budget_without_a_rate_or_a_key_is_no_limit(rate: float, key: str) -> None:
    budgets = Budgets(rate, 1)
    assert [budgets.spend(key, 1e9, 0.0) for _ in range(3)] == [0.0, 0.0, 0.0]
    assert budgets.wait_s(key, 0.0) == 0.0


def test_a_flood_slows_down_only_its_own_channel() -> None:
    budgets = Budgets(rate=100, burst=100)
    flood = [Share(budgets, "here", assured=10, step=5, now=0.0) for _ in range(3)]
    quiet = Share(budgets, "here", assured=10, step=5, now=0.0)
    elsewhere = Share(budgets, "there", assured=10, step=5, now=0.0)
    waits = [0.0, 0.0, 0.0]
    now = 0.0
    read = [0, 0, 0]
    while now < 10.0:
        for number, share in enumerate(flood):
            if waits[number] <= now:
                waits[number] = now + share.spend(5, now)
                read[number] += 5
        if round(now * 100) % 20 == 0:
            assert quiet.spend(1, now) == 0.0, "5 a second are fewer than the assured 10"
        assert elsewhere.spend(1, now) == 0.0
        now += 0.01
    assert 1000 <= sum(read) <= 100 + 10 * 100 + 10 * 30 + 15, "the burst, the address's rate, and what is assured"
    assert min(read) > 100


def test_after_its_turn_an_address_lets_others_run_after_each_frame() -> None:
    later: list[Callable[[], None]] = []
    turn = Turn(3, later.append)
    assert [turn.is_over() for _ in range(5)] == [False, False, True, True, True]
    [begin] = later
    begin()
    assert [turn.is_over() for _ in range(4)] == [False, False, True, True]
    assert len(later) == 2


def test_a_share_is_settled_once_a_step() -> None:
    budgets = Budgets(rate=1, burst=1)
    share = Share(budgets, "here", assured=10, step=100, now=0.0)
    assert [share.spend(1, 0.0) for _ in range(99)] == [0.0] * 99
    assert len(budgets._by_key) == 0
    assert share.spend(1, 0.0) == 10.0
