from __future__ import annotations

from tests.core.versions.fixtures import clock, memory, store

__all__ = ["clock", "memory", "store"]
