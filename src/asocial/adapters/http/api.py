"""The HTTP API for programs: post messages, read messages, members and events. Docs: protocol.md, section 14."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass
from typing import Annotated

import msgspec
from aiohttp import web

from ...domain.api_keys import ApiKey, ApiKeys
from ...domain.errors import FrameError, GoingAway, Refusal
from ...domain.ids import new_message_id
from ...domain.message import Position
from ...domain.profile import Profile, clean_color, clean_name, guest_profile
from ...domain.rules import Rights
from ...ports import RateLimiter
from ...protocol.schema import PostChat
from ...service.api_chat import ApiChat
from ...service.event_stream import EventStream
from .auth import bearer_token_of
from .bodies import read_body
from .channels import channel_of, json_response, reports_outages
from .client_info import ClientInfoReader

REQUESTS_PER_MINUTE = 600
"""Of one key, of any kind. Messages have the limits of any user besides (W72)."""
FAILURES_PER_MINUTE = 60
"""How many wrong keys one address may try."""
STREAMS_PER_KEY = 20
"""Of one process."""
KEEP_ALIVE_S = 15.0
"""Proxies close a connection on which nothing was sent for some time, and a client that is gone is noticed."""
WRITE_S = 30.0
"""A client that reads nothing for so long is cut off."""
RETRY_MS = 1000
"""How long a client waits before it connects again."""
MINUTE_MS = 60_000


class MessageRequest(msgspec.Struct, forbid_unknown_fields=True):
    """The body of a message. What is missing: an id is made, the position is the middle, the name is the key's."""

    payload: str
    position: Position = Position(0.0, 0.0)
    message_id: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{1,64}$")] | msgspec.UnsetType = msgspec.UNSET
    name: str | msgspec.UnsetType = msgspec.UNSET
    color: str | msgspec.UnsetType = msgspec.UNSET


@dataclass(frozen=True)
class KeyGuard:
    """Who may use the API, and how often."""

    keys: ApiKeys
    limiter: RateLimiter
    clients: ClientInfoReader

    async def check(self, request: web.Request, channel: str, rights: Rights) -> ApiKey:
        """The key of a request that may do this. Raises Refusal."""
        key = self.keys.find(bearer_token_of(request) or "")
        if key is None:
            await self._take(f"api-failures:{self.clients.read(request).limit_key}", FAILURES_PER_MINUTE)
            raise Refusal("token_invalid", "send a valid API key: Authorization: Bearer KEY")
        await self._take(f"api:{key.name}", REQUESTS_PER_MINUTE)
        if not key.covers(channel):
            raise Refusal("key_not_allowed", f"the key {key.name!r} is not for this channel")
        if rights == "write" and key.rights != "write":
            raise Refusal("key_not_allowed", f"the key {key.name!r} may read only")
        return key

    async def _take(self, name: str, limit: int) -> None:
        wait_ms = await self.limiter.take(name, limit, MINUTE_MS)
        if wait_ms:
            raise Refusal("rate_limited", f"try again in {-(-wait_ms // 1000)} s")


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
        router.add_get("/api/channels/{channel}/events", reports_outages(self._events))

    async def _post(self, request: web.Request) -> web.Response:
        channel = channel_of(request)
        key = await self._guard.check(request, channel, "write")
        wanted = _read(await read_body(request, self._body_s))
        message_id = new_message_id() if wanted.message_id is msgspec.UNSET else wanted.message_id
        address = self._guard.clients.read(request).limit_key
        try:
            post = PostChat(message_id, wanted.payload, wanted.position)
            ack = await self._chat.post(key, channel, post, _profile_of(key, wanted), address)
        except FrameError as error:
            raise Refusal(error.code, error.message) from None
        posted = {"message_id": ack.message_id, "timestamp": ack.timestamp, "expires_at": ack.expires_at}
        return json_response({"channel": channel, "user_id": key.user_id, **posted}, status=201)

    async def _messages(self, request: web.Request) -> web.Response:
        channel = channel_of(request)
        await self._guard.check(request, channel, "read")
        bodies = [msgspec.Raw(message.body) for message in await self._chat.messages(channel)]
        body = msgspec.json.encode({"channel": channel, "messages": bodies})
        return web.Response(body=body, content_type="application/json")

    async def _members(self, request: web.Request) -> web.Response:
        channel = channel_of(request)
        await self._guard.check(request, channel, "read")
        roster = await self._chat.members(channel)
        body = {"channel": channel, "users": roster.members, "user_count": roster.user_count}
        return web.Response(body=msgspec.json.encode(body), content_type="application/json")

    async def _events(self, request: web.Request) -> web.StreamResponse:
        channel = channel_of(request)
        key = await self._guard.check(request, channel, "read")
        if self._streams[key.name] >= STREAMS_PER_KEY:
            raise Refusal("rate_limited", f"a key may have {STREAMS_PER_KEY} streams at a time")
        self._streams[key.name] += 1
        try:
            async with self._chat.events(channel, request.headers.get("Last-Event-ID", "")) as stream:
                self._open.add(stream)
                try:
                    return await _send(request, stream)
                finally:
                    self._open.discard(stream)
        finally:
            self._streams[key.name] -= 1
            self._streams += Counter()  # forgets keys without streams

    async def _end_streams(self, _: web.Application) -> None:
        for stream in self._open:
            stream.close(GoingAway())


async def _send(request: web.Request, stream: EventStream) -> web.StreamResponse:
    """Send events until the stream is closed, or the client is gone. A client that does not read is closed."""
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
    # nginx must not collect events before it passes them on.
    response.headers["X-Accel-Buffering"] = "no"
    await response.prepare(request)
    await response.write(f"retry: {RETRY_MS}\n\n".encode())
    while stream.closed_with is None:
        events = await stream.take(KEEP_ALIVE_S) or b": still here\n\n"
        try:
            async with asyncio.timeout(WRITE_S):
                await response.write(events)
        except TimeoutError:
            if request.transport is not None:
                request.transport.abort()
            break
    return response


def _read(data: bytes) -> MessageRequest:
    try:
        return msgspec.json.decode(data, type=MessageRequest)
    except (msgspec.MsgspecError, RecursionError, UnicodeError) as error:
        raise Refusal("body_invalid", str(error)[:200]) from None


def _profile_of(key: ApiKey, wanted: MessageRequest) -> Profile:
    """Raises FrameError for a name or a colour that is not allowed."""
    name = key.name if wanted.name is msgspec.UNSET else clean_name(wanted.name)
    color = guest_profile(key.user_id).color if wanted.color is msgspec.UNSET else clean_color(wanted.color)
    return Profile(name, color)
