"""AsyncAPI 3 of the WebSocket frames, made from the types in schema.py. Docs: protocol.md, W151."""

from __future__ import annotations

from typing import Any, get_args

import msgspec

from ..domain.ids import ID_PATTERN
from ..domain.profile import Member
from .json_schema import Schema, as_draft_7, components
from .schema import SUBPROTOCOL, Chat, ClientFrame, Drawing, IncompleteChat, ServerFrame, Stroke, UserSync

CLIENT_FRAMES: tuple[type[msgspec.Struct], ...] = (*get_args(ClientFrame), IncompleteChat)
SERVER_FRAMES: tuple[type[msgspec.Struct], ...] = get_args(ServerFrame)
RAW_FIELDS = {
    (UserSync, "users"): list[Member | str],
    (UserSync, "messages"): list[Chat],
    (UserSync, "strokes"): list[Stroke],
    (Drawing, "points"): list[tuple[float, float]],
    (Stroke, "points"): list[tuple[float, float]],
}
"""What the fields hold that are encoded once for everyone."""
QUERY = {
    "channel": "the channel's name; absent: default",
    "token": "a guest token, a guest key or a provider's token",
    "invite": "an invitation to a private channel",
    "uid": "a user id that the client chose; not read if there is a valid token",
    "name": "the name to join with",
    "color": "the colour to join with",
    "lang": "the language of the page",
    "users": "ids: users in user_sync are plain ids",
    "sealed": "1: the client supports sealed channels (W192)",
    "on_map": "0: the user is hidden from other people's maps",
    "trace": "the trace id that came with the page",
}
_CHANNEL = "#/channels/chat"


def asyncapi() -> dict[str, Any]:
    """The document. docs/protocol.md says what each frame means."""
    frames = (*CLIENT_FRAMES, *SERVER_FRAMES)
    schemas, named = components(frames, RAW_FIELDS)
    messages = {
        frame.__name__: {"name": frame_type(frame), "payload": schema}
        for frame, schema in zip(frames, schemas, strict=True)
    }
    query = {name: {**parameter_schema(name), "description": text} for name, text in QUERY.items()}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Asocial: frames",
            "version": "1",
            "description": "Frames of the WebSocket. docs/protocol.md says what each one means.",
            "license": {"name": "MIT"},
        },
        "defaultContentType": "application/json",
        "channels": {
            "chat": {
                "address": "/api/chat",
                "description": f"A connection to one channel. The subprotocol is {SUBPROTOCOL}.",
                "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
                "bindings": {
                    "ws": {
                        "method": "GET",
                        "query": {"type": "object", "properties": query},
                        "bindingVersion": "0.1.0",
                    }
                },
            }
        },
        "operations": {
            "receiveClientFrame": _operation("receive", CLIENT_FRAMES),
            "sendServerFrame": _operation("send", SERVER_FRAMES),
        },
        "components": {"messages": messages, "schemas": as_draft_7(named)},
    }


def parameter_schema(name: str) -> Schema:
    """Of a parameter of a request. Any text may be a `uid`: it is not read if there is a valid token (W105)."""
    return {"type": "string", "pattern": ID_PATTERN} if name == "channel" else {"type": "string"}


def frame_type(frame: type[msgspec.Struct]) -> str:
    """The `type` of a frame on the wire."""
    tag = frame.__struct_config__.tag
    return tag if isinstance(tag, str) else "chat"


def _operation(action: str, frames: tuple[type[msgspec.Struct], ...]) -> dict[str, Any]:
    return {
        "action": action,
        "channel": {"$ref": _CHANNEL},
        "messages": [{"$ref": f"{_CHANNEL}/messages/{frame.__name__}"} for frame in frames],
    }
