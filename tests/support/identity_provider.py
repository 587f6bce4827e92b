"""An identity provider of our own: OpenID configuration, JWK Set and tokens, on a loopback port.

It records requests, and can be down, slow, or wrong. It only signs, with PyJWT: the server under test verifies.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from typing import Any, Self

import jwt
from aiohttp import web
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

AUDIENCE = "asocial-tests"

_rsa = {bits: rsa.generate_private_key(public_exponent=65537, key_size=bits) for bits in (2048, 1024)}
_other_rsa = rsa.generate_private_key(public_exponent=65537, key_size=2048)
_ec = ec.generate_private_key(ec.SECP256R1())

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


class IdentityProvider:
    def __init__(self) -> None:
        self.asked: list[str] = []
        """The path of each request."""
        self.keys: dict[str, PrivateKey] = {"rsa": _rsa[2048], "ec": _ec}
        self.extra_keys: list[dict[str, Any]] = []
        self.max_age_s: int | None = 3600
        self.delay_s = 0.0
        self.away = False
        self.body: bytes | None = None
        """Answered instead of the JWK Set."""
        self.issuer_told: str | None = None
        self._runner: web.AppRunner | None = None
        self.port = 0

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_get("/.well-known/openid-configuration", self._configuration)
        app.router.add_get("/keys", self._keys)
        app.router.add_get("/token", self._issue)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        [address] = self._runner.addresses
        self.port = address[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def settings(self) -> dict[str, Any]:
        """Settings of a server that uses this provider."""
        return {"auth": "jwt", "jwt_issuer": self.issuer, "jwt_audience": AUDIENCE, "secret": "s" * 40}

    @property
    def fetches(self) -> int:
        return self.asked.count("/keys")

    def claims(self, subject: str = "ann", **more: Any) -> dict[str, Any]:
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": AUDIENCE, "sub": subject, "iat": now, "exp": now + 3600} | more
        return {name: value for name, value in claims.items() if value is not None}

    def token(self, subject: str = "ann", *, key: str = "rsa", key_id: str | None = None, **more: Any) -> str:
        """A token as the provider issues it; `more` are claims that are added, changed, or with None left out."""
        private = self.keys[key]
        algorithm = "RS256" if isinstance(private, rsa.RSAPrivateKey) else "ES256"
        return jwt.encode(self.claims(subject, **more), private, algorithm=algorithm, headers={"kid": key_id or key})

    def public_pem(self, key: str = "rsa") -> bytes:
        return (
            self.keys[key]
            .public_key()
            .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        )

    async def _configuration(self, request: web.Request) -> web.Response:
        self.asked.append(request.path)
        if self.away:
            return web.Response(status=503)
        return web.json_response({"issuer": self.issuer_told or self.issuer, "jwks_uri": self.issuer + "/keys"})

    async def _issue(self, request: web.Request) -> web.Response:
        return web.Response(text=self.token(request.query["subject"]))

    async def _keys(self, request: web.Request) -> web.Response:
        self.asked.append(request.path)
        await asyncio.sleep(self.delay_s)
        if self.away:
            return web.Response(status=503)
        headers = {} if self.max_age_s is None else {"Cache-Control": f"public, max-age={self.max_age_s}"}
        if self.body is not None:
            return web.Response(body=self.body, headers=headers)
        keys = [jwk(private, key_id) for key_id, private in self.keys.items()]
        return web.json_response({"keys": [*keys, *self.extra_keys]}, headers=headers)


def jwk(private: PrivateKey, key_id: str, **more: Any) -> dict[str, Any]:
    public = private.public_key()
    if isinstance(public, rsa.RSAPublicKey):
        entry = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(public))
        return {**entry, "kid": key_id, "use": "sig", "alg": "RS256", **more}
    entry = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(public))
    return {**entry, "kid": key_id, "use": "sig", "alg": "ES256", **more}


def small_key() -> PrivateKey:
    return _rsa[1024]


def strangers_key() -> PrivateKey:
    return _other_rsa


def forged(header: Mapping[str, Any], claims: Mapping[str, Any], hmac_key: bytes | None = None) -> str:
    """A token made by hand, as an attacker does it: unsigned, or signed with HMAC and any key at all."""
    signed = f"{_part(header)}.{_part(claims)}"
    signature = b"" if hmac_key is None else hmac.new(hmac_key, signed.encode(), hashlib.sha256).digest()
    return f"{signed}.{_encoded(signature)}"


def _part(value: Mapping[str, Any]) -> str:
    return _encoded(json.dumps(value).encode())


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
