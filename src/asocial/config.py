"""Every setting, in one place: typed, checked, documented.

A value comes from, first wins: a flag of `asocial serve`, an environment variable `ASOCIAL_*`, the YAML file
named by `--config` or `ASOCIAL_CONFIG`, the default. Units are in the names. Secrets may come from a file.
An error names the setting and where its value came from, and never shows any part of a secret.
"""

from __future__ import annotations

import difflib
import re
import types
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, get_args, get_origin

import annotated_types
import yaml
from pydantic import Field, PrivateAttr, SecretStr, ValidationError, field_validator
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from .domain.addresses import Networks
from .domain.hosts import HostList
from .domain.origins import read_pattern

PREFIX = "ASOCIAL_"
CONFIG_VARIABLE = "ASOCIAL_CONFIG"
SECRET_LEAST_BYTES = 32
SECRET_HINT = "make one with: openssl rand -base64 48"  # noqa: S105 (it says how, and is none)
_KEY_RULE = f"at least {SECRET_LEAST_BYTES} bytes of text; {SECRET_HINT}"
_SECRET_RULES = {"secret": _KEY_RULE}
_HOSTS = "hosts as example.org, example.org:8443 or *.example.org, with commas between them; * for any"
_NETWORKS = "networks as 10.0.0.0/8 or 2001:db8::/32, with commas between them"
_WHO = "channel:USER_ID or channel:claim=value, with commas between them"
_LISTS = (
    "allowed_hosts", "allowed_origins", "trusted_proxies", "frame_ancestors", "jwt_audience", "channel_owners",
    "channel_members",
)  # fmt: skip
_CHOICES = ("env", "log_level", "auth", "offline_page")
_SETTING_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_URL_CREDENTIALS = re.compile(r"//\S*@")
_URL_QUERY = re.compile(r"\?\S+")
_NOT_SETTINGS = (CONFIG_VARIABLE, "ASOCIAL_TEST_")


class ConfigError(Exception):
    """A setting that cannot be used. The message names the setting, the value and what is allowed."""


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True)

    _sources: Mapping[str, str] = PrivateAttr(default_factory=dict)

    env: Literal["development", "production"] = Field(
        "development", description="production: logs are JSON, and a shutdown gives load balancers time to notice"
    )
    host: str = Field(
        "::",
        description="address to listen on: `::` is every address (IPv4 and IPv6), `0.0.0.0` every IPv4 address, "
        "localhost this machine only",
    )
    port: int = Field(8080, ge=0, le=65535, description="port to listen on; 0: any free port")
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
        description="guest: the server makes the user ids and signs tokens for them; open: a client may claim "
        "any id (development only); jwt: people sign in with an OpenID Connect provider, see the jwt "
        "settings",
    )
    jwt_preset: Annotated[str, "text, as firebase:PROJECT"] = Field(
        "",
        pattern=r"^(firebase:[a-z0-9-]{1,64})?$",
        description="firebase:PROJECT sets the issuer, the audience and the keys of that Firebase project",
    )
    jwt_issuer: str = Field("", description="issuer (iss) of the tokens; the server finds its keys by OpenID discovery")
    jwt_audience: Annotated[tuple[str, ...], NoDecode, "texts with commas between them"] = Field(
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
    firebase_auth_domain: Annotated[str, "a host, as login.example.org"] = Field(
        "",
        pattern=r"^([A-Za-z0-9.-]{1,253})?$",
        description="host of the sign-in pages, if it is not PROJECT.firebaseapp.com",
    )
    sign_in_module: Annotated[str, "a path, as /identity.js"] = Field(
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
    allowed_hosts: Annotated[tuple[str, ...], NoDecode, _HOSTS] = Field(
        (),
        description="host names that the server answers to, in addition to that of public_url; other hosts get "
        "421; if neither is set, every host is accepted",
    )
    allowed_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="origins of other sites whose pages may connect, for example https://example.org or "
        "https://*.example.org; * for any",
    )
    public_url: Annotated[str, "an origin as https://example.org"] = Field(
        "",
        description="address at which people open this server, for example https://example.org; used in "
        "invitations and link previews; other hosts are refused, see allowed_hosts",
    )
    offline_page: Literal["kept", "withdrawn"] = Field(
        "kept", description="kept: browsers keep a page to show when there is no network; withdrawn: browsers remove it"
    )

    trusted_proxies: Annotated[tuple[str, ...], NoDecode, _NETWORKS] = Field(
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
    frame_ancestors: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="origins of other sites whose pages may embed the page, for example https://example.org; * for any",
    )

    channel_owners: Annotated[tuple[str, ...], NoDecode, _WHO] = Field(
        (),
        description="who may moderate a channel, in addition to the user who claimed it; * for every channel",
    )
    channel_members: Annotated[tuple[str, ...], NoDecode, _WHO] = Field(
        (),
        description="members-only channels and who may enter them, by user id or by a claim of their token",
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
    rate_limit_per_minute: int = Field(
        100, ge=0, le=100_000, description="messages a user may send in any minute; 0: no limit"
    )
    rate_limit_per_minute_per_ip: int = Field(
        1000, ge=0, le=1_000_000, description="messages one address may send in any minute; 0: no limit"
    )
    channel_messages_per_second: int = Field(
        200, ge=0, le=100_000, description="messages a channel accepts in any second, shared fairly; 0: no limit"
    )
    volatile_per_second_per_ip: int = Field(
        1000,
        ge=0,
        le=1_000_000,
        description="pointer positions a second that one process passes on for one address; a draft, reaction or "
        "view counts as five; 0: no limit",
    )
    connections_per_minute_per_ip: int = Field(
        100, ge=0, le=1_000_000, description="connections one address may open in any minute; 0: no limit"
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
    handshake_seconds: float = Field(
        10.0, ge=0.1, le=300, description="time for a connection to send a whole request; the server then closes it"
    )
    answer_seconds: float = Field(
        120.0,
        ge=0.1,
        le=3600,
        description="time for a client to read its HTTP answer; the server then closes the connection",
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
        524_288, ge=0, description="the same for one address, 16 seconds' worth at once; 0: no limit"
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

    message_ttl_seconds: float = Field(5.0, gt=0, le=300, description="life of a short message")
    message_ttl_per_character_ms: int = Field(
        50, ge=0, le=10_000, description="time added for each character past the free ones"
    )
    message_ttl_free_characters: int = Field(60, ge=0, le=500, description="characters that add no time")
    message_ttl_max_seconds: float = Field(12.0, gt=0, le=300, description="longest life of a message")

    presence_ttl_seconds: float = Field(
        300.0, ge=1, le=86_400, description="presence ends this long after the last heartbeat"
    )
    heartbeat_seconds: float = Field(60.0, ge=0.1, le=3600, description="how often a process renews presence")
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
        if 0 < len(value.get_secret_value().encode()) < SECRET_LEAST_BYTES:
            raise ValueError(_KEY_RULE)
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 (the signature is pydantic's)
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        # `load` hands over one merged dict, so that it can say where a wrong value came from.
        return (init_settings,)

    def with_source(self, message: str) -> str:
        """`message`, which begins with the name of a setting, and where the value of that setting came from."""
        source = self._sources.get(message.partition(":")[0], "")
        return f"{message} ({source})" if source else message

    @property
    def effective_drain_notice_seconds(self) -> float:
        if self.env == "production" and "drain_notice_seconds" not in self.model_fields_set:
            return 5.0
        return self.drain_notice_seconds


def load(flags: Mapping[str, Any], environ: Mapping[str, str], config_file: Path | None = None) -> Settings:
    """The settings from all sources. Raises ConfigError for the first value that is not allowed.

    `flags` holds only those that were given, by setting name; `environ` is the process's environment.
    """
    if config_file is None and environ.get(CONFIG_VARIABLE):
        config_file = Path(environ[CONFIG_VARIABLE])
    values: dict[str, Any] = _read_yaml(config_file) if config_file else {}
    origin = dict.fromkeys(values, f"in {config_file}")
    for name in Settings.model_fields:
        variable = PREFIX + name.upper()
        # Compose and CI write `ASOCIAL_X=` for a variable that is not set.
        if environ.get(variable, "").strip():
            values[name], origin[name] = _without_newline(environ[variable]), f"from {variable}"
    for name, value in flags.items():
        values[name], origin[name] = value, f"from {flag_of(name)}"
    _read_secret_files(values, origin)
    try:
        settings = Settings(**values)
    except ValidationError as error:
        raise ConfigError(_explain(error, origin)) from None
    settings._sources = origin
    return settings


def unknown_variables(environ: Mapping[str, str]) -> list[str]:
    """`ASOCIAL_*` variables that are no setting: most likely misspelt."""
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    return sorted(v for v in environ if v.startswith(PREFIX) and v not in known and not v.startswith(_NOT_SETTINGS))


def hint_for(variable: str) -> str:
    """What was most likely meant by a variable that is no setting; empty where that is not known."""
    known = [PREFIX + name.upper() for name in Settings.model_fields]
    if variable.removesuffix("_FILE") in known:
        return "only secrets can be read from a file"
    nearest = _nearest(variable, known)
    return f"did you mean {nearest}?" if nearest else ""


def shown(value: object) -> str:
    """A value that is no secret, as an error may show it: what could be a credential inside it is left out."""
    if isinstance(value, list | tuple):
        return ", ".join(map(shown, value))
    if isinstance(value, Mapping):
        return "a mapping"
    if not isinstance(value, str):
        return repr(value)
    return repr(_URL_QUERY.sub("?...", _URL_CREDENTIALS.sub("//...@", value))[:200])


def flag_of(name: str) -> str:
    return "--" + name.replace("_", "-")


def allowed(field: FieldInfo) -> str:
    """What values a setting takes, in words, from its type and bounds."""
    annotation = field.annotation
    if get_origin(annotation) in (types.UnionType,):
        annotation = next(a for a in get_args(annotation) if a is not type(None))
    if get_origin(annotation) is Literal:
        return "one of " + ", ".join(get_args(annotation))
    kinds: dict[object, str] = {
        int: "a whole number",
        float: "a number",
        bool: "true or false",
        str: "text",
        Path: "a path",
        SecretStr: "text",
    }
    kind = kinds.get(annotation, "a comma-separated list of origins as https://example.org, or *")
    low = high = ""
    for bound in field.metadata:
        match bound:
            case str(words):
                kind = words
            case annotated_types.Ge(ge):
                low = f"from {ge}"
            case annotated_types.Gt(gt):
                low = f"above {gt}"
            case annotated_types.Le(le):
                high = f"to {le}"
    return " ".join(part for part in (kind, low, high) if part)


def default_of(field: FieldInfo) -> str:
    """The default as one would type it; empty where unset."""
    value = field.default
    if value in (None, (), PydanticUndefined) or isinstance(value, SecretStr):
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)


class _TextLoader(yaml.SafeLoader):
    """YAML whose numbers, dates and booleans stay the text that was written: `0123` is a password, not 83."""


def _as_written(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> str:
    return str(loader.construct_scalar(node))


for _tag in ("int", "float", "bool", "timestamp"):
    _TextLoader.add_constructor(f"tag:yaml.org,2002:{_tag}", _as_written)


def _read_yaml(path: Path) -> dict[str, Any]:
    try:
        data = yaml.load(path.read_text(encoding="utf-8-sig"), Loader=_TextLoader)  # noqa: S506 (it is a SafeLoader)
    except OSError as error:
        raise ConfigError(f"config: {str(path)!r} cannot be read: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        # PyYAML's own message quotes the line, and the line may hold a secret.
        mark = getattr(error, "problem_mark", None)
        where = f" (line {mark.line + 1}, column {mark.column + 1})" if mark is not None else ""
        advice = "put values with special characters between quotes"
        raise ConfigError(f"config: {str(path)!r} is not YAML{where}; {advice}") from None
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise ConfigError(f"config: {str(path)!r} must hold `setting: value` lines")
    # `setting:` with nothing behind it is a setting that is not given.
    return {_setting_of(str(key)): _without_newline(value) for key, value in data.items() if value is not None}


def _setting_of(key: str) -> str:
    """The setting that a key of the file means: as it is documented, in capitals, or with the dashes of a flag."""
    name = key.lower().replace("-", "_")
    return name if name in Settings.model_fields else key


def _without_newline(value: Any) -> Any:
    """A text without the one line end that editors, `echo` and YAML blocks put at its end."""
    return value.removesuffix("\n").removesuffix("\r") if isinstance(value, str) else value


def _read_secret_files(values: dict[str, Any], origin: dict[str, str]) -> None:
    """Read what the `*_file` settings name into the settings they stand for."""
    for name in (name for name, field in Settings.model_fields.items() if field.annotation is SecretStr):
        file_setting = f"{name}_file"
        path = values.get(file_setting)
        if not path or not isinstance(path, str | Path):
            continue
        source = origin[file_setting]
        if values.get(name):
            both = f"({origin[name]}, {source})"
            raise ConfigError(f"{name}: give either {name} or {file_setting}, not both {both}")
        # Somebody may have given the secret itself; what is no whole path is not repeated.
        file = repr(str(path)) if Path(path).is_absolute() else "the file"
        try:
            text = _without_newline(Path(path).read_text(encoding="utf-8-sig"))
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not text"
            raise ConfigError(f"{file_setting}: {file} cannot be read: {reason} ({source})") from None
        if not text:
            raise ConfigError(f"{file_setting}: {file} is empty ({source})")
        del values[file_setting]
        values[name], origin[name] = text, source


_Read = TypeVar("_Read")


def _reasoned(read: Callable[[str], _Read], item: str) -> _Read:
    try:
        return read(item)
    except ValueError as error:
        raise ValueError(f"{shown(item)}: {error}") from None


def _nearest(name: str, known: Iterable[str]) -> str:
    """The one of `known` that was most likely meant, or empty."""
    return next(iter(difflib.get_close_matches(name, list(known), n=1, cutoff=0.75)), "")


def _explain(error: ValidationError, origin: Mapping[str, str]) -> str:
    problem = error.errors(include_url=False)[0]
    name = str(problem["loc"][0])
    where = origin.get(name, "")
    field = Settings.model_fields.get(name)
    if field is None:
        known = _nearest(name.lower().replace("-", "_").removeprefix(PREFIX.lower()), Settings.model_fields)
        meant = f"; did you mean {known}?" if known else "; see `asocial serve --help` for all of them"
        return f"{name if _SETTING_NAME.fullmatch(name) else 'a key'}: no such setting ({where}){meant}"
    if field.annotation is SecretStr:
        return f"{name}: the value given is not allowed ({where}); allowed: {_SECRET_RULES.get(name, allowed(field))}"
    reason = problem["msg"].removeprefix("Value error, ") if problem["type"] == "value_error" else ""
    if str(problem["input"]).startswith("tcp://"):
        reason = "Kubernetes sets this variable for a Service named asocial; set enableServiceLinks: false on the pod"
    reason = reason.removeprefix(f"{shown(problem['input'])}: ")
    because = f": {reason}" if reason else ""
    return f"{name}: {shown(problem['input'])} is not allowed ({where}){because}; allowed: {allowed(field)}"
