"""From the link that a person shares to the address of the WebSocket."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlencode, urlsplit

DEFAULT_CHANNEL = "default"
_CHANNEL = re.compile(r"[A-Za-z0-9_-]{1,64}")
_TOKEN = re.compile(r"[!-~]*")
_SCHEMES = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}


def parse(url: str, channel: str | None) -> tuple[str, str]:
    """The server as `ws://host:port` and the channel's name.

    `url`: the server (`https://talk.example`), or a link to a channel (`https://talk.example/c/garden#120,-40,1`).
    Raises ValueError for an address or a name that cannot be one.
    """
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        is_server = parts.scheme in _SCHEMES and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is none, brackets without an address
        is_server = False
    if not is_server:
        raise ValueError(f"not the address of a server: {url!r}; it must be like https://talk.example")
    linked = re.fullmatch(r"/c/([^/]+)/?", unquote(parts.path))
    name = channel if channel is not None else linked[1] if linked else DEFAULT_CHANNEL
    if not _CHANNEL.fullmatch(name):
        raise ValueError(f"not the name of a channel: {name!r}; it must have 1 to 64 letters, digits, '-' or '_'")
    return f"{_SCHEMES[parts.scheme]}://{parts.netloc}", name


def check_token(token: str | None) -> None:
    """Raises ValueError for what cannot be a header's value."""
    if token is not None and not _TOKEN.fullmatch(token):
        raise ValueError("not a token: it must have printable ASCII characters only, and no spaces")


def chat_url(server: str, channel: str, **query: str | None) -> str:
    """The address to upgrade, without the token, which goes into a header."""
    given = {key: value for key, value in query.items() if value is not None}
    return f"{server}/api/chat?{urlencode({'channel': channel} | given)}"
