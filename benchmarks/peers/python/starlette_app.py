"""Starlette on uvicorn: one coroutine per connection, one awaited send per recipient."""

from __future__ import annotations

import wire
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

channels: dict[str, set[WebSocket]] = {}


async def chat(socket: WebSocket) -> None:
    channel, user = socket.query_params.get("channel", "default"), wire.new_user()
    await socket.accept()
    here = channels.setdefault(channel, set())
    here.add(socket)
    try:
        await socket.send_text(wire.welcome(channel, user))
        while True:
            others, own = wire.heed(channel, user, await socket.receive_text())
            for other in tuple(here):
                if other is not socket:
                    try:
                        await other.send_text(others)
                    except (WebSocketDisconnect, RuntimeError):
                        here.discard(other)
            if own is not None:
                await socket.send_text(own)
    except WebSocketDisconnect:
        pass
    finally:
        here.discard(socket)


async def home(_: Request) -> PlainTextResponse:
    return PlainTextResponse("ok")


app = Starlette(routes=[Route("/", home), WebSocketRoute("/api/chat", chat)])
