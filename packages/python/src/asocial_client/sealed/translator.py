"""Turns a client's frames into sealed ones, and what comes from the server back into the frames that a client knows.

It stands between a client and its WebSocket, so everything above it works as in any channel. It knows no socket and no
event loop; the time comes in as a function.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable

from ..text import is_visible
from .box import STREAM_BYTES, BoxNotOpened, Place, open_box, seal
from .content import ContentInvalid, Fields, check
from .link import SealedLink

LATE_MS = 5 * 60_000
"""How far `at` may be from the server's time (W199)."""
REMEMBERED_MS = 2 * LATE_MS
"""After this time a message or a stream may be forgotten: its boxes are too old to count."""
REMEMBERED = 20_000
"""Above this number of messages and streams, old ones are forgotten at once."""
SENT = 200
"""So many boxes are kept for sending a message again."""
NAMELESS = "…"
"""Shown for somebody whose name has not come yet."""
IN_CLEAR = frozenset(("chat", "typing", "stroke", "cursors", "reaction", "view"))
WITHOUT_ID = frozenset(("cursor", "reaction", "view", "profile"))


class Translator:
    """`profile`: the `name`, `color` and `on_map` to join with; the server's choice takes the place of what is missing.

    `monotonic_ms`: a clock for differences.
    """

    def __init__(self, link: SealedLink, profile: Fields, monotonic_ms: Callable[[], float]) -> None:
        self.dropped = 0
        """How many boxes and frames were dropped (W199)."""
        self.profile = {key: value for key, value in profile.items() if value is not None}
        self._channel = link.channel
        self._key = link.key
        self._monotonic_ms = monotonic_ms
        self._ahead_ms = 0.0
        self._user_id = ""
        self._payload_characters = 500
        self._users: dict[str, Fields] = {}
        self._profiles: dict[str, Fields] = {}
        self._landmarks: dict[str, Fields] = {}
        self._counters: dict[tuple[str, bytes, str], tuple[int, float]] = {}
        self._messages: dict[tuple[str, str], tuple[str, int, float]] = {}
        self._sent: dict[str, tuple[Fields, Fields]] = {}
        self.begin()

    def begin(self) -> None:
        """A new connection."""
        self._stream = secrets.token_bytes(STREAM_BYTES)
        self._counter = 0

    def own_name(self) -> tuple[str, str]:
        """The name and colour that others are to see, after the first `user_sync`."""
        return self.profile["name"], self.profile["color"]

    def own_change(self) -> Fields | None:
        """The frame that tells the client its own new profile, which no server confirms; None if it knows it."""
        user = self._users.get(self._user_id)
        if user is None or user == {**user, **self.profile}:
            return None
        self._users[self._user_id] = changed = {**user, **self.profile}
        return {"type": "profiles", "users": [changed]}

    @property
    def on_map(self) -> bool:
        return self.profile.get("on_map") is not False

    # To the server.

    def outgoing(self, frame: Fields) -> Fields | None:
        """The frame to send in place of this one. None: there is nothing to send."""
        kind = frame["type"]
        match kind:
            case "chat":
                content = {"payload": frame["payload"], "position": frame["position"], **self.profile}
                return self._message(frame, "chat", content)
            case "stroke" if frame.get("done"):
                return self._message(frame, "stroke", {"points": frame["points"], **self.profile})
            case "typing":
                content = {"payload": frame["payload"], "position": frame["position"]}
                # W8: a draft that shows nothing is no draft.
                return self._sealed(frame, kind, content if is_visible(frame["payload"]) else None)
            case "stroke":
                return self._sealed(frame, "drawing", {"points": frame["points"]} if frame["points"] else None)
            case "cursor" | "reaction" | "view":
                return self._sealed(frame, kind, {key: value for key, value in frame.items() if key != "type"})
            case "profile":
                self.profile |= {key: frame[key] for key in ("name", "color", "on_map") if frame.get(key) is not None}
                return self._sealed(frame, kind, self.profile)
            case "moderate" if frame["action"].endswith("_landmark"):
                return self._moderate_landmark(frame)
        return frame

    def _message(self, frame: Fields, kind: str, content: Fields) -> Fields:
        """Sent again, a message has the same box (W194)."""
        message_id = frame["message_id"]
        was, sealed = self._sent.get(message_id, ({}, {}))
        key = {**frame, "user_id": self._user_id}
        if was != key:
            sealed = self._sealed(frame, kind, content)
            self._sent[message_id] = (key, sealed)
            if len(self._sent) > SENT:
                del self._sent[next(iter(self._sent))]
        return sealed

    def _sealed(self, frame: Fields, kind: str, content: Fields | None) -> Fields:
        message_id = "" if kind in WITHOUT_ID else frame["message_id"]
        place = Place(self._channel, self._user_id, kind, message_id)
        box = "" if content is None else self._seal(place, content)
        return {"type": "sealed", "kind": kind, "box": box} | ({"message_id": message_id} if message_id else {})

    def _seal(self, place: Place, content: Fields) -> str:
        self._counter += 1
        text = json.dumps({**content, "at": round(self._now_ms())}, ensure_ascii=False, separators=(",", ":"))
        return seal(self._key, place, self._stream, self._counter, text.encode())

    def _moderate_landmark(self, frame: Fields) -> Fields | None:
        found = self._landmark_id(frame["name"])
        if frame["action"] == "remove_landmark":
            return None if found is None else {"type": "moderate", "action": "remove_landmark", "name": found}
        if frame["action"] == "rename_landmark":
            if found is None:
                return None
            placed = {**self._landmarks[found], "name": frame["new_name"]}
        else:
            placed = {"name": frame["name"], "position": frame["position"]}
        landmark_id = found or secrets.token_urlsafe(12)
        box = self._seal(self._landmark_place(landmark_id), placed)
        return {"type": "moderate", "action": "place_landmark", "name": landmark_id, "box": box}

    def _landmark_id(self, name: str) -> str | None:
        wanted = name.casefold()
        return next((key for key, each in self._landmarks.items() if each["name"].casefold() == wanted), None)

    def _landmark_place(self, landmark_id: str) -> Place:
        return Place(self._channel, "", "landmark", landmark_id, "rules")

    # From the server.

    def incoming(self, frame: Fields) -> Fields | None:
        """The frame that the client gets in place of this one. None: it gets none."""
        kind = frame["type"]
        if kind in IN_CLEAR:
            return self._drop()
        match kind:
            case "sealed":
                return self._open(frame)
            case "user_sync":
                return self._synchronize(frame)
            case "user_joined" | "user_updated":
                return self._named(frame)
            case "profiles":
                return {**frame, "users": [self._named(user) for user in frame["users"]]}
            case "channel_updated":
                return self._with_landmarks(frame)
            case "ack":
                self._sent.pop(frame["message_id"], None)
            case "pong":
                self._ahead_ms = frame["timestamp"] - self._monotonic_ms()
            case "clock":
                self._ahead_ms += frame["shift"]
                self._messages = {
                    key: (box, timestamp + frame["shift"], seen)
                    for key, (box, timestamp, seen) in self._messages.items()
                }
        return frame

    def _synchronize(self, frame: Fields) -> Fields:
        self._user_id = frame["user_id"]
        self._ahead_ms = frame["timestamp"] - self._monotonic_ms()
        self._payload_characters = frame["limits"].get("payload_characters", self._payload_characters)
        own = next((user for user in frame["users"] if user["user_id"] == self._user_id), None)
        if own is not None:
            self.profile = {"name": own["name"], "color": own["color"]} | self.profile
        self._forget_old()
        lists = {name: [self._open(each) for each in frame.get(name, ())] for name in ("messages", "strokes")}
        opened = {name: [each for each in found if each is not None] for name, found in lists.items()}
        rules = {"rules": self._with_landmarks(frame["rules"])} if "rules" in frame else {}
        return {**frame, **opened, **rules, "users": [self._named(user) for user in frame["users"]]}

    def _named(self, user: Fields) -> Fields:
        """The user with the name from their own client; the server's is nobody's (W198)."""
        user_id = user["user_id"]
        known = self.profile if user_id == self._user_id else self._profiles.get(user_id, {"name": NAMELESS})
        self._users[user_id] = named = {**user, **known}
        return named

    def _with_landmarks(self, rules: Fields) -> Fields:
        opened = {}
        for landmark in rules.get("landmarks", ()):
            landmark_id = landmark["name"]
            place = self._landmark_place(landmark_id)
            found = self._read(place, landmark.get("box", ""))
            if found is not None:
                opened[landmark_id] = found
        self._landmarks = opened
        return {**rules, "landmarks": list(opened.values())} if "landmarks" in rules else rules

    def _open(self, frame: Fields) -> Fields | None:
        kind, user_id = frame.get("kind", ""), frame.get("user_id", "")
        message_id, box = frame.get("message_id", ""), frame.get("box", "")
        if frame.get("type") != "sealed" or kind == "landmark" or (kind in WITHOUT_ID) == bool(message_id):
            return self._drop()
        about = {"user_id": user_id, "message_id": message_id}
        if not box and kind == "typing":
            return {"type": "typing", **about, "payload": "", "position": {"x": 0, "y": 0}}
        if not box and kind == "drawing":
            return {"type": "stroke", **about, "points": []}
        timestamp = expires_at = 0
        if kind in ("chat", "stroke"):
            timestamp, expires_at = frame.get("timestamp", 0), frame.get("expires_at", 0)
            if not 0 < timestamp < expires_at:
                return self._drop()
        found = self._read(Place(self._channel, user_id, kind, message_id), box, timestamp)
        if found is None:
            return None
        if kind == "profile":
            return self._learn(user_id, found)
        if kind == "cursor":
            at = found["position"]
            return {"type": "cursors", "cursors": [[user_id, at["x"], at["y"]]]}
        if kind in ("chat", "stroke"):
            times = {"timestamp": timestamp, "expires_at": expires_at}
            return {"type": kind, "channel_id": self._channel, **about, **found, **times}
        if kind == "drawing":
            return {"type": "stroke", **about, **found}
        return {"type": kind, **(about if kind == "typing" else {"user_id": user_id}), **found}

    def _learn(self, user_id: str, profile: Fields) -> Fields | None:
        self._profiles[user_id] = profile
        user = self._users.get(user_id)
        return None if user is None else {"type": "profiles", "users": [{**user, **profile}]}

    def _read(self, place: Place, box: str, timestamp: int = 0) -> Fields | None:
        """The checked content of a box; None if it was dropped (W199)."""
        try:
            opened = open_box(self._key, place, box)
            content = json.loads(opened.content)
            if not isinstance(content, dict):
                raise ContentInvalid("not an object")
            fields = check(place.kind, content, self._payload_characters)
        except (BoxNotOpened, ContentInvalid, ValueError, RecursionError):
            return self._drop()
        if place.direction == "members":
            at = content.get("at")
            is_late = not isinstance(at, int) or abs(at - (timestamp or self._now_ms())) > LATE_MS
            if is_late or not self._is_new(place, box, timestamp, opened.stream, opened.counter):
                return self._drop()
        return fields

    def _is_new(self, place: Place, box: str, timestamp: int, stream: bytes, counter: int) -> bool:
        now_ms = self._monotonic_ms()
        if len(self._messages) + len(self._counters) > REMEMBERED:
            self._forget_old()
        if place.kind in ("chat", "stroke"):
            known = self._messages.setdefault((place.user_id, place.message_id), (box, timestamp, now_ms))
            return known[:2] == (box, timestamp)
        key = (place.user_id, stream, place.kind)
        last, _ = self._counters.get(key, (-1, 0.0))
        if counter <= last:
            return False
        self._counters[key] = (counter, now_ms)
        return True

    def _forget_old(self) -> None:
        before = self._monotonic_ms() - REMEMBERED_MS
        self._messages = {key: known for key, known in self._messages.items() if known[2] > before}
        self._counters = {key: known for key, known in self._counters.items() if known[1] > before}

    def _now_ms(self) -> float:
        return self._monotonic_ms() + self._ahead_ms

    def _drop(self) -> Fields | None:
        self.dropped += 1
        return None
