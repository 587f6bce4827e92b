"""What happens in a channel, as `async for event in channel` yields it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from .frames import Member, ReactionKind, Rules


@dataclass(frozen=True)
class Message:
    """A message. `sent_at` and `expires_at` are ms on the server's clock (`Channel.now_ms`)."""

    id: str
    user_id: str
    name: str
    color: str
    text: str
    x: float
    y: float
    sent_at: int
    expires_at: int
    on_map: bool = True
    bot: bool = False
    """Posted with an API key (W130)."""


@dataclass(frozen=True)
class Expired:
    """A message has come to its end, or the owner cleared it."""

    message: Message


@dataclass(frozen=True)
class Draft:
    """What somebody is typing. An empty `text`: they gave the draft up, or it was not changed for ten seconds."""

    message_id: str
    user_id: str
    text: str
    x: float
    y: float


@dataclass(frozen=True)
class Stroke:
    """A finished line that somebody drew, through `points`. The times are those of a Message."""

    id: str
    user_id: str
    name: str
    color: str
    points: tuple[tuple[float, float], ...]
    sent_at: int
    expires_at: int
    on_map: bool = True


@dataclass(frozen=True)
class Joined:
    member: Member


@dataclass(frozen=True)
class Left:
    member: Member


@dataclass(frozen=True)
class ProfileChanged:
    """A name or colour changed; or, in a large channel, it became known (W20)."""

    member: Member


@dataclass(frozen=True)
class CountChanged:
    """The number of people changed. In a large channel this comes in place of Joined and Left (W20)."""

    count: int


@dataclass(frozen=True)
class Cursor:
    user_id: str
    x: float
    y: float


@dataclass(frozen=True)
class Reaction:
    user_id: str
    kind: ReactionKind
    x: float
    y: float


@dataclass(frozen=True)
class Followed:
    """Somebody follows this client's user, and sees what `Channel.view` said last (W32)."""

    user_id: str


@dataclass(frozen=True)
class View:
    """The view of a user who is followed: its middle and its size."""

    user_id: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Crowd:
    """The channel became a crowd, in which a client gets only what it shows (`Channel.view`), or is small again (W160).

    Comes also after a connection, if it is a crowd then.
    """

    on: bool


@dataclass(frozen=True)
class Pace:
    """How often the server wants cursors and drafts in a crowd (W167). The client obeys it by itself."""

    cursors_per_second: float
    drafts_per_second: float


@dataclass(frozen=True)
class Place:
    """The middle of a square of the canvas, and how much is in it."""

    x: float
    y: float
    people: int
    messages: int


@dataclass(frozen=True)
class Activity:
    """Where people and messages are in a crowd (W166). `size`: the side of the squares.

    `whole`: these are all that are not empty; else those that changed, to add to what was known.
    """

    size: int
    whole: bool
    places: tuple[Place, ...]


@dataclass(frozen=True)
class RulesChanged:
    rules: Rules
    by: str


@dataclass(frozen=True)
class Cleared:
    """The owner `by` removed all messages and strokes. An Expired for each of them came before this."""

    by: str


@dataclass(frozen=True)
class Notice:
    """What an operator of the server tells everybody (W150). `sent_at`: ms on the server's clock."""

    text: str
    sent_at: int


@dataclass(frozen=True)
class Rejected:
    """The server did not accept a frame that was no message: a draft, a change of the profile, what an owner did."""

    code: str
    message: str
    retry_after_s: float | None
    limit: str


@dataclass(frozen=True)
class Connected:
    """The channel is live, at first and after each break. `Channel.members` and `Channel.messages` are up to date."""


@dataclass(frozen=True)
class Disconnected:
    """The connection broke. The client connects again after `retry_s` seconds."""

    reason: str
    retry_s: float


@dataclass(frozen=True)
class Degraded:
    """People on other server processes cannot be reached at the moment (W29)."""


@dataclass(frozen=True)
class Restored:
    """Everybody can be reached again."""


@dataclass(frozen=True)
class Lagged:
    """The program read its events too slowly: `lost` were dropped. `Channel.members` and `messages` are up to date."""

    lost: int


Event: TypeAlias = (
    Message | Expired | Draft | Stroke | Joined | Left | ProfileChanged | CountChanged | Cursor | Reaction | Followed
    | View | RulesChanged | Cleared | Rejected | Connected | Disconnected | Degraded | Restored | Lagged
    | Crowd | Pace | Activity | Notice
)  # fmt: skip
