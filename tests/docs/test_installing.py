"""What a page says to install can be installed: from the checkout that it is part of, with extras that there are."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *(ROOT / "docs").glob("*/*.md"), *(ROOT / "examples").glob("*.py")]
EXTRAS = set(tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"])
NAMED = re.compile(r"(\S*)\[([a-z,-]+)\]\"")


def installed(text: str) -> list[tuple[str, set[str]]]:
    """Return what a text installs with extras, and with which."""
    lines = [line for line in text.splitlines() if "pip install" in line]
    return [(found[1].lstrip('"'), set(found[2].split(","))) for line in lines for found in NAMED.finditer(line)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_installs_mnemon_from_its_checkout(page: Path) -> None:
    ours = [(name, extras) for name, extras in installed(page.read_text(encoding="utf-8")) if name in {".", "mnemon"}]

    assert [name for name, _ in ours] == ["."] * len(ours)
    assert {extra for _, extras in ours for extra in extras} <= EXTRAS


def test_what_is_installed_is_seen() -> None:
    page = (ROOT / "docs" / "how-to" / "autogen.md").read_text(encoding="utf-8")

    assert installed(page) == [(".", {"autogen", "local"})]
    assert installed('pip install "mnemon[x,y]"') == [("mnemon", {"x", "y"})]
