"""The terminal application: keys and the mouse in, the canvas out."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from math import ceil
from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual import events
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Static

from .. import events as e
from ..channel import Channel
from ..drafts import DraftWriter
from ..errors import AsocialError, ChannelClosed, NotSent, Refused
from ..text import clean, printable
from .grid import CELL_HEIGHT, CELL_WIDTH, Grid, Viewport
from .palette import GROUND, QUIET, shade
from .scene import Own, Scene, nearest

COLUMNS_AT_ONCE, ROWS_AT_ONCE = 4, 2
"""How far an arrow key moves the view."""
FRAME_S = 0.05
"""Between two pictures while something changes."""
HELP = "arrows move · End nearest · type to talk · Enter send · Esc abandon · ^Q leave"

MOVES = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1)}


class Plane(Widget):
    """The canvas. `on_size`: called when it has another size."""

    can_focus = True

    def __init__(self, channel: Channel, at: tuple[float, float], on_size: Callable[[], None]) -> None:
        super().__init__()
        self._on_size = on_size
        self.own = Own(at)
        self._middle = at
        self._scene = Scene(channel)
        self._grid: Grid | None = None

    def on_resize(self) -> None:
        self._on_size()

    @property
    def view(self) -> Viewport:
        return Viewport(*self._middle, self.size.width, self.size.height)

    def move(self, columns: int, rows: int) -> None:
        """Move the view, and with it the point where this user talks."""
        self.go_to((self._middle[0] + columns * CELL_WIDTH, self._middle[1] + rows * CELL_HEIGHT))

    def go_to(self, middle: tuple[float, float]) -> None:
        if not self.own.text:
            x, y = self.own.point
            self.own.point = (x + middle[0] - self._middle[0], y + middle[1] - self._middle[1])
        self._middle = middle
        self.repaint()

    def show_point(self) -> None:
        """Move the view to where this user talks, if that is outside of it."""
        column, row = self.view.cell(*self.own.point)
        if not (0 <= column < self.size.width and 0 <= row < self.size.height):
            self._middle = self.own.point
            self.repaint()

    def repaint(self) -> None:
        """Show what is there now. Only rows that changed are sent to the terminal, which may be far away."""
        before, self._grid = self._grid, self._scene.paint(self.view, self.own)
        if before is None or before.size != self._grid.size:
            self.refresh()
        elif changed := self._grid.changed_rows(before):
            self.refresh(*(Region(0, row, self.size.width, 1) for row in changed))

    def render_line(self, y: int) -> Strip:
        # The size changes before any event says so.
        if self._grid is None or self._grid.size != self.size:
            self._grid = self._scene.paint(self.view, self.own)
        return Strip(self._grid.segments(y)).apply_style(Style(bgcolor=GROUND))


class CanvasApp(App[None]):
    """`channel` is open. `ended_by`: why the server closed it, if it did. `notice`: shown at the bottom at first."""

    CSS = f"""
    Screen {{ background: {GROUND}; layers: base; }}
    #top, #bottom {{ height: 1; background: {GROUND}; color: {QUIET}; }}
    Plane {{ height: 1fr; }}
    """
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+q,ctrl+c", "quit", "Leave", priority=True)]

    def __init__(self, channel: Channel, at: tuple[float, float], notice: str = "") -> None:
        super().__init__()
        self.ended_by: ChannelClosed | Refused | None = None
        self.channel = channel
        self.plane = Plane(channel, at, self._show_view)
        self._top = Static(id="top")
        self._bottom = Static(printable(notice) or HELP, id="bottom", markup=False)
        self._draft: DraftWriter | None = None
        self._notice = notice
        self._away = ""
        """The notice while there is no connection. A newer one hides it."""
        self._tells_unsent = False
        """Whether the line at the bottom says why a message was not sent. It stays until the user writes on."""
        self._changed = False
        """Whether something happened in the channel since the last picture."""

    def compose(self) -> ComposeResult:
        yield self._top
        yield self.plane
        yield self._bottom

    def on_mount(self) -> None:
        self.title = f"asocial: {self.channel.name}"
        self.plane.focus()
        self.run_worker(self._read_events())
        self.set_interval(FRAME_S, self._tick)
        self._show_state()
        self._show_place()

    def on_resize(self) -> None:
        self._show_state()

    # Keys and the mouse.

    async def on_key(self, event: events.Key) -> None:
        own = self.plane.own
        if move := MOVES.get(event.key.removeprefix("shift+").removeprefix("ctrl+")):
            far = "+" in event.key
            view = self.plane.view
            self.plane.move(
                move[0] * (view.columns // 2 if far else COLUMNS_AT_ONCE),
                move[1] * (view.rows // 2 if far else ROWS_AT_ONCE),
            )
            self._show_place()
        elif event.key == "home":
            self._go_to((0.0, 0.0))
        elif event.key == "end":
            found = nearest(self.channel, self.plane.view)
            if found is None:
                self._notify("nobody is outside of what you see")
            else:
                self._go_to(found)
        elif event.key == "enter":
            self._post()
        elif event.key == "escape":
            self._write("")
        elif event.key == "backspace":
            self._write(own.text[:-1])
        elif event.is_printable and event.character:
            self._write(own.text + event.character)
        else:
            return
        event.stop()

    def on_paste(self, event: events.Paste) -> None:
        self._write(self.plane.own.text + "\n".join(clean(line) for line in event.text.splitlines()))

    def on_click(self, event: events.Click) -> None:
        """Talk at the cell that was clicked."""
        if event.widget is self.plane and not self.plane.own.text:
            self.plane.own.point = self.plane.view.point(event.x, event.y)
            self._show_place()

    def _go_to(self, point: tuple[float, float]) -> None:
        self.plane.go_to(point)
        self._show_place()

    # Writing.

    def _write(self, text: str) -> None:
        own = self.plane.own
        if text == own.text:
            return
        limits = self.channel.limits
        own.text = text[: limits.payload_characters] if limits is not None else text
        if self._draft is None:
            self._draft = self.channel.draft(own.point)
        draft, shown = self._draft, own.text
        if not own.text:
            self._draft = None
        self._tells_unsent = False
        self._notify("")
        self.plane.repaint()
        self.run_worker(self._show_draft(draft, shown), group="draft", exclusive=True)

    def _post(self) -> None:
        own, draft = self.plane.own, self._draft
        if draft is None or not own.text.strip():
            self._write("")
            return
        posted = (own.text, own.point)
        own.sent.append(posted)
        own.text, self._draft = "", None
        # The next line begins below, as on the page.
        own.point = (own.point[0], own.point[1] + CELL_HEIGHT)
        self.plane.show_point()
        self._show_place()
        self.run_worker(self._say(draft, posted), group="say")

    async def _show_draft(self, draft: DraftWriter, text: str) -> None:
        try:
            await draft.type(text)
        except AsocialError:
            return  # The channel is closed: `_read_events` handles that.

    async def _say(self, draft: DraftWriter, posted: tuple[str, tuple[float, float]]) -> None:
        text, point = posted
        own = self.plane.own
        try:
            await draft.say(text)
        except NotSent as error:
            self._tells_unsent = True
            if own.text:  # Another draft has begun.
                self._notify(f"not sent, {error}: {text}")
            else:
                self._notify(f"not sent: {error}")
                own.text, own.point, self._draft = text, point, draft
        except AsocialError:
            pass  # The channel is closed: `_read_events` handles that.
        finally:
            own.sent.remove(posted)
            self.plane.repaint()

    # What happens in the channel.

    async def _read_events(self) -> None:
        try:
            async for event in self.channel:
                match event:
                    case e.Rejected():
                        # The draft of a message that is refused is often refused too, and this may come after that.
                        if not self._tells_unsent:
                            self._notify(event.message)
                    case e.Disconnected(reason, retry_s):
                        self._away = f"disconnected: {reason}; connecting again in {ceil(retry_s)} s"
                        self._notify(self._away)
                    case e.Connected() if self._away:
                        self._away = ""
                        self._notify("")
                    case e.Cleared():
                        self._notify("the owner cleared all messages")
                    case e.Notice(text):
                        self._notify(f"notice: {text}")
                    case _:
                        pass
                self._changed = True
        except (ChannelClosed, Refused) as error:
            self.ended_by = error
            self.exit()

    def _tick(self) -> None:
        if self._changed:
            self._changed = False
            self._show_state()
            self.plane.repaint()
        elif self.channel.messages:  # which fade
            self.plane.repaint()

    def _show_place(self) -> None:
        """Show others where this user points, and followers the view."""
        self._show_state()
        self.plane.repaint()
        self.run_worker(self._send_place(), group="place", exclusive=True)

    def _show_view(self) -> None:
        """Show followers the view, and get what a crowd has there."""
        self.run_worker(self._send_view(), group="view", exclusive=True)

    async def _send_view(self) -> None:
        view = self.plane.view
        if min(view.size) > 0:  # not before the first layout
            with contextlib.suppress(AsocialError):  # The channel is closed: `_read_events` handles that.
                await self.channel.view(view.x, view.y, *view.size)

    async def _send_place(self) -> None:
        await self._send_view()
        with contextlib.suppress(AsocialError):
            await self.channel.move_cursor(*self.plane.own.point)

    # The lines above and below the canvas.

    def _notify(self, text: str) -> None:
        text = text or self._away
        if text != self._notice:
            self._notice = text
            self._bottom.update(printable(text) or HELP)

    def _show_state(self) -> None:
        channel, view = self.channel, self.plane.view
        place = f"{view.x:.0f},{view.y:.0f}"
        line = Text(f"{channel.name}  ", style=QUIET, no_wrap=True, overflow="ellipsis")
        line.append(f"{channel.count} here: " if channel.count != 1 else "only you are here: ")
        for number, member in enumerate(channel.members.values()):
            line.append(", " if number else "")
            line.append(printable(member.name), style=shade(member.color))
            line.append(" (you)" if member.user_id == channel.user_id else "")
        line.truncate(max(0, self.size.width - len(place) - 2), overflow="ellipsis", pad=True)
        line.append(f"  {place}")
        self._top.update(line)
