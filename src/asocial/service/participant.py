"""One session's part in its channel: its drafts, cursor, reactions and views, each at a limited rate (W26).

Never here: messages, which have limits over all processes (chat.py).
"""

from __future__ import annotations

import asyncio

from ..domain.limits import TokenBucket
from ..domain.message import Position, check_position
from ..domain.profile import Profile
from ..ports import Connection
from ..protocol.codec import pack
from ..protocol.schema import Limits, PostReaction, PostTyping, Reaction, ShowView, Typing, View
from .channel import Channel
from .throttle import ThrottledLatest

REACTIONS_PER_SECOND = 5.0
REACTIONS_BURST = 10.0
VIEWS_PER_SECOND = 10.0
FRAME_WEIGHT = 5.0
"""What a draft, a reaction or a view takes from its address's budget. A cursor takes 1: cursors share one frame."""

PAUSE_S = 0.1
"""Above this time between two cursors, the process may have been suspended, and the client may have left meanwhile."""


class Participant:
    """One session's part in its channel: its user, connection and address, and how fast it may send."""

    def __init__(
        self,
        channel: Channel,
        connection: Connection,
        user_id: str,
        profile: Profile,
        address: str,
        limits: Limits,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self.channel = channel
        self.connection = connection
        self.user_id = user_id
        self.profile = profile
        self.address = address
        self.budget: TokenBucket | None = None
        """The rate of volatile frames (drafts, cursors, reactions, views) that all connections of the address share.
        None: no limit. Set before the first frame."""
        self.draft_id = ""
        """The message id of the draft that was admitted. A connection has one draft at a time."""
        self.refused_draft = ("", 0.0)
        """The draft that was refused last, and until when it stays refused (the loop's clock)."""
        self._shown_draft: PostTyping | None = None
        """The draft as others see it."""
        self._loop = loop
        self._limits = limits
        self._reactions = TokenBucket(REACTIONS_PER_SECOND, REACTIONS_BURST, loop.time())
        # Created when first needed: most people only read.
        self._drafts: ThrottledLatest[PostTyping] | None = None
        self._views: ThrottledLatest[ShowView] | None = None
        self._cursors: ThrottledLatest[Position] | None = None
        self._cursor_at = 0.0
        """When the last cursor was read (the loop's clock)."""

    def now(self) -> float:
        """The loop's clock, in seconds."""
        return self._loop.time()

    def begin_draft(self, message_id: str) -> None:
        """From now on `draft` shows the draft with this id."""
        self.end_draft()
        self.draft_id = message_id

    def end_draft(self) -> None:
        """End the draft: it disappears for the others."""
        self.draft_id = ""
        if self._drafts is not None:
            self._drafts.drop()
        if self._shown_draft is not None:
            self._send_draft(PostTyping(self._shown_draft.message_id, "", self._shown_draft.position))

    def draft(self, draft: PostTyping) -> None:
        """Show a draft. It has been checked, and its message id is `draft_id`."""
        if self._drafts is None:
            self._drafts = ThrottledLatest(
                self._limits.drafts_per_second, self._loop, self._send_draft, self.budget, FRAME_WEIGHT
            )
        self._drafts.offer(draft)

    def cursor(self, position: Position) -> None:
        """Show the cursor, unless the client has left: it may show a newer one elsewhere. Raises PositionInvalid."""
        check_position(position)
        now = self._loop.time()
        if now - self._cursor_at > PAUSE_S and self.connection.is_gone():
            return
        self._cursor_at = now
        if self._cursors is None:
            self._cursors = ThrottledLatest(self._limits.cursors_per_second, self._loop, self._send_cursor, self.budget)
        self._cursors.offer(position)

    def react(self, frame: PostReaction) -> None:
        """Show a reaction. Above the rate it is dropped (W26). Raises PositionInvalid."""
        position, now = check_position(frame.position), self._loop.time()
        if self._reactions.take(now) == 0.0 and (self.budget is None or self.budget.take(now, FRAME_WEIGHT) == 0.0):
            self.channel.post_transient(self.connection, pack(Reaction(self.user_id, frame.kind, position)))

    def view(self, frame: ShowView) -> None:
        """Show the view to followers. Raises PositionInvalid."""
        check_position(frame.position)
        if self._views is None:
            self._views = ThrottledLatest(VIEWS_PER_SECOND, self._loop, self._send_view, self.budget, FRAME_WEIGHT)
        self._views.offer(frame)

    def forget_draft(self, message_id: str) -> None:
        """The message is about to be posted: its draft must not follow it."""
        if self.draft_id == message_id:
            self.draft_id = ""
        if self._shown_draft is not None and self._shown_draft.message_id == message_id:
            self._shown_draft = None
        if self._drafts is not None:
            waiting = self._drafts.waiting
            if waiting is not None and waiting.message_id == message_id:
                self._drafts.drop()

    def close(self) -> None:
        """Send nothing more. The session is over: drop everything that refers back to this object (gc_policy.py)."""
        for latest in (self._drafts, self._cursors, self._views):
            if latest is not None:
                latest.drop()
        self._drafts = self._cursors = self._views = None

    def _send_draft(self, draft: PostTyping) -> None:
        frame = pack(Typing(draft.message_id, self.user_id, draft.payload, draft.position))
        if draft.payload:
            self._shown_draft = draft
            self.channel.set_draft(self.connection, draft.message_id, frame)
        else:
            if self._shown_draft is not None and self._shown_draft.message_id == draft.message_id:
                self._shown_draft = None
            # The end of a draft must reach everyone who saw the draft, so it is sent reliably.
            self.channel.post(frame, self.connection, replaces=draft.message_id)

    def _send_view(self, view: ShowView) -> None:
        # Views are so rare that two never wait for the same flush, so none needs to replace another.
        self.channel.post_transient(self.connection, pack(View(self.user_id, view.position, view.width, view.height)))

    def _send_cursor(self, position: Position) -> None:
        self.channel.set_cursor(self.user_id, position)
