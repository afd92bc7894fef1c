"""LangChain's own suites over a real Weaviate; what is stored in one test is taken away before the next."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from mnemon import Memory
from tests.integrations.langchain import test_standard as standard
from tests.live.conftest import empty, shared_place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.live.conftest import Place

__all__ = ["shared_place"]

pytestmark = pytest.mark.skipif(os.environ.get("CASSETTES") != "live", reason="needs a server: CASSETTES=live")


class OnWeaviate:
    memory: Memory
    saved: str

    @pytest.fixture(autouse=True)
    def opened(self, shared_place: Place) -> Iterator[None]:
        empty(shared_place)
        with Memory(shared_place.address, embedder=None) as memory:
            self.saved = standard.remember(memory)
            self.memory = memory
            yield


class TestRetriever(OnWeaviate, standard.TestRetriever): ...


class TestSearch(OnWeaviate, standard.TestSearch): ...


class TestSave(OnWeaviate, standard.TestSave): ...


class TestUpdate(OnWeaviate, standard.TestUpdate): ...


class TestDelete(OnWeaviate, standard.TestDelete): ...


class TestList(OnWeaviate, standard.TestList): ...


class TestByteStore(OnWeaviate, standard.TestByteStore): ...


class TestByteStoreAsync(OnWeaviate, standard.TestByteStoreAsync): ...


class TestCache(OnWeaviate, standard.TestCache): ...


class TestCacheAsync(OnWeaviate, standard.TestCacheAsync): ...
