"""The modules that are compiled, and what scripts/compile_checks.py refuses to compile."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.compile import MODULES, PACKAGE, SOURCE, CompileError, compile_into, missing
from scripts.compile_checks import problems


def test_the_modules_can_be_compiled() -> None:
    assert problems(SOURCE / PACKAGE, MODULES) == []


def test_a_machine_without_a_compiler_is_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", "no-such-compiler -O2")
    assert "no C compiler no-such-compiler" in missing()[0]
    kept = tmp_path / "kept"
    kept.touch()
    with pytest.raises(CompileError, match="no-such-compiler"):
        compile_into(tmp_path)
    assert kept.exists(), "the folder is emptied only if something follows"


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("class A(Struct): x: int", "a msgspec type must stay interpreted"),
        ("class A(msgspec.Struct, frozen=True): x: int", "a msgspec type must stay interpreted"),
        ("class B: pass\nclass A(B, frozen=True): pass", "the option frozen would be dropped"),
        ("class A(asyncio.Protocol): pass", "its base asyncio.Protocol is not compiled"),
        ("class A(UserDict[str, int]): pass", "its base UserDict is not compiled"),
        ("class B: pass\nclass A(B, UserDict): pass", "one base only"),
        ("@dataclass(slots=True)\nclass A: x: int", "the decorator dataclass may be dropped"),
        ("class A:\n  __slots__ = ('__weakref__', 'x')", "target of a weak reference"),
        ("class A:\n  def __del__(self): pass", "__del__"),
        ("from weakref import WeakSet", "target of one"),
        ("import aiohttp.web", "refuses subclasses"),
    ],
)
def test_what_would_fail_in_use_is_refused(tmp_path: Path, source: str, complaint: str) -> None:
    (tmp_path / "module.py").write_text(source)
    (found,) = problems(tmp_path, ["module"])[:1]
    assert complaint in found
    assert problems(tmp_path, []) == [], "what is not compiled may do all of this"


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("turns: WeakValueDictionary[str, A] = WeakValueDictionary()", "a weak reference to A"),
        ("class B(A): pass", "its base A is compiled"),
    ],
)
def test_what_another_module_does_with_a_compiled_class(tmp_path: Path, source: str, complaint: str) -> None:
    (tmp_path / "module.py").write_text("class A: pass")
    (tmp_path / "other.py").write_text(f"from module import A\n{source}")
    (found,) = problems(tmp_path, ["module"])
    assert found.startswith("other.py:2: ")
    assert complaint in found


def test_plain_classes_and_functions_may_be_compiled(tmp_path: Path) -> None:
    source = (
        "class A(Generic[T], ABC): pass\nclass B(A[int]): pass\nclass C(NamedTuple): x: int\nclass D(Protocol): pass"
    )
    (tmp_path / "module.py").write_text(source)
    assert problems(tmp_path, ["module"]) == []


def test_a_module_that_does_not_exist(tmp_path: Path) -> None:
    assert problems(tmp_path, ["module"]) == ["no such module: module.py"]
