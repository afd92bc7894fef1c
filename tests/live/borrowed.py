"""Tests of the engine that say what any store must give, taken over for this one."""

from __future__ import annotations

import inspect
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["borrowed_from"]


def borrowed_from(modules: Iterable[str]) -> dict[str, Callable[..., object]]:
    """Return the tests that ask for a store, or a memory over it; the others open a file of their own."""
    found: dict[str, Callable[..., object]] = {}
    for name in modules:
        module = import_module(name)
        for test, function in vars(module).items():
            if test.startswith("test_") and {"store", "memory"} & set(inspect.signature(function).parameters):
                found[f"{test}__{name.rsplit('.', 1)[1]}"] = function
    return found
