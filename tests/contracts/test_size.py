"""Files and functions stay small. What is larger is listed in size_allowed.txt, which only gets shorter.

A function is its body and one line: what its signature and docstring tell of an interface is not held against it.
"""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
ALLOWED = Path(__file__).with_name("size_allowed.txt")
MAX_FILE = 400
MAX_FUNCTION = 60


def test_what_is_too_long_is_exactly_what_is_allowed() -> None:
    """Too long and not listed: divide it. Listed with another number: it may only get smaller."""
    assert dict(too_long(ROOT)) == allowed()


def test_a_long_file_and_a_long_method_are_found(tmp_path: Path) -> None:
    line = "        pass\n"
    fits = "    def fits(self):\n" + line * (MAX_FUNCTION - 1)
    long = "    async def long(self):\n" + line * MAX_FUNCTION
    source = "class A:\n" + fits + long
    (tmp_path / "core").mkdir()
    (tmp_path / "core/a.py").write_text(source + "\n" * MAX_FILE, encoding="utf-8")

    assert dict(too_long(tmp_path)) == {
        "core/a.py": 2 * MAX_FUNCTION + 2 + MAX_FILE,
        "core/a.py::long": MAX_FUNCTION + 1,
    }


def allowed() -> dict[str, int]:
    lines = (line.rsplit(maxsplit=1) for line in ALLOWED.read_text(encoding="utf-8").splitlines())
    return {name: int(length) for name, length in (line for line in lines if line and line[0] != "#")}


def too_long(root: Path) -> Iterator[tuple[str, int]]:
    for folder in ("core", "integrations"):
        for path in sorted((root / folder).rglob("*.py")):
            name = path.relative_to(root).as_posix()
            source = path.read_text(encoding="utf-8")
            yield from lengths(name, source)


def lengths(name: str, source: str) -> Iterator[tuple[str, int]]:
    if (length := len(source.splitlines())) > MAX_FILE:
        yield name, length
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[min(1, len(node.body) - 1)] if ast.get_docstring(node) is not None else node.body[0]
            length = (node.end_lineno or node.lineno) - first.lineno + 2
            if length > MAX_FUNCTION:
                yield f"{name}::{node.name}", length
