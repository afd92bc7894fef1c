"""The async face of the suite, which native async stores inherit, tried on the reference store."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mnemon.testing import AsyncStoreSuite
from tests.core.fakes import FakeAsyncStore

if TYPE_CHECKING:
    from mnemon.protocols.async_store import AsyncStore


@pytest.mark.anyio
class TestFakeAsyncStore(AsyncStoreSuite):
    @pytest.fixture
    def anyio_backend(self) -> str:
        return "asyncio"

    @pytest.fixture
    async def store(self) -> AsyncStore:
        return FakeAsyncStore()
