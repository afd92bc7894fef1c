"""Memories by name: what a framework stores of an adapter is JSON, and an open memory is not."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary, WeakValueDictionary

from mnemon.adapting.handle import Handle
from mnemon.errors import ConfigError
from mnemon.protocols.clock import random_id
from mnemon.types.jsonvalue import shown

if TYPE_CHECKING:
    from mnemon.memory import AsyncMemory, Memory

__all__ = ["handle_of", "name_of", "register_memory"]

_registered: dict[str, Memory | AsyncMemory] = {}
_seen: WeakValueDictionary[str, Memory | AsyncMemory] = WeakValueDictionary()
_names: WeakKeyDictionary[Memory | AsyncMemory, str] = WeakKeyDictionary()


def register_memory(memory: Memory | AsyncMemory, name: str) -> None:
    """Give a memory a name by which adapters find it again after they were stored and loaded.

    Do it where the program begins, in every process that loads such objects, before they are used. The
    same name once more takes the place of the first.

    Raises:
        ConfigError: the name is blank.
    """
    if not isinstance(name, str) or not name.strip():  # pyright: ignore[reportUnnecessaryIsInstance]
        msg = f"a memory is registered under a name that is a text, not {shown(name)}"
        raise ConfigError(msg)
    _registered[name] = memory
    _names[memory] = name


def name_of(memory: Memory | AsyncMemory) -> str:
    """Return the name of a memory; one that has none gets one that holds in this process, while it lives."""
    name = _names.setdefault(memory, f"unnamed-{random_id()}")
    if name not in _registered:
        _seen[name] = memory
    return name


def handle_of(name: str | None) -> Handle:
    """Return the memory of a name to work with; None is the default one, which is opened when it is needed.

    Raises:
        ConfigError: no memory has that name.
    """
    if name is None:
        return Handle()
    memory = _registered.get(name) or _seen.get(name)
    if memory is None:
        msg = (
            f"no memory is registered as {shown(name)} in this process; "
            "call mnemon.adapting.register_memory(memory, name) before stored objects are used"
        )
        raise ConfigError(msg)
    return Handle(memory)
