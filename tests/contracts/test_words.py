"""No file names a package registry or a path of somebody's machine: the project works from any of them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = (".ci", "core", "docs", "examples", "integrations", "tests")
BUILT = {"_build", "__pycache__"}
HOSTS = ("pypi", "files.pythonhosted", "test.pypi", "registry.npmjs", "registry.yarnpkg", "npmjs", "anaconda")
HOMES = ("work", "root", "home", "Users")
REGISTRY = re.compile(rf"\b(?:{'|'.join(map(re.escape, HOSTS))})\.(?:org|com)\b", re.IGNORECASE)
# Not after a word, a dot or another slash: `src/work/` and the path of a web address are no paths of a machine.
MACHINE = re.compile(rf"(?<![\w./~}}*-])/(?:{'|'.join(HOMES)})/\w|\b[A-Z]:\\Users\\")


def words_that_do_not_belong(text: str) -> list[str]:
    return [found[0] for pattern in (REGISTRY, MACHINE) for found in pattern.finditer(text)]


def test_no_file_names_a_registry_or_a_path_of_a_machine() -> None:
    paths = [path for path in ROOT.iterdir() if path.is_file()]
    paths += [path for folder in FOLDERS for path in (ROOT / folder).rglob("*") if path.is_file()]

    texts = {path: text for path in paths if not BUILT & set(path.parts) and (text := read(path)) is not None}

    assert {str(path): words for path, text in texts.items() if (words := words_that_do_not_belong(text))} == {}


@pytest.mark.parametrize("host", HOSTS)
def test_a_registry_is_found(host: str) -> None:
    assert words_that_do_not_belong(f"see https://{host}.org/simple")


@pytest.mark.parametrize("home", HOMES)
def test_a_path_of_a_machine_is_found(home: str) -> None:
    assert words_that_do_not_belong(f'open("/{home}/ana/notes")')


def test_paths_inside_a_project_are_fine() -> None:
    assert words_that_do_not_belong("src/" + "work/a, ./" + "home/b, https://example.com/" + "root/c") == []


def read(path: Path) -> str | None:
    """Return the text of a file, or None when it is not text."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None
