"""`MnemonMemory` of LlamaIndex, stored as JSON, found by name, and in another process."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

from mnemon import ConfigError, Memory
from mnemon.adapting import register_memory
from mnemon_llama_index import MnemonMemory
from tests.integrations.llama_index.talking import of, texts, user

if TYPE_CHECKING:
    from pathlib import Path


def test_it_is_stored_as_json_and_found_again(memory: Memory) -> None:
    talk = of(memory, "monday")
    talk.put(user("Hi"))

    stored = json.loads(json.dumps(talk.to_dict()))
    again = MnemonMemory.from_dict(stored)

    assert texts(again.get_all()) == ["Hi"]
    assert again.to_dict() == stored


def test_loaded_where_its_memory_is_not_it_fails_and_says_what_to_do(tmp_path: Path) -> None:
    with Memory(tmp_path / "a.db", embedder=None) as memory:
        stored = of(memory, "monday").to_dict()
    del memory
    gc.collect()

    with pytest.raises(ConfigError, match="register_memory"):
        MnemonMemory.from_dict(stored).get_all()


def test_a_registered_memory_is_found_by_its_name(memory: Memory) -> None:
    register_memory(memory, "main")
    talk = of(memory, "monday")
    talk.put(user("Hi"))

    again = MnemonMemory(memory_name="main", user_id="ana", session_id="monday")

    assert talk.memory_name == "main"
    assert texts(again.get_all()) == ["Hi"]


def test_history_and_memories_are_there_in_another_process(tmp_path: Path) -> None:
    code = """
        import sys
        from llama_index.core.base.llms.types import ChatMessage
        from mnemon import Memory
        from mnemon_llama_index import MnemonMemory

        with Memory(sys.argv[1], embedder=None) as memory:
            talk = MnemonMemory.from_defaults(session_id="monday", user_id="ana", memory=memory)
            talk.put(ChatMessage(role="user", content="My cat is called Milo."))
    """
    file = tmp_path / "memory.db"
    subprocess.run([sys.executable, "-c", dedent(code), str(file)], check=True)

    with Memory(file, embedder=None) as memory:
        assert texts(of(memory, "monday").get_all()) == ["My cat is called Milo."]
        assert "Milo" in (of(memory, "tuesday").get(input="What is my cat called?")[0].content or "")
