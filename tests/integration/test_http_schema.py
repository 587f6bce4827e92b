"""The OpenAPI document and the server judge request bodies alike (W151): valid is accepted, and invalid is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest

from asocial.adapters.http.openapi import OPERATIONS, openapi
from tests.support import schemathesis_run
from tests.support.schemathesis_run import OPERATOR_TEXT, WRITER_TEXT
from tests.support.server import Join, Server, StartServer

VALID: dict[str, list[dict[str, Any]]] = {
    "MessageRequest": [
        {"payload": "hello"},
        {"payload": "hello", "position": {"x": 1, "y": 2.5, "anchor": "p.3"}, "name": "CI", "color": "teal"},
        {"payload": "hello", "message_id": "m-1"},
    ],
    "InvitationRequest": [{}, {"rights": "read", "ttl_seconds": 3600}],
    "CloseRequest": [{}, {"seconds": 0}, {"seconds": 2_592_000}],
    "BanRequest": [
        {"user_id": "ann"}, {"address": "192.0.2.1"}, {"address": "2001:db8::1", "seconds": 60},
        {"address": "::ffff:192.0.2.1"}, {"user_id": "ann", "address": "192.0.2.1"}, {"seconds": 5},
    ],
    "NoticeRequest": [{"text": "The server restarts at noon."}],
}  # fmt: skip
LONG = "x" * 65
ODD: tuple[Any, ...] = (
    None, True, 0, 1, -1, 1.0, 60.0, 60.5, 1e300, 10**30, 2_592_001, "", "60", "a b", "\nann", LONG, "pink",
    "192.0.2.1:80", " 192.0.2.1", "192.0.2.0/24", "[::1]", "fe80::1%eth0", "2001:DB8:0:0::1", "\u0661.2.3.4", [], {},
    ["ann"], {"x": 1}, {"x": 1, "y": "2"}, {"x": 1, "y": 2, "z": 3}, {"x": True, "y": 2},
    {"x": 1, "y": 2, "anchor": "a b"},
)  # fmt: skip


def bodies(kind: str) -> Iterator[Any]:
    """Valid bodies, and each of them with one thing changed."""
    for valid in VALID[kind]:
        yield valid
        yield valid | {"unknown": 1}
        for field in valid:
            yield {name: value for name, value in valid.items() if name != field}
            yield {name.upper() if name == field else name: value for name, value in valid.items()}
            for odd in ODD:
                # The schema does not say all rules of names: no control characters, 32 characters without spaces.
                if field != "name" or odd not in (LONG, "\nann"):
                    yield valid | {field: odd}
    yield from (None, [], "text", 1)


def test_every_body_is_compared() -> None:
    assert {each.body.__name__ for each in OPERATIONS if each.body is not None} == VALID.keys()


@pytest.mark.parametrize("kind", VALID)
async def test_w151_a_body_is_valid_for_the_server_if_it_is_for_the_schema(
    start_server: StartServer, join: Join, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    server: Server = await schemathesis_run.start(start_server, monkeypatch)
    token = OPERATOR_TEXT if kind in ("CloseRequest", "BanRequest", "NoticeRequest") else WRITER_TEXT
    if kind == "InvitationRequest":
        owner = await join(server, "garden")
        token = owner.sync["token"]
        claimed = await server.post("/api/channels/garden", {"Authorization": f"Bearer {token}"})
        assert claimed.status == 200
    [path] = [each.path for each in OPERATIONS if each.body is not None and each.body.__name__ == kind]
    schema = openapi() | {"$ref": f"#/components/schemas/{kind}"}
    validator = jsonschema_rs.Draft202012Validator(schema, validate_formats=True)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    differ = []
    for body in bodies(kind):
        answer = await server.post(path.replace("{channel}", "garden"), headers, json.dumps(body))
        assert answer.status in (200, 201, 400), (body, answer)
        if (answer.status == 400) == validator.is_valid(body):
            differ.append((body, answer.status, answer.json))
    assert differ == []
