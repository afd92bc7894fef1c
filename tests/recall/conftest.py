from __future__ import annotations

from pathlib import Path

import pytest

from mnemon.apps.evaluation import Conversation, read_conversations
from mnemon.testing import guard_user_store, isolated_user_store

__all__ = ["guard_user_store", "isolated_user_store", "own"]

OWN = Path(__file__).parent / "data"


@pytest.fixture(scope="session")
def own() -> list[Conversation]:
    """Conversations and questions that were written for this project, before anything was tuned on them."""
    return [one for path in sorted(OWN.glob("*.jsonl")) for one in read_conversations(path, "jsonl")]
