"""A client of Asocial.

async with connect("https://talk.example/c/garden") as channel:
    await channel.say("hello", at=(10, 20))
    async for event in channel:
        match event:
            case Message():
                print(event.name, event.text)
"""

from .channel import Channel, DraftWriter, connect
from .errors import AsocialError, ChannelClosed, NotSent, Refused
from .events import (
    Cleared,
    Connected,
    CountChanged,
    Degraded,
    Disconnected,
    Draft,
    Event,
    Expired,
    Followed,
    Joined,
    Lagged,
    Left,
    Message,
    Pointer,
    ProfileChanged,
    Reaction,
    Restored,
    RulesChanged,
    Stroke,
    View,
)
from .frames import Limits, Person, Rules

__all__ = [
    "AsocialError",
    "Channel",
    "ChannelClosed",
    "Cleared",
    "Connected",
    "CountChanged",
    "Degraded",
    "Disconnected",
    "Draft",
    "DraftWriter",
    "Event",
    "Expired",
    "Followed",
    "Joined",
    "Lagged",
    "Left",
    "Limits",
    "Message",
    "NotSent",
    "Person",
    "Pointer",
    "ProfileChanged",
    "Reaction",
    "Refused",
    "Restored",
    "Rules",
    "RulesChanged",
    "Stroke",
    "View",
    "connect",
]
