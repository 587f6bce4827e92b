"""The RateLimiter contract: exact in every window, per key, across processes."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter

from asocial.domain.admission import Kind, MessageLimits, Posting, Verdict
from asocial.ports import RateLimiter
from tests.support.waiting import eventually_is
from tests.support.wall_clock import wall_ms

from .conftest import Adapters

NO_LIMITS = MessageLimits()


def chat(
    message_id: str, user: str = "ann", *, address: str = "", channel: str = "garden", slow_ms: int = 0
) -> Posting:
    return posting("chat", message_id, user, address=address, channel=channel, slow_ms=slow_ms)


def posting(
    kind: Kind,
    message_id: str = "",
    user: str = "ann",
    *,
    address: str = "",
    channel: str = "garden",
    slow_ms: int = 0,
    text: str = "hi",
    life_ms: int = 5000,
    stroke: bool = False,
) -> Posting:
    now = wall_ms()
    return Posting(kind, channel, user, address, message_id, slow_ms, now, now + life_ms, text, stroke)


async def admitted(limiter: RateLimiter, limits: MessageLimits, *postings: Posting) -> list[bool]:
    """Asked as the service asks: at once if possible."""
    verdicts = [limiter.admit_at_once(each, limits) or await limiter.admit(each, limits) for each in postings]
    return [verdict.wait_ms == 0 for verdict in verdicts]


async def test_the_limit_is_exact_across_processes(adapters: Adapters) -> None:
    one, two = await adapters.limiter(), await adapters.limiter()
    answers = await asyncio.gather(*((one, two)[n % 2].take("ann", 100, 60_000) for n in range(250)))
    assert sum(answer == 0 for answer in answers) == 100
    assert all(0 < answer <= 60_000 for answer in answers if answer)


async def test_keys_are_independent(adapters: Adapters) -> None:
    limiter = await adapters.limiter()
    assert await limiter.take("ann", 1, 60_000) == 0
    assert await limiter.take("ann", 1, 60_000) > 0
    assert await limiter.take("bob", 1, 60_000) == 0


async def test_no_limit_is_no_limit(adapters: Adapters) -> None:
    limiter = await adapters.limiter()
    assert {await limiter.take("ann", 0, 60_000) for _ in range(500)} == {0}


async def test_the_slot_is_free_at_the_stated_time(adapters: Adapters) -> None:
    limiter = await adapters.limiter()
    window_ms = 1500
    assert [await limiter.take("ann", 2, window_ms) for _ in range(2)] == [0, 0]
    wait_ms = await limiter.take("ann", 2, window_ms)
    assert 0 < wait_ms <= window_ms
    await asyncio.sleep(wait_ms / 1000)

    async def take() -> int:
        return await limiter.take("ann", 2, window_ms)

    await eventually_is(take, 0)


async def test_a_refused_attempt_takes_no_token(adapters: Adapters) -> None:
    limiter = await adapters.limiter()
    window_ms = 1500
    assert await limiter.take("ann", 1, window_ms) == 0
    waits: list[int] = []
    while (wait_ms := await limiter.take("ann", 1, window_ms)) and len(waits) < 10_000:
        waits.append(wait_ms)
        await asyncio.sleep(0.002)
    # Trying again and again did not push the moment back.
    assert waits
    assert waits == sorted(waits, reverse=True)


# New connections: a bucket whose rate changes.


async def test_w120_a_burst_is_exact_across_processes(adapters: Adapters) -> None:
    one, two = await adapters.limiter(), await adapters.limiter()
    # A token takes a minute: none comes back meanwhile, on a slow machine either.
    answers = await asyncio.gather(*((one, two)[n % 2].take_token("school", 60, 1) for n in range(100)))
    assert sum(answer == 0 for answer in answers) == 60
    assert all(0 < answer <= 60_000 for answer in answers if answer)
    assert await two.take_token("other", 60, 1) == 0


async def test_w120_the_refused_are_told_one_token_after_another(adapters: Adapters) -> None:
    limiter = await adapters.limiter()
    assert await limiter.take_token("school", 1, 6) == 0
    waits = [await limiter.take_token("school", 1, 6) for _ in range(8)]
    assert 8_000 < waits[0] <= 10_000
    assert all(8_000 < later - earlier <= 10_000 for earlier, later in itertools.pairwise(waits[:5]))
    assert waits[-1] == 60_000


async def test_w120_a_token_is_there_at_the_stated_time(adapters: Adapters) -> None:
    limiter = await adapters.limiter()
    assert await limiter.take_token("school", 1, 60) == 0
    wait_ms = await limiter.take_token("school", 1, 60)
    assert 0 < wait_ms <= 1000
    await asyncio.sleep(wait_ms / 1000)

    async def take() -> int:
        return await limiter.take_token("school", 1, 60)

    await eventually_is(take, 0)


async def test_w120_a_faster_rate_counts_from_the_last_take_on(adapters: Adapters) -> None:
    limiter = await adapters.limiter()
    assert await limiter.take_token("school", 1, 1) == 0

    async def take() -> int:
        return await limiter.take_token("school", 1, 600)

    await eventually_is(take, 0, patience_s=5)


async def test_w120_no_limit_is_no_limit(adapters: Adapters) -> None:
    limiter = await adapters.limiter()
    assert {await limiter.take_token("school", 0, 0) for _ in range(300)} == {0}


# What users write: all limits in one decision.


async def test_w72_minute_limits_of_users_and_addresses_hold_over_all_processes(adapters: Adapters) -> None:
    one, two = await adapters.limiter(), await adapters.limiter()
    limits = MessageLimits(user_per_minute=3, address_per_minute=5)
    told: list[Verdict] = [
        await (one, two)[number % 2].admit(chat(f"m{number}", user, address="192.0.2.1"), limits)
        for user in ("ann", "bob", "cat")
        for number in range(4)
    ]
    assert [verdict.wait_ms == 0 for verdict in told] == [True] * 3 + [False] + [True] * 2 + [False] * 6
    assert told[3].limit == "user"
    assert {verdict.limit for verdict in told[6:]} == {"address"}
    assert all(0 < verdict.wait_ms <= 60_000 for verdict in told if verdict.wait_ms)
    assert await admitted(two, limits, chat("m9", "dan", address="192.0.2.2"), chat("m9", "eve")) == [True, True]


async def test_w72_a_message_refused_by_one_limit_does_not_count_in_the_others(adapters: Adapters) -> None:
    limiter = await adapters.limiter()
    limits = MessageLimits(user_per_minute=1, address_per_minute=2)
    tried = [chat(f"m{number}", address="192.0.2.1") for number in range(10)]
    assert await admitted(limiter, limits, *tried) == [True] + [False] * 9
    assert await admitted(limiter, limits, chat("m", "bob", address="192.0.2.1")) == [True]


async def test_w72_a_channel_takes_no_more_than_its_limit_in_a_second_from_all_processes(adapters: Adapters) -> None:
    one, two = await adapters.limiter(), await adapters.limiter()
    limits = MessageLimits(channel_per_second=20)
    tried = [chat(f"m{number}", f"u{number}", address=f"192.0.2.{number}") for number in range(100)]
    began = wall_ms()
    verdicts = await asyncio.gather(*((one, two)[n % 2].admit(each, limits) for n, each in enumerate(tried)))
    taken = sum(verdict.wait_ms == 0 for verdict in verdicts)
    assert 10 <= taken <= 20 * (1 + (wall_ms() - began) // 1000)
    assert {verdict.limit for verdict in verdicts if verdict.wait_ms} == {"channel"}
    assert all(0 < verdict.wait_ms <= 1000 for verdict in verdicts if verdict.wait_ms)
    assert await admitted(two, limits, chat("m", channel="kitchen")) == [True], "other channels are apart"

    async def let_in() -> bool:
        return (await one.admit(chat("later", "late", address="198.51.100.1"), limits)).wait_ms == 0

    await eventually_is(let_in, True, patience_s=5)


async def test_w72_in_a_flood_from_one_address_other_addresses_go_first(adapters: Adapters) -> None:
    limiter = await adapters.limiter()
    limits = MessageLimits(channel_per_second=200)
    passed: Counter[str] = Counter()
    for number in range(400):
        flood = chat(f"f{number}", f"guest{number % 100}", address="192.0.2.1")
        passed["flood"] += (await limiter.admit(flood, limits)).wait_ms == 0
        if number % 10 == 0:
            who = number // 10 % 20
            quiet = chat(f"q{number}", f"quiet{who}", address=f"198.51.100.{who}")
            passed["quiet"] += (await limiter.admit(quiet, limits)).wait_ms == 0
    assert passed["quiet"] == 40, passed
    assert passed["flood"] >= 20


async def test_w72_within_an_address_users_who_sent_least_go_first(adapters: Adapters) -> None:
    limiter = await adapters.limiter()
    limits = MessageLimits(channel_per_second=40)
    tried = [chat(f"f{number}", f"loud{number % 2}", address="192.0.2.1") for number in range(80)]
    taken = sum(await admitted(limiter, limits, *tried))
    assert taken < 80, "the machine is too slow for this to be a flood" if taken == 80 else ""
    assert await admitted(limiter, limits, chat("q", "quiet", address="192.0.2.1")) == [True]


async def test_w72_without_limits_everything_is_admitted(adapters: Adapters) -> None:
    limiter = await adapters.limiter()
    assert all(await admitted(limiter, NO_LIMITS, *(chat(f"m{number}", address="192.0.2.1") for number in range(300))))


# W73, W75: drafts and names count as messages.


async def test_w73_a_draft_and_the_message_it_becomes_count_once(adapters: Adapters) -> None:
    one, two = await adapters.limiter(), await adapters.limiter()
    limits = MessageLimits(user_per_minute=2, address_per_minute=2)
    steps = [
        await one.admit(posting("draft", "m1", address="192.0.2.1"), limits),
        await two.admit(posting("draft", "m1", address="192.0.2.1"), limits),
        await two.admit(chat("m1", address="192.0.2.1"), limits),
        await one.admit(chat("m2", address="192.0.2.1"), limits),
        await one.admit(chat("m3", address="192.0.2.1"), limits),
    ]
    assert [step.wait_ms == 0 for step in steps] == [True, True, True, True, False]


async def test_w73_a_draft_that_was_dropped_counts(adapters: Adapters) -> None:
    limiter = await adapters.limiter()
    limits = MessageLimits(user_per_minute=3)
    drafts = [posting("draft", f"m{number}") for number in range(5)]
    assert await admitted(limiter, limits, *drafts) == [True] * 3 + [False] * 2
    # Only the last one still has its place: a store of drafts would be a store of messages without limit.
    assert await admitted(limiter, limits, chat("m0"), chat("m2")) == [False, True]


async def test_w73_a_new_name_counts_as_a_message(adapters: Adapters) -> None:
    limiter = await adapters.limiter()
    limits = MessageLimits(user_per_minute=2)
    assert await admitted(limiter, limits, chat("m"), posting("name"), posting("name"), chat("n")) == [
        True, True, False, False,
    ]  # fmt: skip


async def test_w73_a_slow_channel_has_one_slot_for_messages_drafts_and_names(adapters: Adapters) -> None:
    one, two = await adapters.limiter(), await adapters.limiter()
    slow_ms = 60_000

    def slow(kind: Kind, message_id: str = "", user: str = "ann") -> Posting:
        return posting(kind, message_id, user, slow_ms=slow_ms)

    assert await admitted(one, NO_LIMITS, slow("draft", "m1")) == [True]
    assert await admitted(two, NO_LIMITS, slow("draft", "m2"), slow("chat", "m2"), slow("name")) == [False] * 3
    assert await admitted(two, NO_LIMITS, slow("draft", "m1"), slow("chat", "m1")) == [True, True]
    refused = await one.admit(slow("chat", "m3"), NO_LIMITS)
    assert refused.limit == "slow"
    assert slow_ms - 5000 < refused.wait_ms <= slow_ms
    assert await admitted(one, NO_LIMITS, slow("name", user="bob"), slow("draft", "m", "bob")) == [True, False]
    assert await admitted(one, NO_LIMITS, chat("m4")) == [True], "the channel is not slow any more"


async def test_w73_a_slot_allows_one_message(adapters: Adapters) -> None:
    limiter = await adapters.limiter()

    def slow(kind: Kind) -> Posting:
        return posting(kind, "m", slow_ms=60_000, life_ms=100)

    assert await admitted(limiter, NO_LIMITS, slow("draft"), slow("chat")) == [True, True]
    await asyncio.sleep(0.2)
    assert (await limiter.admit(slow("chat"), NO_LIMITS)).wait_ms > 0, "under the same name, after its end"


async def test_w73_a_slot_is_as_long_as_the_channel_is_slow_now(adapters: Adapters) -> None:
    limiter = await adapters.limiter()
    assert await admitted(limiter, NO_LIMITS, chat("m1", slow_ms=3_600_000)) == [True]
    verdict = await limiter.admit(chat("m2", slow_ms=1000), NO_LIMITS)
    assert verdict.wait_ms <= 1000


# W113: strokes count as messages, and have a limit of their own.


def stroke(message_id: str, user: str = "ann", *, drawn: bool = False, slow_ms: int = 0) -> Posting:
    return posting("draft" if drawn else "chat", message_id, user, slow_ms=slow_ms, stroke=True)


async def test_w113_a_users_strokes_in_a_minute_are_limited_over_all_processes(adapters: Adapters) -> None:
    one, two = await adapters.limiter(), await adapters.limiter()
    limits = MessageLimits(strokes_per_minute=3)
    told = [await (one, two)[number % 2].admit(stroke(f"s{number}"), limits) for number in range(5)]
    assert [verdict.wait_ms == 0 for verdict in told] == [True] * 3 + [False] * 2
    assert {verdict.limit for verdict in told[3:]} == {"strokes"}
    assert all(0 < verdict.wait_ms <= 60_000 for verdict in told[3:])
    assert await admitted(two, limits, chat("m"), stroke("s", "bob")) == [True, True]


async def test_w113_a_drawn_stroke_and_the_finished_one_count_once(adapters: Adapters) -> None:
    one, two = await adapters.limiter(), await adapters.limiter()
    limits = MessageLimits(user_per_minute=2, strokes_per_minute=2)
    assert await admitted(one, limits, stroke("s1", drawn=True), stroke("s1", drawn=True)) == [True, True]
    assert await admitted(two, limits, stroke("s1"), stroke("s2", drawn=True), stroke("s2")) == [True] * 3
    assert await admitted(one, limits, stroke("s3", drawn=True), chat("m")) == [False, False]


async def test_w113_a_draft_and_a_stroke_have_places_of_their_own(adapters: Adapters) -> None:
    limiter = await adapters.limiter()
    limits = MessageLimits(user_per_minute=2)
    steps = [posting("draft", "m1"), stroke("s1", drawn=True), stroke("s1"), chat("m1"), chat("m2")]
    assert await admitted(limiter, limits, *steps) == [True] * 4 + [False]


async def test_w113_w65_a_stroke_takes_the_slot_of_a_slow_channel(adapters: Adapters) -> None:
    one, two = await adapters.limiter(), await adapters.limiter()
    assert await admitted(one, NO_LIMITS, stroke("s1", drawn=True, slow_ms=60_000)) == [True]
    assert await admitted(two, NO_LIMITS, chat("m1", slow_ms=60_000), stroke("s2", slow_ms=60_000)) == [False, False]
    assert await admitted(two, NO_LIMITS, stroke("s1", slow_ms=60_000)) == [True]
