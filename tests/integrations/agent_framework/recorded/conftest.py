"""What the adapter keeps and finds over Weaviate, from a real server and from a recording of it."""

from __future__ import annotations

from itertools import count
from uuid import UUID

import pytest

from tests.integrations.recording import *  # noqa: F403 - fixtures, all of them


@pytest.fixture(autouse=True)
def counted_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let Agent Framework name calls of tools the same in every run: requests hold the names."""
    numbers = count(1)

    def uuid4() -> UUID:
        return UUID(int=next(numbers), version=4)

    monkeypatch.setattr("agent_framework._tools.uuid4", uuid4)
