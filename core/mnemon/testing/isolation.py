"""Tests that open the default store get one of their own, never the user's."""

from __future__ import annotations

import os
import tempfile
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator

__all__ = ["guard_user_store", "isolate_user_store", "isolated_user_store"]


@contextmanager
def isolate_user_store(folder: str | os.PathLike[str] | None = None) -> Generator[Path]:
    """Keep this process, and those it starts, away from the user's store and settings until the block ends.

    Every variable that begins with `MNEMON_` is taken away; `MNEMON_STORE` and `MNEMON_HOME` then name
    a file in, and the whole of, `folder`: an existing folder, or None for one that goes with the block.
    The environment belongs to the process, so blocks in several threads would see each other's.

    Yields:
        The file of the default store, which does not exist yet. A `config.toml` beside it is read.
    """
    with ExitStack() as stack:
        place = Path(folder or stack.enter_context(tempfile.TemporaryDirectory(prefix="mnemon-"))).absolute()
        path = place / "memory.db"
        before = _ours()
        try:
            for name in before:
                del os.environ[name]
            os.environ.update({"MNEMON_HOME": str(place), "MNEMON_STORE": str(path)})
            yield path
        finally:
            for name in _ours():
                del os.environ[name]
            os.environ.update(before)


def _ours() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name.upper().startswith("MNEMON_")}


@pytest.fixture
def isolated_user_store(tmp_path_factory: pytest.TempPathFactory) -> Generator[Path]:
    """Give a test a default store of its own, and no settings; the value is the store's file."""
    with isolate_user_store(tmp_path_factory.mktemp("mnemon")) as path:
        yield path


@pytest.fixture(autouse=True)
def guard_user_store(isolated_user_store: Path) -> Path:
    """Do so for every test: `from mnemon.testing import guard_user_store, isolated_user_store` in a conftest.py."""
    return isolated_user_store
