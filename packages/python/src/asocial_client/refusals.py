"""How the server says no: before the upgrade by HTTP (W1), after it by a close frame (W28), or not at all."""

from __future__ import annotations

import json
import os
import socket
import ssl

from websockets.exceptions import InvalidHandshake, InvalidStatus

from .errors import Refused

FOREIGN = "http"
"""The code of an answer that is not from an Asocial server."""
FINAL_CODES = range(4500, 5000)
"""After these close codes a client does not connect again."""


def is_final(refused: Refused) -> bool:
    """Whether the refusal lasts until something changes."""
    return 400 <= refused.status < 500 and refused.status not in (408, 429)


def unknown_token(token: str | None, is_new_guest: bool) -> str:
    """What to tell a person whose token the server does not know (W4), or an empty string."""
    # A guest key (W84) is no token yet: the server gives one for it.
    if not token or token.startswith("guest-") or not is_new_guest:
        return ""
    return "the server does not know the token that it was given: you are a new guest"


def read_reason(text: str) -> tuple[str, float | None]:
    """The reason of a close frame, and after how many seconds to connect again if it says so."""
    try:
        content = json.loads(text)
        retry_ms = content.get("retry_ms")
        return str(content["reason"]), None if retry_ms is None else float(retry_ms) / 1000
    except (ValueError, KeyError, TypeError, AttributeError):
        return text or "the connection broke", None


def read_refusal(answer: InvalidStatus) -> Refused:
    status = answer.response.status_code
    try:
        error = json.loads(answer.response.body or b"")["error"]
        return Refused(status, str(error["code"]), str(error["message"]))
    except (ValueError, KeyError, TypeError):
        # Not from the server: a proxy on the way, for example.
        return Refused(status, FOREIGN, f"the server answered with HTTP status {status}")


def unreachable(error: OSError | InvalidHandshake | EOFError) -> OSError:
    """The error of a connection that could not be made; a ConnectionError where something else than Asocial answers."""
    if isinstance(error, OSError):
        return error
    converted = ConnectionError(f"what answers there is no Asocial server ({error or type(error).__name__})")
    converted.__cause__ = error
    return converted


def why(error: OSError) -> str:
    """What went wrong, in a few words. asyncio and ssl say it with addresses and line numbers of theirs."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not valid: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return f"it does not speak TLS as expected ({error.reason or error}); is the address http:// or https://?"
    if error.errno and not isinstance(error, socket.gaierror):
        return os.strerror(error.errno).lower()
    return error.strerror or str(error) or type(error).__name__


def retry_after_s(answer: InvalidStatus) -> float | None:
    """The header Retry-After, in seconds, if it is a number."""
    try:
        return float(answer.response.headers["Retry-After"])
    except (KeyError, ValueError):
        return None
