"""The public keys of an identity provider (RFC 7517): fetched when needed, cached, and refreshed in the background.

At most one fetch runs, however many connections wait for it. Keys are valid for as long as the provider says, within
bounds, and are fetched again before that time ends. If no fetch succeeds by then, the old keys stay in use, and a token
with a known key waits only briefly for a slow provider. A token with an unknown key starts a fetch and waits for it,
but only once in RETRY_S: otherwise every made-up token would cause a request to the provider.

Only public signing keys are accepted: RSA of 2048 bits or more, and P-256. Each is bound to one algorithm, whatever the
token says (RFC 8725, 3.1).
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import urlsplit

import aiohttp
import jwt
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from ... import logs
from ...ports import StoreUnavailable

FETCH_TIMEOUT_S = 5.0
FETCH_LIMIT_BYTES = 256 * 1024
MAX_KEYS = 64
KEYS_VALID_MIN_S, KEYS_VALID_MAX_S, KEYS_VALID_DEFAULT_S = 60.0, 24 * 3600.0, 3600.0
REFRESH_AT = 0.75
"""Keys are fetched again in the background after this part of their time."""
OVERDUE_WAIT_S = 0.25
"""When the keys' time is over, a token with a known key waits for a fetch until so long after the fetch began."""
RETRY_S = 10.0
"""The least time between fetches, for an unknown key or after a failure."""
RSA_MIN_BITS = 2048
DISCOVERY_PATH = "/.well-known/openid-configuration"
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})

_MAX_AGE = re.compile(r"(?:^|[\s,])max-age\s*=\s*\"?(\d{1,10})", re.IGNORECASE)

log = logs.get(__name__)


class KeysUnavailable(StoreUnavailable):
    """No key is known, and the provider cannot be reached."""


class InvalidAnswer(ValueError):
    """The provider's answer cannot be used."""


class Key(NamedTuple):
    """A public key and the one algorithm that it verifies."""

    algorithm: str
    key: RSAPublicKey | EllipticCurvePublicKey


class Provider(NamedTuple):
    """An identity provider. One of the two URLs may be empty.

    `issuer` must be in each token. The keys are at `jwks_url`; if it is empty, `discovery_url` (the OpenID
    configuration) names it.
    """

    issuer: str
    jwks_url: str
    discovery_url: str


class Jwks:
    """One provider's keys. `now_s`: any monotonic clock. Needs a running loop from the first `find` to `close`."""

    def __init__(self, provider: Provider, now_s: Callable[[], float]) -> None:
        self._provider = provider
        self._now_s = now_s
        self._jwks_url = provider.jwks_url
        self._keys: dict[str, Key] = {}
        self._fresh_until = float("-inf")
        self._not_before = float("-inf")
        self._fetching: asyncio.Task[None] | None = None
        self._fetching_since = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._session: aiohttp.ClientSession | None = None

    async def find(self, key_id: str | None) -> Key | None:
        """The key with this id, or the only key if `key_id` is None. None if there is none. Raises KeysUnavailable."""
        overdue = self._now_s() >= self._fresh_until
        found = self._cached(key_id)
        if found is not None and overdue:
            await self._fetch(OVERDUE_WAIT_S)
            found = self._cached(key_id)
        elif found is None and (overdue or key_id is not None):
            # Providers publish new keys before they use them; ours may be older.
            await self._fetch()
            found = self._cached(key_id)
        if not self._keys:
            raise KeysUnavailable("the identity provider cannot be reached")
        return found

    async def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._fetching is not None:
            self._fetching.cancel()
            await asyncio.gather(self._fetching, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    def _cached(self, key_id: str | None) -> Key | None:
        if key_id is not None:
            return self._keys.get(key_id)
        return next(iter(self._keys.values())) if len(self._keys) == 1 else None

    async def _fetch(self, max_wait_s: float | None = None) -> None:
        """Fetch the keys, unless that was tried a moment ago. All callers wait for the same fetch.

        `max_wait_s`: wait at most until so long after the fetch began.
        """
        fetching = self._begin_fetch()
        if fetching is None:
            return
        now = asyncio.get_running_loop().time()
        left_s = None if max_wait_s is None else max(0.0, self._fetching_since + max_wait_s - now)
        # Not awaited directly: a connection that gives up must not cancel the fetch of the others.
        await asyncio.wait([fetching], timeout=left_s)

    def _begin_fetch(self) -> asyncio.Task[None] | None:
        """The running fetch, or a new one; None if the last one is too recent."""
        if self._fetching is None and self._now_s() >= self._not_before:
            loop = asyncio.get_running_loop()
            self._fetching, self._fetching_since = loop.create_task(self._refresh(), name="jwks"), loop.time()
        return self._fetching

    def _fetch_after(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(seconds, self._begin_fetch)

    async def _refresh(self) -> None:
        try:
            if not self._jwks_url:
                self._jwks_url = await self._discover()
            body, max_age_s = await self._get(self._jwks_url)
            keys = read_keys(body)
            if not keys:
                raise InvalidAnswer("the key set has no signing key for RS256 or ES256")
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError, RecursionError) as error:
            log.warning(
                "cannot fetch the keys of the identity provider",
                issuer=self._provider.issuer,
                error=f"{type(error).__name__}: {error}",
                keys_kept=len(self._keys),
            )
            if self._keys:
                self._fetch_after(KEYS_VALID_MIN_S)
        else:
            self._keys = keys
            self._fresh_until = self._now_s() + max_age_s
            self._fetch_after(REFRESH_AT * max_age_s)
            log.info(
                "fetched the keys of the identity provider",
                issuer=self._provider.issuer,
                keys=len(keys),
                good_s=max_age_s,
            )
        finally:
            self._not_before = self._now_s() + RETRY_S
            self._fetching = None

    async def _discover(self) -> str:
        url = self._provider.discovery_url
        body, _ = await self._get(url)
        document = json.loads(body)
        # OpenID Connect Discovery 4.3: the document must name the same issuer.
        if not isinstance(document, dict) or document.get("issuer") != self._provider.issuer:
            raise InvalidAnswer(f"the discovery document is for another issuer than {self._provider.issuer!r}")
        jwks_url = document.get("jwks_uri")
        if not isinstance(jwks_url, str):
            raise InvalidAnswer("the discovery document has no jwks_uri")
        if urlsplit(jwks_url).scheme != "https" and urlsplit(jwks_url).hostname != urlsplit(url).hostname:
            raise InvalidAnswer("the jwks_uri in the discovery document is not https")
        return jwks_url

    async def _get(self, url: str) -> tuple[bytes, float]:
        """The body at `url`, and for how many seconds it is valid. Redirects are not followed."""
        if not is_safe(url):
            raise InvalidAnswer("the URL must be https (or http on this machine)")
        if self._session is None:
            self._session = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=FETCH_TIMEOUT_S),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"Accept": "application/json"},
            )
        async with self._session.get(url, allow_redirects=False) as response:
            if response.status != 200:
                raise InvalidAnswer(f"{url} answered with status {response.status}")
            body = b""
            async for chunk in response.content.iter_any():
                body += chunk
                if len(body) > FETCH_LIMIT_BYTES:
                    raise InvalidAnswer(f"{url} answered with more than {FETCH_LIMIT_BYTES} bytes")
            return body, max_age_of(response.headers.get("Cache-Control", ""))


def is_safe(url: str) -> bool:
    """https, or http on this machine."""
    parts = urlsplit(url)
    return bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK))


def max_age_of(cache_control: str) -> float:
    """For how many seconds keys are used without another fetch, within our bounds."""
    found = _MAX_AGE.search(cache_control)
    seconds = float(found[1]) if found else KEYS_VALID_DEFAULT_S
    return min(max(seconds, KEYS_VALID_MIN_S), KEYS_VALID_MAX_S)


def read_keys(body: bytes) -> dict[str, Key]:
    """The keys of a JWK Set by their ids, without those that we cannot use. Raises ValueError."""
    document = json.loads(body)
    entries = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise InvalidAnswer("the answer is not a JWK Set")
    found: dict[str, Key] = {}
    for entry in entries[:MAX_KEYS]:
        key = _read_key(entry) if isinstance(entry, dict) else None
        if key is not None:
            key_id = entry.get("kid", "")
            found[key_id if isinstance(key_id, str) else ""] = key
    return found


def _read_key(entry: dict[str, object]) -> Key | None:
    algorithm = {"RSA": "RS256", "EC": "ES256"}.get(str(entry.get("kty")))
    if algorithm is None or entry.get("use", "sig") != "sig" or entry.get("alg", algorithm) != algorithm:
        return None
    try:
        key = jwt.PyJWK(entry, algorithm).key
    except (jwt.PyJWTError, ValueError, TypeError):
        return None
    fits = (isinstance(key, RSAPublicKey) and key.key_size >= RSA_MIN_BITS) or (
        isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1)
    )
    return Key(algorithm, key) if fits else None
