"""Django Channels: a consumer per connection, a group per channel, the layer in memory (there is one process).

The layer that the documentation advises for production is Redis; in memory is the faster one, so it stands here.
"""

from __future__ import annotations

from urllib.parse import parse_qs

import django
import wire
from channels.generic.websocket import AsyncWebsocketConsumer
from channels.routing import ProtocolTypeRouter, URLRouter
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path

settings.configure(
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    SECRET_KEY="a benchmark has no secrets",
    # The default of 100 waiting messages drops the others.
    CHANNEL_LAYERS={"default": {"BACKEND": "channels.layers.InMemoryChannelLayer", "CONFIG": {"capacity": 100_000}}},
)
django.setup()


class Chat(AsyncWebsocketConsumer):
    async def connect(self) -> None:
        query = parse_qs(self.scope["query_string"].decode())
        self.channel, self.user = query.get("channel", ["default"])[0], wire.new_user()
        await self.channel_layer.group_add(self.channel, self.channel_name)
        await self.accept()
        await self.send(text_data=wire.welcome(self.channel, self.user))

    async def disconnect(self, code: int) -> None:  # noqa: ARG002 (the signature is Channels')
        await self.channel_layer.group_discard(self.channel, self.channel_name)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:  # noqa: ARG002
        others, own = wire.heed(self.channel, self.user, text_data or "")
        event = {"type": "told", "text": others, "sender": self.channel_name}
        await self.channel_layer.group_send(self.channel, event)
        if own is not None:
            await self.send(text_data=own)

    async def told(self, event: dict[str, str]) -> None:
        if event["sender"] != self.channel_name:
            await self.send(text_data=event["text"])


def home(_: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


urlpatterns = [path("", home)]
app = ProtocolTypeRouter({"http": get_asgi_application(), "websocket": URLRouter([path("api/chat", Chat.as_asgi())])})
