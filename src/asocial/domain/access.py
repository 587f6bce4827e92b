"""What a client may do in a channel, and what it brought to be allowed that."""

from __future__ import annotations

from typing import NamedTuple

from .rules import Rights


class Invitation(NamedTuple):
    """What a signed invitation to a channel says. `key`: see Rules.invitation_key."""

    rights: Rights
    key: str


class Access(NamedTuple):
    """What somebody may do in a channel. `member`: they are listed, or own it. `invitation`: the one they brought."""

    rights: Rights = "write"
    member: bool = False
    invitation: Invitation | None = None
