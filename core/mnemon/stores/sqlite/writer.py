"""Writes: rows and all that is derived from them, in the caller's transaction."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, cast

from mnemon.errors import StoreConflictError
from mnemon.logic.answers import patched
from mnemon.stores.sqlite.conditions import compile_filter
from mnemon.stores.sqlite.damage import any_text, forget_derived, sound_row
from mnemon.stores.sqlite.newest import Newest
from mnemon.stores.sqlite.numbering import Numbers
from mnemon.stores.sqlite.pending import index_pending
from mnemon.stores.sqlite.rows import (
    decode_row,
    encode_metadata,
    encode_value,
    id_chunks,
    in_list,
    read_rows,
    row_columns,
)
from mnemon.stores.sqlite.schema import project_number, stored_collections
from mnemon.stores.sqlite.tokens import tokens
from mnemon.types.filters import And
from mnemon.types.storage import Delete, DeleteWhere, Patch, Put, Row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    import numpy
    from numpy.typing import NDArray

    from mnemon.stores.sqlite.connections import Connection, Parameter
    from mnemon.types.filters import Filter
    from mnemon.types.storage import Collection, FieldValue, Part, Vector, Write

__all__ = ["newest_of", "write_batch", "write_in_unit"]

_LOG_KEPT = 65_536
"""Entries of the log of changed rows: what was made of rows and is further behind is made anew."""
_LOG_SWEEP = 4_096
_DERIVED_OF: frozenset[Part] = frozenset({"terms"})
"""What the indexes hold of a row, besides its fields."""


def write_batch(connection: Connection, project: str, batch: Sequence[Write]) -> tuple[int, ...]:
    """Carry out writes in order, those that follow each other in one collection together; return their counts."""
    counts: list[int] = []
    for name, writes in groupby(batch, lambda write: write.collection):
        counts += _writer_of(connection, name, project).write_run(list(writes), len(counts))
    return tuple(counts)


def write_in_unit(connection: Connection, project: str, batch: Sequence[Write]) -> tuple[int, ...] | None:
    """Carry out a batch that no conflict can stop halfway, as `write_batch` does; do nothing for others: None.

    That is one of puts to different rows. Where one of them alone must meet no other row it comes first, so
    that a conflict finds nothing done yet; where several must, their rows are looked for before. What still
    takes such a batch back is a failure of the file, or an interrupt.

    Raises:
        StoreConflictError: a row is there already; nothing was done.
    """
    puts = [write for write in batch if isinstance(write, Put)]
    if len(puts) < len(batch):
        return None
    wanted = [place for place, write in enumerate(puts) if write.existing == "abort"]
    if wanted and len({(write.collection, write.row.id) for write in puts}) < len(puts):
        return None
    if len(wanted) == 1:
        (place,) = wanted
        first = puts[place]
        done = _writer_of(connection, first.collection, project).write_run([first], place)
        rest = write_batch(connection, project, [*puts[:place], *puts[place + 1 :]])
        return (*rest[:place], *done, *rest[place:])
    ids: dict[str, list[str]] = {}
    for place in wanted:
        ids.setdefault(puts[place].collection, []).append(puts[place].row.id)
    if any(_writer_of(connection, name, project).has_any(named) for name, named in ids.items()):
        return None
    return write_batch(connection, project, batch)


def _writer_of(connection: Connection, name: str, project: str) -> Writer:
    """Return the writer of a collection and project, which the connection remembers while it is right."""
    remembered = connection.remembered
    writer = remembered.get((name, project))
    if writer is None:
        shared = remembered.get(name)
        if shared is None:
            # As it is stored: another opener may have added fields and spaces since this one declared.
            stored = stored_collections(connection)[name]
            shared = remembered[name] = (stored, Numbers(connection, stored))
        collection, numbers = cast("tuple[Collection, Numbers]", shared)
        writer = Writer(connection, collection, _ensure_project(connection, project), numbers)
        remembered[name, project] = writer
    return cast("Writer", writer)


def newest_of(connection: Connection, name: str, project: str) -> Newest | None:
    """Return what the connection remembers of a collection that it has written to, or None where it has not."""
    writer = cast("Writer | None", connection.remembered.get((name, project)))
    return None if writer is None else writer.newest


def _ensure_project(connection: Connection, name: str) -> int:
    number = project_number(connection, name)
    if number is None:
        number = connection.execute("INSERT INTO mnemon_projects (name) VALUES (?)", [name]).lastrowid
    return cast("int", number)


class Writer:
    """Carries out writes to one collection of one project."""

    def __init__(self, connection: Connection, collection: Collection, project: int, numbers: Numbers) -> None:
        """Prepare the statements, which are the same for every row of the collection."""
        self._connection = connection
        self._collection = collection
        self._project = project
        self._numbers = numbers
        self._left: set[tuple[str, str]] = set()
        self._silent: list[int] = []
        self.newest = Newest()
        name = collection.name
        self._fields = tuple(collection.fields)
        fixed = ("number", "project", "id")
        columns = [*fixed, *(f"f_{field}" for field in self._fields), "terms", "metadata", "payload"]
        self._tags = {tag: len(fixed) + self._fields.index(tag) for tag in collection.tags}
        marks = ", ".join("?" * len(columns))
        self._table = f"{name}__rows"
        self._insert_row = (
            f"INSERT INTO {self._table} ({', '.join(columns)}) VALUES ({marks}) ON CONFLICT (project, id) DO NOTHING"
        )
        self._insert_text = f"INSERT INTO {name}__text (rowid, tokens) VALUES (?, ?)"
        self._insert_vector = {
            space.name: f"INSERT INTO {name}__vec__{space.name} VALUES (?, ?)" for space in collection.vectors
        }
        self._insert_tag = f"INSERT INTO {name}__tag VALUES (?, ?, ?, ?)"
        self._delete_text = f"INSERT INTO {name}__text ({name}__text, rowid, tokens) VALUES ('delete', ?, ?)"
        self._everything = frozenset({"terms", "metadata", "payload", *(space.name for space in collection.vectors)})

    def write_run(self, writes: Sequence[Write], first: int) -> Sequence[int]:
        """Carry out writes in order, the first of which is number `first` of its batch; return their counts."""
        rows = [write.row for write in writes if isinstance(write, Put)]
        new = self._put_new(rows) if len(rows) == len(writes) > 1 else ()
        counts = [1] * len(new) or [self._write(write, index) for index, write in enumerate(writes, first)]
        numbers = self._numbers
        if self._silent:
            forget_derived(self._connection, self._collection, self._silent, indexed=numbers.indexed)
            self._silent.clear()
        if self._left:
            numbers.places.forget_left(self._project, self._left)
            self._left.clear()
        if self._collection.text:
            numbers.indexed = index_pending(
                self._connection,
                self._collection,
                numbers.places,
                self._texts(new),
                indexed=numbers.indexed,
                known=numbers.next - len(new),
                last=numbers.next - 1,
            )
        return counts

    def _write(self, write: Write, index: int) -> int:
        match write:
            case Put():
                return self._put(write, index)
            case Patch():
                return self._patch(write, index)
            case Delete():
                return sum(self._delete_id(row_id) for row_id in write.ids)
            case DeleteWhere():
                return self._delete_where(write.where, write.limit)

    def _put_new(self, rows: Sequence[Row]) -> Sequence[tuple[int, Row]]:
        """Insert rows together if all of their ids are new, and return them with their numbers; if not, none."""
        ids = [row.id for row in rows]
        if len(set(ids)) < len(ids) or self.has_any(ids):
            return ()
        numbered = list(zip(self._numbers.take(len(rows)), rows, strict=True))
        execute_many = self._connection.raw.executemany
        execute_many(self._insert_row, [self._encode(number, row) for number, row in numbered])
        for tag in self._collection.tags:
            tagged = [
                (self._project, tag, value, number)
                for number, row in numbered
                for value in cast("tuple[str, ...]", row.fields.get(tag, ()))
            ]
            if tagged:
                execute_many(self._insert_tag, tagged)
        for space, statement in self._insert_vector.items():
            vectors = [(number, _bytes(row.vectors[space])) for number, row in numbered if space in row.vectors]
            if vectors:
                execute_many(statement, vectors)
        for row in rows:
            self.newest.follow(row)
        return numbered

    def has_any(self, ids: Sequence[str]) -> bool:
        """Whether a row of one of these ids is there."""
        for chunk in id_chunks(ids):
            listed, parameters = in_list("id", chunk)
            sql = f"SELECT 1 FROM {self._table} WHERE project = ? AND {listed} LIMIT 1"
            if self._connection.value(sql, [self._project, *parameters]):
                return True
        return False

    def _put(self, write: Put, index: int) -> int:
        if self._insert(write.row):
            return 1
        if write.existing == "abort":
            raise StoreConflictError(write.collection, write.row.id, index, "the row is there already")
        if write.existing == "replace":
            self._delete_id(write.row.id)
            return self._insert(write.row)
        return 0

    def _insert(self, row: Row) -> int:
        number = self._numbers.next
        execute = self._connection.raw.execute
        if not execute(self._insert_row, self._encode(number, row)).rowcount:
            return 0
        self._numbers.take(1)
        for tag in self._tags:
            if tag in row.fields:
                self._insert_tags(number, tag, row.fields[tag])
        for space, vector in row.vectors.items():
            execute(self._insert_vector[space], (number, _bytes(vector)))
        self.newest.follow(row)
        return 1

    def _encode(self, number: int, row: Row) -> list[Parameter]:
        fields = row.fields
        values: list[Parameter] = [
            number,
            self._project,
            row.id,
            *map(cast("Callable[[str], Parameter]", fields.get), self._fields),
            " ".join(row.terms) or None,
            encode_metadata(row.metadata),
            row.payload or None,
        ]
        for tag, place in self._tags.items():
            if tag in fields:
                values[place] = encode_value(fields[tag])
        return values

    def _insert_tags(self, number: int, tag: str, values: FieldValue | None) -> None:
        for value in cast("tuple[str, ...]", values or ()):
            self._connection.execute(self._insert_tag, (self._project, tag, value, number))

    def _index_text(
        self, statement: str, number: int, fields: Mapping[str, FieldValue | None], terms: Sequence[str]
    ) -> None:
        text = self._text(fields, terms)
        if text:
            self._connection.execute(statement, [number, text])

    def _texts(self, numbered: Iterable[tuple[int, Row]]) -> Iterator[tuple[int, str]]:
        """Yield number and tokens of the rows that have any."""
        return ((number, text) for number, row in numbered if (text := self._text(row.fields, row.terms)))

    def _text(self, fields: Mapping[str, FieldValue | None], terms: Sequence[str]) -> str:
        self._connection.indexed += len(terms)
        collection = self._collection
        current = collection.current is None or fields.get(collection.current) is None
        scopes = [fields.get(scope) for scope in collection.scopes]
        return tokens(self._numbers.places.of_row(self._project, scopes, current=current), terms)

    def _patch(self, write: Patch, index: int) -> int:
        found = self._find(write.id, write.expect)
        if found is None:
            if write.otherwise == "abort":
                known = write.expect != And() and self._find(write.id, And()) is not None
                reason = "it is not as expected" if known else "there is no such row"
                raise StoreConflictError(write.collection, write.id, index, reason)
            return 0
        self.newest.forget()
        row = decode_row(found, self._collection)
        number = cast("int", found[0])
        if self._moves(row, write.fields):
            return self._rewrite(write, found)
        changes: dict[str, Parameter] = {f"f_{name}": encode_value(value) for name, value in write.fields.items()}
        if write.metadata is not None:
            changes["metadata"] = encode_metadata(write.metadata)
        if write.payload is not None:
            changes["payload"] = write.payload or None
        if changes:
            assignments = ", ".join(f"{column} = ?" for column in changes)
            self._connection.execute(
                f"UPDATE {self._table} SET {assignments} WHERE number = ?", [*changes.values(), number]
            )
        self._follow_patch(number, row, write.fields)
        self._log(number, gone=self._leaves(row, write.fields))
        return 1

    def _moves(self, row: Row, fields: Mapping[str, FieldValue | None]) -> bool:
        """Whether a patch puts the row where caches of vectors would not look for it again."""
        current = self._collection.current
        if current is not None and fields.get(current, "") is None and row.fields.get(current) is not None:
            return True
        return any(name in fields and fields[name] != row.fields.get(name) for name in self._collection.scopes)

    def _rewrite(self, write: Patch, found: Sequence[Parameter]) -> int:
        (row,) = read_rows(self._connection, self._collection, [found], self._everything)
        self._delete_found(found)
        return self._insert(patched(row, write))

    def _follow_patch(self, number: int, row: Row, fields: Mapping[str, FieldValue | None]) -> None:
        """Bring what is derived from the changed fields after them."""
        for tag in self._collection.tags:
            if tag in fields:
                self._delete_tags(number, tag, row.fields.get(tag))
                self._insert_tags(number, tag, fields[tag])
        if self._leaves(row, fields) and row.terms and number <= self._numbers.indexed:
            self._index_text(self._delete_text, number, row.fields, row.terms)
            self._index_text(self._insert_text, number, {**row.fields, **fields}, row.terms)

    def _leaves(self, row: Row, fields: Mapping[str, FieldValue | None]) -> bool:
        """Whether a patch takes the row from the current ones."""
        current = self._collection.current
        return current is not None and fields.get(current) is not None and row.fields.get(current) is None

    def _find(self, row_id: str, expect: Filter) -> tuple[Parameter, ...] | None:
        condition = compile_filter(expect, self._collection, self._project, self._connection)
        parameters = [self._project, row_id, *condition.parameters]
        return self._read(f"r.project = ? AND r.id = ? AND {condition.text}", parameters, self._everything)

    def _read(
        self, condition: str, parameters: Sequence[Parameter], include: frozenset[Part]
    ) -> tuple[Parameter, ...] | None:
        columns = row_columns(self._collection, include)
        found = self._connection.rows(f"SELECT {columns} FROM {self._table} r WHERE {condition}", parameters)
        return found[0] if found else None

    def _delete_id(self, row_id: str) -> int:
        return self._delete("r.project = ? AND r.id = ?", [self._project, row_id])

    def _delete(self, condition: str, parameters: Sequence[Parameter]) -> int:
        with any_text(self._connection):  # what is damaged can be deleted, too
            found = self._read(condition, parameters, _DERIVED_OF)
        if found is None:
            return 0
        self._delete_found(found)
        return 1

    def _delete_where(self, where: Filter, limit: int | None) -> int:
        condition = compile_filter(where, self._collection, self._project, self._connection)
        found = self._connection.rows(
            f"SELECT r.number FROM {self._table} r WHERE r.project = ? AND {condition.text} ORDER BY r.id LIMIT ?",
            [self._project, *condition.parameters, -1 if limit is None else limit],
        )
        return sum(self._delete("r.number = ?", number) for number in found)

    def _delete_found(self, found: Sequence[Parameter]) -> None:
        self.newest.forget()
        row = sound_row(found, self._collection)
        number = cast("int", found[0])
        if row is None:
            self._silent.append(number)
        else:
            if row.terms and number <= self._numbers.indexed:
                self._index_text(self._delete_text, number, row.fields, row.terms)
            for tag in self._collection.tags:
                self._delete_tags(number, tag, row.fields.get(tag))
            if self._collection.text:
                scopes = ((scope, row.fields.get(scope)) for scope in self._collection.scopes)
                self._left.update((scope, cast("str", value)) for scope, value in scopes if value is not None)
        for space in self._collection.vectors:
            self._connection.execute(f"DELETE FROM {self._collection.name}__vec__{space.name} WHERE row = ?", [number])
        self._connection.execute(f"DELETE FROM {self._table} WHERE number = ?", [number])
        self._numbers.never_again(number)
        self._log(number, gone=True)

    def _delete_tags(self, number: int, tag: str, values: FieldValue | None) -> None:
        for value in cast("tuple[str, ...]", values or ()):
            self._connection.execute(
                f"DELETE FROM {self._collection.name}__tag WHERE project = ? AND field = ? AND value = ? AND row = ?",
                [self._project, tag, value, number],
            )

    def _log(self, number: int, *, gone: bool) -> None:
        """Tell what is made of searched rows that one of them changed."""
        if not (self._collection.text or self._collection.vectors):
            return
        table = f"{self._collection.name}__changed"
        entry = self._connection.execute(f"INSERT INTO {table} (row, gone) VALUES (?, ?)", [number, gone])
        sequence = cast("int", entry.lastrowid)
        if sequence % _LOG_SWEEP == 0:
            self._connection.execute(f"DELETE FROM {table} WHERE sequence <= ?", [sequence - _LOG_KEPT])


def _bytes(vector: Vector) -> bytes:
    return cast("NDArray[numpy.float32]", vector).tobytes()
