"""Each public name has its place in the reference, and only one."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import mnemon

PAGES = sorted((Path(__file__).parents[2] / "docs" / "reference").glob("*.md"))
DIRECTIVE = re.compile(r"^\.\. auto\w+:: (\S+)$", re.MULTILINE)


def test_each_public_name_is_documented_once() -> None:
    named = [name for page in PAGES for name in DIRECTIVE.findall(page.read_text(encoding="utf-8"))]

    places = Counter(name.removeprefix("mnemon.") for name in named)

    assert {name: places[name] for name in mnemon.__all__} == dict.fromkeys(mnemon.__all__, 1)
