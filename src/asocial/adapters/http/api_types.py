"""The bodies of HTTP requests and answers as types. openapi.py describes them, the handlers read and write them."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

import msgspec

from ...domain.ids import ID_PATTERN
from ...domain.message import Position
from ...domain.palette import PALETTE
from ...domain.profile import Member
from ...domain.rules import Rights
from ...protocol.schema import RulesView

DAY_S = 86_400
MAX_CLOSED_S = 30 * DAY_S
MAX_SERVER_BAN_S = 30 * DAY_S
INVITATION_MIN_S, INVITATION_MAX_S, INVITATION_DEFAULT_S = 60, 30 * DAY_S, DAY_S

Id: TypeAlias = Annotated[str, msgspec.Meta(pattern=ID_PATTERN)]
"""A handler that reads one checks it with `is_id` as well."""
Address: TypeAlias = Annotated[str, msgspec.Meta(extra_json_schema={"anyOf": [{"format": "ipv4"}, {"format": "ipv6"}]})]
Text: TypeAlias = Annotated[
    str, msgspec.Meta(description="has at least one visible character (W8)", extra_json_schema={"minLength": 1})
]
Color: TypeAlias = Annotated[str, msgspec.Meta(extra_json_schema={"enum": list(PALETTE)})]
"""A handler that reads one checks it with `clean_color`."""
Moment: TypeAlias = Annotated[int, msgspec.Meta(description="ms since the Unix epoch, on the server's clock")]


class ErrorDetail(msgspec.Struct, frozen=True):
    code: str
    """The reason, for programs."""
    message: str
    """The reason, for people."""


class ErrorBody(msgspec.Struct, frozen=True):
    """The body of every answer with a status of 400 or more."""

    error: ErrorDetail


class HealthBody(msgspec.Struct, frozen=True):
    """The process lives."""

    status: Literal["ok"]
    timestamp: str


class ReadyBody(msgspec.Struct, frozen=True):
    """Whether the process should get new connections, and the state of each thing that it needs."""

    status: Literal["ready", "not_ready"]
    checks: dict[str, str]


class ClientConfigBody(msgspec.Struct, frozen=True):
    """What a client needs to know before its user signs in. `sign_in`: how the page signs people in, or null."""

    auth: Literal["guest", "open", "jwt"]
    sign_in: dict[str, Any] | None
    version: str
    wire: int


class ChannelView(RulesView, frozen=True, kw_only=True):
    """The rules of a channel, as the caller sees them (W64)."""

    channel: Id


class InvitationRequest(msgspec.Struct, forbid_unknown_fields=True):
    """What an invitation allows, and for how long it is valid (W63)."""

    rights: Rights = "write"
    ttl_seconds: Annotated[int, msgspec.Meta(ge=INVITATION_MIN_S, le=INVITATION_MAX_S)] = INVITATION_DEFAULT_S


class InvitationBody(msgspec.Struct, frozen=True):
    """An invitation, and the link that holds it."""

    token: str
    url: str
    expires_at: Moment


class MessageRequest(msgspec.Struct, forbid_unknown_fields=True):
    """A message to post. Without a position it is in the middle; without a name it carries the key's (W130)."""

    payload: Text
    position: Position = Position(0.0, 0.0)
    message_id: Id | msgspec.UnsetType = msgspec.UNSET
    name: Text | msgspec.UnsetType = msgspec.UNSET
    color: Color | msgspec.UnsetType = msgspec.UNSET


class PostedBody(msgspec.Struct, frozen=True):
    """A message that was posted, or that was posted before with the same id (W131)."""

    channel: Id
    user_id: str
    message_id: Id
    timestamp: Moment
    expires_at: Moment


class MessagesBody(msgspec.Struct, frozen=True):
    """The live messages of a channel, oldest first, each as its `chat` frame."""

    channel: Id
    messages: list[msgspec.Raw]


class MembersBody(msgspec.Struct, frozen=True):
    """Who is in a channel: as many as a `user_sync` lists, and the number of all."""

    channel: Id
    users: list[Member]
    user_count: int


class ChannelCount(msgspec.Struct, frozen=True):
    channel: Id
    user_count: int


class ChannelsBody(msgspec.Struct, frozen=True):
    """The largest channels (W137). `channel_count` and `user_count` are of all channels."""

    channels: list[ChannelCount]
    channel_count: int
    user_count: int


class CloseRequest(msgspec.Struct, forbid_unknown_fields=True):
    """For how long a channel is closed (W138). 0 opens it."""

    seconds: Annotated[int, msgspec.Meta(ge=0, le=MAX_CLOSED_S)] = 3600


class ClosedBody(msgspec.Struct, frozen=True):
    """`closed_until` is 0 for a channel that is open."""

    channel: Id
    closed_until: Moment


class BanRequest(msgspec.Struct, forbid_unknown_fields=True):
    """Whom to ban, and for how long (W139): a user or an address, not both. 0 seconds end a ban."""

    user_id: Id | msgspec.UnsetType = msgspec.UNSET
    address: Address | msgspec.UnsetType = msgspec.UNSET
    seconds: Annotated[int, msgspec.Meta(ge=0, le=MAX_SERVER_BAN_S)] = 3600


class Ban(msgspec.Struct, frozen=True):
    """A ban of a user or of an address. `until` is 0 for a ban that was ended."""

    until: Moment
    user_id: str | msgspec.UnsetType = msgspec.UNSET
    address: str | msgspec.UnsetType = msgspec.UNSET


class BansBody(msgspec.Struct, frozen=True):
    """The bans that hold, the one that ends first at the beginning."""

    bans: list[Ban]


class NoticeRequest(msgspec.Struct, forbid_unknown_fields=True):
    """A line to show to everyone (W150)."""

    text: Text


class NoticeBody(msgspec.Struct, frozen=True):
    """When the notice was shown."""

    timestamp: Moment
