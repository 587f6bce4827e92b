"""uWebSockets, through socketify: `publish` hands one message to the topic, in C++, for everyone but the sender.

socketify turns its loop without sleeping, so it uses a core also when nothing happens; that is its way, not ours.
"""

from __future__ import annotations

import sys

import wire
from socketify import App, AppListenOptions, CompressOptions, OpCode

MEBIBYTE = 1024 * 1024


def upgrade(response, request, context) -> None:
    channel = request.get_query("channel") or "default"
    key = request.get_header("sec-websocket-key")
    protocol = request.get_header("sec-websocket-protocol")
    extensions = request.get_header("sec-websocket-extensions")
    response.upgrade(key, protocol, extensions, context, {"channel": channel, "user": wire.new_user()})


def entered(socket) -> None:
    who = socket.get_user_data()
    socket.subscribe(who["channel"])
    socket.send(wire.welcome(who["channel"], who["user"]), OpCode.TEXT)


def heard(socket, text, _) -> None:
    who = socket.get_user_data()
    others, own = wire.heed(who["channel"], who["user"], text)
    socket.publish(who["channel"], others, OpCode.TEXT)
    if own is not None:
        socket.send(own, OpCode.TEXT)


app = App()
app.get("/", lambda response, _: response.end("ok"))
app.ws(
    "/api/chat",
    {
        "compression": CompressOptions.DISABLED,
        "max_payload_length": 4096,
        "max_backpressure": 16 * MEBIBYTE,
        "idle_timeout": 120,
        "upgrade": upgrade,
        "open": entered,
        "message": heard,
    },
)
app.listen(AppListenOptions(port=int(sys.argv[1]), host="127.0.0.1"))
app.run()
