# Generated from integrations/mnemon_langgraph/_async/storing.py by tests/contracts/unasync.py; edit that file.
"""The methods of a store of items."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from langgraph.store.base import GetOp, ListNamespacesOp, PutOp, SearchOp

from mnemon import InvalidInputError
from mnemon.adapting.desk import people
from mnemon_langgraph._sync import items, remembering
from mnemon_langgraph.items import NewItem, item_id, item_of, scored
from mnemon_langgraph.namespaces import MEMORY_ROOT, listed, memory_namespace, person_in, text_of, under, user_of
from mnemon_langgraph.operations import check_op, text_prefix

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from langgraph.store.base import Item, Op, Result

    from mnemon.adapting.storage import Storage
    from mnemon.types.storage import Vector
    from mnemon_langgraph.items import Index

__all__ = ["Storing"]


class Storing:
    """Reading and writing items."""

    _storage: Storage
    _index: Index | None
    _person_label: int | None
    _keeps: bool
    _ready: bool

    def batch(self, ops: Iterable[Op]) -> list[Result]:
        """Carry out operations; results come in their order.

        All reads see the state before the writes of the same batch, and of two writes to one key the last counts.

        Raises:
            InvalidNamespaceError: a label that cannot be one; `memory_namespace` makes one of any user id.
            InvalidFilterError: a filter with an unknown operator.
            InvalidInputError: a value that is no JSON data.
        """
        asked = [check_op(op) for op in ops]
        results: list[Result] = [None] * len(asked)
        for place, item in (self._got({i: op for i, op in enumerate(asked) if isinstance(op, GetOp)})).items():
            results[place] = item
        for place, op in enumerate(asked):
            if isinstance(op, SearchOp):
                results[place] = self._searched(op)
            elif isinstance(op, ListNamespacesOp):
                results[place] = self._listed(op)
        puts = {(op.namespace, op.key): op for op in asked if isinstance(op, PutOp)}
        if puts:
            self._put_all(list(puts.values()))
        return results

    def _got(self, ops: Mapping[int, GetOp]) -> dict[int, Item]:
        ids: dict[str, bool] = {}
        for op in (op for op in ops.values() if user_of(op.namespace) is None):
            key = item_id(op.namespace, op.key)
            ids[key] = ids.get(key, False) or op.refresh_ttl
        rows = self._storage.run(items.get, ids) if ids else {}
        places = {place: item_id(op.namespace, op.key) for place, op in ops.items()}
        found = {place: item_of(rows[key]) for place, key in places.items() if key in rows}
        for place, op in ops.items():
            if user_of(op.namespace) is not None and (item := remembering.get(self._storage, op)) is not None:
                found[place] = item
        return found

    def _searched(self, op: SearchOp) -> Result:
        vector: Vector | None = None
        index = self._index
        if index is not None and op.query:
            self._prepare()
        if user_of(op.namespace_prefix) is not None:
            return cast("Result", remembering.search(self._storage, op, index))
        if index is not None and op.query:
            (vector,) = index.vectors([index.embeddings.embed_query(op.query)], 1)
        space = None if index is None else index.space
        return scored(self._storage.run(items.search, op, vector, space))

    def _listed(self, op: ListNamespacesOp) -> Result:
        conditions = op.match_conditions or ()
        prefix = text_prefix(conditions)
        texts = self._storage.run(items.namespaces, under(prefix))
        if prefix[:1] in {(), (MEMORY_ROOT,)}:
            users = self._storage.run(people, user_of(prefix))
            texts += [text_of(memory_namespace(user_id)) for user_id in users]
        return listed(texts, conditions, op.max_depth)[op.offset : op.offset + op.limit]

    def _put_all(self, ops: Sequence[PutOp]) -> None:
        for op in ops:
            if user_of(op.namespace) is not None:
                remembering.put(self._storage, op)
        index = self._index
        news = [self._new(op) for op in ops if user_of(op.namespace) is None]
        if not news:
            return
        texts = list(dict.fromkeys(text for new in news for text in new.texts.values()))
        by_text: dict[str, Vector] = {}
        if index is not None and texts:
            self._prepare()
            by_text = dict(zip(texts, index.vectors(index.embeddings.embed_documents(texts), len(texts)), strict=True))
        self._storage.run(
            items.put,
            [new.with_vectors(by_text) for new in news],
            None if index is None else index.space,
            self._keeps,
        )

    def _new(self, op: PutOp) -> NewItem:
        texts: Mapping[str, str] = {}
        if self._index is not None and op.value is not None and op.index is not False:
            texts = self._index.texts(op.value, op.index)
        return NewItem(op=op, person=person_in(op.namespace, self._person_label), texts=texts)

    def _prepare(self) -> None:
        """Make room for the vectors, once."""
        if self._index is not None and not self._ready:
            self._storage.run(items.declare_space, self._index.space)
            self._ready = True

    def history(self, namespace: tuple[str, ...], key: str) -> list[Item]:
        """Return an item's earlier versions, oldest first; a store keeps them with `history=True`.

        Raises:
            InvalidInputError: it does not, or the item is a memory, whose versions `Memory.history` tells.
        """
        if user_of(namespace) is not None:
            msg = f"the items of {namespace!r} are memories; Memory.history(memory_id) tells their versions"
            raise InvalidInputError(msg)
        if not self._keeps:
            msg = "this store keeps the newest version of an item only; make it with MnemonStore(history=True)"
            raise InvalidInputError(msg)
        return self._storage.run(items.history, item_id(namespace, key))

    def sweep_ttl(self, *, limit: int = 10_000) -> int:
        """Delete items whose time is over, at most so many; return how many they were. Until then they are hidden."""
        swept = self._storage.run(items.sweep, limit)
        return swept + remembering.sweep(self._storage, limit - swept)
