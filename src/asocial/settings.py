"""Every setting: its type, check, description and default. Units are in the names.

Services and adapters do not take `Settings` but the groups that it makes (groups.py). config.py reads values and
explains errors.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, SecretStr, ValidationInfo, field_validator

from .domain.addresses import Networks
from .domain.admission import MessageLimits
from .domain.api_keys import ENTRY_RULE
from .domain.hosts import HostList
from .domain.message import PAYLOAD_CHARACTERS, Life
from .domain.origins import read_pattern
from .groups import (
    ClaimedIdSettings,
    CrowdSettings,
    LifecycleSettings,
    MessageSettings,
    PresenceSettings,
    RedisSettings,
    SessionSettings,
)
from .protocol.schema import Limits

PREFIX = "ASOCIAL_"
MIN_SECRET_BYTES = 32
HEARTBEATS_IN_TTL = 3
"""With fewer, one that is late would show people leaving."""
SECRET_HINT = "make one with: openssl rand -base64 48"  # noqa: S105 (it says how, and is none)
KEY_RULE = f"at least {MIN_SECRET_BYTES} bytes of text; {SECRET_HINT}"
_HOSTS = "hosts like example.org, example.org:8443 or *.example.org, with commas between them; * for any"
_NETWORKS = "networks like 10.0.0.0/8 or 2001:db8::/32, with commas between them"
_KEYS = f"entries of the form {ENTRY_RULE}, with commas between them"
_WHO = "channel:USER_ID or channel:claim=value, with commas between them"
_LISTS = (
    "allowed_hosts", "allowed_origins", "trusted_proxies", "frame_ancestors", "jwt_audience", "channel_owners",
    "channel_members", "api_keys",
)  # fmt: skip
_CHOICES = ("env", "log_level", "auth", "offline_page", "processes")
_URL_CREDENTIALS = re.compile(r"//\S*@")
_URL_QUERY = re.compile(r"\?\S+")
FRAME_OVERHEAD_BYTES = 256
"""The most bytes of a `chat` besides its payload: the names of its fields, its id and its position."""
MOST_PROCESSES = 64
PRODUCTION_DRAIN_NOTICE_S = 5.0
"""In production, unless `drain_notice_seconds` is set."""
_Read = TypeVar("_Read")


class Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    _sources: Mapping[str, str] = PrivateAttr(default_factory=dict)
    _notes: tuple[str, ...] = PrivateAttr(())

    env: Literal["development", "production"] = Field(
        "development", description="production: logs are JSON, and a shutdown gives load balancers time to notice"
    )
    host: str = Field(
        "::",
        description="address to listen on: `::` is every address (IPv4 and IPv6), `0.0.0.0` every IPv4 address, "
        "localhost this machine only",
    )
    port: int = Field(8080, ge=0, le=65535, description="port to listen on; 0: any free port")
    processes: Annotated[
        Annotated[int, Field(ge=1, le=MOST_PROCESSES)] | Literal["auto"],
        f"a whole number from 1 to {MOST_PROCESSES}, or auto",
    ] = Field(
        1,
        description="server processes that share the port and a Redis: the configured one, or else a private one that "
        "this command starts; auto: one for each processor",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="least severe level of log lines to write"
    )
    log_sample_ratio: float = Field(
        0.0,
        ge=0,
        le=1,
        description="share of connections whose messages are logged, by their id and never with their text",
    )

    auth: Literal["guest", "open", "jwt"] = Field(
        "guest",
        description="guest: the server gives everyone a signed token for a user id that it makes, or that a client "
        "claims and nobody holds; open: a client may use any id (development only); jwt: people sign in with an "
        "OpenID Connect provider, see the jwt settings",
    )
    jwt_preset: Annotated[str, "text like firebase:PROJECT"] = Field(
        "",
        pattern=r"^(firebase:[a-z0-9-]{1,64})?$",
        description="firebase:PROJECT sets the issuer, the audience and the keys of that Firebase project",
    )
    jwt_issuer: str = Field("", description="issuer (iss) of the tokens; the server finds its keys by OpenID discovery")
    jwt_audience: Annotated[tuple[str, ...], "texts with commas between them"] = Field(
        (), description="audiences (aud); a token must name one of them"
    )
    jwt_jwks_url: str = Field("", description="URL of the issuer's keys, for an issuer without discovery")
    jwt_discovery_url: str = Field(
        "", description="URL of the issuer's OpenID configuration, if it is not ISSUER/.well-known/openid-configuration"
    )
    jwt_leeway_seconds: float = Field(
        5.0, ge=0, le=300, description="how much the provider's clock may differ from this machine's"
    )
    firebase_api_key: str = Field(
        "", description="public web API key of the Firebase project; with it the page offers to sign in"
    )
    firebase_auth_domain: Annotated[str, "a host like login.example.org"] = Field(
        "",
        pattern=r"^([A-Za-z0-9.-]{1,253})?$",
        description="host of the sign-in pages, if it is not PROJECT.firebaseapp.com",
    )
    sign_in_module: Annotated[str, "a path like /identity.js"] = Field(
        "",
        pattern=r"^(/[A-Za-z0-9_-][A-Za-z0-9_./-]{0,200}\.js)?$",
        description="a script on this site that signs people in, instead of Firebase",
    )

    secret: SecretStr = Field(
        SecretStr(""),
        description="key that signs guest tokens, at least 32 bytes, for example from `openssl rand -base64 48`; "
        "unset: a new one at each start",
    )
    secret_file: Path | None = Field(None, description="file that holds the secret; set this or the secret itself")
    allowed_hosts: Annotated[tuple[str, ...], _HOSTS] = Field(
        (),
        description="host names that the server answers to, in addition to that of public_url; other hosts get "
        "421; if neither is set, every host is accepted",
    )
    allowed_origins: tuple[str, ...] = Field(
        (),
        description="origins of other sites whose pages may connect, for example https://example.org or "
        "https://*.example.org; * for any",
    )
    public_url: Annotated[str, "an origin like https://example.org"] = Field(
        "",
        description="address at which people open this server, for example https://example.org; used in "
        "invitations and link previews; other hosts are refused, see allowed_hosts",
    )
    offline_page: Literal["kept", "withdrawn"] = Field(
        "kept", description="kept: browsers keep a page to show when there is no network; withdrawn: browsers remove it"
    )

    trusted_proxies: Annotated[tuple[str, ...], _NETWORKS] = Field(
        (),
        description="networks of the proxies whose X-Forwarded-For, -Proto and -Host headers the server trusts, "
        "for example 10.0.0.0/8",
    )
    behind_tls: bool = Field(False, description="treat every request as https, even if no trusted proxy says so")
    hsts_seconds: int = Field(
        31_536_000,
        ge=0,
        description="over TLS, how long browsers must use https only (Strict-Transport-Security); 0: the header "
        "is not sent",
    )
    frame_ancestors: tuple[str, ...] = Field(
        (),
        description="origins of other sites whose pages may embed the page, for example https://example.org; * for any",
    )

    channel_owners: Annotated[tuple[str, ...], _WHO] = Field(
        (),
        description="who may moderate a channel, in addition to the user who claimed it; * for every channel",
    )
    channel_members: Annotated[tuple[str, ...], _WHO] = Field(
        (),
        description="members-only channels and who may enter them, by user id or by a claim of their token",
    )
    api_keys: Annotated[tuple[str, ...], _KEYS] = Field(
        (),
        description="keys of the HTTP API, by their hashes",
    )
    channel_rules_ttl_seconds: float = Field(
        86_400.0,
        ge=60,
        le=31_536_000,
        description="a claimed channel that nobody uses for this long has no owner any more",
    )

    redis_url: SecretStr = Field(
        SecretStr(""),
        description="Redis that connects several processes: redis://, rediss://, unix://, "
        "redis+sentinel://host,host/master or redis+cluster://host,host; unset: one process, in "
        "memory",
    )
    redis_url_file: Path | None = Field(None, description="file that holds the Redis URL; set this or the URL itself")
    redis_username: str = Field("", description="ACL user for Redis, if the URL names none")
    redis_password: SecretStr = Field(SecretStr(""), description="password for Redis, if the URL has none")
    redis_password_file: Path | None = Field(
        None, description="file that holds the Redis password; set this or the password itself"
    )
    redis_namespace: Annotated[str, "1 to 64 of A-Z, a-z, 0-9, _ and -"] = Field(
        "",
        pattern=r"^([A-Za-z0-9_-]{1,64})?$",
        description="part of every key and pub/sub name, for deployments that share a Redis database or a "
        "Cluster; unset: keys and pub/sub names are separate for each database only",
    )
    redis_probe_seconds: float = Field(
        3.0, ge=0.1, le=60, description="how often the server tests Redis pub/sub end to end"
    )

    max_message_size: int = Field(4096, ge=512, le=65536, description="largest frame from a client, in bytes")
    max_payload_characters: int = Field(
        PAYLOAD_CHARACTERS,
        ge=1,
        le=16_384,
        description="most characters of a message or draft; a frame of max_message_size bytes must hold them",
    )
    rate_limit_per_minute: int = Field(
        100, ge=0, le=100_000, description="messages a user may send in any minute; 0: no limit"
    )
    rate_limit_per_minute_per_ip: int = Field(
        1000, ge=0, le=1_000_000, description="messages one address may send in any minute; 0: no limit"
    )
    channel_messages_per_second: int = Field(
        200, ge=0, le=100_000, description="messages a channel accepts in any second, shared fairly; 0: no limit"
    )
    strokes_per_minute: int = Field(
        10,
        ge=0,
        le=100_000,
        description="strokes a user may draw in any minute; each also counts as a message; 0: no limit",
    )
    volatile_per_second_per_ip: int = Field(
        1000,
        ge=0,
        le=1_000_000,
        description="pointer positions a second that one process passes on for one address; a draft, stroke, "
        "reaction or view counts as five; 0: no limit",
    )
    connections_per_minute_per_ip: int = Field(
        100,
        ge=0,
        le=1_000_000,
        description="connections one address may open at once, and then in each minute; three times as many while most "
        "of its connections are older than a minute; 0: no limit",
    )
    connections_per_ip: int = Field(
        1000,
        ge=0,
        le=1_000_000,
        description="connections one address may have open at once on one process; 0: no limit",
    )
    claims_per_day_per_ip: int = Field(
        200, ge=0, le=1_000_000, description="channels that one address may claim in a day; 0: no limit"
    )
    uid_claims_per_day_per_ip: int = Field(
        2000, ge=0, le=1_000_000, description="new user ids that one address may claim with ?uid= in a day; 0: no limit"
    )
    uid_hold_seconds: float = Field(
        120.0,
        ge=10,
        le=86_400,
        description="a user id from ?uid= stays reserved for its user this long after they have left, if their "
        "client keeps tokens; at least as long as a heartbeat and the grace",
    )
    handshake_seconds: float = Field(
        10.0,
        ge=0.1,
        le=300,
        description="time for a client to send a whole request, before the server closes the connection",
    )
    answer_seconds: float = Field(
        120.0,
        ge=0.1,
        le=3600,
        description="time for a client to read its HTTP answer, before the server closes the connection",
    )
    read_bytes_per_second: int = Field(
        1_048_576,
        ge=0,
        description="bytes a second that the server reads from one connection; the rest waits; 0: no limit",
    )
    frames_per_second: int = Field(
        500,
        ge=0,
        le=1_000_000,
        description="frames a second that the server reads from one connection; the rest waits; 0: no limit",
    )
    read_bytes_per_second_per_ip: int = Field(
        4_194_304,
        ge=0,
        description="bytes a second that the server reads from one address; above it, connections that send much "
        "wait; 0: no limit",
    )
    frames_per_second_per_ip: int = Field(
        5000,
        ge=0,
        le=10_000_000,
        description="frames a second that the server reads from one address; above it, connections that send "
        "many wait; 0: no limit",
    )
    answer_bytes_per_second: int = Field(
        32_768,
        ge=0,
        description="bytes a second of answers to sync, who, profile and follow for one user, 8 seconds' worth "
        "at once; 0: no limit",
    )
    answer_bytes_per_second_per_ip: int = Field(
        524_288,
        ge=0,
        description="bytes a second of such answers for one address, 16 seconds' worth at once; 0: no limit",
    )
    unsent_total_bytes: int = Field(
        67_108_864,
        ge=0,
        description="memory of one process for data that waits for clients to read it; above it, the server "
        "closes the connections furthest behind; 0: no limit",
    )
    connections_per_user: int = Field(8, ge=1, le=1000, description="connections one user may have at once")
    drafts_per_second: int = Field(
        30, ge=1, le=120, description="drafts a second that the server passes on for each connection"
    )
    cursors_per_second: int = Field(
        30, ge=1, le=120, description="pointer positions a second that the server passes on for each connection"
    )
    roster_limit: int = Field(
        200,
        ge=1,
        le=10_000,
        description="users of a channel that the server lists by name; in a larger channel it sends only their number",
    )

    crowd_threshold: int = Field(
        200,
        ge=0,
        le=100_000,
        description="number of users at which a channel becomes a crowd, where each gets only what they can see; "
        "0: never",
    )

    message_ttl_seconds: float = Field(5.0, gt=0, le=300, description="life of a short message")
    message_ttl_per_character_ms: int = Field(
        50, ge=0, le=10_000, description="time added for each character past the free ones"
    )
    message_ttl_free_characters: int = Field(60, ge=0, le=500, description="characters that add no time")
    message_ttl_max_seconds: float = Field(
        12.0, gt=0, le=300, description="longest life of a message; at least that of a short one"
    )

    presence_ttl_seconds: float = Field(
        300.0, ge=1, le=86_400, description="presence ends this long after the last heartbeat"
    )
    heartbeat_seconds: float = Field(
        60.0,
        ge=0.1,
        le=3600,
        description="how often a process renews presence; at least three times in presence_ttl_seconds",
    )
    grace_seconds: float = Field(
        8.0,
        ge=0,
        le=300,
        description="a broken connection counts as present for this long, so that a reconnect shows nobody leaving",
    )
    ping_seconds: float = Field(
        25.0, ge=0.1, le=300, description="the server pings a connection that is silent for this long"
    )
    pong_timeout_seconds: float = Field(
        10.0, ge=0.1, le=300, description="the server closes a connection that stays silent for this long after a ping"
    )

    drain_seconds: float = Field(30.0, ge=1, le=600, description="longest duration of a shutdown")
    drain_notice_seconds: float = Field(
        0.0,
        ge=0,
        le=300,
        description="time between failing /ready and closing connections (production: 5 unless set)",
    )
    reconnect_spread_seconds: float = Field(
        5.0, ge=0, le=300, description="clients disconnected by a shutdown reconnect spread over this time"
    )

    @field_validator(*_LISTS, mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(item.strip() for item in value.split(",") if item.strip()) if isinstance(value, str) else value

    @field_validator(*_CHOICES, mode="before")
    @classmethod
    def _in_any_case(cls, value: object) -> object:
        return value.strip().lower() if isinstance(value, str) else value

    @field_validator("allowed_origins", "frame_ancestors")
    @classmethod
    def _as_browsers_send_them(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(origin if origin == "*" else str(_reasoned(read_pattern, origin)) for origin in origins)

    @field_validator("allowed_hosts")
    @classmethod
    def _are_hosts(cls, hosts: tuple[str, ...]) -> tuple[str, ...]:
        for host in hosts:
            _reasoned(lambda entry: HostList([entry]), host)
        return hosts

    @field_validator("max_payload_characters")
    @classmethod
    def _fits_into_a_frame(cls, characters: int, info: ValidationInfo) -> int:
        limit = info.data.get("max_message_size", 0) - FRAME_OVERHEAD_BYTES
        if characters > limit > 0:
            raise ValueError(f"with this max_message_size, a frame holds at most {limit} characters")
        return characters

    @field_validator("trusted_proxies")
    @classmethod
    def _are_networks(cls, networks: tuple[str, ...]) -> tuple[str, ...]:
        Networks(networks)
        return networks

    @field_validator("public_url")
    @classmethod
    def _an_origin(cls, url: str) -> str:
        if not url:
            return url
        origin = _reasoned(read_pattern, url.rstrip("/"))
        if "*" in origin.host:
            raise ValueError(f"{url}: one address is needed, without *")
        return str(origin)

    @field_validator("secret")
    @classmethod
    def _long_enough(cls, value: SecretStr) -> SecretStr:
        if 0 < len(value.get_secret_value().encode()) < MIN_SECRET_BYTES:
            raise ValueError(KEY_RULE)
        return value

    def with_source(self, message: str) -> str:
        """`message`, which begins with the name of a setting, and the source of that setting's value."""
        source = self._sources.get(message.partition(":")[0], "")
        return f"{message} ({source})" if source else message

    @property
    def notes(self) -> tuple[str, ...]:
        """What to log at the start about where settings came from: a line for each alias (aliases.py)."""
        return self._notes

    @property
    def messages(self) -> MessageSettings:
        limits = MessageLimits(
            self.rate_limit_per_minute,
            self.rate_limit_per_minute_per_ip,
            self.channel_messages_per_second,
            self.strokes_per_minute,
        )
        return MessageSettings(self._life, limits, self.max_payload_characters)

    @property
    def presence(self) -> PresenceSettings:
        return PresenceSettings(_ms(self.presence_ttl_seconds), _ms(self.grace_seconds), self.roster_limit)

    @property
    def crowds(self) -> CrowdSettings:
        return CrowdSettings(
            threshold=self.crowd_threshold,
            life_s=self._life.max / 1000,
            cursors_per_second=self.cursors_per_second,
            drafts_per_second=self.drafts_per_second,
        )

    @property
    def sessions(self) -> SessionSettings:
        limits = Limits(
            frame_bytes=self.max_message_size,
            messages_per_minute=self.rate_limit_per_minute,
            messages_per_minute_per_ip=self.rate_limit_per_minute_per_ip,
            channel_messages_per_second=self.channel_messages_per_second,
            strokes_per_minute=self.strokes_per_minute,
            connections_per_user=self.connections_per_user,
            roster=self.roster_limit,
            drafts_per_second=self.drafts_per_second,
            cursors_per_second=self.cursors_per_second,
            payload_characters=self.max_payload_characters,
        )
        return SessionSettings(
            life=self._life,
            limits=limits,
            volatile_per_second_per_ip=self.volatile_per_second_per_ip,
            answer_bytes_per_second=self.answer_bytes_per_second,
            answer_bytes_per_second_per_ip=self.answer_bytes_per_second_per_ip,
        )

    @property
    def claimed_ids(self) -> ClaimedIdSettings:
        # A claim must outlive the presence of its user, and other sessions renew it once a heartbeat.
        hold_ms = _ms(max(self.uid_hold_seconds, self.heartbeat_seconds, self.grace_seconds))
        present_ms = hold_ms + _ms(2 * self.heartbeat_seconds)
        return ClaimedIdSettings(hold_ms, present_ms, self.uid_claims_per_day_per_ip)

    @property
    def redis(self) -> RedisSettings:
        return RedisSettings(
            url=self.redis_url.get_secret_value(),
            username=self.redis_username,
            password=self.redis_password.get_secret_value(),
            namespace=self.redis_namespace,
            probe_s=self.redis_probe_seconds,
            presence_ttl_ms=_ms(self.presence_ttl_seconds),
        )

    @property
    def lifecycle(self) -> LifecycleSettings:
        unset = self.env == "production" and "drain_notice_seconds" not in self.model_fields_set
        return LifecycleSettings(
            host=self.host,
            port=self.port,
            heartbeat_s=min(self.heartbeat_seconds, self.presence_ttl_seconds / HEARTBEATS_IN_TTL),
            drain_s=self.drain_seconds,
            drain_notice_s=PRODUCTION_DRAIN_NOTICE_S if unset else self.drain_notice_seconds,
            reconnect_spread_ms=_ms(self.reconnect_spread_seconds),
        )

    @property
    def _life(self) -> Life:
        return Life(
            base=_ms(self.message_ttl_seconds),
            per_character=self.message_ttl_per_character_ms,
            free_characters=self.message_ttl_free_characters,
            max=_ms(max(self.message_ttl_seconds, self.message_ttl_max_seconds)),
        )


def shown(value: object) -> str:
    """A value that is not secret, for an error message. Parts that could be credentials are left out."""
    if isinstance(value, list | tuple):
        return ", ".join(map(shown, value))
    if isinstance(value, Mapping):
        return "a mapping"
    if not isinstance(value, str):
        return repr(value)
    return repr(_URL_QUERY.sub("?...", _URL_CREDENTIALS.sub("//...@", value))[:200])


def _reasoned(read: Callable[[str], _Read], item: str) -> _Read:
    try:
        return read(item)
    except ValueError as error:
        raise ValueError(f"{shown(item)}: {error}") from None


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
