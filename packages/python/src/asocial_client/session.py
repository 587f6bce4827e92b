"""One client in one channel, over any number of connections: what is sent, when, and again.

It knows no public API (channel.py) and no WebSocket (connection.py). What a client knows is in mirror.py.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import random
import secrets
from collections.abc import Coroutine
from typing import TYPE_CHECKING

import msgspec

from . import events as e
from . import frames as f
from .address import chat_url
from .connection import Connection
from .errors import ChannelClosed, NotSent, Refused
from .event_queue import EventQueue
from .mirror import Mirror
from .pacing import Paced
from .posts import Post, Posts, not_sent

if TYPE_CHECKING:
    from .sealed.translator import Translator  # needs the extra `sealed`

SYNC_AGAIN_S = 1.0
"""How long the answer to `sync` may take before the client asks once more."""
ASK_WHO_S = 1.0
"""Before a `who` frame: unknown members are asked for together."""
FIRST_PING_S, PING_S = 0.2, 30.0
"""Between pings: the first FIRST_PINGS of a connection, and the others."""
FIRST_PINGS = 3
NEWCOMER_S = 1.0
"""Within this time after somebody joined, the cursor and the draft are sent again (W16)."""

MIN_PACE = 0.1
"""Frames a second: less is not asked for."""
VIEW_S = 0.25
"""Between two views: the server reads no more of a client in a crowd (W163)."""
FOLLOWED_S = 12.0
"""How long a `followed` counts (W32)."""


class Session:
    """`profile`: the query fields `name`, `color`, `lang` and `on_map`, sent with each connection.

    `timeout_s`: how long the first connection may take.
    """

    def __init__(
        self,
        server: str,
        channel: str,
        token: str | None,
        profile: dict[str, str | None],
        invite: str | None,
        timeout_s: float | None,
        translator: Translator | None = None,
    ) -> None:
        self._server = server
        self._channel = channel
        self.profile = profile
        self._invite = invite
        self._timeout_s = timeout_s
        self._broke_by = "the server does not answer"
        """Why the last connection broke, or was not made."""
        # A key of our own makes the next connection the same user, even if this one breaks before `user_sync` (W84).
        self.token = token or f"guest-{secrets.token_urlsafe(32)}"
        self.is_new_guest = False
        self.events = EventQueue()
        self.mirror = Mirror(self.events.add, self)
        self._posts = Posts(self.send)
        self._cursor: f.MoveCursor | None = None
        self._draft: f.PostTyping | None = None
        self._view: f.ShowView | None = None
        """What this client shows, if it said so."""
        self._followed_until = float("-inf")
        self._cursors, self._drafts = Paced(self.send, self._start), Paced(self.send, self._start)
        self._views = Paced(self._send_view, self._start, VIEW_S)
        self._unknown: set[str] = set()
        self._asked: set[str] = set()
        self._translator = translator
        self._connection = Connection(self, translator)
        self._running: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._first: asyncio.Future[None] | None = None

    @property
    def is_open(self) -> bool:
        return self.events.ended_by is None

    @property
    def dropped(self) -> int:
        return 0 if self._translator is None else self._translator.dropped

    async def open(self) -> None:
        """Connect. Raises Refused, ChannelClosed, or OSError; a TimeoutError says why the server was not ready."""
        self._first = asyncio.get_running_loop().create_future()
        self._running = asyncio.create_task(self._run())
        limit = asyncio.timeout(self._timeout_s)
        try:
            async with limit:
                # Shielded: a caller that is cancelled must not cancel what the connection reports to.
                await asyncio.shield(self._first)
        except BaseException:
            await self.close()
            if limit.expired():
                raise TimeoutError(f"no connection within {self._timeout_s} s: {self._broke_by}") from None
            raise

    async def close(self) -> None:
        self.ended(ChannelClosed(1000, "closed by this program", by_program=True))
        await self._connection.close()
        tasks = [task for task in (self._running, *self._tasks) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self) -> None:
        try:
            await self._connection.run()
        except Exception as error:
            # A mistake of this package. A channel that never ends would hide it.
            closed = ChannelClosed(1006, f"error in the client: {type(error).__name__}: {error}")
            closed.__cause__ = error
            self.ended(closed)

    # Sending.

    async def send(self, frame: f.ClientFrame) -> None:
        """Send a frame; without a connection it is dropped. Raises what ended the channel."""
        if self.events.ended_by is not None:
            raise self.events.ended_by
        if self.mirror.is_live:
            await self._connection.send(frame)

    async def request(self, frame: f.ClientFrame) -> None:
        """Send a frame that must not be dropped. Raises NotSent without a connection."""
        if self.is_open and not self.mirror.is_live:
            raise NotSent("disconnected", "there is no connection at the moment")
        await self.send(frame)

    async def post(self, post: Post, timeout_s: float | None) -> tuple[f.Ack, f.Member]:
        """The server's `ack`, and this user as it was then. Raises NotSent or ChannelClosed."""
        if self._draft is not None and self._draft.message_id == post.message_id:
            self._draft = None
            self._drafts.drop()
        ack = await self._posts.post(post, timeout_s)
        user_id = self.mirror.user_id
        return ack, self.mirror.roster.members.get(user_id) or f.Member(user_id, "", "", 0)

    async def show_draft(self, draft: f.PostTyping) -> None:
        self._draft = draft if draft.payload else None
        if draft.payload:
            await self._drafts.push(draft)
        else:
            self._drafts.drop()
            await self.send(draft)

    async def show_cursor(self, cursor: f.MoveCursor) -> None:
        self._cursor = cursor
        await self._cursors.push(cursor)

    async def show_view(self, view: f.ShowView) -> None:
        self._view = view
        if self._is_view_wanted():
            await self._views.push(view)

    def _is_view_wanted(self) -> bool:
        return self.mirror.is_crowd or asyncio.get_running_loop().time() < self._followed_until

    async def _send_view(self, view: f.ClientFrame) -> None:
        if self._is_view_wanted():
            await self.send(view)

    # What the connection reports (connection.Owner).

    def address(self) -> tuple[str, str]:
        # In a sealed channel the profile and the view go to the others in frames: the server must not see them (W192).
        query = {"sealed": "1"} if self._translator is not None else self.profile | self._view_in_query()
        return chat_url(self._server, self._channel, invite=self._invite, **query), self.token

    def _view_in_query(self) -> dict[str, str]:
        """W162"""
        if self._view is None:
            return {}
        at = self._view.position
        return {"x": f"{at.x}", "y": f"{at.y}", "w": f"{self._view.width}", "h": f"{self._view.height}"}

    def opened(self) -> None:
        if not self.is_open:
            return
        self.mirror.begin()
        if self._translator is not None:
            self._translator.begin()
        self._unknown.clear()
        self._asked.clear()
        self._start(self._measure_clock(self._connection.number))

    def received(self, frame: f.ServerFrame) -> None:
        # Frames still come while `close` waits for the server's close frame.
        if not self.is_open:
            return
        match frame:
            case f.UserSync():
                self._synchronize(frame)
            case f.Ack():
                self._posts.accept(frame)
            case f.Pong():
                self.mirror.clock.measure(frame)
            case f.Error():
                if not self._posts.refuse(frame):
                    refused = not_sent(frame)
                    self.events.add(e.Rejected(frame.code, frame.message, refused.retry_after_s, refused.limit))
            case f.Authenticated():
                pass
            case f.CrowdFrame():
                self.mirror.apply(frame)
                self._follow_crowd()
            case f.Followed():
                self._followed_until = asyncio.get_running_loop().time() + FOLLOWED_S
                if self._view is not None:
                    self._start(self._views.push(self._view))
                self.mirror.apply(frame)
            case f.PaceFrame():
                self._cursors.interval_s = 1 / max(frame.cursors_per_second, MIN_PACE)
                self._drafts.interval_s = 1 / max(frame.drafts_per_second, MIN_PACE)
                self.mirror.apply(frame)
            case _:
                self.mirror.apply(frame)

    def broke(self, reason: str, retry_s: float) -> None:
        if not self.is_open:
            return
        self.mirror.end()
        self._broke_by = reason
        self.events.add(e.Disconnected(reason, retry_s))

    def failed(self, error: OSError) -> bool:
        """Before the first `user_sync` this ends the channel, and `connect` raises it; later it is one more break."""
        if self._first is None or self._first.done():
            return True
        self._first.set_exception(error)
        return False

    def ended(self, error: ChannelClosed | Refused) -> None:
        """The channel is closed for good: end every wait."""
        if not self.is_open:
            return
        self.mirror.end()
        self.events.end(error)
        self.mirror.canvas.close()
        self._posts.end(error)
        if self._first is not None and not self._first.done():
            self._first.set_exception(error)
            self._first.exception()  # A caller that was cancelled does not fetch it.

    # What the mirror asks for (mirror.Asks), on the connection that shows it.

    def snapshot(self) -> None:
        self._start(self._ask_for_snapshot(self._connection.number))

    def who(self, user_id: str) -> None:
        if user_id in self._asked or user_id in self._unknown:
            return
        self._unknown.add(user_id)
        if len(self._unknown) == 1:
            self._start(self._ask_who(self._connection.number))

    def repeat_for_newcomers(self) -> None:
        self._start(self._repeat(self._connection.number, random.uniform(0, NEWCOMER_S)))

    def measure_clock(self) -> None:
        self._start(self.send(self.mirror.clock.ping()))

    # Work in the background.

    def _is_on(self, number: int) -> bool:
        """Whether that connection is still the current one: what is meant for it is not sent on the next."""
        return self.is_open and self._connection.number == number

    def _start(self, work: Coroutine[None, None, None]) -> None:
        async def run() -> None:
            # The channel may end meanwhile.
            with contextlib.suppress(ChannelClosed, Refused):
                await work

        task = asyncio.create_task(run())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        # A task that is cancelled before its first step leaves its work unstarted.
        task.add_done_callback(lambda _: work.close())

    def _synchronize(self, sync: f.UserSync) -> None:
        if sync.token is not msgspec.UNSET:
            # W4: one that counts comes back.
            self.is_new_guest = self.is_new_guest or sync.token != self.token
            self.token = sync.token
        first = not self.mirror.is_live
        accepted = self.mirror.synchronize(sync)
        self._follow_crowd()
        if not accepted or not first:
            return
        if self._translator is not None:
            self._start(self._show_profile(self._connection.number))
        if self._posts.unacknowledged:
            self._start(self._send_again(self._connection.number))
        self.repeat_for_newcomers()
        if self._first is not None and not self._first.done():
            self._first.set_result(None)

    def _follow_crowd(self) -> None:
        """In a crowd, tell the server what this client shows. Outside of one, no pace counts."""
        if not self.mirror.is_crowd:
            self._cursors.interval_s = self._drafts.interval_s = 0.0
        elif self._view is not None:
            self._start(self._views.push(self._view))

    async def _send_again(self, number: int) -> None:
        """What has no `ack` yet, in the order in which it was posted (W10, W14)."""
        for post in self._posts.unacknowledged:
            if self._is_on(number):
                await self.send(post)

    async def _repeat(self, number: int, after_s: float) -> None:
        """Send the cursor and the draft as they are then, and in a sealed channel the profile."""
        await asyncio.sleep(after_s)
        await self._show_profile(number)
        for frame in (self._cursor, self._draft):
            if frame is not None and self._is_on(number):
                await self.send(frame)

    async def _show_profile(self, number: int) -> None:
        if self._translator is not None and self._is_on(number):
            await self.send(f.SetProfile(*self._translator.own_name(), self._translator.on_map))

    async def _measure_clock(self, number: int) -> None:
        pauses = itertools.chain(itertools.repeat(FIRST_PING_S, FIRST_PINGS), itertools.repeat(PING_S))
        for pause_s in pauses:
            await asyncio.sleep(pause_s)
            if not self._is_on(number):
                return
            await self.send(self.mirror.clock.ping())

    async def _ask_for_snapshot(self, number: int) -> None:
        while self.mirror.roster.needs_snapshot and self._is_on(number):
            await self.send(f.AskSync())
            await asyncio.sleep(SYNC_AGAIN_S)

    async def _ask_who(self, number: int) -> None:
        """Ask for those who are unknown, WHO_LIMIT at a time."""
        while self._unknown and self._is_on(number):
            await asyncio.sleep(ASK_WHO_S)
            asked = [self._unknown.pop() for _ in range(min(f.WHO_LIMIT, len(self._unknown)))]
            self._asked.update(asked)
            if asked and self._is_on(number):
                await self.send(f.AskWho(asked))
