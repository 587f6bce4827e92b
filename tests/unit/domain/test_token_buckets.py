"""Token buckets by key whose rate changes (W120)."""

from __future__ import annotations

from asocial.domain.token_buckets import LONGEST_WAIT_MS, TokenBuckets


def test_w120_a_bucket_gives_its_burst_and_then_one_token_at_a_time() -> None:
    buckets = TokenBuckets()
    assert [buckets.take("school", 100, 100, 0) for _ in range(100)] == [0] * 100
    assert buckets.take("school", 100, 100, 0) == 600
    assert buckets.take("school", 100, 100, 600) == 0
    assert buckets.take("other", 100, 100, 600) == 0, "other addresses are apart"


def test_w120_the_rate_of_a_take_counts_for_the_time_since_the_last_one() -> None:
    buckets = TokenBuckets()
    for _ in range(100):
        buckets.take("school", 100, 100, 0)
    assert [buckets.take("school", 100, 300, 1000) for _ in range(6)] == [0] * 5 + [200]


def test_w120_refused_callers_are_told_one_token_after_another() -> None:
    buckets = TokenBuckets()
    buckets.take("school", 1, 300, 0)
    waits = [buckets.take("school", 1, 300, 0) for _ in range(400)]
    assert waits[:4] == [200, 400, 600, 800]
    assert max(waits) == waits[-1] == LONGEST_WAIT_MS
    # Each finds a token at the moment that it was told.
    assert [buckets.take("school", 1, 300, now_ms) for now_ms in range(200, 1001, 200)] == [0] * 5


def test_w120_refused_callers_take_nothing_and_a_full_bucket_is_as_new() -> None:
    buckets = TokenBuckets()
    for _ in range(1000):
        buckets.take("school", 10, 10, 0)
    assert [buckets.take("school", 10, 10, 60_000) for _ in range(11)] == [0] * 10 + [6000]


def test_memory_follows_the_keys_in_use() -> None:
    buckets = TokenBuckets()
    for number in range(10_000):
        buckets.take(f"address{number}", 60, 60, number * 10)
    # A bucket is full again after a second. Between two looks at most 1,024 more pile up.
    assert len(buckets._buckets) <= 1_200
