"""Every error that a client can cause.

    AsocialError
    ├── ClientGone             the client left before its session was open; nobody reads an answer
    ├── FrameError             answered with an `error` frame; the connection stays open (W25)
    │   ├── BadFrame
    │   │   └── NameInvisible
    │   ├── PayloadTooLarge
    │   ├── PayloadEmpty
    │   │   └── PayloadInvisible
    │   ├── PositionInvalid
    │   ├── RateLimited
    │   ├── Unavailable
    │   ├── TokenRefused
    │   ├── NotOwner
    │   ├── NotSealed
    │   └── ReadOnly
    └── Refusal                a request that is answered with an error instead of what it asked for (W1)
        ├── LimitReached
        └── Disconnect         closes the connection (W28)
            ├── GoingAway
            ├── TooSlow
            ├── InternalError
            ├── NoPong
            ├── ConnectingTooOften
            ├── ProtocolAbuse
            ├── VersionUnsupported
            ├── TooManyConnections
            ├── TokenInvalid
            ├── TokenExpired
            ├── Removed
            ├── ChannelClosed
            ├── ChannelFull
            └── Banned

Each error has a code, which is a word. No numbers here: adapters/http/refusals.py has the table of HTTP statuses and
close codes.
"""

from __future__ import annotations

from typing import ClassVar


class AsocialError(Exception):
    """Base of every error that a client can cause."""


class ClientGone(AsocialError):
    """The client left before its session was open."""


class FrameError(AsocialError):
    """A frame that was not carried out. `retry_after_ms` is set only if trying again helps.

    `limit` names the limit on messages that was reached, if one was.
    """

    code: ClassVar[str]
    strikes: ClassVar[bool] = True
    """Whether ten of these in a row close the connection (W27)."""

    def __init__(self, message: str, *, retry_after_ms: int | None = None, limit: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.retry_after_ms = retry_after_ms
        self.limit = limit


class BadFrame(FrameError):
    code = "bad_frame"


class NameInvisible(BadFrame):
    """A name of invisible characters. No strike: which characters are invisible depends on the Unicode version."""

    strikes = False


class PayloadTooLarge(FrameError):
    code = "payload_too_large"


class PayloadEmpty(FrameError):
    code = "payload_empty"


class PayloadInvisible(PayloadEmpty):
    """A message of white space and invisible characters. No strike, as for names."""

    strikes = False


class PositionInvalid(FrameError):
    code = "position_invalid"


class RateLimited(FrameError):
    code = "rate_limited"
    strikes = False


class Unavailable(FrameError):
    code = "unavailable"
    strikes = False


class TokenRefused(FrameError):
    code = "token_invalid"


class NotOwner(FrameError):
    code = "not_owner"


class NotSealed(FrameError):
    """A frame that the server could read, in a sealed channel (W193)."""

    code = "not_sealed"


class ReadOnly(FrameError):
    code = "read_only"
    strikes = False


class Refusal(AsocialError):
    """A request that is not carried out.

    `code` names the reason for programs, `message` explains it to people. `log_fields` is for the log alone.
    """

    code: str
    retry_after_ms: int | None = None
    """When trying again helps, if that is known."""

    def __init__(self, code: str, message: str, **log_fields: object) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.log_fields = log_fields


class LimitReached(Refusal):
    def __init__(self, message: str, retry_after_ms: int) -> None:
        super().__init__("rate_limited", message)
        self.retry_after_ms = retry_after_ms


class Disconnect(Refusal):
    """Closes a connection, or refuses one before it is open.

    `reconnects`: whether the client should connect again. `retry_ms`: how long it should wait before it does.
    """

    reason: ClassVar[str]
    reconnects: ClassVar[bool]

    def __init__(self, retry_ms: int | None = None) -> None:
        super().__init__(self.code, self.reason)
        self.retry_ms = retry_ms


class GoingAway(Disconnect):
    code = "going_away"
    reason = "server going away"
    reconnects = True


class TooSlow(Disconnect):
    code = "too_slow"
    reason = "too slow"
    reconnects = True


class InternalError(Disconnect):
    code = "internal"
    reason = "internal error"
    reconnects = True


class NoPong(Disconnect):
    code = "no_pong"
    reason = "no pong"
    reconnects = True


class ConnectingTooOften(Disconnect):
    code = "connecting_too_often"
    reason = "connecting too often"
    reconnects = True


class ProtocolAbuse(Disconnect):
    code = "protocol_abuse"
    reason = "protocol abuse"
    reconnects = False


class VersionUnsupported(Disconnect):
    code = "version_unsupported"
    reason = "version not supported"
    reconnects = False


class TooManyConnections(Disconnect):
    code = "user_connections"
    reason = "too many connections"
    reconnects = False


class TokenInvalid(Disconnect):
    code = "token_invalid"
    reason = "token invalid"
    reconnects = False


class TokenExpired(Disconnect):
    code = "token_expired"
    reason = "token expired"
    reconnects = False


class Removed(Disconnect):
    code = "removed"
    reason = "removed"
    reconnects = False


class ChannelClosed(Disconnect):
    code = "channel_closed"
    reason = "channel closed"
    reconnects = False


class ChannelFull(Disconnect):
    """A sealed channel has as many people as it may have (W197)."""

    code = "channel_full"
    reason = "channel full"
    reconnects = False


class Banned(Disconnect):
    code = "banned"
    reason = "banned"
    reconnects = False
