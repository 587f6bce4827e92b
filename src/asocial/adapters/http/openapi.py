"""OpenAPI 3.1 of the HTTP endpoints, made from the types in api_types.py and the table in refusals.py. Docs: W151."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from ...domain.ids import ID_PATTERN
from ...protocol.asyncapi import QUERY, parameter_schema
from ...protocol.json_schema import REFERENCE, Schema, components
from ...protocol.schema import Chat
from .api_types import (
    Ban,
    BanRequest,
    BansBody,
    ChannelsBody,
    ChannelView,
    ClientConfigBody,
    ClosedBody,
    CloseRequest,
    ErrorBody,
    HealthBody,
    InvitationBody,
    InvitationRequest,
    MembersBody,
    MessageRequest,
    MessagesBody,
    NoticeBody,
    NoticeRequest,
    PostedBody,
    ReadyBody,
)
from .refusals import ANSWERS

JSON = "application/json"
RAW_FIELDS = {(MessagesBody, "messages"): list[Chat]}
ONE_OF = {"BanRequest": ("user_id", "address")}
"""Exactly one of these fields must be there."""
SECURITY = {
    "apiKey": "a key made by `asocial keys create NAME --channels NAMES`",
    "operatorKey": "a key made by `asocial keys create NAME --operator`",
    "userToken": "the token of `user_sync`, or of an identity provider",
}
ALWAYS = ("request_invalid", "host_not_allowed", "body_too_large", "encoding_unsupported", "internal")
"""What every address may answer."""
KEY = ("token_invalid", "key_not_allowed", "rate_limited", "unavailable")
CHANNEL_KEY = ("channel_invalid", "sealed_channel", *KEY)
BODY = ("body_invalid", "body_timeout")
USER = ("token_invalid", "channel_invalid", "rate_limited", "unavailable", "identity_unavailable", "uid_invalid")
ENTER = (
    "draining", "origin_forbidden", "too_many_connections", "members_only", "channel_private", "channel_closed",
    "sealed_channel",
)  # fmt: skip
_CHANNEL_PARAMETER: Schema = {
    "name": "channel",
    "in": "path",
    "required": True,
    "description": "the channel's name",
    "schema": {"type": "string", "pattern": ID_PATTERN},
}


@dataclass(frozen=True)
class Operation:
    """A method of an address. `answer`: the type of the body, or its media type. `errors`: codes of refusals.py.

    `security`: names in SECURITY, one of which is needed; "" if none is needed.
    """

    method: str
    path: str
    summary: str
    answer: type[msgspec.Struct] | str
    statuses: Sequence[int] = (200,)
    body: type[msgspec.Struct] | None = None
    body_required: bool = True
    errors: Sequence[str] = ()
    security: Sequence[str] = ()
    parameters: Sequence[tuple[str, str, str]] = ()
    """Each: where it is, its name, what it means."""

    @property
    def operation_id(self) -> str:
        words = [word for word in self.path.replace(".", "/").split("/") if word and word != "api"]
        return "-".join([self.method, *(word.strip("{}") for word in words)])

    @property
    def tag(self) -> str:
        parts = self.path.split("/")
        return "operators" if parts[2:3] == ["operator"] else "channels" if parts[2:3] == ["channels"] else "server"


OPERATIONS = (
    Operation("get", "/health", "Says that the process lives", HealthBody),
    Operation("get", "/ready", "Says whether the process should get new connections", ReadyBody, (200, 503)),
    Operation("get", "/metrics", "What the process counts, for Prometheus", "text/plain"),
    Operation("get", "/api/config", "What a client needs to know before its user signs in", ClientConfigBody),
    Operation("get", "/api/openapi.json", "This document", JSON),
    Operation("get", "/api/asyncapi.json", "The frames of the WebSocket, as AsyncAPI 3", JSON),
    Operation(
        "get",
        "/api/chat",
        "Upgrades to a WebSocket; the frames are in asyncapi.json",
        "",
        (101,),
        errors=(
            *("channel_invalid", "uid_invalid", "handshake_invalid", "upgrade_required", "uid_taken", "rate_limited"),
            *("origin_forbidden", "members_only", "channel_private", "sealed_channel", "too_many_connections"),
            *("draining", "identity_unavailable", "unavailable"),
        ),
        security=("", "userToken"),
        parameters=[("query", name, text) for name, text in QUERY.items()],
    ),
    Operation(
        "get",
        "/api/channels/{channel}",
        "The rules of a channel, or why the caller cannot connect to it (W87)",
        ChannelView,
        errors=(*USER, *ENTER, "uid_taken"),
        security=("", "userToken"),
        parameters=[
            ("query", "invite", QUERY["invite"]),
            ("query", "origin", "the origin of the page that asks"),
            ("query", "uid", QUERY["uid"]),
            ("query", "sealed", QUERY["sealed"]),
        ],
    ),
    Operation(
        "post",
        "/api/channels/{channel}",
        "Makes the caller the owner of a channel (W64)",
        ChannelView,
        errors=(*USER, "not_claimable", "removed", "channel_closed", "channel_taken", "not_in_channel"),
        security=("userToken",),
    ),
    Operation(
        "post",
        "/api/channels/{channel}/invitations",
        "Makes an invitation to a channel, which makes the channel private (W63)",
        InvitationBody,
        (201,),
        body=InvitationRequest,
        body_required=False,
        errors=(*USER, *BODY, "not_owner", "not_claimable"),
        security=("userToken",),
    ),
    Operation(
        "post",
        "/api/channels/{channel}/messages",
        "Posts a message (W130)",
        PostedBody,
        (201,),
        body=MessageRequest,
        errors=(*CHANNEL_KEY, *BODY, "bad_frame", "payload_empty", "payload_too_large", "position_invalid"),
        security=("apiKey",),
    ),
    Operation(
        "get",
        "/api/channels/{channel}/messages",
        "Reads the live messages (W132)",
        MessagesBody,
        errors=CHANNEL_KEY,
        security=("apiKey",),
    ),
    Operation(
        "get",
        "/api/channels/{channel}/members",
        "Reads who is in a channel (W132)",
        MembersBody,
        errors=CHANNEL_KEY,
        security=("apiKey",),
    ),
    Operation(
        "get",
        "/api/channels/{channel}/events",
        "Streams what happens in a channel (W135)",
        "text/event-stream",
        errors=CHANNEL_KEY,
        security=("apiKey",),
        parameters=[("header", "Last-Event-ID", "the id of the last event that the reader has")],
    ),
    Operation(
        "get",
        "/api/operator/channels",
        "Lists channels with the number of their users (W137)",
        ChannelsBody,
        errors=KEY,
        security=("operatorKey",),
    ),
    Operation(
        "post",
        "/api/operator/channels/{channel}/close",
        "Closes a channel for a time, or opens it (W138)",
        ClosedBody,
        body=CloseRequest,
        body_required=False,
        errors=(*CHANNEL_KEY, *BODY),
        security=("operatorKey",),
    ),
    Operation(
        "get",
        "/api/operator/bans",
        "Lists the bans from all channels (W139)",
        BansBody,
        errors=KEY,
        security=("operatorKey",),
    ),
    Operation(
        "post",
        "/api/operator/bans",
        "Bans a user or an address from all channels, or ends a ban (W139)",
        Ban,
        body=BanRequest,
        errors=(*KEY, *BODY),
        security=("operatorKey",),
    ),
    Operation(
        "post",
        "/api/operator/notices",
        "Shows everyone a line of text (W150)",
        NoticeBody,
        body=NoticeRequest,
        errors=(*KEY, *BODY, "bad_frame", "payload_empty", "payload_too_large"),
        security=("operatorKey",),
    ),
)


def openapi() -> dict[str, Any]:
    """The document. docs/protocol.md, sections 9 and 14, says what each endpoint means."""
    bodies = [body for each in OPERATIONS for body in (each.answer, each.body) if isinstance(body, type)]
    _, named = components([ErrorBody, *dict.fromkeys(bodies)], RAW_FIELDS)
    for name, fields in ONE_OF.items():
        named[name]["oneOf"] = [{"required": [one]} for one in fields]
    paths: defaultdict[str, Schema] = defaultdict(dict)
    for operation in OPERATIONS:
        paths[operation.path][operation.method] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Asocial: HTTP API",
            "version": "1",
            "description": "docs/protocol.md says what each endpoint means; W-numbers are its rules.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "paths": dict(paths),
        "components": {
            "schemas": named,
            "securitySchemes": {
                name: {"type": "http", "scheme": "bearer", "description": text} for name, text in SECURITY.items()
            },
        },
    }


def _operation(operation: Operation) -> Schema:
    found: Schema = {
        "operationId": operation.operation_id,
        "summary": operation.summary,
        "tags": [operation.tag],
        "security": [{name: []} if name else {} for name in operation.security],
        "parameters": _parameters(operation),
        "responses": {**{str(status): _answer(operation) for status in operation.statuses}, **_errors(operation)},
    }
    if operation.body is not None:
        found["requestBody"] = {"required": operation.body_required, "content": _json(operation.body)}
    return found


def _parameters(operation: Operation) -> list[Schema]:
    others = [
        {"name": name, "in": place, "description": text, "schema": parameter_schema(name)}
        for place, name, text in operation.parameters
    ]
    return [*([_CHANNEL_PARAMETER] if "{channel}" in operation.path else []), *others]


def _answer(operation: Operation) -> Schema:
    answer = {"description": operation.summary}
    if isinstance(operation.answer, type):
        return {**answer, "content": _json(operation.answer)}
    kind = {"type": "object"} if operation.answer == JSON else {"type": "string"}
    return {**answer, "content": {operation.answer: {"schema": kind}}} if operation.answer else answer


def _errors(operation: Operation) -> dict[str, Schema]:
    """The answers to what is refused, by status: each lists its codes."""
    codes: defaultdict[int, dict[str, None]] = defaultdict(dict)
    for error in (*ALWAYS, *operation.errors):
        answer = ANSWERS[error]
        codes[answer.status][answer.code or error] = None
    found: dict[str, Schema] = {}
    for status, listed in sorted(codes.items()):
        description = ", ".join(f"`{code}`" for code in listed)
        found[str(status)] = {"description": description, "content": _json(ErrorBody)}
        if status == 429:
            found[str(status)]["headers"] = {
                "Retry-After": {"description": "seconds", "schema": {"type": "integer", "minimum": 0}}
            }
    return found


def _json(kind: type[msgspec.Struct]) -> Schema:
    return {JSON: {"schema": {"$ref": REFERENCE.format(name=kind.__name__)}}}
