# Generated from core/mnemon/_async/removals.py by tests/contracts/unasync.py; edit that file.
"""The methods of a memory that delete, and take back what was done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mnemon._sync import changing, erasing, reading
from mnemon._sync.face import Face
from mnemon.logic.arguments import check_id, refuse_foreign
from mnemon.logic.conditions import removable, split_filters
from mnemon.types.results import Deleted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mnemon.types.filters import Filter
    from mnemon.types.memory import Operation
    from mnemon.types.results import ErasureReceipt

__all__ = ["Removals"]

_CHUNK = 2_000
"""Memories that are deleted in one transaction, so that other writers come between."""


class Removals(Face):
    """Deleting and undoing."""

    def delete(
        self,
        memory_id: str,
        *,
        erase: bool = False,
        user_id: str | None = None,
        agent_id: str | None = None,
        app_id: str | None = None,
        run_id: str | None = None,
        actor: str | None = None,
        **foreign: object,
    ) -> Deleted:
        """Delete a memory: hidden at once, and to be had back with `undo`.

        With `erase` it is gone for ever: all versions, the text of the message it came from, and
        memories that have no other source, in rows, indexes, free pages and write-ahead log. The
        receipt says whether the bytes are gone already.

        Args:
            memory_id: the memory.
            erase: for ever.
            user_id: the memory must have this id; so for the others.
            agent_id: as `user_id`.
            app_id: as `user_id`.
            run_id: as `user_id`.
            actor: who is named in the history.
            foreign: refused, with our word for it.

        Raises:
            NotFoundError: no such memory in that scope.
        """
        refuse_foreign("delete", foreign)
        scope = self._named(user_id, agent_id, app_id, run_id)
        check_id(memory_id, "memory_id")
        if erase:
            receipt = self._core.runner.run(erasing.erase, memory_id, scope)
            return Deleted(count=1, receipt=receipt)
        op_id = self._core.runner.run(changing.delete, memory_id, scope, self._who(actor))
        return Deleted(count=1, op_id=op_id)

    def delete_all(
        self,
        *,
        filters: Mapping[str, object] | Filter | None = None,
        user_id: str | None = None,
        agent_id: str | None = None,
        app_id: str | None = None,
        run_id: str | None = None,
        erase: bool = False,
        dry_run: bool = False,
        actor: str | None = None,
        progress: Callable[[int, int], None] | None = None,
        **foreign: object,
    ) -> Deleted:
        """Delete all memories of a scope that match a filter, those that expired too.

        They go in parts of 2,000, so that other writers come between; what is added meanwhile
        stays. When it was interrupted, the same call goes on. `undo` brings back all that one call deleted. With
        `erase`, what was deleted before goes as well.

        Args:
            filters: which of them; without a scope it may stand alone, and then means the whole project.
            user_id: whose memories; so for the others.
            agent_id: as `user_id`.
            app_id: as `user_id`.
            run_id: as `user_id`.
            erase: for ever, see `delete`.
            dry_run: only count.
            actor: who is named in the history.
            progress: called with how many of how many are deleted.
            foreign: refused, with our word for it.

        Raises:
            ScopeError: neither scope nor filter.
            ConflictError: others update one of the memories without a pause; nothing more is deleted.
        """
        refuse_foreign("delete_all", foreign)
        ids, rest = split_filters(filters)
        scope = self._named(user_id, agent_id, app_id, run_id, ids)
        condition = removable(scope, rest, erase=erase)
        memory_ids = self._core.runner.run(reading.chosen, condition)
        if dry_run:
            return Deleted(count=len(memory_ids), dry_run=True)
        if erase:
            receipt, count = self._erase_all(memory_ids, condition, progress)
            return Deleted(count=count, receipt=receipt)
        who = self._who(actor)
        first: str | None = None
        done = 0
        for start in range(0, len(memory_ids), _CHUNK):
            part = memory_ids[start : start + _CHUNK]
            op_id, count = self._core.runner.run(changing.delete_some, part, condition, who, first)
            first = first or op_id
            done += count
            if progress is not None:
                progress(done, len(memory_ids))
        return Deleted(count=done, op_id=first)

    def _erase_all(
        self, memory_ids: Sequence[str], condition: Filter, progress: Callable[[int, int], None] | None
    ) -> tuple[ErasureReceipt, int]:
        """Erase in parts; the bytes are made unrecoverable once, at the end."""
        counts: dict[str, int] = {}
        redacted: dict[str, int] = {}
        done = 0
        for start in range(0, len(memory_ids), _CHUNK):
            chunk = memory_ids[start : start + _CHUNK]
            memories, part = self._core.runner.run(erasing.erase_some, chunk, condition)
            done += memories
            counts = {name: counts.get(name, 0) + part.rows.get(name, 0) for name in {**counts, **part.rows}}
            redacted = {
                name: redacted.get(name, 0) + part.redacted.get(name, 0) for name in {**redacted, **part.redacted}
            }
            if progress is not None:
                progress(done, len(memory_ids))
        return self._core.runner.run(erasing.finish, counts, redacted), done

    def undo(
        self,
        op_id: str,
        *,
        force: bool = False,
        user_id: str | None = None,
        agent_id: str | None = None,
        app_id: str | None = None,
        run_id: str | None = None,
        actor: str | None = None,
        **foreign: object,
    ) -> Operation:
        """Take an operation back, whole or not at all; an undo can be undone too.

        Args:
            op_id: the operation, from a result or from `operations`.
            force: also where memories were changed later: by one more version.
            user_id: the operation must have this id; so for the others.
            agent_id: as `user_id`.
            app_id: as `user_id`.
            run_id: as `user_id`.
            actor: who is named in the history.
            foreign: refused, with our word for it.

        Returns:
            The operation that took it back.

        Raises:
            NotFoundError: no such operation in that scope, or what it changed was erased.
            ConflictError: a memory was changed later; the error names the operations.
        """
        refuse_foreign("undo", foreign)
        scope = self._named(user_id, agent_id, app_id, run_id)
        check_id(op_id, "op_id")
        return self._core.runner.run(changing.undo, op_id, scope, self._who(actor), force, self._core.known_space)
