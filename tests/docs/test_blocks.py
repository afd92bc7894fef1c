"""Every Python block and every command of the README and the documentation runs, page by page, in one folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sybil import Sybil
from sybil.parsers.myst import CodeBlockParser, PythonCodeBlockParser, SkipParser

from tests.docs.shell import LANGUAGES, commands, run_commands

if TYPE_CHECKING:
    from sybil.document import Document

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
SHELL = [CodeBlockParser(language=language, evaluator=run_commands) for language in LANGUAGES]
SYBIL = Sybil(parsers=[PythonCodeBlockParser(), *SHELL, SkipParser()])


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


@pytest.mark.parametrize("fence", LANGUAGES)
def test_a_command_that_fails_fails_its_page(fence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("typer")
    monkeypatch.chdir(tmp_path)
    page = tmp_path / "page.md"
    page.write_text(f"```{fence}\npip install x\nmnemon get no-such-id --user ana\n```\n", encoding="utf-8")
    (example,) = parse(page).examples()

    with pytest.raises(AssertionError, match="no-such-id"):
        example.evaluate()


@pytest.mark.parametrize(
    ("block", "run"),
    [
        ("pip install mnemon\nnox -s mnemon\n", []),
        ("python3 -m venv .venv && .venv/bin/mnemon demo\n", ["mnemon demo"]),
        ("echo tea | mnemon add -u ana\n", ["echo tea | mnemon add -u ana"]),
        ("mnemon add \\\n  tea\n", ["mnemon add    tea"]),
        ("$ mnemon version\nmnemon 1.0\n", ["mnemon version"]),
    ],
)
def test_what_calls_mnemon_is_run(block: str, run: list[str]) -> None:
    assert commands(block) == run
