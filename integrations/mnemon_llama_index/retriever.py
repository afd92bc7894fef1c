"""`MnemonRetriever`: memories as nodes, for query engines and chat engines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llama_index.core.base.base_retriever import BaseRetriever
from llama_index.core.schema import NodeWithScore, TextNode

from mnemon.adapting import Handle, ScopeRule, tolerating

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from llama_index.core.callbacks.base import CallbackManager
    from llama_index.core.schema import QueryBundle

    from mnemon import AsyncMemory, Filter, Hit, Memory, Scope
    from mnemon.adapting import IdSource, OnError

__all__ = ["MnemonRetriever"]


class MnemonRetriever(BaseRetriever):
    """Finds memories by words and by meaning, best first.

    A node has the memory's id, text and score; its metadata are the memory's own, with `said_at`,
    `kind`, `speaker` and `role` where the memory does not use these names itself.
    """

    def __init__(
        self,
        memory: Memory | AsyncMemory | None = None,
        *,
        user_id: IdSource = None,
        agent_id: IdSource = None,
        app_id: IdSource = None,
        run_id: IdSource = None,
        required: tuple[str, ...] = ("user_id",),
        limit: int = 10,
        threshold: float | None = None,
        filters: Mapping[str, object] | Filter | None = None,
        on_error: OnError = "raise",
        callback_manager: CallbackManager | None = None,
    ) -> None:
        """Search a memory, or the default one.

        Args:
            memory: the memory.
            user_id: whose memories: an id, a function that returns it, or None for that of `mnemon.scope`.
            agent_id: as `user_id`.
            app_id: as `user_id`.
            run_id: as `user_id`.
            required: ids without which a call fails.
            limit: memories at most.
            threshold: the least score, from 0 to 1; None for all.
            filters: only memories that match.
            on_error: `warn` finds nothing and logs a warning when the store fails.
            callback_manager: LlamaIndex's.
        """
        super().__init__(callback_manager=callback_manager)  # pyright: ignore[reportUnknownMemberType] - a bare Dict
        self._memory = Handle(memory)
        self._rule = ScopeRule(user_id=user_id, agent_id=agent_id, app_id=app_id, run_id=run_id, required=required)
        self._limit, self._threshold, self._filters = limit, threshold, filters
        self._on_error: OnError = on_error

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        view = self._memory.memory().scoped(**self._scope().to_dict())
        with tolerating(self._on_error, "nothing was retrieved"):
            found = view.search(
                query_bundle.query_str, limit=self._limit, threshold=self._threshold, filters=self._filters
            )
            return _nodes(found)
        return []

    async def _aretrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        view = (await self._memory.amemory()).scoped(**self._scope().to_dict())
        with tolerating(self._on_error, "nothing was retrieved"):
            found = await view.search(
                query_bundle.query_str, limit=self._limit, threshold=self._threshold, filters=self._filters
            )
            return _nodes(found)
        return []

    def _scope(self) -> Scope:
        return self._rule.resolve(bound=self._memory.scope).reads


def _nodes(hits: Iterable[Hit]) -> list[NodeWithScore]:
    return [NodeWithScore(node=_node(hit), score=hit.score) for hit in hits]


def _node(hit: Hit) -> TextNode:
    memory = hit.memory
    told = {
        "said_at": memory.said_at.isoformat(),
        "kind": memory.kind,
        "speaker": memory.speaker,
        "role": memory.role,
    }
    named = {name: value for name, value in told.items() if value is not None}
    return TextNode(id_=memory.id, text=memory.text, metadata={**named, **memory.metadata})
