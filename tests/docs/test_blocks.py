"""Every Python block of the README and the documentation runs; the blocks of a page share their names."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sybil import Sybil
from sybil.parsers.myst import PythonCodeBlockParser, SkipParser

if TYPE_CHECKING:
    from sybil.document import Document

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
SYBIL = Sybil(parsers=[PythonCodeBlockParser(), SkipParser()])


def parse(page: Path) -> Document:
    return SYBIL.parse(page)


def name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_blocks_run(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    for example in parse(page).examples():
        example.evaluate()


def test_a_block_that_fails_fails_its_page(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("```python\nx = 1\n```\nand then\n```python\nassert x == 2\n```\n", encoding="utf-8")
    first, second = parse(page).examples()

    first.evaluate()

    with pytest.raises(AssertionError):
        second.evaluate()
