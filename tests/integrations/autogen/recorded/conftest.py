"""What the adapter keeps and finds over Weaviate, from a real server and from a recording of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mnemon_autogen.rows import STATES
from tests.integrations.recording import *  # noqa: F403 - fixtures, all of them

if TYPE_CHECKING:
    from mnemon.types.storage import Collection


@pytest.fixture
def collections() -> tuple[Collection, ...]:
    return (STATES,)
