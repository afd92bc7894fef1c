from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mnemon.config import notices
from mnemon.testing import guard_user_store, isolated_user_store

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["guard_user_store", "home", "isolated_user_store", "nothing_said"]


@pytest.fixture
def home(isolated_user_store: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the user's folder, empty, with nothing set in the environment but where it is."""
    monkeypatch.delenv("MNEMON_STORE")
    return isolated_user_store.parent


@pytest.fixture
def nothing_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the test a process that has not logged anything yet."""
    monkeypatch.setattr(notices, "_said", set[str]())
