"""The commands of the package asocial-client, which a server does not need. Nothing of the server is imported here."""

from __future__ import annotations

from collections.abc import Sequence

from .output import USAGE_ERROR, print_error

CLIENT_COMMANDS = {
    "say": "post a message",
    "watch": "print what happens in a channel",
    "join": "open the canvas in this terminal",
    "bot": "run a bot",
}


def run(argv: Sequence[str]) -> int:
    """Run the command. Returns its exit code; 2 if the package is missing."""
    try:
        from asocial_client.commands import main
    except ModuleNotFoundError as error:
        return missing_extra(argv[0], error)
    return main(argv, prog="asocial")


def missing_extra(command: str, error: ModuleNotFoundError) -> int:
    """Say what to install. Returns the exit code."""
    how = "in a checkout: pip install '.[cli]' ./packages/python"
    print_error(f"`asocial {command}` needs the package {error.name}; {how}")
    return USAGE_ERROR
