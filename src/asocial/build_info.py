"""How this copy of the package was built: from which modules it runs. See scripts/compile.py and decision 0043."""

from __future__ import annotations

from . import __version__
from .protocol import framing

MODULES = "python" if framing.__file__.endswith(".py") else "compiled"
"""`compiled`: Python imports the modules on the path of a message as C. `python`: all are interpreted."""


def title() -> str:
    """What `asocial --version` prints."""
    return f"asocial {__version__}" + (" (compiled)" if MODULES == "compiled" else "")
