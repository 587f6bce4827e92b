"""What a client may do in a channel, and the invitation that it used."""

from __future__ import annotations

from typing import NamedTuple

from .rules import Rights


class Invitation(NamedTuple):
    """What a signed invitation to a channel grants. `key`: see Rules.invitation_key."""

    rights: Rights
    key: str


class Access(NamedTuple):
    """What a client may do in a channel. `member`: it is a listed member or an owner. `invitation`: the one it used."""

    rights: Rights = "write"
    member: bool = False
    invitation: Invitation | None = None
