"""Memories as documents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import Field, PrivateAttr

from mnemon import AsyncMemory, Filter, Memory
from mnemon.adapting import Closing, Handle, IdSource, ScopeRule
from mnemon_langchain.calls import REMEDY, resolve

if TYPE_CHECKING:
    from collections.abc import Mapping

    from langchain_core.callbacks import AsyncCallbackManagerForRetrieverRun, CallbackManagerForRetrieverRun
    from langchain_core.runnables import RunnableConfig

    from mnemon import Hit
    from mnemon.adapting import CallScope

__all__ = ["MnemonRetriever"]


class MnemonRetriever(Closing, BaseRetriever):
    """Finds memories that answer a query, best first, as documents.

    A document has the text and the id of the memory. Its metadata are those of the memory; under
    `mnemon` they have `score`, `kind`, `role`, `speaker`, `said_at`, `scope` and `source_ids`. Whose
    memories are meant comes from the call (`config={"configurable": {"user_id": ...}}`, the context of
    a running graph), from `mnemon.scope(...)`, or from here.

    Attributes:
        memory: a `Memory`, an `AsyncMemory`, or a view of one; the default one if left out.
        k: how many documents at most; `invoke(query, k=3)` for one call.
        threshold: the least score, from 0 to 1; None for any.
        filters: which memories; see the page on filters.
        kinds: only these kinds of memory.
        user_id: a fixed id, or a function that returns it; the caller's if left out.
        agent_id: as `user_id`.
        app_id: as `user_id`.
        run_id: as `user_id`.
        required: ids that every call must have.

    Example:
        >>> from mnemon import Memory
        >>> with Memory(":memory:") as memory:
        ...     _ = memory.add("I moved to Lisbon last spring.", user_id="ana")
        ...     MnemonRetriever(memory=memory, user_id="ana").invoke("Where does she live?")[0].page_content
        'I moved to Lisbon last spring.'
    """

    memory: Memory | AsyncMemory | None = Field(default=None, repr=False, exclude=True)
    k: int = 4
    threshold: float | None = None
    filters: dict[str, Any] | Filter | None = None
    kinds: tuple[Literal["episodic", "semantic", "procedural", "summary"], ...] | None = None
    user_id: IdSource = None
    agent_id: IdSource = None
    app_id: IdSource = None
    run_id: IdSource = None
    required: tuple[str, ...] = ("user_id",)

    _handle: Handle = PrivateAttr()
    _rule: ScopeRule = PrivateAttr()

    def model_post_init(self, context: Any, /) -> None:
        """Find out what can be found out before a call.

        Raises:
            ConfigError, ScopeError: ids that cannot be any.
        """
        super().model_post_init(context)
        self._handle = Handle(self.memory)
        self._rule = ScopeRule(
            user_id=self.user_id,
            agent_id=self.agent_id,
            app_id=self.app_id,
            run_id=self.run_id,
            required=self.required,
            remedy=REMEDY,
        )

    def invoke(self, input: str, config: RunnableConfig | None = None, **kwargs: Any) -> list[Document]:  # noqa: A002 - LangChain's own name
        """Return the memories that answer a query best, best first.

        Args:
            input: the query.
            config: whose memories: `{"configurable": {"user_id": ...}}`.
            kwargs: `k`, `threshold`, `filters` or `kinds`, for this call alone.

        Raises:
            ScopeError: nobody says whose memories are meant.
        """
        return super().invoke(input, config, scope=resolve(self._rule, self._handle, config), **kwargs)

    async def ainvoke(self, input: str, config: RunnableConfig | None = None, **kwargs: Any) -> list[Document]:  # noqa: A002 - LangChain's own name
        """Return what `invoke` returns, while the event loop goes on."""
        return await super().ainvoke(input, config, scope=resolve(self._rule, self._handle, config), **kwargs)

    def close(self) -> None:
        """Close the default memory if it was opened here."""
        self._handle.close()

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun, scope: CallScope | None = None, **options: Any
    ) -> list[Document]:
        view = self._handle.memory().scoped(**self._reads(scope))
        return [_document(hit) for hit in view.search(query, **self._options(options))]

    async def _aget_relevant_documents(
        self,
        query: str,
        *,
        run_manager: AsyncCallbackManagerForRetrieverRun,
        scope: CallScope | None = None,
        **options: Any,
    ) -> list[Document]:
        view = (await self._handle.amemory()).scoped(**self._reads(scope))
        return [_document(hit) for hit in await view.search(query, **self._options(options))]

    def _reads(self, scope: CallScope | None) -> Mapping[str, str]:
        return (scope or resolve(self._rule, self._handle)).reads.to_dict()

    def _options(self, given: dict[str, Any]) -> dict[str, Any]:
        """Return the options of a search; one that there is not is refused by it."""
        options: dict[str, Any] = {"threshold": self.threshold, "filters": self.filters, "kinds": self.kinds}
        return {**options, "limit": given.pop("k", self.k), **given}


def _document(hit: Hit) -> Document:
    memory = hit.memory
    known = {
        "score": hit.score,
        "kind": memory.kind,
        "role": memory.role,
        "speaker": memory.speaker,
        "said_at": memory.said_at.isoformat(),
        "scope": dict(memory.scope.to_dict()),
        "source_ids": list(memory.source_ids),
    }
    return Document(id=memory.id, page_content=memory.text, metadata={**memory.metadata, "mnemon": known})
