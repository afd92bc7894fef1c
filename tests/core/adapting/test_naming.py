"""Memories are found by name, so that what frameworks store of an adapter finds them again."""

from __future__ import annotations

import gc

import pytest

from mnemon import ConfigError, InMemoryStore, Memory
from mnemon.adapting import handle_of, name_of, register_memory


def test_a_registered_memory_is_found_by_its_name_and_replaced_by_the_next() -> None:
    with Memory(store=InMemoryStore(), embedder=None) as first, Memory(store=InMemoryStore(), embedder=None) as second:
        register_memory(first, "naming")
        assert handle_of("naming").memory() is first
        assert name_of(first) == "naming"

        register_memory(second, "naming")

        assert handle_of("naming").memory() is second


def test_one_without_a_name_gets_one_of_its_own_and_keeps_it() -> None:
    with Memory(store=InMemoryStore(), embedder=None) as memory:
        name = name_of(memory)

        assert name_of(memory) == name
        assert name_of(memory.scoped(user_id="ana")) != name
        assert handle_of(name).memory() is memory


def test_one_that_is_gone_is_not_found_and_the_error_says_what_to_do() -> None:
    memory = Memory(store=InMemoryStore(), embedder=None)
    name = name_of(memory)
    memory.close()
    del memory
    gc.collect()

    with pytest.raises(ConfigError, match="register_memory"):
        handle_of(name)


def test_a_blank_name_is_refused() -> None:
    with Memory(store=InMemoryStore(), embedder=None) as memory, pytest.raises(ConfigError, match="text"):
        register_memory(memory, " ")
