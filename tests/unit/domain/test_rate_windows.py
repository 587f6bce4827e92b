"""Rate windows by key: independent, and dropped when empty."""

from __future__ import annotations

from asocial.domain.rate_windows import RateWindows


def test_each_key_has_its_own_window_and_a_changed_limit_a_new_one() -> None:
    windows = RateWindows()
    assert [windows.take("ann", 1, 1000, 0), windows.take("bob", 1, 1000, 0)] == [0, 0]
    assert windows.take("ann", 1, 1000, 400) == 600
    assert windows.take("ann", 2, 1000, 400) == 0


def test_memory_follows_the_keys_in_use() -> None:
    windows = RateWindows()
    for number in range(10_000):
        windows.take(f"user{number}", 5, 1000, number * 10)
    # 100 keys are counted in any 1,000 ms here; between two looks at most 1,024 more pile up.
    assert len(windows._windows) <= 1_200
