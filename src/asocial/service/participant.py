"""One session's part in its channel: its drafts, strokes, cursor, reactions and views, each at a limited rate (W26).

Never here: messages and finished strokes, which have limits over all processes (chat.py).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import msgspec
from msgspec.structs import replace

from ..domain.cells import region_of
from ..domain.limits import TokenBucket
from ..domain.message import Position, check_position
from ..domain.profile import Profile
from ..domain.stroke import STROKES_PER_SECOND
from ..ports import Connection
from ..protocol.codec import pack, places_of
from ..protocol.schema import (
    Drawing,
    Limits,
    PostReaction,
    PostSealed,
    PostTyping,
    Reaction,
    Sealed,
    ShowView,
    Typing,
    View,
)
from .channel import Channel, Points
from .crowd import FOLLOW_S
from .draft import Draft, T
from .throttle import ThrottledLatest

REACTIONS_PER_SECOND = 5.0
REACTIONS_BURST = 10.0
VIEWS_PER_SECOND = 10.0
LOOKS_PER_SECOND = 4.0
"""Views of one connection that move its region in a crowd."""
SEALED_CURSORS_PER_SECOND = 10
"""Sealed cursors share no frame: each costs everyone a frame of its own."""
SEALED_PROFILES_PER_SECOND = 1.0
FRAME_WEIGHT = 5.0
"""What a draft, stroke, reaction or view takes from its address's budget. A cursor takes 1: cursors share one frame."""

PAUSE_S = 0.1
"""If nothing volatile was read for so long, the process may have been suspended, and the client may have left."""

NO_POINTS = msgspec.Raw(b"[]")


class DrawnPoints(msgspec.Struct, frozen=True):
    """A stroke while it is drawn. `points`: as JSON; without points it was abandoned."""

    message_id: str
    points: msgspec.Raw


class Participant:
    """One session's part in its channel: its user, connection and address, and how fast it may send."""

    budget: TokenBucket | None = None
    """The rate of volatile frames (drafts, strokes, cursors, reactions, views) that all connections of the address
    share. None: no limit. Set before the first frame."""
    # Created when first needed: most people only read. Until then these belong to the class.
    _reactions: TokenBucket | None = None
    _text: Draft[PostTyping] | None = None
    _stroke: Draft[DrawnPoints] | None = None
    _drawn: Points = ()
    """Where the stroke is that the session draws, in a crowd."""
    _views: ThrottledLatest[ShowView] | None = None
    _cursors: ThrottledLatest[Position] | None = None
    _looks: ThrottledLatest[ShowView] | None = None
    _looked = False
    """Whether the client has sent a `view` because the channel was a crowd."""
    _read_at = 0.0
    """When the last volatile frame was read while the client was there (the loop's clock)."""
    _followed_until = _follows_until = float("-inf")

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
        self._loop = loop
        self._limits = limits
        self._sealed_drafts: dict[str, Draft[PostSealed]] = {}
        self._sealed: dict[str, ThrottledLatest[PostSealed]] = {}
        """By kind, in a sealed channel."""

    def now(self) -> float:
        """The loop's clock, in seconds."""
        return self._loop.time()

    @property
    def text(self) -> Draft[PostTyping]:
        """The message that the session writes."""
        if self._text is None:
            throttle = self._throttle_of(self._limits.drafts_per_second)
            self._text = Draft(throttle, self._send_draft, lambda shown: replace(shown, payload=""))
        return self._text

    @property
    def stroke(self) -> Draft[DrawnPoints]:
        """The stroke that the session draws."""
        if self._stroke is None:
            throttle = self._throttle_of(STROKES_PER_SECOND)
            self._stroke = Draft(throttle, self._send_drawing, lambda shown: replace(shown, points=NO_POINTS))
        return self._stroke

    def has_left(self) -> bool:
        """Whether the client has ended the connection, asked for what it sent before. Such a frame may be old.

        The client may show something newer elsewhere, or the others may have been told that it left. A reaction is an
        event, not a state: it is shown all the same.
        """
        now = self._loop.time()
        crowd = self.channel.crowd
        may_be_old = now - self._read_at > PAUSE_S if crowd is None else crowd.load.reads_late(now)
        if may_be_old and self.connection.is_gone():
            return True
        self._read_at = now
        return False

    def cursor(self, position: Position) -> None:
        """Show the cursor, unless the client has left. Raises PositionInvalid."""
        check_position(position)
        if self.has_left():
            return
        crowd = self.channel.crowd
        if crowd is not None:
            # Only the latest of a tick is sent, so no other limit is needed: a client that is too fast is sampled.
            x, y, anchor = position.x, position.y, position.anchor
            crowd.move(self.connection, self.user_id, x, y, anchor, on_map=self.profile.on_map)
            return
        if self._cursors is None:
            self._cursors = ThrottledLatest(self._limits.cursors_per_second, self._loop, self._send_cursor, self.budget)
        self._cursors.offer(position)

    def react(self, frame: PostReaction) -> None:
        """Show a reaction. Above the rate it is dropped (W26). Raises PositionInvalid."""
        position = check_position(frame.position)
        if self._may_react():
            reaction = pack(Reaction(self.user_id, frame.kind, position))
            self.channel.post_transient(self.connection, reaction, ((position.x, position.y),))

    def view(self, frame: ShowView) -> None:
        """Show the view to followers, unless the client has left. In a crowd it also says what the client gets.

        Raises PositionInvalid.
        """
        check_position(frame.position)
        if self.has_left():
            return
        if self.channel.crowd is not None:
            self._looked = True
            if self._looks is None:
                self._looks = ThrottledLatest(LOOKS_PER_SECOND, self._loop, self._look, self.budget)
            self._looks.offer(frame)
            return
        if self._views is None:
            self._views = ThrottledLatest(VIEWS_PER_SECOND, self._loop, self._send_view, self.budget, FRAME_WEIGHT)
        self._views.offer(frame)

    def sealed_draft(self, kind: str) -> Draft[PostSealed]:
        """The message (`typing`) or the stroke (`drawing`) that the session writes in a sealed channel."""
        draft = self._sealed_drafts.get(kind)
        if draft is None:
            rate = self._limits.drafts_per_second if kind == "typing" else STROKES_PER_SECOND
            draft = Draft(self._throttle_of(rate), self._send_sealed_draft, lambda shown: replace(shown, box=""))
            self._sealed_drafts[kind] = draft
        return draft

    def show_sealed(self, frame: PostSealed) -> None:
        """Pass on a sealed cursor, view, reaction or profile, at the rate of its kind. See `has_left`."""
        if frame.kind == "reaction":
            if self._may_react():
                self.channel.post_transient(self.connection, self._sealed_frame(frame))
            return
        if self.has_left():
            return
        latest = self._sealed.get(frame.kind)
        if latest is None:
            rate, send, weight = self._sealed_pace(frame.kind)
            latest = ThrottledLatest(rate, self._loop, send, self.budget, weight)
            self._sealed[frame.kind] = latest
        latest.offer(frame)

    def close(self, *, left: bool) -> None:
        """The session is over: send nothing more, and drop everything that refers back to this object (gc_policy.py).

        `left`: the client does not come back, so its drafts end. Otherwise it may go on with them within its grace.
        """
        for draft in (self._text, self._stroke, *self._sealed_drafts.values()):
            if draft is not None:
                if left:
                    draft.end()
                draft.close()
        for latest in (self._cursors, self._views, self._looks, *self._sealed.values()):
            if latest is not None:
                latest.drop()
        self._sealed_drafts.clear()
        self._sealed.clear()
        self._text = self._stroke = self._cursors = self._views = self._looks = None

    def followed(self) -> None:
        """Somebody follows the session's user."""
        self._followed_until = self._loop.time() + FOLLOW_S

    def follows(self) -> None:
        """The session's user follows somebody."""
        self._follows_until = self._loop.time() + FOLLOW_S

    def _may_react(self) -> bool:
        now = self._loop.time()
        if self._reactions is None:
            self._reactions = TokenBucket(REACTIONS_PER_SECOND, REACTIONS_BURST, now)
        return self._reactions.take(now) == 0.0 and (self.budget is None or self.budget.take(now, FRAME_WEIGHT) == 0.0)

    def _sealed_pace(self, kind: str) -> tuple[float, Callable[[PostSealed], None], float]:
        """How often a second, by which function, and at what cost a sealed kind is sent."""
        if kind == "cursor":
            rate = min(SEALED_CURSORS_PER_SECOND, self._limits.cursors_per_second)
            return rate, self._send_sealed_cursor, FRAME_WEIGHT
        if kind == "view":
            return VIEWS_PER_SECOND, self._send_sealed_view, FRAME_WEIGHT
        return SEALED_PROFILES_PER_SECOND, self._send_sealed_profile, FRAME_WEIGHT

    def _throttle_of(self, rate: float) -> Callable[[Callable[[T], None]], ThrottledLatest[T]]:
        loop, budget = self._loop, self.budget
        return lambda send: ThrottledLatest(rate, loop, send, budget, FRAME_WEIGHT)

    def _send_draft(self, draft: PostTyping) -> bool:
        frame = pack(Typing(draft.message_id, self.user_id, draft.payload, draft.position))
        points = ((draft.position.x, draft.position.y),)
        if draft.payload:
            self.channel.set_draft(self.connection, draft.message_id, frame, points)
            if self.channel.crowd is not None:
                self.channel.crowd.writes(self.user_id)
        else:
            # The end of a draft must reach everyone who saw the draft, so it is sent reliably.
            self.channel.post(frame, self.connection, replaces=draft.message_id, points=points)
        return draft.payload != ""

    def _send_drawing(self, drawing: DrawnPoints) -> bool:
        frame = pack(Drawing(drawing.message_id, self.user_id, drawing.points))
        if drawing.points == NO_POINTS:
            self.channel.post(frame, self.connection, replaces=drawing.message_id, points=self._drawn)
            return False
        if self.channel.crowd is not None:
            self._drawn = places_of(b'{"points":' + bytes(drawing.points) + b"}")
        self.channel.set_drawing(self.connection, drawing.message_id, frame, self._drawn)
        return True

    def _send_view(self, view: ShowView) -> None:
        if not self.profile.on_map or (self._looked and self._loop.time() > self._followed_until):
            return
        # Views are so rare that two never wait for the same flush, so none needs to replace another.
        self.channel.post_transient(self.connection, pack(View(self.user_id, view.position, view.width, view.height)))

    def _look(self, view: ShowView) -> None:
        crowd = self.channel.crowd
        if crowd is None:
            self._send_view(view)
            return
        x, y = view.position.x, view.position.y
        region, on_map = region_of(x, y, view.width, view.height), self.profile.on_map
        crowd.look(self.connection, self.user_id, (x, y), region, on_map=on_map)
        # Who follows somebody shows no view: two people who follow each other would move each other's view without end.
        if on_map and self._follows_until < self._loop.time() <= self._followed_until:
            crowd.show_view(self.user_id, pack(View(self.user_id, view.position, view.width, view.height)))

    def _send_cursor(self, position: Position) -> None:
        self.channel.set_cursor(self.user_id, position)

    def _sealed_frame(self, frame: PostSealed) -> bytes:
        return pack(Sealed(frame.kind, self.user_id, frame.box, frame.message_id))

    def _send_sealed_draft(self, draft: PostSealed) -> bool:
        frame = self._sealed_frame(draft)
        if not draft.box:
            self.channel.post(frame, self.connection, replaces=draft.message_id)
            return False
        show = self.channel.set_draft if draft.kind == "typing" else self.channel.set_drawing
        show(self.connection, draft.message_id, frame)
        return True

    def _send_sealed_cursor(self, frame: PostSealed) -> None:
        self.channel.set_sealed_cursor(self.connection, self._sealed_frame(frame))

    def _send_sealed_view(self, frame: PostSealed) -> None:
        self.channel.post_transient(self.connection, self._sealed_frame(frame))

    def _send_sealed_profile(self, frame: PostSealed) -> None:
        # A name that is lost would be missing until somebody joins.
        self.channel.post(self._sealed_frame(frame), self.connection)
