"""Which addresses are settled (W121)."""

from __future__ import annotations

import random

import pytest

from asocial.domain.settled_addresses import NEW_MS, SettledAddresses, Stay


def settled(addresses: SettledAddresses, now_ms: int) -> bool:
    return addresses.is_settled("school", now_ms)


def opened(addresses: SettledAddresses, number: int, now_ms: int) -> list[Stay]:
    return [addresses.open("school", now_ms) for _ in range(number)]


def test_w121_an_address_is_settled_when_half_of_its_connections_are_a_minute_old() -> None:
    addresses = SettledAddresses()
    assert not settled(addresses, 0), "nobody is there"
    opened(addresses, 10, 0)
    assert not settled(addresses, NEW_MS - 1)
    assert settled(addresses, NEW_MS)
    opened(addresses, 10, NEW_MS)
    assert settled(addresses, NEW_MS)
    opened(addresses, 1, NEW_MS)
    assert not settled(addresses, NEW_MS)
    assert settled(addresses, 2 * NEW_MS), "all of them are old now"
    assert not addresses.is_settled("other", 2 * NEW_MS)


def test_w121_a_punished_connection_counts_against_its_address() -> None:
    addresses = SettledAddresses()
    first, second, third = opened(addresses, 3, 0)
    addresses.punish(first)
    assert settled(addresses, NEW_MS)
    for _ in range(2):
        addresses.punish(second)
    assert not settled(addresses, NEW_MS)
    addresses.close(second, NEW_MS)
    assert settled(addresses, NEW_MS), "one of two"
    addresses.close(third, NEW_MS)
    assert not settled(addresses, NEW_MS)


def test_w121_a_connection_that_ends_at_once_counts_as_new_for_its_minute() -> None:
    addresses = SettledAddresses()
    opened(addresses, 1, 0)
    for number in range(2):
        addresses.close(addresses.open("school", NEW_MS + number), NEW_MS + number)
    assert not settled(addresses, NEW_MS + 1)
    assert settled(addresses, 2 * NEW_MS + 1)


@pytest.mark.parametrize("seed", range(20))
def test_w121_the_counts_are_those_of_a_list_of_all_connections(seed: int) -> None:
    """A model: every connection with its age, counted anew each time. At the end nothing is left."""
    chance = random.Random(seed)
    addresses, stays, now_ms = SettledAddresses(), list[Stay](), 0
    for _ in range(400):
        now_ms += chance.choice((0, 500, 9_000))
        still = [stay for stay in stays if stay.open]
        match chance.choice(("open", "open", "close", "punish")):
            case "open":
                stays.append(addresses.open("school", now_ms))
            case "close" if still:
                addresses.close(chance.choice(still), now_ms)
            case "punish" if still:
                addresses.punish(chance.choice(still))
        new = [stay for stay in stays if now_ms - stay.opened_ms < NEW_MS]
        old = [stay for stay in stays if stay.open and now_ms - stay.opened_ms >= NEW_MS]
        good = sum(not stay.punished for stay in old)
        assert settled(addresses, now_ms) == (bool(new or old) and good * 2 >= len(new) + len(old))
    for stay in stays:
        if stay.open:
            addresses.close(stay, now_ms)
    settled(addresses, now_ms + NEW_MS)
    assert not addresses._counts
    assert not addresses._new
