"""The descriptions that a server gives of itself are those of what it does (W151)."""

from __future__ import annotations

from typing import Any

import jsonschema_rs

from tests.support.client import Client
from tests.support.server import Join, Server

PAGE_PATHS = ("/", "/assets/{name}")
"""Addresses of the page and its files, which are no API. The files at the top have a dot in their names."""


async def test_w151_every_endpoint_is_described_and_no_other(server: Server) -> None:
    described = {
        (method.upper(), path)
        for path, methods in (await server.get("/api/openapi.json")).json["paths"].items()
        for method in methods
    }
    application = server.app.http._runner.app
    assert application is not None
    routes = {
        (route.method, route.resource.canonical)
        for route in application.router.routes()
        if route.resource is not None and route.method != "HEAD"
    }
    served = {
        (method, path)
        for method, path in routes
        if path.startswith("/api/") or (path not in PAGE_PATHS and "." not in path and "{" not in path)
    }
    assert described == served


async def test_w151_every_frame_that_a_client_gets_fits_its_schema(server: Server, join: Join) -> None:
    answer = await server.get("/api/asyncapi.json")
    assert answer.headers["content-type"].startswith("application/json")
    document = answer.json
    ann, bob = await join(server, name="Ann"), await join(server, name="Bob")
    await provoke(ann, bob)
    payloads: dict[str, list[Any]] = {}
    for operation in document["operations"]["sendServerFrame"]["messages"]:
        message = document["components"]["messages"][operation["$ref"].rpartition("/")[2]]
        schema = {**message["payload"], "components": document["components"]}
        payloads.setdefault(message["name"], []).append(jsonschema_rs.Draft7Validator(schema))
    received = [*ann.received, *bob.received]
    for frame in received:
        assert any(schema.is_valid(frame) for schema in payloads[frame["type"]]), frame
    assert len({frame["type"] for frame in received}) >= 15
    assert not any(schema.is_valid({"type": "chat", "payload": 7}) for schema in payloads["chat"])


async def provoke(ann: Client, bob: Client) -> None:
    """Have the server send a frame of most types."""
    await ann.chat("hello", message_id="m-1")
    await bob.receive("chat")
    await ann.typing("hel", message_id="m-2")
    await bob.receive("typing")
    await ann.stroke([(0, 0), (5, 5)], message_id="s-1", done=False)
    await bob.receive("stroke")
    await ann.stroke([(0, 0), (5, 5)], message_id="s-1")
    await bob.receive("stroke")
    await ann.cursor((1, 2))
    await bob.receive("cursors")
    await ann.reaction("heart")
    await bob.receive("reaction")
    await ann.send({"type": "view", "position": {"x": 0, "y": 0}, "width": 10, "height": 10})
    await bob.receive("view")
    await bob.send({"type": "follow", "user_id": ann.user_id})
    await ann.receive("followed")
    await ann.profile("Anna", "rust")
    await bob.receive("user_updated")
    await bob.who([ann.user_id])
    await bob.receive("profiles")
    await bob.ping(1)
    await bob.receive("pong")
    await bob.send({"type": "chat"})
    await bob.receive("error")
    await bob.resync()
    await bob.close()
    await ann.receive("user_left")
