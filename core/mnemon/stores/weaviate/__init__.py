"""Stores on a Weaviate server. Needs the extra `weaviate`."""

from __future__ import annotations

from importlib.util import find_spec

from mnemon.errors import MissingExtraError

if find_spec("weaviate") is None or find_spec("stamina") is None:
    feature, extra = "the client of Weaviate", "weaviate"
    raise MissingExtraError(feature, extra)

from mnemon.stores.weaviate._async.store import AsyncWeaviateStore
from mnemon.stores.weaviate._sync.store import WeaviateStore
from mnemon.stores.weaviate.health import Health

__all__ = ["AsyncWeaviateStore", "Health", "WeaviateStore"]
