"""From settings to identity: verification of a provider's tokens, how the page signs in, and the access lists."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from .config import ConfigError
from .domain.api_keys import ApiKeys
from .domain.api_keys import parse as parse_key
from .domain.identity import WHO_RULE
from .domain.ids import is_id
from .groups import ModerationSettings
from .service.channel_access import EVERY_CHANNEL
from .settings import Settings, shown

if TYPE_CHECKING:
    from .adapters.http.jwks import Provider
    from .adapters.http.tokens import TokenVerifier

_FIREBASE = "firebase:"


class SignIn(NamedTuple):
    """What the page gets to know about signing in, and the directives that its security policy needs for it."""

    public: dict[str, object]
    policy: str


def token_verifier(settings: Settings, secret: str) -> TokenVerifier | None:
    """Verifies tokens if people sign in, else None. Needs the running loop. Raises ConfigError."""
    if settings.auth != "jwt":
        return None
    # PyJWT and cryptography take 8 MiB: a server of guests does not import them.
    from .adapters.http.jwks import Jwks
    from .adapters.http.tokens import TokenVerifier, firebase

    project = _project(settings)
    if project:
        if settings.jwt_issuer or settings.jwt_jwks_url or settings.jwt_discovery_url:
            raise ConfigError("jwt_preset: it replaces jwt_issuer and the jwt URLs; set one or the other")
        provider, audiences = firebase(project), settings.jwt_audience or (project,)
    else:
        provider, audiences = _openid(settings), settings.jwt_audience
    if not audiences:
        raise ConfigError("jwt_audience: required with auth=jwt, or tokens for other services would be accepted")
    jwks = Jwks(provider, asyncio.get_running_loop().time)
    # A key of its own, so that signatures reveal nothing about ids, and ids nothing about signatures.
    id_key = hmac.new(secret.encode(), b"asocial user ids", hashlib.sha256).digest()
    return TokenVerifier(
        jwks, issuer=provider.issuer, audiences=audiences, leeway_s=settings.jwt_leeway_seconds, id_key=id_key
    )


def sign_in(settings: Settings) -> SignIn | None:
    """How the page signs people in; None if it does not. Raises ConfigError."""
    project = _project(settings) if settings.auth == "jwt" else ""
    if settings.sign_in_module:
        if settings.auth != "jwt" or settings.firebase_api_key:
            raise ConfigError("sign_in_module: needs auth=jwt, and replaces firebase_api_key")
        return SignIn({"provider": "module", "module": settings.sign_in_module}, "")
    if not settings.firebase_api_key:
        return None
    if not project:
        raise ConfigError("firebase_api_key: needs auth=jwt and jwt_preset=firebase:PROJECT")
    domain = settings.firebase_auth_domain or f"{project}.firebaseapp.com"
    public = {"project_id": project, "api_key": settings.firebase_api_key, "auth_domain": domain}
    # Firebase's API, and the frame and script with which its sign-in window talks to the page.
    policy = (
        "; connect-src 'self' https://identitytoolkit.googleapis.com https://securetoken.googleapis.com"
        f"; script-src 'self' https://apis.google.com; frame-src https://{domain}"
    )
    return SignIn({"provider": "firebase", **public}, policy)


def moderation_settings(settings: Settings) -> ModerationSettings:
    """The settings of moderation, with their lists parsed. Raises ConfigError."""
    return ModerationSettings(
        owners=_access_list("channel_owners", settings.channel_owners, every=True),
        members=_access_list("channel_members", settings.channel_members, every=False),
        rules_ttl_ms=round(settings.channel_rules_ttl_seconds * 1000),
    )


def api_keys(settings: Settings) -> ApiKeys:
    """The keys of the HTTP API. Raises ConfigError."""
    try:
        return ApiKeys(map(parse_key, settings.api_keys))
    except ValueError as error:
        raise ConfigError(f"api_keys: {error}") from None


def _access_list(name: str, entries: Sequence[str], *, every: bool) -> dict[str, list[str]]:
    """The `channel:who` entries of a setting, by channel. `every`: "*" may mean every channel. Raises ConfigError."""
    found: dict[str, list[str]] = {}
    for entry in entries:
        channel, _, who = entry.partition(":")
        if not (is_id(channel) or (every and channel == EVERY_CHANNEL)) or not (is_id(who) or "=" in who.strip("=")):
            raise ConfigError(f"{name}: {entry!r} is not allowed; allowed: channel:who, where who is {WHO_RULE}")
        found.setdefault(channel, []).append(who)
    return found


def _project(settings: Settings) -> str:
    return settings.jwt_preset.removeprefix(_FIREBASE)


def _openid(settings: Settings) -> Provider:
    from .adapters.http.jwks import DISCOVERY_PATH, is_safe
    from .adapters.http.tokens import openid

    if not settings.jwt_issuer and not settings.jwt_discovery_url:
        raise ConfigError("jwt_issuer: required with auth=jwt (or jwt_preset, or jwt_discovery_url)")
    if not settings.jwt_issuer and not settings.jwt_discovery_url.endswith(DISCOVERY_PATH):
        raise ConfigError(f"jwt_discovery_url: it must end with {DISCOVERY_PATH}, or set jwt_issuer")
    provider = openid(settings.jwt_issuer, settings.jwt_jwks_url, settings.jwt_discovery_url)
    for name, url in {"jwt_jwks_url": provider.jwks_url, "jwt_discovery_url": provider.discovery_url}.items():
        # An issuer need not be a URL if the URL of its keys is given.
        if url and not is_safe(url) and not (name == "jwt_discovery_url" and provider.jwks_url):
            raise ConfigError(f"{name}: {shown(url)} is not allowed; allowed: https, or http on this machine")
    return provider
