"""The environment variables of the system that Asocial replaces (docs/original.md), as the last source of settings.

An alias counts only where nothing else sets what it means: not a flag, an `ASOCIAL_*` variable or the YAML file.
Every error begins with the variable's name and shows no part of a secret.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from . import secret_files
from .settings import shown

Values = dict[str, Any]
"""Settings by name."""

REDIS_ADDR, REDIS_DB = "REDIS_ADDR", "REDIS_DB"
_ENVIRONMENTS = {
    **dict.fromkeys(("production", "prod", "staging"), "production"),
    **dict.fromkeys(("development", "dev", "local", "test"), "development"),
}
_LOG_LEVELS = {"warn": "warning"}
"""Names of Go's slog that ours lack."""
_ADDRESS = re.compile(r"(?P<host>[A-Za-z0-9._-]*|\[[0-9A-Fa-f:.%]+\]):(?P<port>\d{1,5})")
_PROJECT = re.compile(r"[a-z0-9-]{1,64}")
_SHORTEST_KEY_CHARACTERS = 256
"""A private key is far longer; anything shorter is a placeholder that others may know."""


class AliasError(ValueError):
    """A value that cannot be used. The message begins with the variable's name."""


class Alias(NamedTuple):
    """`read` makes settings of the variable's text; `sets` is the one that the alias stands for.

    `yields_to`: more settings that mean the same; where one is set, the alias does not count.
    `secret`: NAME_FILE may name a file that holds it. `shows`: what the log says of the value.
    """

    sets: str
    read: Callable[[str], Values]
    yields_to: Sequence[str] = ()
    secret: bool = False
    shows: str = ""


class Found(NamedTuple):
    """What the aliases set, by setting; the variable that each value comes from; and a line about each variable."""

    values: Values
    sources: dict[str, str]
    notes: list[str]


def find(environ: Mapping[str, str], sources: Mapping[str, str]) -> Found:
    """What the aliases in `environ` add. `sources`: the settings that are set already, and where. Raises AliasError."""
    found = Found({}, {}, [])
    for variable, alias in ALIASES.items():
        given = _given(variable, alias, environ)
        if given is None:
            continue
        source, text = given
        setting = f"ASOCIAL_{alias.sets.upper()}"
        stronger = next((sources[name] for name in (alias.sets, *alias.yields_to) if name in sources), "")
        if stronger:
            found.notes.append(f"{source} is ignored: {setting} or what replaces it is set ({stronger})")
            continue
        values = alias.read(text)
        if variable == REDIS_ADDR:
            values["redis_url"] += f"/{_database(environ)}"
        found.notes.append(f"{source} sets {setting}{alias.shows.format_map(values)}")
        if "secret" in values:
            if {"secret", "secret_file"} & sources.keys():
                del values["secret"]
            else:
                found.notes.append(f"{source} sets ASOCIAL_SECRET, which is not set, to a key derived from its own")
        found.values.update(values)
        found.sources.update(dict.fromkeys(values, f"from {source}"))
    if environ.get(REDIS_DB, "").strip():
        used = found.sources.get("redis_url") == f"from {REDIS_ADDR}"
        found.notes.append(
            f"{REDIS_DB} sets the database in ASOCIAL_REDIS_URL" if used
            else f"{REDIS_DB} is ignored: {REDIS_ADDR} is not used, and ASOCIAL_REDIS_URL names its own database"
        )  # fmt: skip
    return found


def _given(variable: str, alias: Alias, environ: Mapping[str, str]) -> tuple[str, str] | None:
    """The name of the variable that is set and its text, read from the file that it may name; None without one."""
    text = environ.get(variable, "")
    file_variable = f"{variable}_FILE"
    path = environ.get(file_variable, "").strip() if alias.secret else ""
    if not path:
        return (variable, secret_files.without_newline(text)) if text.strip() else None
    if text.strip():
        raise AliasError(f"{variable}: give either {variable} or {file_variable}, not both")
    try:
        text = secret_files.read(path)
    except secret_files.SecretFileError as error:
        raise AliasError(f"{file_variable}: {error}") from None
    if not text.strip():
        raise AliasError(f"{file_variable}: {secret_files.name_of(path)} is empty")
    return file_variable, text


def _app_env(text: str) -> Values:
    env = _ENVIRONMENTS.get(text.strip().lower())
    if env is None:
        raise AliasError(f"APP_ENV: {shown(text)} is not allowed; allowed: one of {', '.join(_ENVIRONMENTS)}")
    return {"env": env}


def _log_level(text: str) -> Values:
    level = text.strip().lower()
    return {"log_level": _LOG_LEVELS.get(level, level)}


def _redis_addr(text: str) -> Values:
    """A URL without its database. A missing host is this machine, as Go's clients read it."""
    address = _ADDRESS.fullmatch(text.strip())
    if address is None or not 0 < int(address["port"]) < 65536:
        raise AliasError(f"{REDIS_ADDR}: allowed: HOST:PORT, as redis:6379; a URL belongs in ASOCIAL_REDIS_URL")
    return {"redis_url": f"redis://{address['host'] or 'localhost'}:{address['port']}"}


def _database(environ: Mapping[str, str]) -> int:
    text = environ.get(REDIS_DB, "").strip() or "0"
    if not (text.isascii() and text.isdigit()):
        raise AliasError(f"{REDIS_DB}: {shown(text)} is not allowed; allowed: a whole number from 0")
    return int(text)


def _service_account(text: str) -> Values:
    """The Firebase preset of the account's project, and a signing secret that all processes with it share."""
    account = _as_json(text)
    project = account.get("project_id") if isinstance(account, dict) else None
    if not isinstance(project, str) or not _PROJECT.fullmatch(project):
        raise AliasError(
            "FIREBASE_SERVICE_ACCOUNT: the value given is not allowed; allowed: the service account's JSON with its "
            "project_id, or base64 of that; a path belongs in FIREBASE_SERVICE_ACCOUNT_FILE"
        )
    values: Values = {"jwt_preset": f"firebase:{project}"}
    key = account.get("private_key")
    if isinstance(key, str) and len(key) >= _SHORTEST_KEY_CHARACTERS:
        # The original needed no secret of its own. Without one, a guest would be somebody else on each process.
        secret = hmac.digest(key.encode(), b"asocial secret", hashlib.sha256)
        values["secret"] = base64.urlsafe_b64encode(secret).decode()
    return values


def _as_json(text: str) -> Any:
    """A JSON document as Secrets and `.env` files hold it: as it is, between quotes, or in base64. None if it is none.

    Line ends inside a text are allowed: shells turn the `\\n` of a private key into them.
    """
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] == "'":
        text = text[1:-1]
    for _ in range(2):
        try:
            return json.loads(text, strict=False)
        except (ValueError, RecursionError):
            pass
        try:
            data = "".join(text.split()).replace("-", "+").replace("_", "/").rstrip("=")
            text = base64.b64decode(data + "=" * (-len(data) % 4), validate=True).decode("utf-8-sig")
        except (binascii.Error, ValueError):
            return None
    return None


ALIASES = {
    "APP_ENV": Alias("env", _app_env, shows=" to {env}"),
    "LOG_LEVEL": Alias("log_level", _log_level, shows=" to {log_level}"),
    REDIS_ADDR: Alias("redis_url", _redis_addr, ["redis_url_file"], shows=" to {redis_url}"),
    "REDIS_PASSWORD": Alias(
        "redis_password", lambda text: {"redis_password": text}, ["redis_password_file"], secret=True
    ),
    "MAX_MESSAGE_SIZE": Alias(
        "max_message_size", lambda text: {"max_message_size": text}, shows=" to {max_message_size}"
    ),
    "RATE_LIMIT_PER_MINUTE": Alias(
        "rate_limit_per_minute", lambda text: {"rate_limit_per_minute": text}, shows=" to {rate_limit_per_minute}"
    ),
    "FIREBASE_SERVICE_ACCOUNT": Alias(
        "jwt_preset",
        _service_account,
        ["jwt_issuer", "jwt_jwks_url", "jwt_discovery_url"],
        secret=True,
        shows=" to {jwt_preset}, which counts with ASOCIAL_AUTH=jwt",
    ),
}
"""REDIS_DB belongs to REDIS_ADDR and is none by itself."""
