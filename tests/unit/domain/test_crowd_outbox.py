"""The outbox of a crowd, against a model that asks of each frame and each connection whether it gets it."""

from __future__ import annotations

import random

import pytest

from asocial.domain.cells import Cell, Region
from asocial.domain.crowd_outbox import CrowdOutbox, divide
from asocial.domain.flush import FlushLimit
from asocial.domain.outbox import MAX_TRANSIENT_FRAMES
from asocial.domain.region_groups import RegionGroups

HERE, THERE = Region(0, 0, 1, 1), Region(5, 5, 6, 6)
IN_HERE: tuple[Cell, ...] = ((0, 0),)
UNBOUNDED = FlushLimit(1000, 1_000_000)


def groups_of(**regions: Region | None) -> RegionGroups[str]:
    groups: RegionGroups[str] = RegionGroups()
    for name, region in regions.items():
        groups.place(name, region)
    return groups


def written(outbox: CrowdOutbox[str], groups: RegionGroups[str], bound: FlushLimit = UNBOUNDED) -> dict[str, bytes]:
    """What each connection gets in one flush."""
    got = {member: b"" for group in groups for member in group.members}
    for group, flush in divide(outbox.take(bound).runs, groups):
        for member in group.members:
            got[member] = b"".join(flush.pieces(member)) if member in flush.personal else flush.shared.data
    return got


def test_w160_a_frame_goes_to_the_regions_that_hold_it_and_an_event_to_all() -> None:
    groups, outbox = groups_of(ann=HERE, bob=THERE, eve=None), CrowdOutbox[str]()
    outbox.post(b"m", IN_HERE, "ann", b"a")
    outbox.post(b"e")
    assert written(outbox, groups) == {"ann": b"ae", "bob": b"e", "eve": b"me"}
    assert not outbox


def test_w160_a_sender_who_looks_elsewhere_gets_the_ack_in_its_place() -> None:
    groups, outbox = groups_of(ann=THERE, bob=HERE), CrowdOutbox[str]()
    outbox.post(b"1")
    outbox.post(b"m", IN_HERE, "ann", b"a")
    outbox.post(b"2")
    assert written(outbox, groups) == {"ann": b"1a2", "bob": b"1m2"}


def test_w161_listeners_get_no_volatile_frames() -> None:
    groups, outbox = groups_of(ann=HERE, bob=HERE, eve=None), CrowdOutbox[str]()
    outbox.set_draft("ann", "1", b"d", IN_HERE)
    outbox.set_drawing("ann", "2", b"s", IN_HERE)
    outbox.post_transient("ann", b"r", IN_HERE)
    assert written(outbox, groups) == {"ann": b"", "bob": b"dsr", "eve": b""}


def test_a_message_removes_its_draft_and_a_draft_the_one_before_it() -> None:
    groups, outbox = groups_of(ann=HERE, bob=HERE), CrowdOutbox[str]()
    outbox.set_draft("ann", "1", b"x", IN_HERE)
    outbox.set_draft("ann", "1", b"y", IN_HERE)
    assert written(outbox, groups)["bob"] == b"y"
    outbox.set_draft("ann", "1", b"z", IN_HERE)
    outbox.post(b"m", IN_HERE, "ann", b"a", replaces="1")
    assert written(outbox, groups)["bob"] == b"m"


def test_a_flush_is_limited_and_drafts_do_not_overtake() -> None:
    groups, outbox = groups_of(ann=HERE, bob=HERE), CrowdOutbox[str]()
    for number in range(3):
        outbox.post(b"%d" % number, IN_HERE)
    outbox.set_draft("ann", "1", b"d", IN_HERE)
    for _ in range(MAX_TRANSIENT_FRAMES + 5):
        outbox.post_transient("ann", b"r", IN_HERE)
    assert written(outbox, groups, FlushLimit(2, 100))["bob"] == b"01"
    assert outbox.waiting_bytes == 1
    assert written(outbox, groups, FlushLimit(2, 100))["bob"] == b"2d" + b"r" * MAX_TRANSIENT_FRAMES


def test_somebody_who_left_leaves_no_volatile_frames() -> None:
    outbox: CrowdOutbox[str] = CrowdOutbox()
    outbox.set_draft("ann", "1", b"d", IN_HERE)
    outbox.set_drawing("ann", "2", b"s", IN_HERE)
    outbox.post_transient("ann", b"r", IN_HERE)
    outbox.detach("ann")
    assert not outbox


@pytest.mark.parametrize("seed", range(40))
def test_w160_everybody_gets_what_a_naive_model_says(seed: int) -> None:
    rng = random.Random(seed)
    names = "abcdefg"
    groups: RegionGroups[str] = RegionGroups()
    for name in names:
        x, y = rng.randrange(3), rng.randrange(3)
        groups.place(name, None if rng.random() < 0.2 else Region(x, y, x + rng.randrange(3), y + rng.randrange(3)))
    outbox: CrowdOutbox[str] = CrowdOutbox()
    model: dict[str, list[bytes]] = {name: [] for name in names}
    got: dict[str, bytes] = dict.fromkeys(names, b"")
    for number in range(rng.randrange(30)):
        cells = tuple((rng.randrange(4), rng.randrange(4)) for _ in range(rng.choice([0, 1, 1, 2])))
        sender = rng.choice([None, *names])
        frame, reply = b"<%d>" % number, b"[%d]" % number if sender and rng.random() < 0.7 else b""
        outbox.post(frame, cells, sender, reply)
        for name in names:
            group = groups.group_of(name)
            assert group is not None
            sees = not cells or group.region is None or any(map(group.region.holds, cells))
            model[name].append(reply if name == sender else frame if sees else b"")
    while outbox:
        for name, data in written(outbox, groups, FlushLimit(rng.randrange(1, 8), rng.randrange(1, 60))).items():
            got[name] += data
    assert got == {name: b"".join(frames) for name, frames in model.items()}
    assert outbox.waiting_bytes == 0
