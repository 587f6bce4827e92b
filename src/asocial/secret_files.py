"""Reads a secret from the file that a setting or a variable names. No message shows any part of a secret."""

from __future__ import annotations

from pathlib import Path


class SecretFileError(ValueError):
    """The file cannot be read. The message names the file, if that cannot be a secret itself, and the reason."""


def without_newline(text: str) -> str:
    """The text without one line break at its end, as editors, `echo` and YAML blocks add it."""
    return text.removesuffix("\n").removesuffix("\r")


def name_of(path: str | Path) -> str:
    """The file's name for a message. Somebody may have given the secret itself, so only an absolute path is shown."""
    return repr(str(path)) if Path(path).is_absolute() else "the file"


def read(path: str | Path) -> str:
    """The text of the file, without a line break at its end. Raises SecretFileError."""
    try:
        return without_newline(Path(path).read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise SecretFileError(f"{name_of(path)} cannot be read: {reason}") from None
