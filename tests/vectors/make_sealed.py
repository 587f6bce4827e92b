"""Writes sealed.json: `python -m tests.vectors.make_sealed`. Both clients pass the same vectors (W190, W191, W195).

The secret, streams and nonces are fixed here. Nowhere else may a nonce be chosen.
"""

from __future__ import annotations

import json
from pathlib import Path

from asocial_client.sealed.box import Direction, Place, seal
from asocial_client.sealed.link import SealedLink, encode

FILE = Path(__file__).with_name("sealed.json")
SECRET = bytes(range(32))
STREAM = bytes(range(100, 108))
AT = 1_700_000_000_000


def made() -> dict[str, object]:
    links = [SealedLink(name, SECRET) for name in ("garden", "A-b_9")]
    link = links[0]
    contents: list[tuple[str, str, str, Direction, dict[str, object]]] = [
        ("chat", "g-ann", "m1", "members", {
            "payload": "hello – grüße 👋", "position": {"x": 10, "y": -20.5}, "name": "Ann", "color": "teal",
        }),
        ("typing", "g-ann", "m1", "members", {"payload": "h", "position": {"x": 10, "y": -20.5}}),
        ("cursor", "g-bob", "", "members", {"position": {"x": 0, "y": 0}}),
        ("profile", "g-bob", "", "members", {"name": "Bob", "color": "rust", "on_map": False}),
        ("landmark", "", "l1", "rules", {"name": "fire", "position": {"x": 1, "y": 2}}),
    ]  # fmt: skip
    boxes = []
    for counter, (kind, user_id, message_id, direction, content) in enumerate(contents, 1):
        text = json.dumps({**content, "at": AT}, ensure_ascii=False, separators=(",", ":"))
        nonce = bytes([counter] * 12)
        place = Place(link.channel, user_id, kind, message_id, direction)
        boxes.append({
            "kind": kind, "user_id": user_id, "message_id": message_id, "direction": direction, "counter": counter,
            "nonce": encode(nonce), "content": text,
            "box": seal(link.key, place, STREAM, counter, text.encode(), nonce=nonce),
        })  # fmt: skip
    return {
        "links": [
            {"name": each.name, "secret": encode(SECRET), "fragment": each.fragment, "channel": each.channel,
             "key": encode(each.key)}
            for each in links
        ],
        "damaged_links": [
            "", "garden", "garden.", links[0].fragment[:-1], links[0].fragment + "A", "other." + links[1].fragment[6:],
            links[0].fragment.replace("A", "B", 1), "not a name." + links[0].fragment[7:],
        ],
        "stream": encode(STREAM),
        "boxes": boxes,
    }  # fmt: skip


def text() -> str:
    return json.dumps(made(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
