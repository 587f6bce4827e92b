"""What can go wrong. Every error is an AsocialError; `code` is the code of docs/protocol.md where there is one.

AsocialError
├── Refused         before the connection is open
├── ChannelClosed   the channel is closed
└── NotSent         the server did not accept a frame
"""

from __future__ import annotations


class AsocialError(Exception):
    """The parent of all errors of this package."""


class Refused(AsocialError):
    """The server refused the connection before it was open, and connecting again would not help (W1).

    `status`: the HTTP status. `code`: for example `channel_private`.
    """

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{message} ({code})")
        self.status = status
        self.code = code


class ChannelClosed(AsocialError):
    """The channel is closed: by `close`, or by the server with a code after which a client does not return (W28)."""

    def __init__(self, code: int, reason: str, *, by_program: bool = False) -> None:
        super().__init__(f"closed: {reason} ({code})")
        self.code = code
        self.reason = reason
        self.by_program = by_program


class NotSent(AsocialError):
    """The server did not accept a frame. `code`: for example `read_only`. `retry_after_s`: when to try again, or None.

    `limit`: for `rate_limited`, which limit was reached (W72), or an empty string. After the code `timeout` the
    message may have arrived all the same.
    """

    def __init__(self, code: str, message: str, retry_after_s: float | None = None, limit: str = "") -> None:
        super().__init__(f"{message} ({code})")
        self.code = code
        self.retry_after_s = retry_after_s
        self.limit = limit
