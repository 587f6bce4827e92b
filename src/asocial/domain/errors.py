"""Everything that can go wrong with a client, in one place.

    AsocialError
    ├── Refused                the request never becomes a session: an HTTP answer before the upgrade (W1)
    ├── FrameError             answered by an `error` frame; the connection lives on (W25)
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
    │   └── ReadOnly
    └── Disconnect             closes the connection with its code (W28)
        ├── GoingAway          4001
        ├── TooSlow            4008
        ├── InternalError      4011
        ├── NoPong             4012
        ├── ConnectingTooOften 4013
        ├── ProtocolAbuse      4501
        ├── VersionUnsupported 4503
        ├── TooManyConnections 4504
        ├── TokenInvalid       4510
        ├── TokenExpired       4511
        └── Removed            4512

Two families matter to a session: a FrameError is a reply, a Disconnect is an end.
"""

from __future__ import annotations

from typing import ClassVar


class AsocialError(Exception):
    """Base of every error that a client can cause."""


class Refused(AsocialError):
    """A request answered with an HTTP status and a JSON body instead of an upgrade.

    `status` is the HTTP status; `code` is for programs, `message` says what is allowed.
    """

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


class FrameError(AsocialError):
    """A frame that was not carried out. `retry_after_ms` is set only where trying again helps.

    `limit` is set where a limit on messages was reached: which one.
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
    """A name of characters that show nothing. No strike: which ones those are depends on the version of Unicode."""

    strikes = False


class PayloadTooLarge(FrameError):
    code = "payload_too_large"


class PayloadEmpty(FrameError):
    code = "payload_empty"


class PayloadInvisible(PayloadEmpty):
    """A message of characters that show nothing, white space aside. No strike, as for names."""

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


class ReadOnly(FrameError):
    code = "read_only"
    strikes = False


class Disconnect(AsocialError):
    """The end of a connection. Codes below 4500 ask the client to reconnect, those from 4500 tell it not to.

    `retry_ms`, where given, is how long the client shall wait before it reconnects.
    """

    code: ClassVar[int]
    reason: ClassVar[str]

    def __init__(self, retry_ms: int | None = None) -> None:
        super().__init__(f"{self.code} {self.reason}")
        self.retry_ms = retry_ms

    @property
    def reconnects(self) -> bool:
        return self.code < 4500


class GoingAway(Disconnect):
    code = 4001
    reason = "server going away"


class TooSlow(Disconnect):
    code = 4008
    reason = "too slow"


class InternalError(Disconnect):
    code = 4011
    reason = "internal error"


class NoPong(Disconnect):
    code = 4012
    reason = "no pong"


class ConnectingTooOften(Disconnect):
    code = 4013
    reason = "connecting too often"


class ProtocolAbuse(Disconnect):
    code = 4501
    reason = "protocol abuse"


class VersionUnsupported(Disconnect):
    code = 4503
    reason = "version not supported"


class TooManyConnections(Disconnect):
    code = 4504
    reason = "too many connections"


class TokenInvalid(Disconnect):
    code = 4510
    reason = "token invalid"


class TokenExpired(Disconnect):
    code = 4511
    reason = "token expired"


class Removed(Disconnect):
    code = 4512
    reason = "removed"
