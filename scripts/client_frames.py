"""Writes the Python client's frame types, packages/python/src/asocial_client/frames.py, from the server's.

    python -m scripts.client_frames           write the file
    python -m scripts.client_frames --check   fail if the file is not what would be written

The client reads leniently and depends on no part of the server: ranges are not copied, fields that the server encodes
ahead (`msgspec.Raw`) get the type of what is inside, and a list that may be absent is then empty.
"""

from __future__ import annotations

import difflib
import subprocess
import sys
import textwrap
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec

from asocial.domain.palette import PALETTE
from asocial.domain.profile import Member
from asocial.domain.rules import Rights
from asocial.domain.sealed import SealedKind
from asocial.protocol import schema
from scripts.client_types import CONSTANTS

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "packages/python/src/asocial_client/frames.py"

ALIASES = {"ReactionKind": schema.ReactionKind, "Rights": Rights, "SealedKind": SealedKind}
LIMITS = {"WHO_LIMIT": schema.WHO_LIMIT, **CONSTANTS}
RENAMED = {"RulesView": "Rules"}
INSIDE_RAW = {
    ("UserSync", "users"): "list[Member]",
    ("UserSync", "messages"): "list[Chat]",
    ("UserSync", "strokes"): "list[Stroke]",
    ("Stroke", "points"): "list[tuple[float, float]]",
}
WITHOUT_VALUE = {str: '""', int: "0"}
"""What a field of a finished stroke holds while the stroke is drawn."""
DOCSTRINGS = {
    "RulesView": "A channel's rules as one user sees them: the user's `rights`, and whether the user owns it: `yours`.",
    "PostStroke": "A line so far; the whole line if `done`. Not `done` and without points: it is abandoned (W110).",
    "UserSync": "What a client must know: the first frame of a connection, and the answer to `sync` (W3).",
    "Stroke": "A stroke. While it is drawn, only `message_id`, `user_id` and `points` are set (W110).",
}

HEADER = '''
"""The frames of docs/protocol.md as types.

Generated from the server's types by scripts/client_frames.py (`make client-frames`): do not edit.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

'''


def source() -> str:
    """The text of the file, formatted."""
    server_frames = [frame for frame in get_args(schema.ServerFrame) if frame is not schema.Drawing]
    client_frames = list(get_args(schema.ClientFrame))
    parts = [
        HEADER.lstrip(),
        f'SUBPROTOCOL = "{schema.SUBPROTOCOL}"\n',
        *(f"{name} = {value:_}\n" for name, value in LIMITS.items()),
        f"COLORS = {PALETTE!r}\n\n",
        *(f"{name}: TypeAlias = Literal[{_literals(alias)}]\n" for name, alias in ALIASES.items()),
        "\n",
        *(_struct(each, _omits_defaults(each)) for each in _shared([*client_frames, *server_frames])),
        *(_struct(frame, ", omit_defaults=True") for frame in client_frames),
        _union("ClientFrame", client_frames),
        *(_struct(frame, ", kw_only=True") for frame in server_frames),
        _union("ServerFrame", server_frames),
    ]
    ruff = [sys.executable, "-m", "ruff", "format", "--config", "pyproject.toml", "-"]
    return subprocess.run(ruff, input="".join(parts), capture_output=True, text=True, check=True, cwd=ROOT).stdout


def _shared(frames: list[type[msgspec.Struct]]) -> list[type[msgspec.Struct]]:
    """The structs that frames contain, each after those that it contains itself."""
    found: dict[type[msgspec.Struct], None] = {}

    def visit(type_: Any) -> None:
        if isinstance(type_, type) and issubclass(type_, msgspec.Struct):
            for field in msgspec.structs.fields(type_):
                visit(field.type)
            if type_ not in frames:
                found[type_] = None
        for inner in get_args(type_):
            visit(inner)

    for frame in (*frames, Member):
        visit(frame)
    return list(found)


def _omits_defaults(struct: type[msgspec.Struct]) -> str:
    return ", omit_defaults=True" if struct.__struct_config__.omit_defaults else ""


def _struct(struct: type[msgspec.Struct], options: str = "") -> str:
    tag = struct.__struct_config__.tag
    options = f'frozen=True, tag_field="type", tag="{tag}"{options}' if tag else f"frozen=True{options}"
    name = RENAMED.get(struct.__name__, struct.__name__)
    doc = DOCSTRINGS.get(struct.__name__) or struct.__doc__
    lines = [f'"""{_paragraphs(doc)}"""', ""] if doc else []
    lines += _fields(struct)
    return f"class {name}(msgspec.Struct, {options}):\n{textwrap.indent(chr(10).join(lines) or 'pass', '    ')}\n\n\n"


def _paragraphs(docstring: str) -> str:
    text = textwrap.dedent(" " * 4 + docstring).strip()
    return f"{text}\n" if "\n" in text else text


def _fields(struct: type[msgspec.Struct]) -> Iterator[str]:
    while_drawn = {field.name for field in msgspec.structs.fields(schema.Drawing)}
    for field in msgspec.structs.fields(struct):
        type_ = _type(field.type, INSIDE_RAW.get((struct.__name__, field.name)))
        default = _default(field)
        if struct is schema.Stroke and field.name not in while_drawn and default is None:
            default = WITHOUT_VALUE[field.type]
        if default == "msgspec.UNSET" and type_.startswith(("list", "tuple")):
            type_ = type_.removesuffix(" | msgspec.UnsetType")
            default = "()" if type_.startswith("tuple") else "[]"
        yield f"{field.name}: {type_}" + (f" = {default}" if default is not None else "")


def _default(field: msgspec.structs.FieldInfo) -> str | None:
    if field.default_factory is not msgspec.NODEFAULT:
        raise TypeError(f"cannot write the default of {field.name}")
    if field.default is msgspec.NODEFAULT:
        return None
    return "msgspec.UNSET" if field.default is msgspec.UNSET else repr(field.default)


def _type(type_: Any, inside_raw: str | None) -> str:
    origin, arguments = get_origin(type_), get_args(type_)
    for name, alias in ALIASES.items():
        if type_ == alias:
            return name
    if type_ is msgspec.Raw and inside_raw is not None:
        return inside_raw
    if origin is Annotated:
        return _type(arguments[0], inside_raw)
    if origin in (Union, types.UnionType):
        return " | ".join(_type(each, inside_raw) for each in arguments)
    if origin is Literal:
        return f"Literal[{_literals(type_)}]"
    if origin in (list, tuple, dict):
        inner = ", ".join("..." if each is Ellipsis else _type(each, None) for each in arguments)
        return f"{origin.__name__}[{inner}]"
    if type_ is msgspec.UnsetType:
        return "msgspec.UnsetType"
    if type_ is types.NoneType:
        return "None"
    if type_ in (str, int, float, bool) or (isinstance(type_, type) and issubclass(type_, msgspec.Struct)):
        name = str(type_.__name__)
        return RENAMED.get(name, name)
    raise TypeError(f"cannot write the type {type_}: add it to scripts/client_frames.py")


def _literals(alias: Any) -> str:
    return ", ".join(f'"{each}"' for each in get_args(alias))


def _union(name: str, frames: list[type[msgspec.Struct]]) -> str:
    return f"{name}: TypeAlias = (\n{' | '.join(frame.__name__ for frame in frames)}\n)\n\n\n"


def main(arguments: list[str]) -> int:
    new = source()
    if arguments != ["--check"]:
        TARGET.write_text(new, encoding="utf-8")
        return 0
    old = TARGET.read_text(encoding="utf-8") if TARGET.exists() else ""
    if old != new:
        print("".join(difflib.unified_diff(old.splitlines(True), new.splitlines(True), "now", "generated", n=1)))
        print(f"{TARGET} does not match src/asocial/protocol/schema.py: run make client-frames")
    return int(old != new)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
