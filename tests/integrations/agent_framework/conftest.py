from __future__ import annotations

from tests.integrations.openings import anyio_backend, guard_user_store, isolated_user_store, memory, no_network

__all__ = ["anyio_backend", "guard_user_store", "isolated_user_store", "memory", "no_network"]
