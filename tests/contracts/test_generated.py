from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.contracts import unasync

if TYPE_CHECKING:
    from pathlib import Path

WORDS = {
    "AsyncStore": "Store",
    "AsyncIterator": "Iterator",
    "aclose": "close",
    "asynccontextmanager": "contextmanager",
    "async_store": "store",
}


@pytest.mark.parametrize(
    ("asynchronous", "sync"),
    [
        ("async with first() as a, second(a) as b:\n    pass\n", "with first() as a, second(a) as b:\n    pass\n"),
        ("async with (\n    a,\n    b,\n):\n    pass\n", "with (\n    a,\n    b,\n):\n    pass\n"),
        ("async for row in rows():\n    await use(row)\n", "for row in rows():\n    use(row)\n"),
        ("found = [row async for row in rows()]\n", "found = [row for row in rows()]\n"),
        ("found = {await f(x): x for x in xs}\n", "found = {f(x): x for x in xs}\n"),
        ("rows = (await get()).rows\n", "rows = (get()).rows\n"),
        ("total = await one() + await two()\n", "total = one() + two()\n"),
        ("async def get(self) -> 'AsyncStore': ...\n", "def get(self) -> 'Store': ...\n"),
        (
            "@asynccontextmanager\nasync def f() -> AsyncIterator[int]:\n",
            "@contextmanager\ndef f() -> Iterator[int]:\n",
        ),
        ("from a.async_store import AsyncStore\n", "from a.store import Store\n"),
        ("await store.aclose()  # AsyncStore.aclose ends it\n", "store.close()  # Store.close ends it\n"),
        ('"""See `AsyncStore`.\n\nThen `await store.aclose()`."""\n', '"""See `Store`.\n\nThen `store.close()`."""\n'),
        ('"""An AsyncStore; callers await the answer."""\n', '"""An Store; callers await the answer."""\n'),
        ("text = f'ä {await one()} in {{AsyncStore}}'\n", "text = f'ä {one()} in {{Store}}'\n"),
        ("AsyncStoreLike = aclosed = None\n", "AsyncStoreLike = aclosed = None\n"),
    ],
)
def test_code_loses_what_makes_it_async_and_nothing_else(asynchronous: str, sync: str) -> None:
    assert unasync.to_sync(asynchronous, WORDS, set()) == sync


def test_a_twin_names_its_source_and_is_formatted(tmp_path: Path) -> None:
    source = "from a.async_store import AsyncStore\nfrom a.types import Row\n\n\nasync def f(s: AsyncStore) -> Row:\n"
    (tmp_path / "source.py").write_text(source + "    return await ( s.get( ) )\n", encoding="utf-8")

    twins = unasync.generate(tmp_path, (("source.py", "twin.py"),), {"AsyncStore": "Store", "async_store": "store"})

    assert twins[tmp_path / "twin.py"] == (
        "# Generated from source.py by tests/contracts/unasync.py; edit that file.\n"
        "from a.store import Store\n"
        "from a.types import Row\n\n\n"
        "def f(s: Store) -> Row:\n"
        "    return s.get()\n"
    )


def test_a_word_that_no_source_uses_is_refused(tmp_path: Path) -> None:
    (tmp_path / "source.py").write_text("async def f() -> None: ...\n", encoding="utf-8")

    with pytest.raises(SystemExit, match=re.escape("no source uses aclose;")):
        unasync.generate(tmp_path, (("source.py", "twin.py"),), {"aclose": "close"})


def test_a_missing_source_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=re.escape("gone.py")):
        unasync.generate(tmp_path, (("gone.py", "twin.py"),), {})


def test_the_twins_are_what_their_sources_say() -> None:
    unasync.main(["--check"])


def test_every_twin_says_so_and_every_file_that_says_so_is_one() -> None:
    twins = {unasync.ROOT / target for _, target in unasync.PAIRS}
    files = (path for folder in ("core", "integrations", "tests") for path in (unasync.ROOT / folder).rglob("*.py"))

    assert {path for path in files if path.read_text(encoding="utf-8").startswith("# Generated from ")} == twins
