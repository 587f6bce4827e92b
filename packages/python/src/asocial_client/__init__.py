"""A client of Asocial.

async with connect("https://talk.example/c/garden") as channel:
    await channel.say("hello", at=(10, 20))
    async for event in channel:
        match event:
            case Message():
                print(event.name, event.text)
"""

from .bot import Bot
from .channel import Channel, connect
from .drafts import DraftWriter
from .errors import AsocialError, ChannelClosed, NotSent, Refused
from .events import (
    Activity,
    Cleared,
    Connected,
    CountChanged,
    Crowd,
    Cursor,
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
    Notice,
    Pace,
    Place,
    ProfileChanged,
    Reaction,
    Rejected,
    Restored,
    RulesChanged,
    Stroke,
    View,
)
from .frames import Landmark, Limits, Member, Rules

__all__ = [
    "Activity",
    "AsocialError",
    "Bot",
    "Channel",
    "ChannelClosed",
    "Cleared",
    "Connected",
    "CountChanged",
    "Crowd",
    "Cursor",
    "Degraded",
    "Disconnected",
    "Draft",
    "DraftWriter",
    "Event",
    "Expired",
    "Followed",
    "Joined",
    "Lagged",
    "Landmark",
    "Left",
    "Limits",
    "Member",
    "Message",
    "NotSent",
    "Notice",
    "Pace",
    "Place",
    "ProfileChanged",
    "Reaction",
    "Refused",
    "Rejected",
    "Restored",
    "Rules",
    "RulesChanged",
    "Stroke",
    "View",
    "connect",
]
