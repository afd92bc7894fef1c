"""The entry for `langgraph.json`."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from mnemon_langgraph.saver import MnemonSaver

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

__all__ = ["checkpointer"]


@asynccontextmanager
async def checkpointer() -> AsyncGenerator[MnemonSaver]:
    """Yield a saver over the default memory, which the environment chooses (`MNEMON_STORE` and its like).

    In `langgraph.json`: `{"checkpointer": {"path": "mnemon_langgraph:checkpointer"}}`.
    """
    async with MnemonSaver() as saver:
        await saver.asetup()
        yield saver
