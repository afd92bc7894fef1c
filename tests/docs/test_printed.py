"""Where a page says behind a print what it prints, that is what it prints."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.docs.test_blocks import PAGES, name, parse

if TYPE_CHECKING:
    from pathlib import Path

PROMISE = re.compile(r"^ *(?:print\(.*\)  # |.*\)  # prints: )(.*)$", re.MULTILINE)


def promises(page: Path) -> list[str]:
    return PROMISE.findall(page.read_text(encoding="utf-8"))


@pytest.mark.parametrize("page", [page for page in PAGES if promises(page)], ids=name)
def test_a_page_prints_what_it_says(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)

    for example in parse(page).examples():
        example.evaluate()

    assert capsys.readouterr().out.splitlines() == promises(page)
