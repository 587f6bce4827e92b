"""The secret that signs tokens and derives user ids: the configured one, or a new one; published ones are refused.

With a secret that was ever published, in a manifest or a test of Asocial's repository, anybody can sign in as anybody.
So never commit a secret: tests make theirs when they run.
"""

from __future__ import annotations

import hashlib
import secrets

from . import logs
from .config import ConfigError
from .settings import MIN_SECRET_BYTES, SECRET_HINT, Settings

MIN_DISTINCT_CHARACTERS = 8
"""The least number of different characters. 32 random hexadecimal digits have fewer once in 100 million times."""
_PUBLISHED = frozenset(
    {
        "0ed3208049b0e380",  # deploy/kustomize/overlays/dev
        "3c7d282ae8e675e0",  # deploy/kustomize/base/secret.template.yaml
        "76d1ba94f81fd683",  # deploy/kustomize/base/secret.template.yaml
        "b5f5ae48c3026130",  # tests
        "0b04ddbcd3d20788",  # tests
        "806c04ce19b2f4f4",  # tests
        "d6a2302d55a4a602",  # tests
        "32b925ebf97f709b",  # tests
        "c36f821ab854f20a",  # tests
        "d1b0746c91fbae28",  # tests/conformance
        "c8127b68cba11bf2",  # tests
    }
)
"""The first 16 hexadecimal digits of their SHA-256. tests/unit/test_signing.py finds new ones in the repository."""

log = logs.get(__name__)


def signing_secret(settings: Settings) -> str:
    """The configured secret, or a new one. Raises ConfigError for one that must not be used in production."""
    secret = settings.secret.get_secret_value()
    if secret:
        weakness = weakness_of(secret)
        if weakness and settings.env == "production":
            raise ConfigError(f"secret: {weakness}; {SECRET_HINT}")
        if weakness:
            log.warning(f"do not use this secret in production: {weakness}; {SECRET_HINT}")
        return secret
    if settings.redis_url.get_secret_value():
        log.warning(
            "no secret is configured: guests get another user id on each process (set one ASOCIAL_SECRET for all)"
        )
    elif settings.auth == "jwt":
        log.warning("no secret is configured: people get other user ids after a restart (set ASOCIAL_SECRET)")
    else:
        log.info("no secret is configured: guests get new user ids after a restart (set ASOCIAL_SECRET to keep them)")
    return secrets.token_urlsafe(48)


def weakness_of(secret: str) -> str:
    """Why other people can know or guess a secret; empty if no reason is known."""
    bare = secret.strip().strip("\"'")
    if len(bare.encode()) < MIN_SECRET_BYTES:
        return f"it is shorter than {MIN_SECRET_BYTES} bytes"
    if digest_of(bare) in _PUBLISHED:
        return "it is published in Asocial's repository, so anybody can sign tokens with it"
    if len(set(bare)) < MIN_DISTINCT_CHARACTERS:
        return f"it has fewer than {MIN_DISTINCT_CHARACTERS} different characters"
    return ""


def digest_of(secret: str) -> str:
    """How the list above names a published secret."""
    return hashlib.sha256(secret.casefold().encode()).hexdigest()[:16]
