"""What somebody between two people can try with boxes that they cannot open: each row of W199 is a test."""

from __future__ import annotations

import json
from typing import Any

import pytest
from asocial_client.sealed.box import NONCE_BYTES, BoxNotOpened, Place, open_box, pad, seal
from asocial_client.sealed.link import SealedLink, decode, encode
from asocial_client.sealed.translator import LATE_MS, NAMELESS, Translator

Fields = dict[str, Any]
NOW_MS = 1_700_000_000_000
LINK = SealedLink("garden", bytes(range(32)))
OTHER_LINK = SealedLink("kitchen", bytes(range(32)))
AT = {"position": {"x": 1, "y": 2}}


class Clock:
    ms = 0.0

    def __call__(self) -> float:
        return self.ms


def user_sync(user_id: str, *others: str, timestamp: int = NOW_MS, **more: Any) -> Fields:
    users = [{"user_id": each, "name": "Server's Name", "color": "teal", "joined_at": 1} for each in (user_id, *others)]
    limits = {"payload_characters": 500, "roster": 200}
    frame = {"type": "user_sync", "user_id": user_id, "channel_id": LINK.channel, "timestamp": timestamp}
    return {**frame, "users": users, "limits": limits, "messages": [], **more}


class Person:
    """A translator, and the server's part: it puts the author and the times on a frame."""

    def __init__(self, user_id: str, link: SealedLink = LINK, clock: Clock | None = None, **profile: str) -> None:
        self.user_id = user_id
        self.clock = clock or Clock()
        self.translator = Translator(link, profile, self.clock)
        self.translator.incoming(user_sync(user_id))

    def send(self, frame: Fields, **server: Any) -> Fields:
        sealed = self.translator.outgoing(frame)
        assert sealed is not None
        times = {"timestamp": NOW_MS, "expires_at": NOW_MS + 5000} if sealed["kind"] in ("chat", "stroke") else {}
        return {**sealed, "user_id": self.user_id, **times, **server}

    def hears(self, frame: Fields) -> Fields | None:
        return self.translator.incoming(frame)


@pytest.fixture
def ann() -> Person:
    return Person("g-ann", name="Ann", color="teal")


@pytest.fixture
def bob() -> Person:
    return Person("g-bob", name="Bob", color="rust")


def chat(payload: str = "hello", message_id: str = "m1") -> Fields:
    return {"type": "chat", "message_id": message_id, "payload": payload, **AT}


FRAMES: list[Fields] = [
    chat(),
    {"type": "typing", "message_id": "m1", "payload": "he", **AT},
    {"type": "stroke", "message_id": "s1", "points": [[0, 0], [1, 1.5]], "done": True},
    {"type": "stroke", "message_id": "s1", "points": [[0, 0]]},
    {"type": "cursor", **AT},
    {"type": "reaction", "kind": "heart", **AT},
    {"type": "view", "width": 10, "height": 20, **AT},
    {"type": "profile", "name": "Ann", "color": "teal"},
]


def names_of(frames: list[Fields]) -> list[str]:
    return [f"{frame['type']}-{frame.get('done', '')}" for frame in frames]


@pytest.mark.parametrize("frame", FRAMES, ids=names_of(FRAMES))
def test_w193_every_frame_arrives_as_it_was_sent(ann: Person, bob: Person, frame: Fields) -> None:
    bob.hears(user_sync("g-bob", "g-ann"))
    heard = bob.hears(ann.send(frame))
    assert heard is not None
    if frame["type"] == "cursor":
        assert heard == {"type": "cursors", "cursors": [["g-ann", 1, 2]]}
    elif frame["type"] == "profile":
        assert [(user["name"], user["color"]) for user in heard["users"]] == [("Ann", "teal")]
    else:
        assert {key: heard[key] for key in frame if key != "done"} == {k: v for k, v in frame.items() if k != "done"}
        assert heard["user_id"] == "g-ann"
    assert bob.translator.dropped == 0


def test_w193_nothing_of_a_frame_is_in_what_is_sent(ann: Person) -> None:
    for frame in FRAMES:
        sent = ann.send(frame)
        assert set(sent) <= {"type", "kind", "box", "message_id", "user_id", "timestamp", "expires_at"}
        assert b"hello" not in decode(sent["box"])


def test_w199_a_replayed_box_is_dropped(ann: Person, bob: Person) -> None:
    for frame in FRAMES[1:2] + FRAMES[3:]:
        sent = ann.send(frame)
        bob.hears(sent)
        before = bob.translator.dropped
        assert bob.hears(sent) is None
        assert bob.translator.dropped == before + 1


def test_w199_a_message_keeps_the_time_it_had_first(ann: Person, bob: Person) -> None:
    sent = ann.send(chat())
    assert bob.hears(sent) is not None
    assert bob.hears(sent) is not None  # the same message in a snapshot
    assert bob.hears({**sent, "timestamp": NOW_MS + 6000, "expires_at": NOW_MS + 11_000}) is None
    shifted = {"timestamp": NOW_MS + 1000, "expires_at": NOW_MS + 6000}
    bob.hears({"type": "clock", "timestamp": NOW_MS, "shift": 1000})
    assert bob.hears({**sent, **shifted}) is not None


def test_w199_another_box_under_a_known_id_is_dropped(ann: Person, bob: Person) -> None:
    assert bob.hears(ann.send(chat("one"))) is not None
    assert bob.hears(ann.send(chat("two"))) is None


def test_w199_reordered_boxes_are_dropped(ann: Person, bob: Person) -> None:
    first, second = (ann.send({"type": "cursor", "position": {"x": x, "y": 0}}) for x in (1, 2))
    assert bob.hears(second) is not None
    assert bob.hears(first) is None
    # Kinds travel in two lanes, so their order among each other is not fixed.
    typing, cursor = ann.send(FRAMES[1]), ann.send(FRAMES[4])
    assert bob.hears(cursor) is not None
    assert bob.hears(typing) is not None


def test_w199_two_tabs_of_a_user_do_not_disturb_each_other(ann: Person, bob: Person) -> None:
    tab = Person("g-ann", name="Ann", color="teal")
    for person in (ann, tab, tab, ann):
        assert bob.hears(person.send(FRAMES[4])) is not None


@pytest.mark.parametrize("frame", FRAMES, ids=names_of(FRAMES))
@pytest.mark.parametrize(
    "splice",
    [{"user_id": "g-carl"}, {"kind": "other"}, {"message_id": "m9"}],
    ids=["author", "kind", "message id"],
)
def test_w199_a_box_moved_to_another_place_is_dropped(ann: Person, bob: Person, frame: Fields, splice: Fields) -> None:
    sent = ann.send(frame)
    if splice == {"kind": "other"}:
        splice = {"kind": {"chat": "stroke", "stroke": "chat", "typing": "drawing", "drawing": "typing"}.get(
            sent["kind"], "view" if sent["kind"] != "view" else "cursor"
        )}  # fmt: skip
    assert bob.hears({**sent, **splice}) is None
    assert bob.translator.dropped == 1


def test_w199_a_box_for_another_channel_is_dropped(bob: Person) -> None:
    stranger = Person("g-ann", OTHER_LINK, name="Ann", color="teal")
    assert bob.hears(stranger.send(chat())) is None


def test_w199_a_box_for_another_direction_is_dropped(bob: Person) -> None:
    content = json.dumps({"name": "fire", **AT, "at": NOW_MS}).encode()
    for direction in ("members", "rules"):
        place = Place(LINK.channel, "", "landmark", "l1", direction)
        landmark = {"name": "l1", "position": {"x": 0, "y": 0}, "box": seal(LINK.key, place, bytes(8), 1, content)}
        heard = bob.hears({"type": "channel_updated", "landmarks": [landmark]})
        assert heard is not None
        assert len(heard["landmarks"]) == (direction == "rules")


def test_w199_every_changed_bit_is_noticed(ann: Person) -> None:
    sent = ann.send(FRAMES[4])
    place = Place(LINK.channel, "g-ann", "cursor")
    data = decode(sent["box"])
    for at in range(len(data) * 8):
        changed = bytearray(data)
        changed[at // 8] ^= 1 << at % 8
        with pytest.raises(BoxNotOpened):
            open_box(LINK.key, place, encode(bytes(changed)))


def test_w199_a_truncated_box_is_dropped(ann: Person, bob: Person) -> None:
    sent = ann.send(chat("x" * 200))
    for length in range(0, len(sent["box"]), 7):
        assert bob.hears({**sent, "box": sent["box"][:length]}) is None
    assert bob.hears(sent) is not None


def test_w199_wrong_padding_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    place = Place(LINK.channel, "g-ann", "cursor")
    for padded in (b"\0" * 64, b"{}\x80" + b"\0" * 60 + b"x", b"{}" + b" " * 62):
        monkeypatch.setattr("asocial_client.sealed.box.pad", lambda _, padded=padded: padded)
        with pytest.raises(BoxNotOpened):
            open_box(LINK.key, place, seal(LINK.key, place, bytes(8), 1, b""))


@pytest.mark.parametrize("late_ms", [LATE_MS + 1000, -LATE_MS - 1000])
def test_w199_what_was_sealed_long_ago_is_dropped_by_somebody_who_was_not_there(ann: Person, late_ms: int) -> None:
    newcomer = Person("g-new", name="New", color="rust")
    newcomer.hears(user_sync("g-new", timestamp=NOW_MS + late_ms))
    later = {"timestamp": NOW_MS + late_ms, "expires_at": NOW_MS + late_ms + 5000}
    assert newcomer.hears(ann.send(chat(), **later)) is None
    assert newcomer.hears(ann.send(FRAMES[4])) is None
    assert newcomer.translator.dropped == 2


@pytest.mark.parametrize("kind", ["chat", "typing", "stroke", "cursors", "reaction", "view"])
def test_w199_frames_in_the_clear_are_dropped(bob: Person, kind: str) -> None:
    forged = {"type": kind, "message_id": "m1", "user_id": "g-ann", "payload": "forged", **AT}
    assert bob.hears(forged) is None
    heard = bob.hears(user_sync("g-bob", messages=[{**forged, "type": "chat"}], strokes=[{**forged, "type": "stroke"}]))
    assert heard is not None
    assert (heard["messages"], heard["strokes"]) == ([], [])
    assert bob.translator.dropped == 3


INVALID: list[tuple[str, Fields]] = [
    ("chat", {"payload": "x" * 501, **AT, "name": "A", "color": "teal"}),
    ("chat", {"payload": "a\x07b", **AT, "name": "A", "color": "teal"}),
    ("chat", {"payload": "a\u202eb", **AT, "name": "A", "color": "teal"}),
    ("chat", {"payload": "a" + "\u0301" * 9, **AT, "name": "A", "color": "teal"}),
    ("chat", {"payload": "  ", **AT, "name": "A", "color": "teal"}),
    ("chat", {"payload": "\u200b\u2800\u0301", **AT, "name": "A", "color": "teal"}),
    ("chat", {"payload": "a\ud83d", **AT, "name": "A", "color": "teal"}),
    ("chat", {"payload": "a", **AT, "name": "A" * 33, "color": "teal"}),
    ("chat", {"payload": "a", **AT, "name": "a\u2066", "color": "teal"}),
    ("chat", {"payload": "a", **AT, "name": "A", "color": "constructor"}),
    ("chat", {"payload": "a", **AT}),
    ("chat", {"payload": 7, **AT, "name": "A", "color": "teal"}),
    ("cursor", {"position": {"x": 1e8, "y": 0}}),
    ("cursor", {"position": {"x": True, "y": 0}}),
    ("cursor", {"position": [1, 2]}),
    ("reaction", {"kind": "skull", **AT}),
    ("view", {"width": 0, "height": 1, **AT}),
    ("stroke", {"points": [[0, 0]], "name": "A", "color": "teal"}),
    ("drawing", {"points": [[0, 0]] * 257}),
    ("drawing", {"points": [[0, 0, 0]]}),
    ("profile", {"name": "\t", "color": "teal"}),
    ("profile", {"name": "\u3164", "color": "teal"}),
]


@pytest.mark.parametrize("number", range(len(INVALID)))
def test_w199_content_that_breaks_a_rule_is_dropped(bob: Person, number: int) -> None:
    kind, content = INVALID[number]
    message_id = "m1" if kind in ("chat", "stroke", "drawing") else ""
    text = json.dumps({**content, "at": NOW_MS}).encode()
    box = seal(LINK.key, Place(LINK.channel, "g-ann", kind, message_id), bytes(8), 1, text)
    frame = {"type": "sealed", "kind": kind, "user_id": "g-ann", "box": box, "message_id": message_id}
    assert bob.hears({**frame, "timestamp": NOW_MS, "expires_at": NOW_MS + 5000}) is None
    assert bob.translator.dropped == 1


def test_w199_json_that_is_no_object_is_dropped(bob: Person) -> None:
    for number, text in enumerate((b"[]", b"7", b"{", b"\xff", b"[" * 5000, b"NaN", b'{"at":1e999}')):
        box = seal(LINK.key, Place(LINK.channel, "g-ann", "cursor"), bytes(8), number + 1, text)
        assert bob.hears({"type": "sealed", "kind": "cursor", "user_id": "g-ann", "box": box}) is None


@pytest.mark.parametrize("payload", ["", " ", "\u200b"])
def test_w199_a_draft_that_shows_nothing_is_given_up_and_nothing_is_dropped(
    ann: Person, bob: Person, payload: str
) -> None:
    heard = bob.hears(ann.send({"type": "typing", "message_id": "m1", "payload": payload, **AT}))
    assert heard is not None
    assert (heard["type"], heard["payload"]) == ("typing", "")
    assert bob.translator.dropped == 0


def test_w198_the_servers_names_are_shown_as_nobodys(ann: Person, bob: Person) -> None:
    heard = bob.hears(user_sync("g-bob", "g-ann"))
    assert heard is not None
    assert {user["user_id"]: user["name"] for user in heard["users"]} == {"g-bob": "Bob", "g-ann": NAMELESS}
    bob.hears(ann.send(FRAMES[7]))
    joined = bob.hears({"type": "user_joined", "user_id": "g-ann", "name": "Mallory", "color": "rust"})
    assert joined is not None
    assert (joined["name"], joined["color"]) == ("Ann", "teal")


def test_w198_somebody_without_a_name_takes_the_servers() -> None:
    nobody = Person("g-new")
    assert nobody.translator.own_name() == ("Server's Name", "teal")


def test_w194_a_message_sent_again_has_the_same_box_and_another_text_has_not(ann: Person) -> None:
    first = ann.send(chat())
    ann.translator.begin()
    assert ann.send(chat()) == first
    assert ann.send(chat("changed"))["box"] != first["box"]
    ann.translator.incoming(user_sync("g-other"))
    assert ann.send(chat("changed"))["box"] != first["box"]


def test_w195_lengths_are_hidden_to_64_bytes(ann: Person) -> None:
    sizes = {len(decode(ann.send(chat("x" * length, f"m{length}"))["box"])) for length in range(1, 50)}
    assert len(sizes) <= 2
    assert {(size - 43) % 64 for size in sizes} == {0}
    assert [len(pad(b"x" * length)) for length in (0, 62, 63, 64, 127, 128)] == [64, 64, 64, 128, 128, 192]


@pytest.mark.parametrize("boxes", [100_000, pytest.param(1_000_000, marks=pytest.mark.repeats)])
def test_w195_no_two_boxes_have_the_same_nonce(boxes: int) -> None:
    """Of 2^96: two that are equal among a million have a chance of 1 in 10^17."""
    place, seen = Place(LINK.channel, "g-ann", "cursor"), set[str]()
    nonces = slice(20, 20 + NONCE_BYTES * 4 // 3)  # whole characters of Base64: bytes 15 to 27 of the box
    for counter in range(boxes):
        seen.add(seal(LINK.key, place, bytes(8), counter, b"{}")[nonces])
    assert len(seen) == boxes
