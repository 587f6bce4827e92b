"""The command `asocial`: of the client or of the server. Imports only the one that is called."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from . import client_commands, output


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command. Returns the exit code: 0, 1 for an error of the system, 2 for a usage error."""
    output.open_closed_standard_descriptors()
    given = sys.argv[1:] if argv is None else list(argv)
    if given and given[0] in client_commands.CLIENT_COMMANDS:
        return client_commands.run(given)
    from . import server_commands  # with the libraries of the server, which a client's command does not need

    return server_commands.run(given)


if __name__ == "__main__":
    sys.exit(main())
