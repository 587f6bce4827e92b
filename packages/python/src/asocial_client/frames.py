"""The frames of docs/protocol.md as types. Unknown fields and types are ignored."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

SUBPROTOCOL = "asocial.v1"

ReactionKind: TypeAlias = Literal["heart", "spark", "laugh", "wave", "agree", "question", "point"]


class Position(msgspec.Struct, frozen=True):
    """CSS pixels at zoom 1 from the middle of the channel; `y` grows downwards (W9)."""

    x: float
    y: float


class _ClientFrame(msgspec.Struct, tag_field="type", frozen=True):
    pass


class PostChat(_ClientFrame, tag="chat", frozen=True):
    message_id: str
    payload: str
    position: Position


class PostTyping(_ClientFrame, tag="typing", frozen=True):
    message_id: str
    payload: str
    position: Position


class PostStroke(_ClientFrame, tag="stroke", frozen=True):
    message_id: str
    points: list[tuple[float, float]]
    done: bool = True


class MoveCursor(_ClientFrame, tag="cursor", frozen=True):
    position: Position


class PostReaction(_ClientFrame, tag="reaction", frozen=True):
    kind: ReactionKind
    position: Position


class ShowView(_ClientFrame, tag="view", frozen=True):
    position: Position
    width: float
    height: float


class Follow(_ClientFrame, tag="follow", frozen=True):
    user_id: str


class SetProfile(_ClientFrame, tag="profile", frozen=True):
    name: str
    color: str
    on_map: bool | msgspec.UnsetType = msgspec.UNSET


class AskWho(_ClientFrame, tag="who", frozen=True):
    user_ids: list[str]


class AskSync(_ClientFrame, tag="sync", frozen=True):
    pass


class Ping(_ClientFrame, tag="ping", frozen=True):
    t: int


class Authenticate(_ClientFrame, tag="auth", frozen=True):
    token: str


class Moderate(_ClientFrame, tag="moderate", frozen=True, omit_defaults=True):
    action: Literal[
        "remove", "slow", "read_only", "private", "clear", "place_landmark", "rename_landmark", "remove_landmark"
    ]
    user_id: str = ""
    seconds: int | msgspec.UnsetType = msgspec.UNSET
    slow_ms: int | msgspec.UnsetType = msgspec.UNSET
    on: bool | msgspec.UnsetType = msgspec.UNSET
    name: str = ""
    new_name: str = ""
    position: Position | msgspec.UnsetType = msgspec.UNSET


ClientFrame: TypeAlias = (
    PostChat | PostTyping | PostStroke | MoveCursor | PostReaction | ShowView | Follow | SetProfile | AskWho | AskSync
    | Ping | Authenticate | Moderate
)  # fmt: skip


class Person(msgspec.Struct, frozen=True):
    """Somebody in the channel, since `joined_at` (ms on the server's clock)."""

    user_id: str
    name: str
    color: str
    joined_at: int = 0
    on_map: bool = True


class Limits(msgspec.Struct, frozen=True):
    """The server's limits. 0 messages per minute or second means no limit."""

    frame_bytes: int
    payload_characters: int
    messages_per_minute: int
    drafts_per_second: int
    cursors_per_second: int
    connections_per_user: int
    roster: int
    name_characters: int
    position: int


class Landmark(msgspec.Struct, frozen=True):
    """A name that an owner gave to a place (W115)."""

    name: str
    position: Position


class Rules(msgspec.Struct, frozen=True):
    """The rules of a channel (W64). `rights`: what this client may do. `yours`: whether it may moderate."""

    owner: str = ""
    slow_ms: int = 0
    read_only: bool = False
    private: bool = False
    rights: Literal["read", "write"] = "write"
    yours: bool = False
    landmarks: tuple[Landmark, ...] = ()


class _ServerFrame(msgspec.Struct, tag_field="type", frozen=True):
    pass


class Chat(_ServerFrame, tag="chat", frozen=True):
    message_id: str
    user_id: str
    name: str
    color: str
    payload: str
    position: Position
    timestamp: int
    expires_at: int
    on_map: bool = True


class Stroke(_ServerFrame, tag="stroke", frozen=True):
    """A stroke. While it is drawn it has no `expires_at`, and no other field with a default (W110)."""

    message_id: str
    user_id: str
    points: list[tuple[float, float]]
    name: str = ""
    color: str = ""
    timestamp: int = 0
    expires_at: int = 0
    on_map: bool = True


class UserSync(_ServerFrame, tag="user_sync", frozen=True):
    channel_id: str
    user_id: str
    users: list[Person]
    user_count: int
    messages: list[Chat]
    timestamp: int
    limits: Limits
    epoch: str
    seq: int
    token: str | msgspec.UnsetType = msgspec.UNSET
    strokes: list[Stroke] = []
    rules: Rules | msgspec.UnsetType = msgspec.UNSET
    expires_at: int | msgspec.UnsetType = msgspec.UNSET


class UserJoined(_ServerFrame, tag="user_joined", frozen=True):
    user_id: str
    name: str
    color: str
    joined_at: int
    epoch: str
    seq: int
    on_map: bool = True


class UserLeft(_ServerFrame, tag="user_left", frozen=True):
    user_id: str
    epoch: str
    seq: int


class UserUpdated(_ServerFrame, tag="user_updated", frozen=True):
    user_id: str
    name: str
    color: str
    epoch: str
    seq: int
    on_map: bool = True


class UserCount(_ServerFrame, tag="user_count", frozen=True):
    count: int
    epoch: str
    seq: int


class Ack(_ServerFrame, tag="ack", frozen=True):
    message_id: str
    timestamp: int
    expires_at: int


class Typing(_ServerFrame, tag="typing", frozen=True):
    message_id: str
    user_id: str
    payload: str
    position: Position


class Cursors(_ServerFrame, tag="cursors", frozen=True):
    cursors: list[tuple[str, float, float]]


class Reacted(_ServerFrame, tag="reaction", frozen=True):
    user_id: str
    kind: ReactionKind
    position: Position


class FollowedBy(_ServerFrame, tag="followed", frozen=True):
    user_id: str


class ViewShown(_ServerFrame, tag="view", frozen=True):
    user_id: str
    position: Position
    width: float
    height: float


class CrowdChanged(_ServerFrame, tag="crowd", frozen=True):
    """The channel has become a crowd, or is none any more (W160)."""

    on: bool


class Pace(_ServerFrame, tag="pace", frozen=True):
    cursors_per_second: float
    drafts_per_second: float


class Activity(_ServerFrame, tag="activity", frozen=True):
    """Where something happens in a crowd (W166): `places` of (x, y, people, messages)."""

    size: int
    whole: bool
    places: list[tuple[int, int, int, int]]


class Profiles(_ServerFrame, tag="profiles", frozen=True):
    users: list[Person]


class Pong(_ServerFrame, tag="pong", frozen=True):
    t: int
    timestamp: int


class Degraded(_ServerFrame, tag="degraded", frozen=True):
    pass


class Restored(_ServerFrame, tag="restored", frozen=True):
    pass


class Authenticated(_ServerFrame, tag="authenticated", frozen=True):
    expires_at: int | None


class ChannelUpdated(_ServerFrame, tag="channel_updated", frozen=True):
    owner: str
    slow_ms: int
    read_only: bool
    private: bool
    by: str
    timestamp: int
    landmarks: tuple[Landmark, ...] = ()


class Cleared(_ServerFrame, tag="cleared", frozen=True):
    by: str
    timestamp: int


class ClockSet(_ServerFrame, tag="clock", frozen=True):
    timestamp: int
    shift: int


class Error(_ServerFrame, tag="error", frozen=True):
    code: str
    message: str
    retry_after: int | msgspec.UnsetType = msgspec.UNSET
    limit: str = ""
    message_id: str = ""


ServerFrame: TypeAlias = (
    UserSync | UserJoined | UserLeft | UserUpdated | UserCount | Chat | Ack | Typing | Stroke | Cursors | Reacted
    | FollowedBy | ViewShown | Profiles | Pong | Degraded | Restored | Authenticated | ChannelUpdated | Cleared
    | ClockSet | CrowdChanged | Pace | Activity | Error
)  # fmt: skip

PresenceFrame: TypeAlias = UserJoined | UserLeft | UserUpdated | UserCount


class _Type(msgspec.Struct):
    type: str


encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(ServerFrame).decode
_decode_type = msgspec.json.Decoder(_Type).decode
_TYPES = frozenset(str(frame.__struct_config__.tag) for frame in ServerFrame.__args__)


def decode(text: str | bytes) -> ServerFrame | None:
    """The frame in `text`, or None for a type that this version does not know, which a client ignores.

    Raises msgspec.ValidationError for a frame that breaks the protocol.
    """
    try:
        frame: ServerFrame = _decode(text)
        return frame
    except msgspec.ValidationError:
        if _decode_type(text).type in _TYPES:
            raise
        return None
