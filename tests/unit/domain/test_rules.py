"""Channel rules: each change makes a newer version, and the number of bans is limited (W63, W66)."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from asocial.domain.landmarks import Landmark
from asocial.domain.message import Position
from asocial.domain.rules import MAX_BANS, NO_RULES, Rules

FIRE = Landmark("fire", Position(1, 2))


def test_each_change_raises_the_version_and_leaves_the_rest() -> None:
    rules = NO_RULES
    changes: list[Callable[[Rules], Rules]] = [
        lambda r: r.with_owner("ann"),
        lambda r: r.with_slow_ms(5000),
        lambda r: r.with_read_only(True),
        lambda r: r.with_private(True),
        lambda r: r.with_invitation(100, "key"),
        lambda r: r.with_ban("bob", 50, 10),
        lambda r: r.with_landmarks(lambda _: (FIRE,)),
    ]
    for change in changes:
        before, rules = rules, change(rules)
        assert rules.version == before.version + 1
    assert rules == Rules(7, "ann", 5000, True, True, {"bob": 50}, "key", 100, (FIRE,))
    assert Rules() == NO_RULES


def test_w63_opening_ends_the_invitations_and_nothing_else_does() -> None:
    private = NO_RULES.with_invitation(100, "first")
    assert (
        private.with_invitation(200, "second").with_private(True).with_slow_ms(1).with_ban("bob", 9, 0).accepts("first")
    )
    opened = private.with_private(False)
    assert not opened.accepts("first")
    again = opened.with_private(True).with_invitation(100, "second")
    assert again.accepts("second")
    assert not again.accepts("first")


def test_w63_a_new_owner_ends_the_invitations_of_the_one_before() -> None:
    assert not NO_RULES.with_invitation(100, "key").with_owner("ann").accepts("key")


def test_w63_without_an_invitation_no_key_counts() -> None:
    for rules in (NO_RULES, NO_RULES.with_owner("ann"), NO_RULES.with_private(True)):
        assert not rules.accepts("")
    assert not NO_RULES.with_invitation(100, "key").accepts("")


def test_w64_the_empty_id_owns_nothing() -> None:
    assert not NO_RULES.is_owned_by("")
    assert not NO_RULES.is_owned_by("ann")
    assert NO_RULES.with_owner("ann").is_owned_by("ann")
    assert not NO_RULES.with_owner("ann").is_owned_by("")


def test_w63_rules_are_kept_as_long_as_an_invitation_is_good() -> None:
    assert NO_RULES.with_invitation(5000, "a").with_invitation(3000, "b").lifetime_ms(1000, now=1000) == 4000
    assert NO_RULES.with_invitation(5000, "a").lifetime_ms(1000, now=4500) == 1000


def test_w66_a_ban_holds_until_its_end_and_a_past_end_lifts_it() -> None:
    rules = NO_RULES.with_ban("bob", 50, now=10)
    assert rules.is_banned("bob", 49)
    assert not rules.is_banned("bob", 50)
    assert not rules.is_banned("ann", 49)
    assert not rules.with_ban("bob", 10, now=10).is_banned("bob", 11)


def test_w66_expired_bans_are_dropped_and_above_the_limit_those_that_end_first() -> None:
    assert NO_RULES.with_ban("bob", 50, now=10).with_ban("eve", 90, now=60).bans == {"eve": 90}
    rules = NO_RULES
    for number in range(MAX_BANS + 1):
        rules = rules.with_ban(f"user-{number}", 1000 + number, now=0)
    assert len(rules.bans) == MAX_BANS
    assert not rules.is_banned("user-0", 0)
    assert rules.is_banned(f"user-{MAX_BANS}", 0)


def test_rules_written_by_an_older_or_newer_version_can_be_read() -> None:
    assert msgspec.json.decode(b'{"version":3,"owner":"ann","mood":"blue"}', type=Rules) == Rules(3, "ann")
    assert msgspec.json.decode(msgspec.json.encode(Rules(3, "ann")), type=Rules) == Rules(3, "ann")


def test_of_two_histories_the_one_that_began_first_counts() -> None:
    first, again = NO_RULES.with_owner("ann").begun(1_000), NO_RULES.with_owner("eve").begun(2_000)
    for _ in range(5):
        again = again.with_slow_ms(7).begun(3_000)
    assert (again.version, again.since) == (6, 2_000)
    assert first.replaces(again)
    assert not again.replaces(first)
    assert first.with_private(True).replaces(first)
    assert not first.replaces(first)
    assert first.replaces(NO_RULES)
    assert not NO_RULES.replaces(first)
