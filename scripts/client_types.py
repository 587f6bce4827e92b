"""Writes the frames of the protocol as TypeScript types, for the client in packages/client: `make types`.

The source is src/asocial/protocol/schema.py, so the types cannot differ from what the server reads and sends. With them
come limits that a client must know without a connection, or where the server cannot check them (W199). A test compares
the written file with what this makes.
"""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any, get_args

import msgspec
from msgspec import inspect as types

from asocial.domain.landmarks import LANDMARK_CHARACTERS, MAX_LANDMARKS
from asocial.domain.message import POSITION_LIMIT
from asocial.domain.palette import PALETTE
from asocial.domain.profile import NAME_CHARACTERS, Member
from asocial.domain.stroke import STROKE_POINTS
from asocial.protocol import schema

TARGET = Path(__file__).resolve().parent.parent / "packages" / "client" / "src" / "core" / "wire.ts"

ENCODED: dict[tuple[type, str], Any] = {
    (schema.UserSync, "users"): list[Member],
    (schema.UserSync, "messages"): list[schema.Chat],
    (schema.UserSync, "strokes"): list[schema.Stroke],
    (schema.Drawing, "points"): list[tuple[float, float]],
    (schema.Stroke, "points"): list[tuple[float, float]],
}
"""What is in the fields that the schema holds as encoded JSON. One that is missing here is an error."""

CONSTANTS = {
    "NAME_CHARACTERS": NAME_CHARACTERS,
    "LANDMARK_CHARACTERS": LANDMARK_CHARACTERS,
    "LANDMARKS_MAX": MAX_LANDMARKS,
    "POSITION_LIMIT": POSITION_LIMIT,
    "STROKE_POINTS": STROKE_POINTS,
}
"""Limits of the server that no frame tells."""

HEAD = """\
/*
 * The frames of the protocol (docs/protocol.md), made from src/asocial/protocol/schema.py by `make types`.
 * Do not edit.
 */
"""
LINE_LENGTH = 100
SIMPLE = {types.StrType: "string", types.IntType: "number", types.FloatType: "number", types.BoolType: "boolean",
          types.NoneType: "null"}  # fmt: skip


class Writer:
    """Collects the interfaces that the frames need, each once."""

    def __init__(self) -> None:
        self.interfaces: dict[type, str] = {}

    def name(self, of: types.Type, owner: type, field: str) -> str:
        """The TypeScript type of a field. Raises TypeError for a type that has none here."""
        simple = SIMPLE.get(type(of))
        if simple is not None:
            return simple
        match of:
            case types.LiteralType():
                return " | ".join(f"'{value}'" for value in of.values)
            case types.StructType():
                self.add(of.cls)
                return of.cls.__name__
            case types.ListType() | types.VarTupleType():
                item = self.name(of.item_type, owner, field)
                return f"readonly ({item})[]" if " " in item else f"readonly {item}[]"
            case types.TupleType():
                return f"readonly [{', '.join(self.name(item, owner, field) for item in of.item_types)}]"
            case types.DictType():
                return f"Readonly<Record<string, {self.name(of.value_type, owner, field)}>>"
            case types.UnionType():
                return " | ".join(self.name(item, owner, field) for item in of.types)
            case types.RawType():
                return self.name(types.type_info(ENCODED[owner, field]), owner, field)
        raise TypeError(f"{owner.__name__}.{field}: no TypeScript type for {of}")

    def add(self, struct: type[msgspec.Struct]) -> None:
        if struct in self.interfaces:
            return
        self.interfaces[struct] = ""
        info = types.type_info(struct)
        assert isinstance(info, types.StructType)
        lines = [] if info.tag is None else [f"  readonly type: '{info.tag}'"]
        # A server frame leaves out a field with a default only if its struct says so. A client may always do that.
        left_out = struct.__struct_config__.omit_defaults or struct in get_args(schema.ClientFrame)
        for field in info.fields:
            is_unset = not field.required and field.default is msgspec.NODEFAULT
            is_optional = is_unset or (left_out and not field.required)
            of = self.name(field.type, struct, field.name)
            of += " | undefined" if is_optional else ""
            lines.append(_line(f"  readonly {field.encode_name}{'?' if is_optional else ''}:", of))
        body = "\n".join(lines)
        self.interfaces[struct] = f"{_comment(struct)}export interface {struct.__name__} {{\n{body}\n}}\n"


def _line(field: str, of: str) -> str:
    """As prettier writes it: a union that is too long gets a line of its own, or a line for each part."""
    for broken in (f"{field} {of}", f"{field}\n    {of}"):
        if len(broken.rpartition("\n")[2]) <= LINE_LENGTH:
            return broken
    return "\n    | ".join((field, *of.split(" | ")))


def _comment(struct: type[msgspec.Struct]) -> str:
    text = (inspect.getdoc(struct) or "").split("\n\n")[0].replace("\n", " ").replace("`", "")
    # msgspec gives a struct without a docstring none of its own.
    return f"/** {text} */\n" if struct.__doc__ else ""


def _constants() -> str:
    colors = "".join(f"  '{color}',\n" for color in PALETTE)
    limits = "".join(f"export const {name} = {value:_}\n" for name, value in CONSTANTS.items())
    return f"""
export const SUBPROTOCOL = '{schema.SUBPROTOCOL}'

{limits}
/** The colours of people (W23). */
export const COLORS = [
{colors}] as const

"""


def typescript() -> str:
    writer = Writer()
    unions = ""
    for name in ("ClientFrame", "ServerFrame"):
        frames = get_args(getattr(schema, name))
        for frame in frames:
            writer.add(frame)
        unions += f"\nexport type {name} =\n" + "\n".join(f"  | {frame.__name__}" for frame in frames) + "\n"
    return HEAD + _constants() + "\n".join(writer.interfaces.values()) + unions


def main() -> None:
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(typescript())


if __name__ == "__main__":
    main()
