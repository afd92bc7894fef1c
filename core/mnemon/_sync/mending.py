# Generated from core/mnemon/_async/mending.py by tests/contracts/unasync.py; edit that file.
"""Half-done work looked at once more and finished, beside writers who may be at it.

Where nobody can be kept out, what was found may be whole, or erased, by the time that it is mended. So each piece
is read again before it is mended, and what it was made of once more afterwards. Who erases takes the source away
before what is made of it: so either they see what was written here, or it is seen here that the source went.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from mnemon._sync.desk import in_chunks, pages, versions_of
from mnemon._sync.moving import unfinished_imports
from mnemon._sync.outlived import outlived
from mnemon._sync.work import at_work_since
from mnemon.logic.memories import (
    MEMORIES,
    lacks_successor,
    newest_of,
    newest_row_id,
    operations_named,
    read_version,
)
from mnemon.logic.mending import (
    closed_too,
    is_erased,
    last_written,
    lost_operations,
    pointing,
    rebuilt,
    settled,
    stub,
)
from mnemon.logic.messages import MESSAGES
from mnemon.logic.operations import OPERATIONS, operation_of
from mnemon.types.filters import where
from mnemon.types.storage import Delete, Put

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mnemon._sync.desk import Desk
    from mnemon.protocols.store import Store
    from mnemon.types.storage import Row, Write

__all__ = ["AsyncMender"]


@dataclass(slots=True, kw_only=True)
class AsyncMender:
    """Says of what seemed half done whether it is, and finishes it.

    Attributes:
        desk: the project.
        store: its store, or a unit of work of it.
        repair: whether to finish what is half done, or only to say that it is; so, too, once an import was seen that
            may bring what is missing.
        before: what was written at this time or later may have a writer; None where nobody else writes.
    """

    desk: Desk
    store: Store
    repair: bool
    before: str | None

    @classmethod
    def of(cls, desk: Desk, store: Store, *, repair: bool) -> AsyncMender:
        """Return one that leaves alone what others may be writing, where the store cannot keep them out."""
        return cls(desk=desk, store=store, repair=repair, before=at_work_since(desk))

    def first_version(self, memory_id: str) -> bool:
        """Whether later versions of a memory lack their first one, which names the newest."""
        rows = self._versions(memory_id)
        if not rows or _row(rows, memory_id) is not None or self._may_be_in_work(rows):
            return False
        if self._repairs():
            made = self._put([Put(collection=MEMORIES.name, row=stub(memory_id, rows), existing="skip")])
            left = self._versions(memory_id)
            if [row.id for row in left] == [memory_id]:  # the others were erased meanwhile
                self._take_away(made)
                return False
        return True

    def one_current(self, memory_id: str) -> bool:
        """Whether two versions of a memory are current."""
        rows = self._versions(memory_id)
        if not rows or self._may_be_in_work(rows):
            return False
        rows = self._but_outlived(rows)
        if sum("recorded_to" not in row.fields for row in rows) < 2:  # noqa: PLR2004 - two
            return False
        if self._repairs():
            self.store.apply(self.desk.project, settled(rows, read=read_version(rows)))
        return True

    def deletion(self, memory_id: str) -> bool:
        """Whether a version of a deleted memory is current, which the deletion did not see."""
        rows = self._versions(memory_id)
        if not rows or self._may_be_in_work(rows):
            return False
        deleted = outlived(self.store, self.desk.project, rows)
        found = bool(deleted)
        while deleted and self._repairs():  # what was made of one goes with it
            self.store.apply(self.desk.project, [closed_too(row, by) for row, by in deleted])
            deleted = outlived(self.store, self.desk.project, self._versions(memory_id))
        return found

    def newest_version(self, memory_id: str) -> Literal["named", "not named", "lost"]:
        """Return whether a first version names the newest one, or that this one was closed for one that is lost."""
        rows = self._versions(memory_id)
        first = _row(rows, memory_id)
        if first is None or self._may_be_in_work(rows):
            return "named"
        newest, read = newest_of(self._but_outlived(rows)), read_version(rows)
        if lacks_successor(newest):
            return "lost"
        # Of two of one number the named one counts, be it deleted: the other one lost a race. So it does where a
        # later one was deleted with it.
        counts = read.fields["version"] == newest.fields["version"] or "recorded_to" in newest.fields
        if newest_row_id(first) == read.id and counts:
            return "named"
        if self._repairs():
            self.store.apply(self.desk.project, pointing(rows, newest))
        return "not named"

    def memory(self, memory_id: str, message_row: str) -> bool:
        """Whether a message that was to become a memory has none."""
        message = self._message(memory_id, message_row)
        if message is None or self._is_young(str(message.fields["recorded_at"])):
            return False
        writes = self._rebuilt(memory_id, message) if self._repairs() else []
        said = self._message(memory_id, message_row)
        if said is None or said.payload != message.payload or self._versions(memory_id):
            return False
        if not self.repair:
            return True
        made = self._put(writes)
        if self._message(memory_id, message_row) is not None:
            return True
        self._take_away(made)  # the message was erased meanwhile
        return False

    def operations(self, found: Mapping[str, Iterable[str]]) -> list[str]:
        """Return the rows that name operations which are not there, of those that were found to."""
        by_operation = self._named_by(found)
        for op_id in self._there(OPERATIONS.name, by_operation):
            del by_operation[op_id]
        by_operation = {op_id: rows for op_id, rows in by_operation.items() if not self._may_be_in_work(rows)}
        if by_operation and self._repairs():
            made = self._put(lost_operations(by_operation))
            left = self._named_by({op_id: [row.id for row in rows] for op_id, rows in by_operation.items()})
            self._take_away([put for put in made if put.row.id not in left])  # all that they did was erased
            by_operation = left
        return list(dict.fromkeys(row.id for rows in by_operation.values() for row in rows))

    def _but_outlived(self, rows: Sequence[Row]) -> list[Row]:
        """Return versions but for those that a deletion holds for that did not see them."""
        gone = {row.id for row, _ in outlived(self.store, self.desk.project, rows)}
        return [row for row in rows if row.id not in gone]

    def _repairs(self) -> bool:
        """Whether to finish what was found; asked when it was read, since an import notes itself before its rows."""
        if self.repair and unfinished_imports(self.store, self.desk.project):
            self.repair = False
        return self.repair

    def _versions(self, memory_id: str) -> list[Row]:
        return versions_of(self.store, self.desk.project, [memory_id], ())

    def _message(self, memory_id: str, row_id: str) -> Row | None:
        """Return a message that is to be a memory, unless it was erased or taken out of the log."""
        rows = self.store.get(self.desk.project, MESSAGES.name, [row_id], include=("payload",), decisive=True)
        row = rows.get(row_id)
        return None if row is None or row.fields.get("memory_id") != memory_id or is_erased(row) else row

    def _rebuilt(self, memory_id: str, message: Row) -> list[Put]:
        """Return the writes that make a memory of its message, under the operation that was to make it."""
        before = self.store.scan(
            self.desk.project,
            MESSAGES.name,
            where("thread").eq(message.fields["thread"]) & where("position").lt(message.fields["position"]),
            order="position",
            descending=True,
            limit=1,
            include=(),
        )
        at = where("at").eq(message.fields["recorded_at"]) & where("kind").eq("add")
        op_id: str | None = None
        for rows in pages(self.store, self.desk.project, OPERATIONS.name, at):
            for row in rows:
                if any(one.memory_id == memory_id for one in operation_of(row).touched):
                    op_id = row.id
        previous = next(iter(before.rows), None)
        language = self.desk.language
        return rebuilt(memory_id, message, previous, op_id=op_id or self.desk.new_id(), language=language)

    def _put(self, writes: list[Put]) -> list[Put]:
        """Carry writes out; return those whose rows were not there before."""
        counts = (self.store.apply(self.desk.project, writes)).counts
        return [write for write, count in zip(writes, counts, strict=True) if count]

    def _take_away(self, made: list[Put]) -> None:
        """Take rows away that were made of what was erased meanwhile, with what others made of them since."""
        writes: list[Write] = []
        for put in made:
            later = self._versions(put.row.id) if put.collection == MEMORIES.name else ()
            ids = dict.fromkeys([put.row.id, *(row.id for row in later)])
            writes.append(Delete(collection=put.collection, ids=list(ids)))
        if writes:
            self.store.apply(self.desk.project, writes)
        self.desk.sheets.clear()  # a search of this process may have looked meanwhile

    def _named_by(self, found: Mapping[str, Iterable[str]]) -> dict[str, list[Row]]:
        """Return the rows that still name these operations, of those that did."""
        rows = self._there(MEMORIES.name, [row_id for ids in found.values() for row_id in ids])
        left: dict[str, list[Row]] = {}
        for row in rows.values():
            for op_id in operations_named(row):
                if op_id in found:
                    left.setdefault(op_id, []).append(row)
        return left

    def _there(self, collection: str, ids: Iterable[str]) -> dict[str, Row]:
        found: dict[str, Row] = {}
        for chunk in in_chunks(list(dict.fromkeys(ids))):
            found |= self.store.get(self.desk.project, collection, chunk, include=(), decisive=True)
        return found

    def _may_be_in_work(self, rows: Iterable[Row]) -> bool:
        return self._is_young(last_written(rows))

    def _is_young(self, at: str) -> bool:
        return self.before is not None and at >= self.before


def _row(rows: Iterable[Row], row_id: str) -> Row | None:
    return next((row for row in rows if row.id == row_id), None)
