"""A live channel, as a program uses it.

Nothing that `say` was given is lost or sent twice while the connection breaks and comes back: a message without an
`ack` is sent again with its id (W10), until `say` gives up.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from types import TracebackType
from typing import Self

import msgspec

from . import events as e
from . import frames as f
from .address import check_token, parse
from .clock import Clock
from .drafts import DraftWriter
from .sealed.link import SealedLink, sealed_link
from .session import Session


class Channel:
    """One channel. Made by `connect`; a context manager, and an async iterator of its events for one reader."""

    def __init__(self, session: Session, name: str) -> None:
        self.name = name
        self._session = session

    async def __aenter__(self) -> Self:
        """Connect.

        Raises Refused or ChannelClosed if the server does not admit this client, OSError if it cannot be reached or
        (TimeoutError) is not ready in time.
        """
        await self._session.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Leave the channel. Others see this user leave at once."""
        await self._session.close()

    def __aiter__(self) -> AsyncIterator[e.Event]:
        """Yields events until `close`. Raises ChannelClosed or Refused if the server closed the channel for good."""
        return aiter(self._session.events)

    # What is known.

    @property
    def is_open(self) -> bool:
        """Whether the channel is not closed for good. It may be connecting again: see `is_live`."""
        return self._session.is_open

    @property
    def is_live(self) -> bool:
        """Whether there is a connection, and what is known is up to date."""
        return self._session.mirror.is_live

    @property
    def is_degraded(self) -> bool:
        """Whether people on other server processes cannot be reached at the moment (W29)."""
        return self._session.mirror.is_degraded

    @property
    def is_crowd(self) -> bool:
        """Whether there are so many people that each client gets only what it shows (W160)."""
        return self._session.mirror.is_crowd

    @property
    def token(self) -> str:
        """Sent with each connection. A guest that connects with it later is the same user."""
        return self._session.token

    @property
    def is_new_guest(self) -> bool:
        """Whether the server made a new guest, because it got no token or does not know the one that it got (W4)."""
        return self._session.is_new_guest

    @property
    def user_id(self) -> str:
        """This user's id."""
        return self._session.mirror.user_id

    @property
    def limits(self) -> f.Limits | None:
        """The server's limits; None before the first connection."""
        return self._session.mirror.limits

    @property
    def rules(self) -> f.Rules:
        """The rules of the channel, its landmarks among them (W64)."""
        return self._session.mirror.rules

    @property
    def members(self) -> Mapping[str, f.Member]:
        """Who is here, by user id. In a channel with more than `limits.roster` people, some of them (W20)."""
        return self._session.mirror.roster.members

    @property
    def count(self) -> int:
        """How many people are here."""
        return self._session.mirror.roster.count

    @property
    def cursors(self) -> Mapping[str, tuple[float, float]]:
        """Where others point, by user id."""
        return self._session.mirror.cursors

    @property
    def messages(self) -> list[e.Message]:
        """The messages that live now, the oldest first."""
        return sorted(self._session.mirror.canvas.messages.values(), key=lambda message: message.sent_at)

    @property
    def drafts(self) -> list[e.Draft]:
        """What others are typing."""
        return list(self._session.mirror.canvas.drafts.values())

    @property
    def strokes(self) -> list[e.Stroke]:
        """The lines that live now, the oldest first."""
        return sorted(self._session.mirror.canvas.strokes.values(), key=lambda stroke: stroke.sent_at)

    def now_ms(self) -> float:
        """The server's clock, in ms since the Unix epoch."""
        return self._session.mirror.clock.now_ms()

    # What a client does.

    async def say(
        self,
        text: str,
        at: tuple[float, float] = (0, 0),
        *,
        message_id: str | None = None,
        timeout_s: float | None = 30.0,
    ) -> e.Message:
        """Post a message and wait until the server has accepted it.

        Waits for the connection, and for a limit that is over within `timeout_s`; None waits without end. Raises
        NotSent if the server refuses the message or does not accept it in time, ChannelClosed if the channel closes
        meanwhile.
        """
        post = f.PostChat(message_id or secrets.token_urlsafe(12), text, f.Position(*at))
        ack, me = await self._session.post(post, timeout_s)
        message = e.Message(
            post.message_id, me.user_id, me.name, me.color, text, *at, ack.timestamp, ack.expires_at, me.on_map
        )
        self._session.mirror.canvas.keep(message)
        return message

    async def stroke(
        self, points: Sequence[tuple[float, float]], *, message_id: str | None = None, timeout_s: float | None = 30.0
    ) -> e.Stroke:
        """Draw a line through 2 to 256 points, and wait until the server has accepted it. Waits and raises as `say`."""
        # As the server rounds them (W111).
        rounded = [(round(x, 1) + 0.0, round(y, 1) + 0.0) for x, y in points]
        post = f.PostStroke(message_id or secrets.token_urlsafe(12), rounded, done=True)
        ack, me = await self._session.post(post, timeout_s)
        stroke = e.Stroke(
            post.message_id, me.user_id, me.name, me.color, tuple(rounded), ack.timestamp, ack.expires_at, me.on_map
        )
        self._session.mirror.canvas.keep_stroke(stroke)
        return stroke

    def draft(self, at: tuple[float, float] = (0, 0)) -> DraftWriter:
        """A message that others see while it is written: `async with channel.draft() as draft: ...`."""
        return DraftWriter(self._session, self.say, at)

    async def move_cursor(self, x: float, y: float) -> None:
        """Show others where this user points. Without a connection they see it once there is one again."""
        await self._session.show_cursor(f.MoveCursor(f.Position(x, y)))

    async def react(self, kind: f.ReactionKind, at: tuple[float, float] = (0, 0)) -> None:
        await self._session.send(f.PostReaction(kind, f.Position(*at)))

    async def follow(self, user_id: str) -> None:
        """Ask this user for their view, which comes as View events. Lasts 12 s: call it again every 5 s (W32)."""
        await self._session.request(f.Follow(user_id))

    async def view(self, x: float, y: float, width: float, height: float) -> None:
        """Say which part of the canvas this client shows: its middle and its size.

        In a crowd (W160) the server sends what is there, and Activity of the rest; a client that never calls this gets
        all messages and no cursors. Followers see it too (W32). Call it whenever the view changes, and before the
        channel is open if you can. Sent at most 4 times a second, in a crowd or to followers only.
        """
        await self._session.show_view(f.ShowView(f.Position(x, y), width, height))

    @property
    def dropped(self) -> int:
        """How many frames of a sealed channel were damaged, replayed or forged, and dropped (W199)."""
        return self._session.dropped

    async def set_profile(
        self, name: str | None = None, color: str | None = None, *, on_map: bool | None = None
    ) -> None:
        """Change this user's name, colour or place on maps, now and after each reconnect. None changes nothing."""
        me = self.members.get(self.user_id)
        name, color = name or (me.name if me else ""), color or (me.color if me else "")
        self._session.profile |= {"name": name, "color": color}
        if on_map is not None:
            self._session.profile["on_map"] = None if on_map else "0"
        await self._session.request(f.SetProfile(name, color, msgspec.UNSET if on_map is None else on_map))

    async def ask_who(self, user_ids: Sequence[str]) -> None:
        """Ask for the profiles of up to 50 users, which a large channel does not list. They arrive in `members`.

        The client asks by itself for those whose cursor, draft or reaction it gets.
        """
        await self._session.request(f.AskWho(list(user_ids)))

    async def authenticate(self, token: str) -> None:
        """Replace the provider's token by a newer one of the same user (W60)."""
        self._session.token = token
        await self._session.request(f.Authenticate(token))

    # What an owner does (W65). The result arrives as an event: RulesChanged, Cleared, Left, or Rejected.

    async def slow_down(self, seconds: float) -> None:
        """The least time between two messages of a user; 0 ends slow mode."""
        await self._session.request(f.Moderate("slow", slow_ms=round(seconds * 1000)))

    async def set_read_only(self, on: bool) -> None:
        await self._session.request(f.Moderate("read_only", on=on))

    async def set_private(self, on: bool) -> None:
        await self._session.request(f.Moderate("private", on=on))

    async def clear(self) -> None:
        """Remove all messages and strokes."""
        await self._session.request(f.Moderate("clear"))

    async def remove(self, user_id: str, seconds: int = 3600) -> None:
        """Remove a user, and keep them out for that long; 0 admits them again."""
        await self._session.request(f.Moderate("remove", user_id=user_id, seconds=seconds))

    async def place_landmark(self, name: str, at: tuple[float, float]) -> None:
        """Name a place for everybody, or move the landmark with this name (W115)."""
        await self._session.request(f.Moderate("place_landmark", name=name, position=f.Position(*at)))

    async def rename_landmark(self, name: str, new_name: str) -> None:
        await self._session.request(f.Moderate("rename_landmark", name=name, new_name=new_name))

    async def remove_landmark(self, name: str) -> None:
        await self._session.request(f.Moderate("remove_landmark", name=name))


def connect(
    url: str,
    channel: str | None = None,
    *,
    token: str | None = None,
    name: str | None = None,
    color: str | None = None,
    on_map: bool = True,
    invite: str | None = None,
    lang: str | None = None,
    timeout_s: float | None = 60.0,
) -> Channel:
    """A channel, to be used with `async with`.

    `url`: the server, as `https://talk.example`, or a link to a channel, as `https://talk.example/c/garden`; then
    `channel` may be left out. The link of a sealed channel, `https://talk.example/s/#NAME.KEY`, needs the extra
    `sealed`. `token`: from an earlier `Channel.token`, or a provider's. `name` and `color`: absent,
    the server chooses them. `on_map`: whether others may see this user on their maps. `invite`: to a private channel.
    `lang`: the language of the name that the server chooses, such as `de`.
    `timeout_s`: how long `async with` waits for a server that is not ready, for example one that starts; None waits
    without end.

    Raises ValueError for an address, a channel's name or a token that cannot be one, and for a link that is damaged.
    """
    check_token(token)
    server, found = parse(url, channel)
    link = sealed_link(url)
    if link is not None:
        return _sealed_channel(link, url, token, name, color, on_map, timeout_s)
    profile = {"name": name, "color": color, "lang": lang, "on_map": None if on_map else "0"}
    return Channel(Session(server, found, token, profile, invite, timeout_s), found)


def _sealed_channel(
    link: SealedLink, url: str, token: str | None, name: str | None, color: str | None, on_map: bool,
    timeout_s: float | None,
) -> Channel:  # fmt: skip
    try:
        from .sealed.translator import Translator
    except ImportError:
        raise ImportError("sealed channels need `cryptography`: pip install 'asocial-client[sealed]'") from None
    server, found = parse(url, link.channel)
    profile = {"name": name, "color": color, "on_map": None if on_map else False}
    translator = Translator(link, profile, Clock.monotonic_ms)
    return Channel(Session(server, found, token, {}, None, timeout_s, translator), link.name)
