"""A running server, its HTTP side, and the types of the fixtures that start servers and connect clients."""

from __future__ import annotations

import asyncio
import http.client
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from asocial.lifecycle import Asocial
from tests.support.client import Client
from tests.support.raw_client import RawClient
from tests.support.waiting import PATIENCE_S, eventually

if TYPE_CHECKING:
    from tests.support.processes import Process  # which asks for `http_get` from here


MANGLED = (
    "/c", "/c/", "/c//", "/C/garden", "/c/garden/", "/c/garden//", "//c/garden", "/c//garden", "/%63/garden",
    "/c%2Fgarden", "/c/garden%2F", "/c/garden%20", "/c/garden%0A", "/c/garden.", "/c/garden)", "/c/garden%3E",
    "/c/%3Cgarden%3E", "/c/garden,", "/c/garden%22", "/c/garden%E2%80%9D", "/c/garden%23120,-40",
    "/c/garden%3Finvite=x", "/c/g%25C3%25A4rten", "/c/a/b", "/c.", "/)", "/.", "/%3E", "//",
    "/s", "/S/", "/s/%23garden.key",
)  # fmt: skip
"""Paths that a person may type, or that a mail program makes of a link to a channel or to the start page."""


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


@dataclass
class Server:
    """One running server."""

    app: Asocial

    @property
    def port(self) -> int:
        return self.app.port

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def get(self, path: str, headers: dict[str, str] | None = None) -> Answer:
        return await http_get(self.port, path, headers)

    async def post(self, path: str, headers: dict[str, str] | None = None, body: str = "") -> Answer:
        return await http_get(self.port, path, headers, method="POST", body=body)


async def http_get(
    port: int, path: str, headers: dict[str, str] | None = None, *, method: str = "GET", body: str | None = None
) -> Answer:
    def ask() -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
        try:
            connection.request(method, path, body=body, headers=headers or {})
            response = connection.getresponse()
            lower = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, lower, response.read().decode())
        finally:
            connection.close()

    return await asyncio.to_thread(ask)


async def metric(port: int, name: str) -> float:
    """A metric without labels, by its name without `asocial_`."""
    text = (await http_get(port, "/metrics")).text
    [value] = [line.split()[1] for line in text.splitlines() if line.startswith(f"asocial_{name} ")]
    return float(value)


async def until_metric(port: int, name: str, least: float, *, patience_s: float = PATIENCE_S) -> None:
    async def enough() -> bool:
        return await metric(port, name) >= least

    await eventually(enough, f"{name} is at least {least:g}", patience_s=patience_s)


class StartServer(Protocol):
    async def __call__(self, **settings: Any) -> Server: ...


class Join(Protocol):
    async def __call__(self, server: Server, channel: str | None = "garden", **options: Any) -> Client: ...


class Enter(Protocol):
    """A plain client of the test's own channel, through one of several processes; closed with the test."""

    async def __call__(self, process: Process, **options: Any) -> Client: ...


class JoinRaw(Protocol):
    async def __call__(self, server: Server, channel: str = "garden", **options: Any) -> RawClient: ...
