"""Comparison of rows with what is derived from them, and mending it."""

from __future__ import annotations

import json
import sqlite3
from contextlib import nullcontext
from typing import TYPE_CHECKING, cast

from mnemon.logic.rows import ROWS_DAMAGED
from mnemon.stores.sqlite.damage import any_text, damaged_rows
from mnemon.stores.sqlite.findings import found_rows
from mnemon.stores.sqlite.lost import audit_names, audit_projects, give_ids, rows_given_ids, sound_name
from mnemon.stores.sqlite.norms import extreme_vectors, norms_kind, scale_vectors
from mnemon.stores.sqlite.pending import indexed_number, row_tokens
from mnemon.stores.sqlite.places import Places
from mnemon.stores.sqlite.postings import indexed_words, is_damage, make_postings

if TYPE_CHECKING:
    from collections.abc import Collection as Numbers
    from collections.abc import Iterator, Sequence

    from mnemon.stores.sqlite.connections import Connection
    from mnemon.types.storage import Collection, Finding

__all__ = ["audit"]


def audit(connection: Connection, collections: Sequence[Collection], *, repair: bool) -> list[Finding]:
    """Return what does not fit; with `repair`, mend what can be mended in the caller's transaction.

    Reads each row, and compares it with its postings and tag entries, and vectors with rows. What was derived
    of a row whose fields or terms are damaged is left as it is: the row cannot tell what it should be.
    """
    nameless = list(audit_names(connection, repair=repair))
    lost = list(audit_projects(connection, [each.name for each in collections], repair=repair))
    with any_text(connection) if lost else nullcontext():  # their project may be text, and of any kind
        rest = [one for each in collections for one in _audit_collection(connection, each, repair=repair)]
    return nameless + lost + rest


def _audit_collection(connection: Connection, collection: Collection, *, repair: bool) -> list[Finding]:
    damaged = _damaged(connection, collection)
    if not damaged:
        return list(_audit_derived(connection, collection, damaged, repair=repair))
    with any_text(connection):  # which takes longer
        if repair and give_ids(connection, collection.name, damaged):
            damaged = _damaged(connection, collection)  # more of them can tell now what is derived of them
        named = _by_project(connection, collection.name, damaged)
        silent = {number for number, tells in damaged.items() if not tells}
        return [*named, *_audit_derived(connection, collection, silent, repair=repair)]


def _damaged(connection: Connection, collection: Collection) -> dict[int, bool]:
    """Return the rows that are not sound, as `damaged_rows` does, and those that have lost the id they had."""
    given = dict.fromkeys(rows_given_ids(connection, collection.name), True)
    return given | damaged_rows(connection, collection)


def _by_project(connection: Connection, name: str, damaged: Numbers[int]) -> list[Finding]:
    """Name damaged rows with their project: by an id alone somebody might delete the sound row of another one."""
    found: dict[str | None, list[int]] = {}
    sql = f"SELECT p.name FROM {name}__rows r LEFT JOIN mnemon_projects p ON p.number = r.project WHERE r.number = ?"
    for number in sorted(damaged):
        found.setdefault(sound_name(connection.value(sql, [number])), []).append(number)
    return [
        found_rows(connection, name, ROWS_DAMAGED, numbers, repaired=False, project=project)
        for project, numbers in sorted(found.items(), key=lambda item: item[0] or "")
    ]


def _audit_derived(
    connection: Connection, collection: Collection, damaged: Numbers[int], *, repair: bool
) -> Iterator[Finding]:
    yield from _audit_text(connection, collection, damaged, repair=repair)
    yield from _audit_tags(connection, collection, damaged, repair=repair)
    yield from _audit_vectors(connection, collection, repair=repair)
    yield from _audit_norms(connection, collection, repair=repair)


def _audit_text(
    connection: Connection, collection: Collection, damaged: Numbers[int], *, repair: bool
) -> Iterator[Finding]:
    if not collection.text:
        return
    name = collection.name
    expected = _expected_tokens(connection, collection, Places(connection, collection, adds=repair), damaged)
    actual = _actual_tokens(connection, name)
    unreadable = actual is None
    actual = actual or {}
    expected.update({number: actual[number] for number in damaged if number in actual})
    wrong = sorted(number for number in expected.keys() | actual.keys() if expected.get(number) != actual.get(number))
    if not (wrong or unreadable):
        return
    if repair:
        texts = ((number, " ".join(sorted(words))) for number, words in expected.items())
        make_postings(connection, name, texts)
    yield found_rows(connection, name, "postings differ from rows", wrong, repaired=repair)


def _expected_tokens(
    connection: Connection, collection: Collection, places: Places, damaged: Numbers[int]
) -> dict[int, frozenset[str]]:
    indexed = f"r.number <= {indexed_number(connection, collection)}"
    texts = row_tokens(connection, collection, places, indexed, without=damaged)
    return {number: frozenset(text.split(" ")) for number, text in texts}


def _actual_tokens(connection: Connection, name: str) -> dict[int, frozenset[str]] | None:
    """Return the tokens that the index has of each row, or None where it cannot be read."""
    found: dict[int, set[str]] = {}
    try:
        with any_text(connection):
            for token, number in connection.execute(f"SELECT term, doc FROM {indexed_words(connection, name)}"):
                found.setdefault(cast("int", number), set()).add(cast("str", token))
    except sqlite3.DatabaseError as error:
        if not is_damage(error):
            raise
        return None
    return {number: frozenset(words) for number, words in found.items()}


def _audit_tags(
    connection: Connection, collection: Collection, damaged: Numbers[int], *, repair: bool
) -> Iterator[Finding]:
    name = collection.name
    expected: set[tuple[int, str, str, int]] = set()
    for tag in collection.tags:
        sql = f"SELECT number, project, f_{tag} FROM {name}__rows WHERE f_{tag} IS NOT NULL"
        for number, project, values in connection.execute(sql):
            if number not in damaged:
                expected |= {(project, tag, value, number) for value in json.loads(values)}
    with any_text(connection):
        entries = connection.rows(f"SELECT project, field, value, row FROM {name}__tag")
    actual = {cast("tuple[int, str, str, int]", entry) for entry in entries}
    expected |= {entry for entry in actual if entry[3] in damaged}
    wrong = expected ^ actual
    if not wrong:
        return
    if repair:
        connection.execute(f"DELETE FROM {name}__tag")
        ordered = sorted(expected, key=repr)  # what stands there of a damaged row may be of any type
        connection.raw.executemany(f"INSERT INTO {name}__tag VALUES (?, ?, ?, ?)", ordered)
    yield found_rows(connection, name, "tag entries differ from rows", {entry[3] for entry in wrong}, repaired=repair)


def _audit_vectors(connection: Connection, collection: Collection, *, repair: bool) -> Iterator[Finding]:
    for space in collection.vectors:
        table = f"{collection.name}__vec__{space.name}"
        orphans = f"row NOT IN (SELECT number FROM {collection.name}__rows)"
        wrong = [cast("int", row) for (row,) in connection.rows(f"SELECT row FROM {table} WHERE {orphans}")]
        if wrong:
            if repair:
                connection.execute(f"DELETE FROM {table} WHERE {orphans}")
            yield found_rows(
                connection, collection.name, f"vectors without a row in {space.name}", wrong, repaired=repair
            )


def _audit_norms(connection: Connection, collection: Collection, *, repair: bool) -> Iterator[Finding]:
    for space in collection.vectors:
        extreme = extreme_vectors(connection, collection.name, space)
        if extreme:
            if repair:
                scale_vectors(connection, collection.name, space, extreme)
            yield found_rows(connection, collection.name, norms_kind(space), extreme, repaired=repair)
