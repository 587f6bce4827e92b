"""What a client knows of its channel: frames come in, events go out. It sends nothing itself.

Members are in roster.py, and what lives on the canvas is in canvas.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

import msgspec

from . import events as e
from . import frames as f
from .canvas import Canvas
from .clock import Clock
from .roster import PresenceFrame, Roster

NO_RULES = f.Rules("", 0, False, False, "write", False)


class Asks(Protocol):
    """What the mirror wants to be sent."""

    def snapshot(self) -> None:
        """`sync`, until a snapshot is new enough (W19)."""
        ...

    def who(self, user_id: str) -> None:
        """The profile of a member whom a large channel does not list (W20)."""
        ...

    def repeat_for_newcomers(self) -> None:
        """This user's cursor and draft, again (W16)."""
        ...

    def measure_clock(self) -> None:
        """A `ping` now (W86)."""
        ...


class Mirror:
    """`emit`: called with each event."""

    def __init__(self, emit: Callable[[e.Event], None], asks: Asks) -> None:
        self._emit = emit
        self._asks = asks
        self.clock = Clock()
        self.roster = Roster()
        self.canvas = Canvas(self.clock, emit)
        self.user_id = ""
        self.limits: f.Limits | None = None
        self.rules = NO_RULES
        self.is_live = False
        """Whether the snapshot of this connection has arrived."""
        self.is_degraded = False
        self.is_crowd = False
        self.cursors: dict[str, tuple[float, float]] = {}

    def begin(self) -> None:
        """A new connection is open."""
        self.roster.begin()
        self.clock.begin()

    def end(self) -> None:
        """The connection broke, or was closed."""
        self.is_live = self.is_degraded = False

    def synchronize(self, sync: f.UserSync) -> bool:
        """Take over a snapshot. False if it is too old, and another one is on its way."""
        first, before = not self.is_live, dict(self.roster.members)
        self.clock.synchronize(sync.timestamp)
        if not self.roster.synchronize(sync):
            return False
        self.is_live = True
        self.user_id, self.limits = sync.user_id, sync.limits
        self.rules = NO_RULES if sync.rules is msgspec.UNSET else sync.rules
        self.cursors = {user_id: at for user_id, at in self.cursors.items() if user_id in self.roster.members}
        if first:
            # No frame says which drafts ended during the break.
            self.canvas.drop_drafts()
            self._emit(e.Connected())
        self._set_crowd(sync.crowd is True)
        for message in sync.messages:
            self.canvas.add(message)
        for stroke in sync.strokes:
            self.canvas.add_stroke(stroke)
        if not first:
            self._emit_differences(before)
        return True

    def apply(self, frame: f.ServerFrame) -> None:
        """Handle a frame that changes what is known. Answers to what this client sent are not among them."""
        match frame:
            case f.Chat():
                self._check_clock(frame.timestamp)
                self.canvas.add(frame)
            case f.Typing():
                self._check_known(frame.user_id)
                self.canvas.show_draft(frame)
            case f.Stroke() if frame.expires_at:  # one that is being drawn is not shown
                self._check_clock(frame.timestamp)
                self.canvas.add_stroke(frame)
            case f.Cursors():
                self._move_cursors(frame)
            case f.UserJoined() | f.UserLeft() | f.UserUpdated() | f.UserCount():
                self._apply_presence(frame)
            case f.Profiles():
                self.roster.add(frame.users)
                for member in frame.users:
                    self._emit(e.ProfileChanged(member))
            case f.Reaction():
                self._check_known(frame.user_id)
                self._emit(e.Reaction(frame.user_id, frame.kind, frame.position.x, frame.position.y))
            case f.Followed():
                self._check_known(frame.user_id)
                self._emit(e.Followed(frame.user_id))
            case f.View():
                at = frame.position
                self._emit(e.View(frame.user_id, at.x, at.y, frame.width, frame.height))
            case f.CrowdFrame():
                self._set_crowd(frame.on)
            case f.PaceFrame():
                self._emit(e.Pace(frame.cursors_per_second, frame.drafts_per_second))
            case f.ActivityFrame():
                places = tuple(e.Place(*place) for place in frame.places)
                self._emit(e.Activity(frame.size, frame.whole, places))
            case f.ClockSet():
                self.clock.shift(frame.shift)
                self.canvas.shift(frame.shift)
            case f.Degraded():
                self.is_degraded = True
                self._emit(e.Degraded())
            case f.Restored():
                self.is_degraded = False
                self._emit(e.Restored())
                self._asks.repeat_for_newcomers()
            case f.ChannelUpdated():
                self.rules = msgspec.structs.replace(
                    self.rules, owner=frame.owner, slow_ms=frame.slow_ms, read_only=frame.read_only,
                    private=frame.private, yours=frame.owner == self.user_id or self.rules.yours,
                    landmarks=frame.landmarks,
                )  # fmt: skip
                self._emit(e.RulesChanged(self.rules, frame.by))
            case f.Cleared():
                self.canvas.clear(frame.timestamp)
                self._emit(e.Cleared(frame.by))
            case f.Notice():
                self._emit(e.Notice(frame.text, frame.timestamp))
            case _:
                pass

    def _set_crowd(self, on: bool) -> None:
        if on == self.is_crowd:
            return
        self.is_crowd = on
        self._emit(e.Crowd(on))
        # A crowd counts us where we point. After it, those who did not see us have neither our cursor nor our draft.
        self._asks.repeat_for_newcomers()

    def _move_cursors(self, frame: f.Cursors) -> None:
        for user_id, x, y in frame.cursors:
            if user_id != self.user_id:
                self._check_known(user_id)
                self.cursors[user_id] = (x, y)
                self._emit(e.Cursor(user_id, x, y))

    def _apply_presence(self, frame: PresenceFrame) -> None:
        known = None if isinstance(frame, f.UserCount) else self.roster.members.get(frame.user_id)
        waited = self.roster.needs_snapshot
        if self.roster.apply(frame):
            match frame:
                case f.UserJoined():
                    self._emit(e.Joined(self.roster.members[frame.user_id]))
                case f.UserLeft():
                    self.cursors.pop(frame.user_id, None)
                    self.canvas.drop_drafts(frame.user_id)
                    self._emit(e.Left(known or f.Member(frame.user_id, "", "", 0)))
                case f.UserUpdated():
                    changed = f.Member(frame.user_id, frame.name, frame.color, 0, frame.on_map)
                    self._emit(e.ProfileChanged(self.roster.members.get(frame.user_id, changed)))
                case f.UserCount():
                    self._emit(e.CountChanged(frame.count))
        if isinstance(frame, f.UserJoined):
            self._asks.repeat_for_newcomers()
        if self.roster.needs_snapshot and not waited:
            self._asks.snapshot()

    def _emit_differences(self, before: Mapping[str, f.Member]) -> None:
        """The events that a snapshot stands for, because the frames of some of them are missing."""
        members = self.roster.members
        for user_id in before.keys() - members.keys():
            self.cursors.pop(user_id, None)
            self.canvas.drop_drafts(user_id)
            self._emit(e.Left(before[user_id]))
        for user_id, member in members.items():
            if user_id not in before:
                self._emit(e.Joined(member))
            elif member != before[user_id]:
                self._emit(e.ProfileChanged(member))

    def _check_known(self, user_id: str) -> None:
        if user_id not in self.roster.members and self.roster.is_partial:
            self._asks.who(user_id)

    def _check_clock(self, timestamp: int) -> None:
        if self.clock.doubts(timestamp):
            self._asks.measure_clock()
