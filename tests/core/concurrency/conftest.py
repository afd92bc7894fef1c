from __future__ import annotations

from mnemon.testing import guard_user_store, isolated_user_store

__all__ = ["guard_user_store", "isolated_user_store"]
