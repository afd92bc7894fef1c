"""LangChain's own suites, each over a store on disk and one in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from langchain_tests.integration_tests import RetrieversIntegrationTests, ToolsIntegrationTests
from langchain_tests.integration_tests.base_store import BaseStoreAsyncTests, BaseStoreSyncTests
from langchain_tests.integration_tests.cache import AsyncCacheTestSuite, SyncCacheTestSuite
from langchain_tests.unit_tests import ToolsUnitTests

from mnemon import InMemoryStore, Memory
from mnemon_langchain import MnemonByteStore, MnemonLLMCache, MnemonRetriever, memory_tools

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from langchain_core.retrievers import BaseRetriever
    from langchain_core.tools import BaseTool


def remember(memory: Memory) -> str:
    """Give a memory what the suites ask for; return the id of the last one."""
    for text in ("Ana lives in Lisbon.", "Ana likes tea.", "Ana has a cat.", "Ana plays chess."):
        memory.add(text, user_id="ana", kind="semantic")
    return memory.add("Ana is 30.", user_id="ana", kind="semantic").ids[0]


class OnBothStores:
    """Gives each test of a suite a memory of its own."""

    memory: Memory
    saved: str

    @pytest.fixture(params=["sqlite", "in memory"], autouse=True)
    def opened(self, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[None]:
        path = tmp_path / "m.db"
        on_disk = request.param == "sqlite"
        with Memory(path, embedder=None) if on_disk else Memory(store=InMemoryStore(), embedder=None) as memory:
            self.saved = remember(memory)
            self.memory = memory
            yield


@pytest.mark.anyio
class TestRetriever(OnBothStores, RetrieversIntegrationTests):
    @property
    def retriever_constructor(self) -> type[BaseRetriever]:
        return MnemonRetriever

    @property
    def retriever_constructor_params(self) -> dict[str, Any]:
        return {"memory": self.memory, "user_id": "ana"}

    @property
    def retriever_query_example(self) -> str:
        return "What does Ana like?"


class OneTool(OnBothStores):
    """A tool by its usual name."""

    tool_name: str

    @property
    def tool_constructor(self) -> BaseTool:
        return memory_tools(self.memory, user_id="ana", tools=[self.tool_name])[0]

    @property
    def tool_invoke_params_example(self) -> dict[str, Any]:
        arguments: dict[str, dict[str, Any]] = {
            "search_memories": {"query": "tea", "limit": 3},
            "save_memory": {"text": "Ana likes jazz."},
            "update_memory": {"memory_id": self.saved, "text": "Ana is 31."},
            "delete_memory": {"memory_id": self.saved},
            "list_memories": {"limit": 2},
        }
        return arguments[self.tool_name]


class SearchTool(OneTool):
    tool_name = "search_memories"


class SaveTool(OneTool):
    tool_name = "save_memory"


class UpdateTool(OneTool):
    tool_name = "update_memory"


class DeleteTool(OneTool):
    tool_name = "delete_memory"


class ListTool(OneTool):
    tool_name = "list_memories"


class TestSearchUnit(SearchTool, ToolsUnitTests): ...


class TestSaveUnit(SaveTool, ToolsUnitTests): ...


class TestUpdateUnit(UpdateTool, ToolsUnitTests): ...


class TestDeleteUnit(DeleteTool, ToolsUnitTests): ...


class TestListUnit(ListTool, ToolsUnitTests): ...


@pytest.mark.anyio
class TestSearch(SearchTool, ToolsIntegrationTests): ...


@pytest.mark.anyio
class TestSave(SaveTool, ToolsIntegrationTests): ...


@pytest.mark.anyio
class TestUpdate(UpdateTool, ToolsIntegrationTests): ...


@pytest.mark.anyio
class TestDelete(DeleteTool, ToolsIntegrationTests): ...


@pytest.mark.anyio
class TestList(ListTool, ToolsIntegrationTests): ...


class Bytes(OnBothStores):
    @pytest.fixture
    def three_values(self) -> tuple[bytes, bytes, bytes]:
        return b"", b"one\0", bytes(range(256))


class TestByteStore(Bytes, BaseStoreSyncTests[bytes]):
    @pytest.fixture
    def kv_store(self) -> MnemonByteStore:
        return MnemonByteStore(self.memory)


@pytest.mark.anyio
class TestByteStoreAsync(Bytes, BaseStoreAsyncTests[bytes]):
    @pytest.fixture
    async def kv_store(self) -> MnemonByteStore:
        return MnemonByteStore(self.memory)


class TestCache(OnBothStores, SyncCacheTestSuite):
    @pytest.fixture
    def cache(self) -> MnemonLLMCache:
        return MnemonLLMCache(self.memory)


@pytest.mark.anyio
class TestCacheAsync(OnBothStores, AsyncCacheTestSuite):
    @pytest.fixture
    async def cache(self) -> MnemonLLMCache:
        return MnemonLLMCache(self.memory)
