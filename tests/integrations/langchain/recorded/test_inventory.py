"""The cassettes of this folder are those that its tests play."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mnemon.testing.cassettes import cassette_problems

if TYPE_CHECKING:
    import pytest


def test_every_recorded_test_has_its_cassette_and_none_holds_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    # Plugins that come with langchain-tests warn of what is not theirs; the collection runs in a process of its own.
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p no:asyncio -W ignore::pytest.PytestAssertRewriteWarning")

    assert cassette_problems(Path(__file__).parent) == []
