"""Finds what mypyc compiles without a word and what then fails, or behaves differently, in use (decision 0043).

What mypyc or the C compiler refuses by itself is not looked for: asynchronous generators, attributes with names of C.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

WEAK = (
    "WeakKeyDictionary",
    "WeakMethod",
    "WeakSet",
    "WeakValueDictionary",
    "ReferenceType",
    "finalize",
    "ref",
    "proxy",
)
FRAMEWORKS = ("aiohttp", "msgspec.Struct", "prometheus_client", "pydantic", "structlog")
MARKS = ("ABC", "Generic", "Protocol")
BASES = ("Exception", "NamedTuple")
"""Bases that mypyc handles: any number of MARKS, and one of BASES or a compiled class."""


def problems(package: Path, modules: Iterable[str]) -> list[str]:
    """What stands against compiling `modules` ("domain/flush") of the package in this folder. One line for each."""
    compiled = set(modules)
    found: list[str] = []
    classes: dict[str, str] = {}
    trees = {
        path.relative_to(package).with_suffix("").as_posix(): ast.parse(path.read_text(), str(path))
        for path in sorted(package.rglob("*.py"))
    }
    if missing := compiled - trees.keys():
        return [f"no such module: {name}.py" for name in sorted(missing)]
    for name in sorted(compiled):
        classes |= {node.name: name for node in ast.walk(trees[name]) if isinstance(node, ast.ClassDef)}
    for name in sorted(compiled):
        found += [f"{name}.py:{line}: {text}" for line, text in _of_module(trees[name], classes)]
    for name, tree in trees.items():
        found += [f"{name}.py:{line}: {text}" for line, text in _outside(tree, classes, is_compiled=name in compiled)]
    return found


def _of_module(tree: ast.Module, classes: dict[str, str]) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.ClassDef):
            yield from _of_class(node, classes)
            continue
        else:
            continue
        for imported in names:
            if imported.split(".")[0] == "weakref":
                yield node.lineno, "weak references: a compiled object cannot be the target of one"
            elif imported.startswith(FRAMEWORKS):
                yield (
                    node.lineno,
                    f"{imported}: a compiled function refuses subclasses of built-in types, which it uses",
                )


def _of_class(node: ast.ClassDef, classes: dict[str, str]) -> Iterator[tuple[int, str]]:
    # asyncio.Protocol is not typing's.
    bases = [_dotted(base) for base in node.bases]
    bases = [name for name in bases if name not in MARKS]
    if {"Struct", "msgspec.Struct"} & set(bases):
        yield node.lineno, f"class {node.name}: a msgspec type must stay interpreted, its options would be dropped"
    elif len(bases) > 1:
        yield node.lineno, f"class {node.name}: a compiled class has one base only"
    elif bases and bases[0] not in (*BASES, *classes):
        yield node.lineno, f"class {node.name}: its base {bases[0]} is not compiled"
    for keyword in node.keywords:
        yield node.lineno, f"class {node.name}: the option {keyword.arg} would be dropped"
    for decorator in node.decorator_list:
        if _name(decorator) != "final":
            yield decorator.lineno, f"class {node.name}: the decorator {_name(decorator)} may be dropped"
    for statement in node.body:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            if statement.name == "__del__":
                yield statement.lineno, f"class {node.name}: __del__ is not called as in Python"
        elif _assigns(statement, "__slots__") and "__weakref__" in _strings(statement):
            yield statement.lineno, f"class {node.name}: a compiled object cannot be the target of a weak reference"


def _outside(tree: ast.Module, classes: dict[str, str], *, is_compiled: bool) -> Iterator[tuple[int, str]]:
    """What other modules may not do with compiled classes."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript) and _name(node.value) in WEAK:
            used = [_name(part) for part in ast.walk(node.slice) if isinstance(part, ast.Name | ast.Attribute)]
            for name in sorted(classes.keys() & set(used)):
                yield node.lineno, f"a weak reference to {name}, which {classes[name]}.py defines and is compiled"
        elif isinstance(node, ast.ClassDef) and not is_compiled:
            for name in classes.keys() & {_name(base) for base in node.bases}:
                yield node.lineno, f"class {node.name}: its base {name} is compiled, so this class must be too"


def _name(node: ast.expr) -> str:
    """The last part of a dotted name, without its type arguments or its call."""
    match node:
        case ast.Subscript() as subscript:
            return _name(subscript.value)
        case ast.Call() as call:
            return _name(call.func)
        case ast.Attribute() as attribute:
            return attribute.attr
        case ast.Name() as name:
            return name.id
    return ""


def _dotted(node: ast.expr) -> str:
    """The dotted name, without type arguments."""
    return ast.unparse(node.value if isinstance(node, ast.Subscript) else node)


def _assigns(statement: ast.stmt, name: str) -> bool:
    return isinstance(statement, ast.Assign) and any(_name(target) == name for target in statement.targets)


def _strings(node: ast.AST) -> list[str]:
    return [part.value for part in ast.walk(node) if isinstance(part, ast.Constant) and isinstance(part.value, str)]
