"""The frames of docs/protocol.md as types.

Generated from the server's types by scripts/client_frames.py (`make client-frames`): do not edit.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

SUBPROTOCOL = "asocial.v1"
WHO_LIMIT = 50
NAME_CHARACTERS = 32
LANDMARK_CHARACTERS = 40
LANDMARKS_MAX = 20
POSITION_LIMIT = 10_000_000
STROKE_POINTS = 256
COLORS = (
    "rust",
    "coral",
    "amber",
    "ochre",
    "olive",
    "moss",
    "fern",
    "jade",
    "teal",
    "lagoon",
    "azure",
    "cobalt",
    "indigo",
    "violet",
    "plum",
    "rose",
)

ReactionKind: TypeAlias = Literal["heart", "spark", "laugh", "wave", "agree", "question", "point"]
Rights: TypeAlias = Literal["read", "write"]
SealedKind: TypeAlias = Literal["chat", "typing", "stroke", "drawing", "cursor", "reaction", "view", "profile"]


class Position(msgspec.Struct, frozen=True, omit_defaults=True):
    """A point of the plane in CSS pixels at zoom 1; x grows to the right, y downwards."""

    x: float
    y: float
    anchor: str = ""


class Life(msgspec.Struct, frozen=True):
    """How long messages live: `base` ms, plus `per_character` ms for each past `free_characters`, at most `max` ms."""

    base: int
    per_character: int
    free_characters: int
    max: int


class Limits(msgspec.Struct, frozen=True):
    """The limits on a client, sent in `user_sync`. 0 messages or strokes per minute or second means no limit."""

    frame_bytes: int
    messages_per_minute: int
    messages_per_minute_per_ip: int
    channel_messages_per_second: int
    connections_per_user: int
    roster: int
    drafts_per_second: int
    cursors_per_second: int
    strokes_per_minute: int = 0
    payload_characters: int = 500
    name_characters: int = 32
    position: int = 10000000


class Landmark(msgspec.Struct, frozen=True, omit_defaults=True):
    """`box`: in a sealed channel, name and place as its clients encrypted them; `name` is then an id (W196)."""

    name: str
    position: Position
    box: str = ""


class Rules(msgspec.Struct, frozen=True):
    """A channel's rules as one user sees them: the user's `rights`, and whether the user owns it: `yours`."""

    owner: str
    slow_ms: int
    read_only: bool
    private: bool
    rights: Rights
    yours: bool
    landmarks: tuple[Landmark, ...] = ()


class Member(msgspec.Struct, frozen=True, omit_defaults=True):
    """A user who is present in a channel, since `joined_at` (ms, server clock)."""

    user_id: str
    name: str
    color: str
    joined_at: int
    on_map: bool = True


class PostChat(msgspec.Struct, frozen=True, tag_field="type", tag="chat", omit_defaults=True):
    message_id: str
    payload: str
    position: Position


class PostTyping(msgspec.Struct, frozen=True, tag_field="type", tag="typing", omit_defaults=True):
    message_id: str
    payload: str
    position: Position


class PostStroke(msgspec.Struct, frozen=True, tag_field="type", tag="stroke", omit_defaults=True):
    """A line so far; the whole line if `done`. Not `done` and without points: it is abandoned (W110)."""

    message_id: str
    points: list[tuple[float, float]]
    done: bool = False


class MoveCursor(msgspec.Struct, frozen=True, tag_field="type", tag="cursor", omit_defaults=True):
    position: Position


class PostReaction(msgspec.Struct, frozen=True, tag_field="type", tag="reaction", omit_defaults=True):
    kind: ReactionKind
    position: Position


class ShowView(msgspec.Struct, frozen=True, tag_field="type", tag="view", omit_defaults=True):
    position: Position
    width: float
    height: float


class Follow(msgspec.Struct, frozen=True, tag_field="type", tag="follow", omit_defaults=True):
    user_id: str


class SetProfile(msgspec.Struct, frozen=True, tag_field="type", tag="profile", omit_defaults=True):
    name: str
    color: str
    on_map: bool | msgspec.UnsetType = msgspec.UNSET


class AskWho(msgspec.Struct, frozen=True, tag_field="type", tag="who", omit_defaults=True):
    user_ids: list[str]


class AskSync(msgspec.Struct, frozen=True, tag_field="type", tag="sync", omit_defaults=True):
    pass


class Ping(msgspec.Struct, frozen=True, tag_field="type", tag="ping", omit_defaults=True):
    t: int


class Authenticate(msgspec.Struct, frozen=True, tag_field="type", tag="auth", omit_defaults=True):
    token: str


class Moderate(msgspec.Struct, frozen=True, tag_field="type", tag="moderate", omit_defaults=True):
    action: Literal[
        "remove", "slow", "read_only", "private", "clear", "place_landmark", "rename_landmark", "remove_landmark"
    ]
    user_id: str = ""
    seconds: int = 3600
    slow_ms: int = 0
    on: bool = False
    name: str = ""
    new_name: str = ""
    position: Position | None = None
    box: str = ""


class PostSealed(msgspec.Struct, frozen=True, tag_field="type", tag="sealed", omit_defaults=True):
    """What the server passes on without reading it (W193). An empty box ends a draft or a stroke being drawn."""

    kind: SealedKind
    box: str
    message_id: str = ""


ClientFrame: TypeAlias = (
    PostChat
    | PostTyping
    | PostStroke
    | MoveCursor
    | PostReaction
    | ShowView
    | Follow
    | SetProfile
    | AskWho
    | AskSync
    | Ping
    | Authenticate
    | Moderate
    | PostSealed
)


class UserSync(msgspec.Struct, frozen=True, tag_field="type", tag="user_sync", kw_only=True):
    """What a client must know: the first frame of a connection, and the answer to `sync` (W3)."""

    message_id: str
    channel_id: str
    user_id: str
    connection_id: str
    token: str | msgspec.UnsetType = msgspec.UNSET
    users: list[Member]
    user_count: int
    messages: list[Chat]
    strokes: list[Stroke] = []
    timestamp: int
    ttl: Life
    limits: Limits
    epoch: str
    seq: int
    rules: Rules | msgspec.UnsetType = msgspec.UNSET
    expires_at: int | msgspec.UnsetType = msgspec.UNSET
    crowd: bool | msgspec.UnsetType = msgspec.UNSET


class UserJoined(msgspec.Struct, frozen=True, tag_field="type", tag="user_joined", kw_only=True):
    message_id: str
    channel_id: str
    timestamp: int
    user_id: str
    name: str
    color: str
    joined_at: int
    epoch: str
    seq: int
    on_map: bool = True


class UserLeft(msgspec.Struct, frozen=True, tag_field="type", tag="user_left", kw_only=True):
    message_id: str
    channel_id: str
    timestamp: int
    user_id: str
    epoch: str
    seq: int


class UserUpdated(msgspec.Struct, frozen=True, tag_field="type", tag="user_updated", kw_only=True):
    user_id: str
    name: str
    color: str
    epoch: str
    seq: int
    on_map: bool = True


class UserCount(msgspec.Struct, frozen=True, tag_field="type", tag="user_count", kw_only=True):
    count: int
    epoch: str
    seq: int


class Chat(msgspec.Struct, frozen=True, tag_field="type", tag="chat", kw_only=True):
    message_id: str
    channel_id: str
    user_id: str
    name: str
    color: str
    payload: str
    position: Position
    timestamp: int
    expires_at: int
    on_map: bool = True
    bot: bool = False


class Ack(msgspec.Struct, frozen=True, tag_field="type", tag="ack", kw_only=True):
    message_id: str
    timestamp: int
    expires_at: int


class Typing(msgspec.Struct, frozen=True, tag_field="type", tag="typing", kw_only=True):
    message_id: str
    user_id: str
    payload: str
    position: Position


class Stroke(msgspec.Struct, frozen=True, tag_field="type", tag="stroke", kw_only=True):
    """A stroke. While it is drawn, only `message_id`, `user_id` and `points` are set (W110)."""

    message_id: str
    channel_id: str = ""
    user_id: str
    name: str = ""
    color: str = ""
    points: list[tuple[float, float]]
    timestamp: int = 0
    expires_at: int = 0
    on_map: bool = True


class Cursors(msgspec.Struct, frozen=True, tag_field="type", tag="cursors", kw_only=True):
    cursors: list[tuple[str, float, float]]
    anchors: dict[str, str] | msgspec.UnsetType = msgspec.UNSET


class Reaction(msgspec.Struct, frozen=True, tag_field="type", tag="reaction", kw_only=True):
    user_id: str
    kind: ReactionKind
    position: Position


class Followed(msgspec.Struct, frozen=True, tag_field="type", tag="followed", kw_only=True):
    user_id: str


class View(msgspec.Struct, frozen=True, tag_field="type", tag="view", kw_only=True):
    user_id: str
    position: Position
    width: float
    height: float


class Profiles(msgspec.Struct, frozen=True, tag_field="type", tag="profiles", kw_only=True):
    users: list[Member]


class Pong(msgspec.Struct, frozen=True, tag_field="type", tag="pong", kw_only=True):
    t: int
    timestamp: int


class Degraded(msgspec.Struct, frozen=True, tag_field="type", tag="degraded", kw_only=True):
    pass


class Restored(msgspec.Struct, frozen=True, tag_field="type", tag="restored", kw_only=True):
    pass


class Error(msgspec.Struct, frozen=True, tag_field="type", tag="error", kw_only=True):
    code: str
    message: str
    retry_after: int | msgspec.UnsetType = msgspec.UNSET
    limit: str | msgspec.UnsetType = msgspec.UNSET
    message_id: str | msgspec.UnsetType = msgspec.UNSET


class Authenticated(msgspec.Struct, frozen=True, tag_field="type", tag="authenticated", kw_only=True):
    expires_at: int | None


class ChannelUpdated(msgspec.Struct, frozen=True, tag_field="type", tag="channel_updated", kw_only=True):
    owner: str
    slow_ms: int
    read_only: bool
    private: bool
    by: str
    timestamp: int
    landmarks: tuple[Landmark, ...] = ()


class Cleared(msgspec.Struct, frozen=True, tag_field="type", tag="cleared", kw_only=True):
    by: str
    timestamp: int


class ClockSet(msgspec.Struct, frozen=True, tag_field="type", tag="clock", kw_only=True):
    timestamp: int
    shift: int


class Notice(msgspec.Struct, frozen=True, tag_field="type", tag="notice", kw_only=True):
    """What an operator tells everyone (W150)."""

    text: str
    timestamp: int


class CrowdFrame(msgspec.Struct, frozen=True, tag_field="type", tag="crowd", kw_only=True):
    """The channel has become a crowd, or is none any more (W160)."""

    on: bool


class PaceFrame(msgspec.Struct, frozen=True, tag_field="type", tag="pace", kw_only=True):
    """How often a client of a crowd is asked to send (W167)."""

    cursors_per_second: float
    drafts_per_second: float


class ActivityFrame(msgspec.Struct, frozen=True, tag_field="type", tag="activity", kw_only=True):
    """Where something happens in a crowd (W166): `places` of (x, y, people, messages), squares with side `size`.

    `whole`: all places that are not empty; else those that changed.
    """

    size: int
    whole: bool
    places: list[tuple[int, int, int, int]]


class Sealed(msgspec.Struct, frozen=True, tag_field="type", tag="sealed", kw_only=True):
    """What a member of a sealed channel sent. With `expires_at` it is a message or a finished stroke."""

    kind: SealedKind
    user_id: str
    box: str
    message_id: str = ""
    timestamp: int = 0
    expires_at: int = 0


ServerFrame: TypeAlias = (
    UserSync
    | UserJoined
    | UserLeft
    | UserUpdated
    | UserCount
    | Chat
    | Ack
    | Typing
    | Stroke
    | Cursors
    | Reaction
    | Followed
    | View
    | Profiles
    | Pong
    | Degraded
    | Restored
    | Error
    | Authenticated
    | ChannelUpdated
    | Cleared
    | ClockSet
    | Notice
    | CrowdFrame
    | PaceFrame
    | ActivityFrame
    | Sealed
)
