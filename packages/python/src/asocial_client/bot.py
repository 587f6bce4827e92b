"""Bots: a program in a channel that answers to what happens there.

    bot = Bot("dice")

    @bot.on_message
    async def roll(message: Message) -> None:
        if message.text == "!roll":
            await bot.reply(message, str(random.randint(1, 6)))

    if __name__ == "__main__":
        bot.run()

`asocial bot run FILE` runs the file's bot, and so does `python FILE`.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import inspect
import logging
import math
import signal
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeAlias, TypeVar

from . import events as e
from .channel import Channel, connect
from .errors import AsocialError
from .refusals import unknown_token, why

Handler: TypeAlias = Callable[..., Awaitable[object] | object]
_H = TypeVar("_H", bound=Handler)

LINE_HEIGHT = 28.0
"""How far below a message its reply is, in CSS pixels."""
HANDLERS_AT_ONCE = 100
"""More events wait until a handler has ended."""
ENDING_S = 5.0
"""After a handler closed the channel, it and the others that run may take so long to end."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 10.0
"""Between attempts to find a server that is away when the bot starts."""

loading: contextvars.ContextVar[bool] = contextvars.ContextVar("loading", default=False)
"""While a file is loaded for its bot, the file's own `bot.run()` does nothing."""
log = logging.getLogger(__name__)


class Bot:
    """`name`, `color`: the bot's profile. `channel`, `url`: where it is, unless the command line says otherwise."""

    def __init__(
        self, name: str, *, channel: str | None = None, url: str | None = None, color: str | None = None
    ) -> None:
        self.name = name
        self.color = color
        self.default_channel = channel
        self.default_url = url
        self._channel: Channel | None = None
        self._is_away = False
        """Whether the connection broke and is not back yet."""
        self._handlers: list[tuple[type, Handler, Callable[[Any], tuple[object, ...]]]] = []
        """(the kind of event, what to call, the arguments made of the event)."""
        self._timers: list[tuple[float, Handler]] = []
        self._free = asyncio.Semaphore(HANDLERS_AT_ONCE)
        self._tasks: set[asyncio.Task[None]] = set()

    # What the bot answers to. Handlers may be `async def` or `def`; each call is a task of its own. One that closes
    # `bot.channel` ends the bot: handlers that run have ENDING_S to end, and no other is called.

    def on_message(self, handler: _H) -> _H:
        """Called with each Message of somebody else, those that live when the bot comes among them."""
        return self._add(e.Message, handler, lambda event: (event,))

    def on_join(self, handler: _H) -> _H:
        """Called with the Member who joined, in channels that are not large (W20)."""
        return self._add(e.Joined, handler, lambda event: (event.member,))

    def on_leave(self, handler: _H) -> _H:
        """Called with the Member who left, in channels that are not large (W20)."""
        return self._add(e.Left, handler, lambda event: (event.member,))

    def on_start(self, handler: _H) -> _H:
        """Called without arguments once the bot is in the channel, and again after each reconnect."""
        return self._add(e.Connected, handler, lambda _: ())

    def on(self, kind: type) -> Callable[[_H], _H]:
        """`@bot.on(Reaction)`: called with each event of this kind."""
        return lambda handler: self._add(kind, handler, lambda event: (event,))

    def every(self, seconds: float) -> Callable[[_H], _H]:
        """`@bot.every(60)`: called without arguments, first when the bot is in the channel."""

        def add(handler: _H) -> _H:
            self._timers.append((seconds, handler))
            return handler

        return add

    # What the bot does.

    @property
    def channel(self) -> Channel:
        """The channel, with all that a client can do. Raises RuntimeError before the bot runs."""
        if self._channel is None:
            raise RuntimeError("the bot does not run yet: use its channel in a handler")
        return self._channel

    async def say(self, text: str, at: tuple[float, float] = (0, 0)) -> e.Message:
        """Post a message. As Channel.say."""
        return await self.channel.say(text, at)

    async def reply(self, message: e.Message, text: str) -> e.Message:
        """Post a message below another."""
        return await self.channel.say(text, (message.x, message.y + LINE_HEIGHT))

    # Running.

    def run(self) -> None:
        """Run until Ctrl+C, with the arguments of the command line: `python bot.py --help`."""
        if not loading.get():
            from .commands.bot import run_bot

            raise SystemExit(run_bot(self))

    async def run_in(self, url: str, channel: str | None = None, **options: Any) -> None:
        """Run until it is cancelled. `options` are those of `connect`.

        An error in a handler is logged, and the bot goes on. If the server is away, the bot waits for it. Raises
        Refused or ChannelClosed if the server does not admit the bot (any more), ValueError for a wrong address.
        Returns after a handler closed the channel.
        """
        options = {"name": self.name, "color": self.color} | options
        pause_s = FIRST_PAUSE_S
        while True:
            try:
                async with connect(url, channel, **options) as opened:
                    if message := unknown_token(options.get("token"), opened.is_new_guest):
                        log.warning("%s", message)
                    await self._serve(opened)
                    return
            except OSError as error:
                log.warning("cannot reach %s: %s; trying again in %d s", url, why(error), pause_s)
                await asyncio.sleep(pause_s)
                pause_s = min(pause_s * 2, LONGEST_PAUSE_S)

    async def _serve(self, channel: Channel) -> None:
        self._channel = channel
        log.info("%s is in %s, with %d others", self.name, channel.name, channel.count - 1)
        timers = [asyncio.create_task(self._repeat(seconds, handler)) for seconds, handler in self._timers]
        try:
            async for event in channel:
                self._log(event)
                if isinstance(event, e.Message) and event.user_id == channel.user_id:
                    continue  # from another connection with the bot's token
                for kind, handler, arguments in self._handlers:
                    if isinstance(event, kind):
                        await self._free.acquire()
                        if not channel.is_open:
                            break  # Another handler closed it meanwhile.
                        self._start(self._call(handler, *arguments(event))).add_done_callback(
                            lambda _: self._free.release()
                        )
            for timer in timers:
                timer.cancel()
            if self._tasks:
                await asyncio.wait(self._tasks, timeout=ENDING_S)
        finally:
            tasks = {*timers, *self._tasks}
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _add(self, kind: type, handler: _H, arguments: Callable[[Any], tuple[object, ...]]) -> _H:
        self._handlers.append((kind, handler, arguments))
        return handler

    async def _repeat(self, seconds: float, handler: Handler) -> None:
        while True:
            # A task of its own: it may end after its timer was cancelled.
            await asyncio.wait([self._start(self._call(handler))])
            await asyncio.sleep(seconds)

    async def _call(self, handler: Handler, *arguments: object) -> None:
        try:
            result = handler(*arguments)
            if inspect.isawaitable(result):
                await result
        except AsocialError as error:
            log.warning("%s: %s", _name_of(handler), error)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            # It was not this handler that was cancelled, but something that it waited for.
            log.exception("error in %s", _name_of(handler))
        except Exception:
            log.exception("error in %s", _name_of(handler))

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        # A task that is cancelled before its first step leaves its work unstarted.
        task.add_done_callback(lambda _: work.close())
        return task

    def _log(self, event: e.Event) -> None:
        match event:
            case e.Disconnected(reason, retry_s):
                self._is_away = True
                log.warning("disconnected: %s; connecting again in %d s", reason, math.ceil(retry_s))
            case e.Connected() if self._is_away:
                self._is_away = False
                log.info("%s is in %s again, with %d others", self.name, self.channel.name, self.channel.count - 1)
            case e.Lagged(lost):
                log.warning("%d events were lost: the handlers are too slow", lost)
            case _:
                pass


async def run_until_signal(bot: Bot, url: str, channel: str | None, **options: Any) -> None:
    """Run until SIGTERM or Ctrl+C, after which others see the bot leave at once."""
    running = asyncio.ensure_future(bot.run_in(url, channel, **options))
    loop = asyncio.get_running_loop()
    with contextlib.suppress(NotImplementedError):  # Windows
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, running.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await running


def _name_of(handler: Handler) -> str:
    return getattr(handler, "__qualname__", repr(handler))
