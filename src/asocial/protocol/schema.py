"""The wire, version 1: frames as types. docs/protocol.md describes it in prose; W-numbers refer to it.

The services decide what a frame does; codec.py and framing.py turn it into bytes.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

import msgspec

from ..domain.landmarks import Landmarks
from ..domain.message import PAYLOAD_CHARACTERS, POSITION_LIMIT, Life, Position
from ..domain.profile import NAME_CHARACTERS, Member
from ..domain.rules import MAX_BAN_S, MAX_SLOW_MS, Rights
from ..domain.sealed import SealedKind

SUBPROTOCOL = "asocial.v1"
SUBPROTOCOL_FAMILY = "asocial.v"
WHO_LIMIT = 50
MAX_VIEW = 2 * POSITION_LIMIT
"""The most units that a client may say it shows, in each direction."""

ReactionKind: TypeAlias = Literal["heart", "spark", "laugh", "wave", "agree", "question", "point"]


class _ClientFrame(msgspec.Struct, tag_field="type", frozen=True):
    pass


class PostChat(_ClientFrame, tag="chat", frozen=True):
    message_id: str
    payload: str
    position: Position


class IncompleteChat(msgspec.Struct, frozen=True):
    """A `chat` as clients of the original system send it (W100, W101). codec.py turns it into a PostChat."""

    payload: str
    position: Position
    type: Literal["chat"] = "chat"
    message_id: str | msgspec.UnsetType = msgspec.UNSET
    msg_id: str = ""


class PostTyping(_ClientFrame, tag="typing", frozen=True):
    message_id: str
    payload: str
    position: Position


class PostStroke(_ClientFrame, tag="stroke", frozen=True):
    """A line so far; the whole line if `done`. Not `done` and without points: it was abandoned (W110)."""

    message_id: str
    points: list[tuple[float, float]]
    done: bool = False


class MoveCursor(_ClientFrame, tag="cursor", frozen=True):
    position: Position


class PostReaction(_ClientFrame, tag="reaction", frozen=True):
    kind: ReactionKind
    position: Position


class PostSealed(_ClientFrame, tag="sealed", frozen=True):
    """What the server passes on without reading it (W193). An empty box ends a draft or a stroke being drawn."""

    kind: SealedKind
    box: str
    message_id: str = ""


class Follow(_ClientFrame, tag="follow", frozen=True):
    user_id: str


class ShowView(_ClientFrame, tag="view", frozen=True):
    position: Position
    width: Annotated[float, msgspec.Meta(gt=0, le=MAX_VIEW)]
    height: Annotated[float, msgspec.Meta(gt=0, le=MAX_VIEW)]


class SetProfile(_ClientFrame, tag="profile", frozen=True):
    name: str
    color: str
    on_map: bool | msgspec.UnsetType = msgspec.UNSET


class AskWho(_ClientFrame, tag="who", frozen=True):
    user_ids: list[str]


class AskSync(_ClientFrame, tag="sync", frozen=True):
    pass


class Ping(_ClientFrame, tag="ping", frozen=True):
    t: Annotated[int, msgspec.Meta(ge=-(2**53), le=2**53)]


class Authenticate(_ClientFrame, tag="auth", frozen=True):
    token: str


class Moderate(_ClientFrame, tag="moderate", frozen=True):
    action: Literal[
        "remove", "slow", "read_only", "private", "clear", "place_landmark", "rename_landmark", "remove_landmark"
    ]
    user_id: str = ""
    seconds: Annotated[int, msgspec.Meta(ge=0, le=MAX_BAN_S)] = 3600
    slow_ms: Annotated[int, msgspec.Meta(ge=0, le=MAX_SLOW_MS)] = 0
    on: bool = False
    name: str = ""
    new_name: str = ""
    position: Position | None = None
    box: str = ""
    """Of a landmark in a sealed channel, whose `name` is then an id (W196)."""


ClientFrame: TypeAlias = (
    PostChat | PostTyping | PostStroke | MoveCursor | PostReaction | ShowView | Follow | SetProfile | AskWho | AskSync
    | Ping | Authenticate | Moderate | PostSealed
)  # fmt: skip


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
    payload_characters: int = PAYLOAD_CHARACTERS
    name_characters: int = NAME_CHARACTERS
    position: int = POSITION_LIMIT


class RulesView(msgspec.Struct, frozen=True):
    """A channel's rules as one user sees them: `rights` to read or to write; `yours`: the user owns the channel.

    `landmarks`: unset if there are none.
    """

    owner: str
    slow_ms: int
    read_only: bool
    private: bool
    rights: Rights
    yours: bool
    landmarks: Landmarks | msgspec.UnsetType = msgspec.UNSET


class _ServerFrame(msgspec.Struct, tag_field="type", frozen=True):
    pass


class UserSync(_ServerFrame, tag="user_sync", frozen=True, kw_only=True):
    message_id: str
    channel_id: str
    user_id: str
    connection_id: str
    token: str | msgspec.UnsetType = msgspec.UNSET
    users: msgspec.Raw
    """A list of Member, or of user ids (W103), as JSON, encoded once for everyone who asks at the same moment."""
    user_count: int
    messages: msgspec.Raw
    """A list of Chat as JSON; in a sealed channel a list of Sealed, and so are the strokes."""
    strokes: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    """A list of Stroke as JSON. Absent if there are none."""
    timestamp: int
    ttl: Life
    limits: Limits
    epoch: str
    seq: int
    rules: RulesView | msgspec.UnsetType = msgspec.UNSET
    expires_at: int | msgspec.UnsetType = msgspec.UNSET
    crowd: bool | msgspec.UnsetType = msgspec.UNSET
    """True if the channel is a crowd (W160). Absent otherwise."""


class UserJoined(_ServerFrame, tag="user_joined", frozen=True, omit_defaults=True):
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


class UserLeft(_ServerFrame, tag="user_left", frozen=True):
    message_id: str
    channel_id: str
    timestamp: int
    user_id: str
    epoch: str
    seq: int


class UserUpdated(_ServerFrame, tag="user_updated", frozen=True, omit_defaults=True):
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


class Chat(_ServerFrame, tag="chat", frozen=True, omit_defaults=True):
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
    """Posted with an API key (W130)."""


class Ack(_ServerFrame, tag="ack", frozen=True):
    message_id: str
    timestamp: int
    expires_at: int


class Typing(_ServerFrame, tag="typing", frozen=True):
    message_id: str
    user_id: str
    payload: str
    position: Position


class Drawing(_ServerFrame, tag="stroke", frozen=True):
    """A stroke while it is drawn."""

    message_id: str
    user_id: str
    points: msgspec.Raw


class Stroke(_ServerFrame, tag="stroke", frozen=True, omit_defaults=True):
    """A finished stroke."""

    message_id: str
    channel_id: str
    user_id: str
    name: str
    color: str
    points: msgspec.Raw
    timestamp: int
    expires_at: int
    on_map: bool = True


class Sealed(_ServerFrame, tag="sealed", frozen=True, omit_defaults=True):
    """What a member of a sealed channel sent. With `expires_at` it is a message or a finished stroke."""

    kind: SealedKind
    user_id: str
    box: str
    message_id: str = ""
    timestamp: int = 0
    expires_at: int = 0


class Cursors(_ServerFrame, tag="cursors", frozen=True):
    cursors: list[tuple[str, float, float]]
    anchors: dict[str, str] | msgspec.UnsetType = msgspec.UNSET
    """Of those that have one, by user id (W181)."""


class Reaction(_ServerFrame, tag="reaction", frozen=True):
    user_id: str
    kind: ReactionKind
    position: Position


class Followed(_ServerFrame, tag="followed", frozen=True):
    user_id: str


class View(_ServerFrame, tag="view", frozen=True):
    user_id: str
    position: Position
    width: float
    height: float


class CrowdFrame(_ServerFrame, tag="crowd", frozen=True):
    """The channel has become a crowd, or is none any more (W160)."""

    on: bool


class PaceFrame(_ServerFrame, tag="pace", frozen=True):
    """How often a client of a crowd is asked to send (W167)."""

    cursors_per_second: float
    drafts_per_second: float


class ActivityFrame(_ServerFrame, tag="activity", frozen=True):
    """Where something happens in a crowd (W166): `places` of (x, y, people, messages), squares with side `size`.

    `whole`: all places that are not empty; else those that changed.
    """

    size: int
    whole: bool
    places: list[tuple[int, int, int, int]]


class Profiles(_ServerFrame, tag="profiles", frozen=True):
    users: list[Member]


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
    landmarks: Landmarks | msgspec.UnsetType = msgspec.UNSET


class ClockSet(_ServerFrame, tag="clock", frozen=True):
    timestamp: int
    shift: int


class Cleared(_ServerFrame, tag="cleared", frozen=True):
    by: str
    timestamp: int


class Notice(_ServerFrame, tag="notice", frozen=True):
    """What an operator tells everyone (W150)."""

    text: str
    timestamp: int


class Error(_ServerFrame, tag="error", frozen=True):
    code: str
    message: str
    retry_after: int | msgspec.UnsetType = msgspec.UNSET
    limit: str | msgspec.UnsetType = msgspec.UNSET
    message_id: str | msgspec.UnsetType = msgspec.UNSET


ServerFrame: TypeAlias = (
    UserSync | UserJoined | UserLeft | UserUpdated | UserCount
    | Chat | Ack | Typing | Drawing | Stroke | Cursors | Reaction | Followed | View | Profiles | Pong | Degraded
    | Restored | Error | Authenticated | ChannelUpdated | Cleared | ClockSet | Notice | CrowdFrame | PaceFrame
    | ActivityFrame | Sealed
)  # fmt: skip

CLIENT_FRAME_TYPES = (
    "chat", "typing", "stroke", "cursor", "reaction", "view", "follow", "profile", "who", "sync", "ping", "auth",
    "moderate", "sealed",
)  # fmt: skip
