"""Memory for agents built with LangChain."""

from __future__ import annotations

from mnemon.adapting.extras import requires_extra

with requires_extra("langchain", "langchain", "langchain_core", "langgraph"):
    import langchain.agents  # noqa: F401  # pyright: ignore[reportUnusedImport] - asked for, so that its absence is told here

__all__: list[str] = []
