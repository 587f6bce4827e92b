"""Who makes a request: an opaque user id, and what a token says about the user.

Other people see user ids, so an id never contains the provider's name for a person (a subject may be an e-mail
address). It is derived from issuer and subject with a key, so that nobody can check a guessed subject against an id.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import NamedTuple

from .errors import BadFrame
from .profile import clean_name

ID_BYTES = 15
"""Of the digest: 120 bits, 20 characters, no padding."""
WHO_RULE = "a user id, or claim=value"


class Principal(NamedTuple):
    """Who a request is. `expires_at`: when the token expires, in ms of the server's clock; None: never.

    `name`: the token's, if it has one that may be shown. `claims`: all that the token says.

    `generation`: of the claim, for a user id that the client chose (W105). Others may claim the same id later.
    `keeps_token`: whether the client of such a claim can come back with its token (W106).
    """

    user_id: str
    expires_at: int | None = None
    name: str | None = None
    claims: Mapping[str, object] = {}
    generation: str = ""
    keeps_token: bool = False

    @property
    def rules_id(self) -> str:
        """The name of this user in a channel's rules and in the configuration. Each claim of a user id has its own.

        No user id contains a dot, so a claimed id is never equal to a user id.
        """
        return f"{self.user_id}.{self.generation}" if self.generation else self.user_id


NOBODY = Principal("")
"""A client that did not say who it is. The empty id owns nothing and is listed nowhere."""


def user_id_of(rules_id: str) -> str:
    """The user id in a `Principal.rules_id`."""
    return rules_id.partition(".")[0]


def opaque_id(key: bytes, issuer: str, subject: str) -> str:
    """The user id for a provider's subject: always the same for one key, and valid by domain/ids.py."""
    digest = hmac.new(key, f"{issuer}\n{subject}".encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest[:ID_BYTES]).decode()


def name_of(claims: Mapping[str, object]) -> str | None:
    """The claim `name` if it may be shown (W23), else None."""
    name = claims.get("name")
    try:
        return clean_name(name) if isinstance(name, str) else None
    except BadFrame:
        return None


def is_one_of(who: str, user_id: str, claims: Mapping[str, object]) -> bool:
    """Whether `who`, a user id or `claim=value`, matches this user. A claim that is a list matches by any item."""
    name, is_claim, value = who.partition("=")
    if not is_claim:
        return user_id != "" and who == user_id
    held = claims.get(name)
    values = held if isinstance(held, list) else [held]
    return any(_as_text(one) == value for one in values)


def _as_text(value: object) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str | int) else None
