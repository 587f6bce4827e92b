"""The HTTP API for programs: post messages, read messages, members and events. Docs: protocol.md, section 14."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable

import msgspec
from aiohttp import web

from ...domain.api_keys import ApiKey
from ...domain.errors import FrameError, GoingAway, LimitReached, Refusal
from ...domain.ids import ID_RULE, is_id, new_message_id
from ...domain.profile import Profile, clean_color, clean_name, guest_profile
from ...domain.sealed import is_sealed
from ...protocol.schema import PostChat
from ...service.api_chat import ApiChat
from ...service.event_stream import EventStream
from .api_types import MembersBody, MessageRequest, MessagesBody, PostedBody
from .bodies import json_response, read_json
from .channels import channel_of, reports_outages
from .key_guard import KeyGuard
from .peer import has_ended
from .refusals import RETRY_AFTER_S

STREAMS_PER_KEY = 20
"""Of one process."""
KEEP_ALIVE_S = 15.0
"""Proxies close a connection on which nothing was sent for some time."""
CHECK_S = 1.0
"""How often a stream without events looks whether its client is still there and its key not banned."""
WRITE_S = 30.0
"""A client that reads nothing for so long is cut off."""
CLOSE_S = 1.0
"""How long the server waits for a client to take the last event, which says why the stream ends."""
RETRY_MS = 1000
"""How long a client waits before it connects again."""


class Api:
    """The handlers. `body_s`: how long a request's body may take."""

    def __init__(self, chat: ApiChat, guard: KeyGuard, *, body_s: float) -> None:
        self._chat = chat
        self._guard = guard
        self._body_s = body_s
        self._streams: Counter[str] = Counter()
        self._open: set[EventStream] = set()

    def install(self, application: web.Application) -> None:
        application.on_shutdown.append(self._end_streams)
        router = application.router
        router.add_post("/api/channels/{channel}/messages", reports_outages(self._post))
        router.add_get("/api/channels/{channel}/messages", reports_outages(self._messages))
        router.add_get("/api/channels/{channel}/members", reports_outages(self._members))
        # The answer to HEAD would have to end, and a stream does not.
        router.add_get("/api/channels/{channel}/events", reports_outages(self._events), allow_head=False)

    async def _post(self, request: web.Request) -> web.Response:
        channel = _readable_channel_of(request)
        key = await self._guard.check(request, channel, "write")
        wanted = await read_json(request, MessageRequest, self._body_s)
        message_id = new_message_id() if wanted.message_id is msgspec.UNSET else wanted.message_id
        if not is_id(message_id):
            raise Refusal("body_invalid", f"message_id must be {ID_RULE}")
        address = self._guard.clients.read(request).limit_key
        try:
            post = PostChat(message_id, wanted.payload, wanted.position)
            ack = await self._chat.post(key, channel, post, _profile_of(key, wanted), address)
        except FrameError as error:
            raise refusal_of(error) from None
        posted = PostedBody(channel, key.user_id, ack.message_id, ack.timestamp, ack.expires_at)
        return json_response(posted, status=201)

    async def _messages(self, request: web.Request) -> web.Response:
        channel = _readable_channel_of(request)
        await self._guard.check(request, channel, "read")
        messages = [msgspec.Raw(message.body) for message in await self._chat.messages(channel)]
        return json_response(MessagesBody(channel, messages))

    async def _members(self, request: web.Request) -> web.Response:
        channel = _readable_channel_of(request)
        await self._guard.check(request, channel, "read")
        roster = await self._chat.members(channel)
        return json_response(MembersBody(channel, roster.members, roster.user_count))

    async def _events(self, request: web.Request) -> web.StreamResponse:
        channel = _readable_channel_of(request)
        key = await self._guard.check(request, channel, "read")
        if self._streams[key.name] >= STREAMS_PER_KEY:
            message = f"a key may have {STREAMS_PER_KEY} streams at a time"
            raise LimitReached(message, int(RETRY_AFTER_S * 1000))
        self._streams[key.name] += 1
        try:
            async with self._chat.events(channel, request.headers.get("Last-Event-ID", "")) as stream:
                self._open.add(stream)
                try:
                    return await _send(request, stream, lambda: self._guard.is_banned(key))
                finally:
                    self._open.discard(stream)
        finally:
            self._streams[key.name] -= 1
            self._streams += Counter()  # forgets keys without streams

    async def _end_streams(self, _: web.Application) -> None:
        for stream in self._open:
            stream.close(GoingAway())


def _readable_channel_of(request: web.Request) -> str:
    """Raises Refusal for a sealed channel: a program without its link can neither read nor write there (W192)."""
    channel = channel_of(request)
    if is_sealed(channel):
        raise Refusal("sealed_channel", "this channel is sealed: the HTTP API can neither read nor write in it")
    return channel


async def _send(request: web.Request, stream: EventStream, is_banned: Callable[[], bool]) -> web.StreamResponse:
    """Send events until the stream is closed, the key is banned, or the client is gone or does not read."""
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
    # nginx must not collect events before it passes them on.
    response.headers["X-Accel-Buffering"] = "no"
    await response.prepare(request)
    await response.write(f"retry: {RETRY_MS}\n\n".encode())
    loop = asyncio.get_running_loop()
    written_at = loop.time()
    while stream.closed_with is None and not is_banned():
        # Nothing tells of a client that ends: it may still read what it asked for (GuardedConnection.eof_received).
        if request.transport is None or has_ended(request.transport):
            return response
        events = await stream.take(CHECK_S)
        if not events:
            if loop.time() - written_at < KEEP_ALIVE_S:
                continue
            events = b": still here\n\n"
        if not await _written(request, response, events, WRITE_S):
            return response
        written_at = loop.time()
    why = stream.closed_with or Refusal("key_not_allowed", "the key is banned")
    body = msgspec.json.encode({"code": why.code, "message": why.message})
    await _written(request, response, b"event: closed\ndata: %b\n\n" % body, CLOSE_S)
    return response


async def _written(request: web.Request, response: web.StreamResponse, data: bytes, within_s: float) -> bool:
    """Whether the client took it in time. Otherwise its connection is cut."""
    try:
        async with asyncio.timeout(within_s):
            await response.write(data)
            return True
    except TimeoutError:
        if request.transport is not None:
            request.transport.abort()
        return False


def refusal_of(error: FrameError) -> Refusal:
    """What a client over HTTP gets for a frame that was not carried out."""
    if error.retry_after_ms is not None:
        return LimitReached(error.message, error.retry_after_ms)
    return Refusal(error.code, error.message)


def _profile_of(key: ApiKey, wanted: MessageRequest) -> Profile:
    """Raises FrameError for a name or a colour that is not allowed."""
    name = key.name if wanted.name is msgspec.UNSET else clean_name(wanted.name)
    color = guest_profile(key.user_id).color if wanted.color is msgspec.UNSET else clean_color(wanted.color)
    return Profile(name, color)
