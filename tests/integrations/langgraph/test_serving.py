"""What LangGraph's server takes from here."""

from __future__ import annotations

import importlib
import json
from typing import TYPE_CHECKING

import pytest

from tests.integrations.langgraph import graphs
from tests.integrations.langgraph.graphs import config

if TYPE_CHECKING:
    from pathlib import Path

SETTINGS = '{"checkpointer": {"path": "mnemon_langgraph:checkpointer"}}'


@pytest.mark.anyio
async def test_the_entry_of_langgraph_json_gives_a_saver_over_the_chosen_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "served.db"
    monkeypatch.setenv("MNEMON_STORE", str(path))
    monkeypatch.setenv("MNEMON_EMBEDDER", "none")
    module, _, name = json.loads(SETTINGS)["checkpointer"]["path"].partition(":")
    entry = getattr(importlib.import_module(module), name)

    async with entry() as saver:
        opened = path.exists()  # before the first request, which then does not wait for it
        await graphs.noting(saver).ainvoke({"notes": ["a"]}, config())
    async with entry() as saver:
        state = await graphs.noting(saver).ainvoke({"notes": ["b"]}, config())

    assert opened
    assert state["notes"] == ["a", "1", "b", "3"]
