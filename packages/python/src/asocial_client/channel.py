"""A live channel: connects, reconnects, and keeps what a client must know (docs/protocol.md).

Nothing that `say` was given is lost or sent twice while the connection breaks and comes back: a message without an
`ack` is sent again with its id (W10), until `say` gives up.
"""

from __future__ import annotations

import asyncio
import random
import secrets
from collections import deque
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from types import TracebackType
from typing import Self

import msgspec
from websockets.exceptions import InvalidHandshake

from . import events as e
from . import frames as f
from .address import chat_url, parse
from .canvas import Canvas
from .clock import Clock
from .connection import Connection
from .errors import ChannelClosed, NotSent, Refused
from .roster import Roster

SYNC_AGAIN_S = 1.0
"""How long the answer to `sync` may take before the client asks once more."""
FIRST_PING_S, PING_S = 0.2, 30.0
"""Between pings: the first FIRST_PINGS of a connection, and the others."""
FIRST_PINGS = 3
NEWCOMER_S = 1.0
"""Within this time after somebody joined, the pointer and the draft are sent again (W16)."""
QUEUED_EVENTS = 1000


class Channel:
    """One channel. Made by `connect`; a context manager, and an async iterator of its events."""

    def __init__(
        self,
        server: str,
        name: str,
        *,
        token: str | None,
        user_name: str | None,
        color: str | None,
        on_map: bool,
        invite: str | None,
    ) -> None:
        self.name = name
        self._server = server
        self._profile = {"name": user_name, "color": color, "on_map": None if on_map else "0"}
        self._invite = invite
        # A key of our own makes the next connection the same user, even if this one breaks before `user_sync` (W84).
        self.token = token or f"guest-{secrets.token_urlsafe(32)}"
        """Sent with each connection. For a guest: from the first `user_sync` on, store it to be the same user again."""
        self.user_id = ""
        self.limits: f.Limits | None = None
        self.rules = f.Rules()
        self.is_live = False
        self.is_degraded = False
        """Whether people on other server processes cannot be reached at the moment."""
        self.pointers: dict[str, tuple[float, float]] = {}
        """Where people point, by user id."""
        self._clock = Clock()
        self._roster = Roster()
        self._canvas = Canvas(self._clock, self._emit)
        self._unacked: dict[str, tuple[f.PostChat | f.PostStroke, asyncio.Future[f.Ack]]] = {}
        self._pointer: f.MoveCursor | None = None
        self._own_draft: f.PostTyping | None = None
        self._pings: dict[int, float] = {}
        self._next_ping = 0
        self._events: deque[e.Event] = deque()
        self._lost_events = 0
        self._wakeup = asyncio.Event()
        self._connection = Connection(self)
        self._running: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._first: asyncio.Future[None] | None = None
        self._error: ChannelClosed | Refused | None = None

    # Opening and closing.

    async def __aenter__(self) -> Self:
        """Connect. Raises Refused or ChannelClosed if the server does not let this client in, OSError if it is away."""
        self._first = asyncio.get_running_loop().create_future()
        self._running = asyncio.create_task(self._connection.run())
        try:
            await self._first
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Leave the channel. Others see this user leave at once."""
        self.ended(ChannelClosed(1000, "closed by this program"))
        await self._connection.close()
        tasks = [task for task in (self._running, *self._tasks) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # What is known.

    @property
    def people(self) -> Mapping[str, f.Person]:
        """Who is here, by user id. In a channel with more than `limits.roster` people, some of them (W20)."""
        return self._roster.people

    @property
    def count(self) -> int:
        """How many people are here."""
        return self._roster.count

    @property
    def messages(self) -> list[e.Message]:
        """The messages that live now, the oldest first."""
        return sorted(self._canvas.messages.values(), key=lambda message: message.sent_at)

    @property
    def drafts(self) -> list[e.Draft]:
        """What others are typing."""
        return list(self._canvas.drafts.values())

    @property
    def strokes(self) -> list[e.Stroke]:
        """The lines that live now, the oldest first."""
        return sorted(self._canvas.strokes.values(), key=lambda stroke: stroke.sent_at)

    def now_ms(self) -> float:
        """The server's clock, in ms since the Unix epoch."""
        return self._clock.now_ms()

    # What a client does.

    async def say(
        self, text: str, at: tuple[float, float] = (0, 0), *, message_id: str | None = None, timeout_s: float = 30.0
    ) -> e.Message:
        """Post a message and wait until the server has accepted it.

        Waits for the connection, and for a limit that is over within `timeout_s`. Raises NotSent if the server refuses
        the message or does not accept it in time, ChannelClosed if the channel closes meanwhile.
        """
        post = f.PostChat(message_id or secrets.token_urlsafe(12), text, f.Position(*at))
        ack, own = await self._post_in_time(post, timeout_s)
        message = e.Message(post.message_id, *own, text, *at, ack.timestamp, ack.expires_at)
        self._canvas.keep(message)
        return message

    async def stroke(
        self, points: Sequence[tuple[float, float]], *, message_id: str | None = None, timeout_s: float = 30.0
    ) -> e.Stroke:
        """Draw a line through 2 to 256 points, and wait until the server has accepted it. Waits and raises as `say`."""
        # As the server rounds them (W111).
        rounded = [(round(x, 1) + 0.0, round(y, 1) + 0.0) for x, y in points]
        post = f.PostStroke(message_id or secrets.token_urlsafe(12), rounded)
        ack, own = await self._post_in_time(post, timeout_s)
        stroke = e.Stroke(post.message_id, *own, tuple(rounded), ack.timestamp, ack.expires_at)
        self._canvas.keep_stroke(stroke)
        return stroke

    async def _post_in_time(
        self, post: f.PostChat | f.PostStroke, timeout_s: float
    ) -> tuple[f.Ack, tuple[str, str, str]]:
        """The server's `ack`, and this user's id, name and colour. Raises NotSent or ChannelClosed."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout_s
        while True:
            try:
                ack = await self._post(post, deadline)
            except NotSent as refused:
                wait_s = 0.2 if refused.code == "unavailable" else refused.retry_after_s
                if wait_s is None or loop.time() + wait_s > deadline:
                    raise
                await asyncio.sleep(wait_s)
            else:
                me = self.people.get(self.user_id)
                return ack, (self.user_id, me.name, me.color) if me else (self.user_id, "", "")

    def draft(self, at: tuple[float, float] = (0, 0)) -> DraftWriter:
        """A message that others see while it is written: `async with channel.draft() as draft: ...`."""
        return DraftWriter(self, at)

    async def move(self, x: float, y: float) -> None:
        """Move this user's pointer."""
        self._pointer = f.MoveCursor(f.Position(x, y))
        await self._send(self._pointer)

    async def react(self, kind: f.ReactionKind, at: tuple[float, float] = (0, 0)) -> None:
        await self._send(f.PostReaction(kind, f.Position(*at)))

    async def follow(self, user_id: str) -> None:
        """Ask this user for their view, which comes as View events. Lasts 12 s: call it again every 5 s (W32)."""
        await self._send(f.Follow(user_id), required=True)

    async def show_view(self, at: tuple[float, float], width: float, height: float) -> None:
        """Show followers the middle and the size of this client's view."""
        await self._send(f.ShowView(f.Position(*at), width, height))

    async def set_profile(self, name: str, color: str) -> None:
        """Change this user's name and colour in the channel, now and after each reconnect."""
        self._profile |= {"name": name, "color": color}
        await self._send(f.SetProfile(name, color), required=True)

    async def ask_who(self, user_ids: Sequence[str]) -> None:
        """Ask for the profiles of up to 50 users, which a large channel does not list. They arrive in `people`."""
        await self._send(f.AskWho(list(user_ids)), required=True)

    async def authenticate(self, token: str) -> None:
        """Replace the provider's token by a newer one of the same user (W60)."""
        self.token = token
        await self._send(f.Authenticate(token), required=True)

    # What an owner does (W65). The result arrives as an event.

    async def slow_down(self, seconds: float) -> None:
        """The least time between two messages of a user; 0 ends slow mode."""
        await self._send(f.Moderate("slow", slow_ms=round(seconds * 1000)), required=True)

    async def set_read_only(self, on: bool) -> None:
        await self._send(f.Moderate("read_only", on=on), required=True)

    async def set_private(self, on: bool) -> None:
        await self._send(f.Moderate("private", on=on), required=True)

    async def clear(self) -> None:
        """Remove all messages."""
        await self._send(f.Moderate("clear"), required=True)

    async def remove(self, user_id: str, seconds: int = 3600) -> None:
        """Remove a user, and keep them out for that long; 0 lets them in again."""
        await self._send(f.Moderate("remove", user_id=user_id, seconds=seconds), required=True)

    # Events.

    async def __aiter__(self) -> AsyncIterator[e.Event]:
        """Yields events until `close`. Raises ChannelClosed or Refused if the server closed the channel for good."""
        while True:
            while self._events:
                if self._lost_events:
                    lost, self._lost_events = self._lost_events, 0
                    yield e.Lagged(lost)
                yield self._events.popleft()
            if self._error is not None:
                if isinstance(self._error, ChannelClosed) and self._error.code == 1000:
                    return
                raise self._error
            self._wakeup.clear()
            await self._wakeup.wait()

    def _emit(self, event: e.Event) -> None:
        self._events.append(event)
        if len(self._events) > QUEUED_EVENTS:
            self._events.popleft()
            self._lost_events += 1
        self._wakeup.set()

    # What the connection reports (connection.Owner).

    def address(self) -> tuple[str, str]:
        return chat_url(self._server, self.name, invite=self._invite, **self._profile), self.token

    def opened(self) -> None:
        self._roster.begin()
        self._pings.clear()
        self._start(self._measure_clock(self._connection.number))

    def broke(self, reason: str, retry_s: float) -> None:
        self.is_live = self.is_degraded = False
        self._emit(e.Disconnected(reason, retry_s))

    def failed(self, error: OSError | InvalidHandshake | EOFError) -> bool:
        """Before the first `user_sync`, the caller hears of it; later it is one more break."""
        if self._first is None or self._first.done():
            return True
        self._first.set_exception(error)
        return False

    def ended(self, error: ChannelClosed | Refused) -> None:
        """The channel is closed for good: end every wait."""
        if self._error is not None:
            return
        self._error, self.is_live = error, False
        self._wakeup.set()
        self._canvas.close()
        if self._first is not None and not self._first.done():
            self._first.set_exception(error)
        for _, waiting in self._unacked.values():
            if not waiting.done():
                waiting.set_exception(error)

    async def _send(self, frame: f.ClientFrame, *, required: bool = False) -> None:
        """Send a frame. Without a connection it is dropped; if it is `required`, that raises NotSent.

        Raises what ended the channel.
        """
        if self._error is not None:
            raise self._error
        if required and not self.is_live:
            raise NotSent("disconnected", "there is no connection at the moment")
        if self.is_live:
            await self._connection.send(frame)

    def _send_soon(self, frame: f.ClientFrame, after_s: float = 0.0) -> None:
        """Send a frame on this connection, not on the next."""
        number = self._connection.number

        async def send() -> None:
            await asyncio.sleep(after_s)
            if self._is_on(number):
                await self._send(frame)

        self._start(send())

    def _is_on(self, number: int) -> bool:
        return self._error is None and self._connection.number == number

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _post(self, post: f.PostChat | f.PostStroke, deadline: float) -> f.Ack:
        """Send a message until it is acknowledged. Raises NotSent."""
        waiting: asyncio.Future[f.Ack] = asyncio.get_running_loop().create_future()
        if self._error is not None:
            raise self._error
        self._unacked[post.message_id] = post, waiting
        if self._own_draft is not None and self._own_draft.message_id == post.message_id:
            self._own_draft = None
        try:
            await self._send(post)
            async with asyncio.timeout_at(deadline):
                return await waiting
        except TimeoutError:
            raise NotSent("timeout", "the server did not accept the message in time") from None
        finally:
            self._unacked.pop(post.message_id, None)

    async def _measure_clock(self, number: int) -> None:
        pings = 0
        while self._is_on(number):
            await asyncio.sleep(FIRST_PING_S if pings < FIRST_PINGS else PING_S)
            await self._ping()
            pings += 1

    async def _ping(self) -> None:
        self._next_ping += 1
        self._pings[self._next_ping] = self._clock.monotonic_ms()
        await self._send(f.Ping(self._next_ping))

    # What the server sends.

    def received(self, frame: f.ServerFrame) -> None:
        match frame:
            case f.UserSync():
                self._synchronize(frame)
            case f.Chat():
                self._canvas.add(frame)
            case f.Ack():
                _, waiting = self._unacked.get(frame.message_id, (None, None))
                if waiting is not None and not waiting.done():
                    waiting.set_result(frame)
            case f.Typing():
                self._canvas.show_draft(frame)
            case f.Stroke():
                if frame.expires_at:  # one that is being drawn is not shown
                    self._canvas.add_stroke(frame)
            case f.Cursors():
                for user_id, x, y in frame.cursors:
                    if user_id != self.user_id:
                        self.pointers[user_id] = (x, y)
                        self._emit(e.Pointer(user_id, x, y))
            case f.UserJoined() | f.UserLeft() | f.UserUpdated() | f.UserCount():
                self._take_presence(frame)
            case f.Reacted():
                self._emit(e.Reaction(frame.user_id, frame.kind, frame.position.x, frame.position.y))
            case f.FollowedBy():
                self._emit(e.Followed(frame.user_id))
            case f.ViewShown():
                at = frame.position
                self._emit(e.View(frame.user_id, at.x, at.y, frame.width, frame.height))
            case f.Profiles():
                self._roster.people |= {person.user_id: person for person in frame.users}
            case f.Pong():
                sent_ms = self._pings.pop(frame.t, None)
                if sent_ms is not None:
                    self._clock.measure(sent_ms, frame.timestamp)
            case f.ClockSet():
                self._clock.shift(frame.shift)
                self._canvas.shift(frame.shift)
            case f.Degraded():
                self.is_degraded = True
                self._emit(e.Degraded())
            case f.Restored():
                self.is_degraded = False
                self._emit(e.Restored())
                self._repeat_for_newcomers()
            case f.ChannelUpdated():
                yours = frame.owner == self.user_id or self.rules.yours
                self.rules = msgspec.structs.replace(
                    self.rules, owner=frame.owner, slow_ms=frame.slow_ms, read_only=frame.read_only,
                    private=frame.private, yours=yours,
                )  # fmt: skip
                self._emit(e.RulesChanged(self.rules, frame.by))
            case f.Cleared():
                self._canvas.clear(frame.timestamp)
                self._emit(e.Cleared(frame.by))
            case f.Error():
                self._take_error(frame)
            case f.Authenticated():
                pass

    def _synchronize(self, sync: f.UserSync) -> None:
        first, before = not self.is_live, dict(self._roster.people)
        if sync.token is not msgspec.UNSET:
            self.token = sync.token
        self._clock.synchronize(sync.timestamp)
        if not self._roster.synchronize(sync):
            return
        self.is_live = True
        self.user_id, self.limits = sync.user_id, sync.limits
        self.rules = f.Rules() if sync.rules is msgspec.UNSET else sync.rules
        self.pointers = {user_id: at for user_id, at in self.pointers.items() if user_id in self.people}
        if first:
            self._canvas.drop_drafts()
            for post, _ in self._unacked.values():  # W10
                self._send_soon(post)
            self._repeat_for_newcomers()
            self._emit(e.Connected())
            if self._first is not None and not self._first.done():
                self._first.set_result(None)
        for message in sync.messages:
            self._canvas.add(message)
        for stroke in sync.strokes:
            self._canvas.add_stroke(stroke)
        if not first:
            self._emit_differences(before)

    def _emit_differences(self, before: Mapping[str, f.Person]) -> None:
        """The events that a snapshot stands for, because the frames of some of them are missing."""
        for user_id in before.keys() - self.people.keys():
            self._emit(e.Left(before[user_id]))
        for user_id, person in self.people.items():
            if user_id not in before:
                self._emit(e.Joined(person))
            elif person != before[user_id]:
                self._emit(e.ProfileChanged(person))

    def _take_presence(self, frame: f.PresenceFrame) -> None:
        known = None if isinstance(frame, f.UserCount) else self.people.get(frame.user_id)
        waited = self._roster.needs_snapshot
        if self._roster.apply(frame):
            match frame:
                case f.UserJoined():
                    self._emit(e.Joined(self.people[frame.user_id]))
                case f.UserLeft():
                    self.pointers.pop(frame.user_id, None)
                    self._canvas.drop_drafts(frame.user_id)
                    self._emit(e.Left(known or f.Person(frame.user_id, "", "")))
                case f.UserUpdated():
                    self._emit(e.ProfileChanged(self.people.get(frame.user_id) or _person_of(frame)))
                case f.UserCount():
                    self._emit(e.CountChanged(frame.count))
        if isinstance(frame, f.UserJoined):
            self._repeat_for_newcomers()
        if self._roster.needs_snapshot and not waited:
            self._ask_for_snapshot()

    def _ask_for_snapshot(self) -> None:
        """Send `sync`, and again until a snapshot comes that is new enough."""
        number = self._connection.number

        async def ask() -> None:
            while self._roster.needs_snapshot and self._is_on(number):
                await self._send(f.AskSync())
                await asyncio.sleep(SYNC_AGAIN_S)

        self._start(ask())

    def _repeat_for_newcomers(self) -> None:
        for frame in (self._pointer, self._own_draft):
            if frame is not None:
                self._send_soon(frame, random.uniform(0, NEWCOMER_S))

    def _take_error(self, error: f.Error) -> None:
        _, waiting = self._unacked.get(error.message_id, (None, None))
        if waiting is not None and not waiting.done():
            retry_s = None if error.retry_after is msgspec.UNSET else error.retry_after / 1000
            waiting.set_exception(NotSent(error.code, error.message, retry_s, error.limit))


class DraftWriter:
    """A message while it is written. Leaving the block without `say` gives the draft up."""

    def __init__(self, channel: Channel, at: tuple[float, float]) -> None:
        self.message_id = secrets.token_urlsafe(12)
        self._channel = channel
        self._at = at
        self._text = ""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._text:
            await self.type("")

    async def type(self, text: str) -> None:
        """Show the whole draft so far. An empty text gives it up."""
        frame = f.PostTyping(self.message_id, text, f.Position(*self._at))
        self._text = text
        self._channel._own_draft = frame if text else None
        await self._channel._send(frame)

    async def say(self, text: str | None = None, *, timeout_s: float = 30.0) -> e.Message:
        """Post the draft, or `text` in its place. As Channel.say."""
        message = await self._channel.say(
            self._text if text is None else text, self._at, message_id=self.message_id, timeout_s=timeout_s
        )
        self._text = ""
        return message


def connect(
    url: str,
    channel: str | None = None,
    *,
    token: str | None = None,
    name: str | None = None,
    color: str | None = None,
    on_map: bool = True,
    invite: str | None = None,
) -> Channel:
    """A channel, to be used with `async with`.

    `url`: the server, as `https://talk.example`, or a link to a channel, as `https://talk.example/c/garden`; then
    `channel` may be left out. `token`: from an earlier `Channel.token`, or a provider's. `name` and `color`: absent,
    the server chooses them. `on_map`: whether others may see this user on their maps. `invite`: to a private channel.

    Raises ValueError for an address or a channel's name that cannot be one.
    """
    server, found = parse(url, channel)
    return Channel(server, found, token=token, user_name=name, color=color, on_map=on_map, invite=invite)


def _person_of(frame: f.UserUpdated) -> f.Person:
    return f.Person(frame.user_id, frame.name, frame.color, 0, frame.on_map)
