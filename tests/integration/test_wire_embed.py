"""W180 to W183 of docs/protocol.md: anchors, and channels over web pages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.integration.test_wire_owners import claim
from tests.support.client import Client, Frame
from tests.support.server import Join, Server, StartServer

ANCHOR = "install/2.0/1x3k9a/500/250+12"
AT = {"x": 10, "y": 20, "anchor": ANCHOR}


async def say(client: Client, position: Frame, type_: str = "chat") -> None:
    await client.send({"type": type_, "message_id": "m", "payload": "here", "position": position})


async def test_w180_an_anchor_is_passed_on_with_messages_and_drafts(server: Server, join: Join) -> None:
    ada, bob = await join(server), await join(server)
    await say(ada, AT, "typing")
    assert (await bob.receive("typing"))["position"] == AT
    await say(ada, AT)
    assert (await bob.receive("chat"))["position"] == AT
    assert (await join(server)).sync["messages"][0]["position"] == AT
    await ada.send({"type": "reaction", "kind": "heart", "position": AT})
    assert (await bob.receive("reaction"))["position"] == AT


async def test_w180_a_position_without_an_anchor_has_no_field_for_it(server: Server, join: Join) -> None:
    ada, bob = await join(server), await join(server)
    await say(ada, {"x": 1, "y": 2, "anchor": ""})
    assert (await bob.receive("chat"))["position"] == {"x": 1, "y": 2}


@pytest.mark.parametrize("bad", ["x" * 201, "a b", "é", "a\n", "\n", "a\x1b", "\u202e", 5, None, {}])
@pytest.mark.parametrize("type_", ["chat", "typing", "cursor"])
@pytest.mark.drives("bad_frame")
async def test_w180_other_anchors_are_refused(server: Server, join: Join, type_: str, bad: Any) -> None:
    ada = await join(server)
    await say(ada, {"x": 1, "y": 2, "anchor": bad}, type_)
    error = await ada.receive("error", "ack")
    assert (error.get("code"), "anchor" in error.get("message", "")) == ("bad_frame", True)


async def test_w180_a_landmark_keeps_no_anchor(start_server: StartServer, join: Join) -> None:
    server = await start_server()
    ada = await join(server, "garden")
    await claim(server, ada, "garden")
    await ada.moderate("place_landmark", name="here", position=AT)
    while not (frame := await ada.receive("channel_updated")).get("landmarks"):
        pass
    assert frame["landmarks"] == [{"name": "here", "position": {"x": 10, "y": 20}}]


async def test_w181_pointers_carry_anchors_beside_them(server: Server, join: Join) -> None:
    ada, bob, cat = await join(server), await join(server), await join(server)
    await ada.send({"type": "cursor", "position": AT})
    frame = await cat.receive("cursors")
    assert frame["cursors"] == [[ada.user_id, 10, 20]]
    assert frame["anchors"] == {ada.user_id: ANCHOR}
    await bob.cursor((1, 2))
    frame = await cat.receive("cursors")
    assert frame["cursors"] == [[bob.user_id, 1, 2]]
    assert "anchors" not in frame
    await ada.cursor((3, 4))
    assert "anchors" not in await cat.receive("cursors")


async def test_w181_pointers_of_a_crowd_carry_anchors_too(start_server: StartServer, join: Join) -> None:
    server = await start_server(crowd_threshold=4)
    ada, bob, *_ = [await join(server) for _ in range(4)]
    here = await join(server, view=(0.0, 0.0, 1000.0, 800.0))
    await ada.send({"type": "cursor", "position": AT})
    frame = await here.receive("cursors")
    assert frame["cursors"] == [[ada.user_id, 10, 20]]
    assert frame["anchors"] == {ada.user_id: ANCHOR}
    await bob.cursor((1, 2))
    frame = await here.receive("cursors")
    assert frame["cursors"] == [[bob.user_id, 1, 2]]
    assert "anchors" not in frame
    await here.follow(ada.user_id)
    await ada.receive("followed")
    await ada.send({"type": "cursor", "position": {"x": 40_000, "y": 0, "anchor": ANCHOR}})
    frame = await here.receive("cursors")
    assert (frame["cursors"], frame["anchors"]) == ([[ada.user_id, 40_000, 0]], {ada.user_id: ANCHOR})


async def test_w182_nobody_claims_an_embedded_channel(server: Server, join: Join) -> None:
    name = "embed-example-org-1a2b3c"
    ada = await join(server, name)
    answer = await claim(server, ada, name)
    assert (answer.status, answer.json["error"]["code"]) == (403, "not_claimable")
    await ada.moderate("clear")
    assert (await ada.receive("error"))["code"] == "not_owner"


async def test_w182_the_configuration_names_owners_of_an_embedded_channel(
    start_server: StartServer, join: Join
) -> None:
    server = await start_server(auth="open", channel_owners="embed-x:ann")
    assert (await join(server, "embed-x", uid="ann")).sync["rules"]["yours"]


async def test_w183_pages_of_every_site_may_load_the_embed_script_and_nothing_else(
    start_server: StartServer, tmp_path: Path
) -> None:
    (tmp_path / "assets").mkdir()
    for name in ("index.html", "embed.js", "embed.json", "other.js", "assets/embed-1a2b.js", "assets/main-1a2b.js"):
        (tmp_path / name).write_text("// one")
    server = await start_server(page_dir=tmp_path)
    names = ("cross-origin-resource-policy", "access-control-allow-origin", "cache-control")
    found = {}
    for path in ("/embed.js", "/embed.json", "/assets/embed-1a2b.js", "/assets/main-1a2b.js", "/other.js", "/"):
        headers = (await server.get(path)).headers
        found[path] = tuple(headers.get(name) for name in names)
    forever = "public, max-age=31536000, immutable"
    assert found == {
        "/embed.js": ("cross-origin", "*", "public, max-age=600, stale-while-revalidate=86400"),
        "/embed.json": ("cross-origin", "*", "no-cache"),
        "/assets/embed-1a2b.js": ("cross-origin", "*", forever),
        "/assets/main-1a2b.js": ("same-origin", None, forever),
        "/other.js": ("same-origin", None, "no-cache"),
        "/": ("same-origin", None, "no-cache"),
    }
