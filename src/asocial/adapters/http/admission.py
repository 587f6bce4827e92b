"""Whether a request may come in: every reason to refuse one, in one place and in a fixed order.

Each refusal is a `Refusal` with a code; refusals.py says how it is answered. Two decisions are made elsewhere. The
connection guard refuses TCP connections before there is a request. `Sessions.open` checks bans and the number of a
user's connections once more, when the client is about to be in the channel: both may have changed by then.

Never here: HTTP statuses, close codes, the upgrade.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from aiohttp import hdrs

from ...domain.access import Access
from ...domain.cells import Region, region_of
from ...domain.errors import (
    BadFrame,
    ConnectingTooOften,
    Disconnect,
    PositionInvalid,
    Refusal,
    VersionUnsupported,
)
from ...domain.identity import Principal
from ...domain.ids import DEFAULT_CHANNEL, ID_RULE, is_id
from ...domain.message import Position, check_position
from ...domain.palette import PALETTE
from ...domain.profile import Profile, clean_name, guest_profile
from ...domain.sealed import is_sealed
from ...ports import RateLimiter
from ...protocol.schema import MAX_VIEW, SUBPROTOCOL, SUBPROTOCOL_FAMILY
from ...service.counters import Counters
from ...service.moderation import Moderation
from .auth import Authenticator, Identity
from .bodies import check_body
from .client_info import ClientInfo, ClientInfoReader
from .connection_counter import ConnectionCounter
from .hosts import AllowedHosts
from .invitations import Invitations
from .origin_hint import FIELDS, origin_hint
from .origins import AllowedOrigins
from .refusals import too_many_connections
from .request_head import RequestHead, offered_subprotocols

SETTLED_FACTOR = 3
"""A settled address may open this many times as many connections a minute (W121): with the default, 5 a second."""


class Admission(NamedTuple):
    """A client that may connect: where it is, to which channel, who it is, and what it may do there.

    `token` is handed to it in `user_sync`. `returning`: it brought a token that we gave out before.
    """

    client: ClientInfo
    channel: str
    principal: Principal
    access: Access
    profile: Profile
    chose_color: bool
    """Whether the client asked for its colour. Others get one that nobody there has (W122)."""
    token: str | None
    returning: bool
    plain_users: bool
    """The client asks for `users` as plain ids (W103)."""
    region: Region | None
    """What the client will see, if it said so (W162)."""


@dataclass(frozen=True)
class Addressing:
    """Where requests come from and what they are addressed to: clients, host names, origins."""

    clients: ClientInfoReader
    hosts: AllowedHosts
    origins: AllowedOrigins


@dataclass(frozen=True)
class AccessControl:
    """Who makes a request, and what they may do in a channel."""

    authenticator: Authenticator
    moderation: Moderation
    invitations: Invitations

    async def authorize(self, request: RequestHead, channel: str, principal: Principal) -> Access:
        """Raises Refusal if `principal` may not enter the channel."""
        token = request.query.get("invite")
        invitation = self.invitations.read(token, channel) if token else None
        return await self.moderation.admit(channel, principal, invitation)


@dataclass(frozen=True)
class ConnectionLimits:
    """Of one address. `per_minute`: connections that it may open, 0 for any number. `open`: those that are open.

    `is_settled`: whether most connections of an address here have lasted (W121).
    """

    per_minute: int
    open: ConnectionCounter
    is_settled: Callable[[str], bool]


class AdmissionController:
    """Decides. `is_draining`: whether this process takes no new connections."""

    def __init__(
        self,
        addressing: Addressing,
        access_control: AccessControl,
        limits: ConnectionLimits,
        limiter: RateLimiter,
        is_draining: Callable[[], bool],
        counters: Counters,
    ) -> None:
        self._clients = addressing.clients
        self._hosts = addressing.hosts
        self._origins = addressing.origins
        self._access_control = access_control
        self._limits = limits
        self._limiter = limiter
        self._is_draining = is_draining
        self._counters = counters

    def check_request(self, request: RequestHead) -> ClientInfo:
        """Whether a request to any path may be answered. Raises Refusal."""
        client = self._clients.read(request)
        try:
            self._hosts.check(request.path, client)
            check_body(request)
        except Refusal as refusal:
            refusal.log_fields |= {"remote": client.address, "host": client.origin}
            raise
        return client

    async def admit(self, request: RequestHead) -> Admission:
        """Whether a client may connect (W1). Raises Refusal; a Disconnect if the client is to see a close frame."""
        client = self.check_request(request)
        known: dict[str, object] = {"remote": client.address, "channel": request.query.get("channel")}
        try:
            channel = known["channel"] = self._check_handshake(request)
            self.check_page(request, client, request.headers.get(hdrs.ORIGIN))
            identity = await self._identify(request, client)
            access = Access()
            if not isinstance(identity, Disconnect):
                known["user_id"] = identity.user_id
                access = await self._access_control.authorize(request, channel, identity.principal)
            self._check_version(request)
            await self._check_rate(client)
            if isinstance(identity, Disconnect):
                raise identity
            # Last: a client that is refused for another reason claims no user id.
            if identity.principal.generation:
                await self._access_control.authenticator.take_claim(identity, client)
        except Refusal as refusal:
            refusal.log_fields = known | refusal.log_fields
            raise
        return Admission(
            client,
            channel,
            identity.principal,
            access,
            *_profile_of(request, identity.principal, channel),
            identity.token,
            identity.returning,
            request.query.get("users") == "ids",
            _region_of(request),
        )

    def check_page(self, request: RequestHead, client: ClientInfo, origin: str | None) -> None:
        """Whether a page of this origin may connect from there now. Raises Refusal (W1, W87)."""
        self._check_draining()
        if origin is not None and not self._origins.allows(origin, client):
            sent = {name.lower().replace("-", "_"): request.headers.get(name) for name in FIELDS}
            hint = origin_hint(origin, request, client)
            raise Refusal("origin_forbidden", hint, peer=request.remote, **sent)
        # A client that connects directly was counted when its TCP connection was accepted.
        if client.proxied and self._limits.open.is_full(client.limit_key):
            raise too_many_connections()

    def _check_handshake(self, request: RequestHead) -> str:
        """Returns the channel that the request is for."""
        self._check_draining()
        channel = request.query.get("channel", DEFAULT_CHANNEL)
        if not is_id(channel):
            raise Refusal("channel_invalid", f"a channel's name must be {ID_RULE}")
        if request.headers.get(hdrs.UPGRADE, "").lower() != "websocket":
            raise Refusal(
                "upgrade_required",
                "this address takes WebSocket connections only (RFC 6455); "
                "a proxy must pass on the headers Upgrade and Connection",
            )
        # aiohttp also accepts the drafts 7 and 8, whose browsers send their origin in another header.
        if request.headers.get(hdrs.SEC_WEBSOCKET_VERSION) != "13":
            raise Refusal("handshake_invalid", "the WebSocket version must be 13 (RFC 6455)")
        if request.body_exists:
            # aiohttp would read it as the first frames.
            raise Refusal("handshake_invalid", "a WebSocket handshake has no body")
        check_knows_sealed(request, channel)
        return channel

    def _check_draining(self) -> None:
        if self._is_draining():
            raise draining()

    async def count_guess(self, refusal: Refusal, client: ClientInfo) -> None:
        """Count a refused claim of a user id as a connection, so that guessing ids is limited too (W108).

        Raises ConnectingTooOften.
        """
        if refusal.code == "uid_taken":
            await self._check_rate(client)

    async def _identify(self, request: RequestHead, client: ClientInfo) -> Identity | Disconnect:
        """Who it is, or why that is unknown, which is reported after the checks that need no identity."""
        try:
            return await self._access_control.authenticator.identify(request)
        except Disconnect as unknown:
            return unknown
        except Refusal as refusal:
            await self.count_guess(refusal, client)
            raise

    def _check_version(self, request: RequestHead) -> None:
        versions = [item for item in offered_subprotocols(request) if item.startswith(SUBPROTOCOL_FAMILY)]
        if versions and SUBPROTOCOL not in versions:
            raise VersionUnsupported

    async def _check_rate(self, client: ClientInfo) -> None:
        """How often the address connects (W5, W120)."""
        address, burst = client.limit_key, self._limits.per_minute
        per_minute = burst * SETTLED_FACTOR if self._limits.is_settled(address) else burst
        wait_ms = await self._limiter.take_token(f"connects:{address}", burst, per_minute)
        if wait_ms:
            self._counters.rate_limited["connections"] += 1
            raise ConnectingTooOften(retry_ms=wait_ms)


def check_knows_sealed(request: RequestHead, channel: str) -> None:
    """Raises Refusal if the channel is sealed and the client does not say that it can read it (W192)."""
    if is_sealed(channel) and request.query.get("sealed") != "1":
        raise Refusal(
            "sealed_channel",
            "this channel is sealed: only a client that supports sealed channels and has the link can enter",
        )


def draining() -> Refusal:
    return Refusal("draining", "this server is shutting down; try again")


def _profile_of(request: RequestHead, principal: Principal, channel: str) -> tuple[Profile, bool]:
    """The profile from the query, and whether it has a colour that the client chose.

    What is missing or not allowed comes from the token, or from the user id and the page's language (W23, W123).
    """
    guest = guest_profile(principal.user_id, request.query.get("lang", ""))
    if is_sealed(channel):
        # Names go from client to client in sealed frames. What the query and the token say must not be in the roster.
        return guest, False
    name = principal.name or guest.name
    if (wanted := request.query.get("name")) is not None:
        with contextlib.suppress(BadFrame):
            name = clean_name(wanted)
    color = request.query.get("color", "")
    chose_color = color in PALETTE
    on_map = request.query.get("on_map") != "0"
    if name is guest.name and on_map and not chose_color:
        return guest, False
    return Profile(name, color if chose_color else guest.color, on_map), chose_color


def _region_of(request: RequestHead) -> Region | None:
    """What the client will see, from `x`, `y`, `w` and `h` in the query. None if one is missing or not allowed."""
    if "x" not in request.query:
        return None
    try:
        x, y, width, height = (float(request.query[name]) for name in ("x", "y", "w", "h"))
        check_position(Position(x, y))
    except (KeyError, ValueError, PositionInvalid):
        return None
    # Comparisons with NaN are false.
    return region_of(x, y, width, height) if 0 < width <= MAX_VIEW and 0 < height <= MAX_VIEW else None
