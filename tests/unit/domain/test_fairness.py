"""How a busy second of a channel is shared: by address, then by user, on a clock that the test sets."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from asocial.domain.fairness import MINUTE_MS, SECOND_MS, FairWindow

LIMIT = 200
START = 10_000 * MINUTE_MS


def offer(channel: FairWindow, address: str, user: str, now_ms: int, limit: int = LIMIT) -> int:
    wait_ms = channel.wait_ms(limit, address, user, now_ms)
    if wait_ms == 0:
        channel.add(address, user, now_ms)
    return wait_ms


@pytest.mark.parametrize("limit", [1, 2, 3, 7, LIMIT])
def test_w72_never_more_than_the_limit_in_any_second(limit: int) -> None:
    chance, channel = random.Random(1), FairWindow()
    passed: list[int] = []
    now = START
    for _ in range(20_000):
        now += chance.choice((0, 0, 1, 2, 300 if chance.random() < 0.01 else 1))
        address = f"a{chance.randrange(50)}"
        if offer(channel, address, f"{address}-{chance.randrange(5)}", now, limit) == 0:
            passed.append(now)
    assert passed
    for first, last in zip(passed, passed[limit:], strict=False):
        assert last - first >= SECOND_MS


def test_w72_a_lone_user_has_nearly_all_of_the_second() -> None:
    channel = FairWindow()
    passed = sum(offer(channel, "a", "ann", START) == 0 for _ in range(1000))
    assert 0.8 * LIMIT <= passed < LIMIT, "the rest is for those who speak next"
    assert offer(channel, "b", "bob", START) == 0


def test_w72_a_flood_from_one_address_delays_no_other_address() -> None:
    """The attack: 100 guests of one address send 100 messages each at once; 200 others talk as ever."""
    chance, channel = random.Random(2), FairWindow()
    events = [(START + chance.randrange(60_000), f"h{n % 200}", f"h{n % 200}") for n in range(6000)]
    events += [(START + 30_000 + n // 10, "flood", f"guest{n % 100}") for n in range(10_000)]
    refused: Counter[bool] = Counter()
    for now, address, user in sorted(events):
        if offer(channel, address, user, now):
            refused[address == "flood"] += 1
    assert refused[False] == 0
    assert refused[True] > 9000


def test_w72_with_more_addresses_than_slots_those_that_sent_least_go_first() -> None:
    chance, channel = random.Random(3), FairWindow()
    events = [(START + chance.randrange(90_000), f"loud{n % 300}", "u") for n in range(300 * 180)]
    events += [(START + chance.randrange(90_000), f"quiet{n % 50}", "u") for n in range(50 * 9)]
    refused: Counter[str] = Counter()
    for now, address, user in sorted(events):
        # The first seconds do not count: nobody has said more than others yet.
        if offer(channel, address, user, now) and now > START + 15_000:
            refused[address[:4]] += 1
    assert refused["quie"] == 0
    assert refused["loud"] > 1000


def test_w72_within_an_address_users_who_sent_least_go_first() -> None:
    channel = FairWindow()
    for number in range(1000):
        offer(channel, "a", f"loud{number % 3}", START)
    assert offer(channel, "a", "loud1", START) > 0
    assert offer(channel, "a", "quiet", START) == 0


def test_w72_the_wait_is_true_when_nobody_else_sends() -> None:
    chance, channel = random.Random(4), FairWindow()
    now = START
    for number in range(2000):
        now += chance.randrange(3)
        wait_ms = offer(channel, f"a{number % 7}", f"u{number % 30}", now, 50)
        assert 0 <= wait_ms <= SECOND_MS
        if wait_ms and chance.random() < 0.05:
            now += wait_ms
            assert offer(channel, f"a{number % 7}", f"u{number % 30}", now, 50) == 0


def test_w72_memory_follows_what_two_minutes_hold() -> None:
    channel = FairWindow()
    for number in range(10_000):
        offer(channel, f"a{number}", f"u{number}", START + number * 100)
    sizes = [len(usage.addresses) for usage in (channel._now, channel._before)]
    assert max(sizes) <= 600
    assert len(channel._recent) <= 11
    assert not channel.idle(START + 10_000 * 100)
    assert channel.idle(START + 10_000 * 100 + 2 * MINUTE_MS)
