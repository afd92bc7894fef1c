"""What the embedded store takes, beside bare SQLite in the same run."""

from __future__ import annotations

import sqlite3
import statistics
import subprocess
import sys
from functools import partial
from typing import TYPE_CHECKING, cast

from mnemon.stores.sqlite.store import SQLiteStore
from mnemon.types.storage import Nearest, Put, Row, Terms

from .report import Figure, median_ms, milliseconds
from .samples import MEMORIES, PROJECT, fill, query_weights, rows, scope, vectors

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray


def writes(folder: Path) -> Iterator[Figure]:
    """Measure one durable put at 10,000 rows beside a bare insert of the same row, and bulk loading."""
    puts = [Put(collection="memories", row=row) for row in rows(18_000)]
    with SQLiteStore(folder / "writes.db") as store:
        store.declare(MEMORIES)

        def put(one: int, most: int = 1) -> None:
            store.apply(PROJECT, puts[one : one + most])

        bulk = milliseconds(lambda: [put(start, 500) for start in range(0, 10_000, 500)])
        alone = [milliseconds(lambda one=one: put(one)) for one in range(10_000, 14_000)]
        loaded = _BareTable(folder / "loaded.db")
        bare_bulk = milliseconds(lambda: [loaded.commit(puts[start : start + 500]) for start in range(0, 10_000, 500)])
        loaded.connection.close()
        bare = _BareTable(folder / "bare.db")
        for one in puts[:14_000]:
            bare.commit([one])
        in_turn = [
            (milliseconds(lambda one=one: put(one)), milliseconds(lambda one=one: bare.commit(puts[one : one + 1])))
            for one in range(14_000, 18_000)
        ]
        bare.connection.close()
    ours, theirs = (statistics.median(times) for times in zip(*in_turn, strict=True))
    yield Figure(
        name="one durable put, text and vector, at 10,000 rows: p50",
        value=statistics.median(alone),
        unit="ms",
        wanted="<= 0.2",
    )
    yield Figure(name="the same: mean, checkpoints and indexing included", value=statistics.mean(alone), unit="ms")
    yield Figure(name="the same, in turn with bare inserts into another file: p50", value=ours, unit="ms")
    yield Figure(name="the same row by bare sqlite3 with FTS5: p50", value=theirs, unit="ms")
    ratios = sorted(mine / bare_one for mine, bare_one in in_turn)
    yield Figure(name="put over bare insert: ratio of medians", value=ours / theirs, unit="x", wanted="<= 3")
    yield Figure(name="put over bare insert: median of ratios in turn", value=statistics.median(ratios), unit="x")
    yield Figure(name="bulk, batches of 500", value=10_000 / bulk * 1_000, unit="rows/s", wanted=">= 12,000")
    yield Figure(name="bulk over bare inserts in the same batches", value=bulk / bare_bulk, unit="x")


class _BareTable:
    """The least that keeps the same row: one table, one FTS5 index, no scopes, no other index."""

    def __init__(self, path: Path) -> None:
        self.connection = sqlite3.connect(path, isolation_level=None)
        self.connection.execute("PRAGMA journal_mode = WAL")
        self.connection.execute("PRAGMA synchronous = NORMAL")
        self.connection.execute(
            "CREATE TABLE r (id TEXT UNIQUE, user TEXT, run TEXT, created TEXT, body BLOB, vector BLOB)"
        )
        self.connection.execute("CREATE VIRTUAL TABLE words USING fts5(text)")

    def _insert(self, row: Row) -> None:
        fields = row.fields
        vector = cast("NDArray[np.float32]", row.vectors["v"]).tobytes()
        values = (row.id, fields["user_id"], fields["run_id"], fields["created_at"], row.payload, vector)
        number = self.connection.execute("INSERT INTO r VALUES (?, ?, ?, ?, ?, ?)", values).lastrowid
        self.connection.execute("INSERT INTO words (rowid, text) VALUES (?, ?)", (number, " ".join(row.terms)))

    def commit(self, puts: Sequence[Put]) -> None:
        self.connection.execute("BEGIN IMMEDIATE")
        for put in puts:
            self._insert(put.row)
        self.connection.execute("COMMIT")


def near(number: int) -> Nearest:
    """Return a vector search."""
    return Nearest(space="v", vector=vectors()[number] + 0.5 * vectors()[number + 1])


def whole(store: SQLiteStore, user: int, number: int) -> None:
    """Search as recall does: document frequencies, both channels with 100 candidates each."""
    weights = query_weights(number)
    store.count(PROJECT, "memories", scope(user), terms=list(weights))
    store.search(PROJECT, "memories", Terms(weights=weights), scope(user), limit=100)
    store.search(PROJECT, "memories", near(number), scope(user), limit=100)


def by_words(store: SQLiteStore, user: int, number: int) -> None:
    """Search by words alone, 100 candidates."""
    store.search(PROJECT, "memories", Terms(weights=query_weights(number)), scope(user), limit=100)


def searches(folder: Path) -> Iterator[Figure]:
    """Measure searches in one scope of 1,000, 10,000 and 100,000 rows, the first one and warm."""
    for size in (1_000, 10_000, 100_000):
        path = folder / f"search-{size}.db"
        with SQLiteStore(path) as store:
            fill(store, size)
        if size == 100_000:
            opening = milliseconds(partial(_open, path))
            yield Figure(name="opening 100,000 rows", value=opening, unit="ms", wanted="< 1,000")
        with SQLiteStore(path) as store:
            store.declare(MEMORIES)
            first = milliseconds(lambda: store.search(PROJECT, "memories", near(0), scope(0), limit=10))
            warm = median_ms(lambda number: store.search(PROJECT, "memories", near(number), scope(0), limit=10))
            yield Figure(name=f"vector search, {size:,} rows, first", value=first, unit="ms")
            yield Figure(name=f"vector search, {size:,} rows, warm: p50", value=warm, unit="ms")
        with SQLiteStore(path) as store:
            store.declare(MEMORIES)
            first = milliseconds(lambda: by_words(store, 0, 0))
            warm = median_ms(lambda number: by_words(store, 0, number))
            yield Figure(name=f"text search, {size:,} rows, 6 terms, first", value=first, unit="ms")
            yield Figure(name=f"text search, {size:,} rows, 6 terms, warm: p50", value=warm, unit="ms")
            whole(store, 0, 0)
            both = median_ms(lambda number: whole(store, 0, number))
            yield Figure(name=f"whole search, {size:,} rows, warm: p50", value=both, unit="ms")
            for row in rows(31, start=size):
                store.apply(PROJECT, [Put(collection="memories", row=row)])
            whole(store, 0, 0)
            both = median_ms(lambda number: whole(store, 0, number))
            yield Figure(name=f"whole search, {size:,} rows and 31 put one by one: p50", value=both, unit="ms")


def _open(path: Path) -> None:
    with SQLiteStore(path) as store:
        store.declare(MEMORIES)
        store.scan(PROJECT, "memories", limit=1)


def crowds(folder: Path, rows_in_all: int = 1_000_000) -> Iterator[Figure]:
    """Measure one user's 1,000 rows alone, and among those of many others."""
    alone, crowd = SQLiteStore(folder / "alone.db"), SQLiteStore(folder / "crowd.db")
    users = rows_in_all // 1_000
    with alone, crowd:
        fill(alone, 1_000)
        fill(crowd, rows_in_all, users)
        for store in (alone, crowd):
            whole(store, 0, 0)
        text_alone, text_crowd = (median_ms(lambda n, s=store: by_words(s, 0, n)) for store in (alone, crowd))
        alone_ms, crowd_ms = (median_ms(lambda n, s=store: whole(s, 0, n)) for store in (alone, crowd))
        label = f"1,000 rows inside {rows_in_all:,}"
        yield Figure(name="whole search, 1,000 rows alone: p50", value=alone_ms, unit="ms")
        yield Figure(name=f"whole search, {label}: p50", value=crowd_ms, unit="ms")
        yield Figure(name=f"whole search, {label}, over alone", value=crowd_ms / alone_ms, unit="x", wanted="<= 1.5")
        yield Figure(name=f"text part, {label}, over alone", value=text_crowd / text_alone, unit="x", wanted="<= 4")
        turns = median_ms(lambda number: whole(crowd, 1 + number * 7 % (users - 1), number), runs=300)
        yield Figure(
            name=f"whole search, {users:,} users in rotation, each for the first time: p50", value=turns, unit="ms"
        )


def durability(folder: Path) -> Iterator[Figure]:
    """Measure one commit of 1 and of 1,000 rows, with each choice of durability."""
    for choice in ("process", "full"):
        with SQLiteStore(folder / f"{choice}.db", durability=choice) as store:
            store.declare(MEMORIES)
            batch = [Put(collection="memories", row=row) for row in rows(20_000)]
            one = median_ms(partial(_put, store, batch, 1), runs=300)
            many = median_ms(partial(_put, store, batch, 1_000), runs=15)
            yield Figure(name=f"durability {choice!r}, a batch of 1 row: p50", value=one, unit="ms")
            yield Figure(name=f"durability {choice!r}, a batch of 1,000 rows: p50", value=many, unit="ms")


def _put(store: SQLiteStore, batch: list[Put], size: int, number: int) -> None:
    """Put the next `size` rows; the first 1,000 are for single ones."""
    start = number if size == 1 else size * (number + 1)
    store.apply(PROJECT, batch[start : start + size])


def imports(_: Path) -> Iterator[Figure]:
    """Measure what `import mnemon`, and opening a memory, add to starting Python."""
    imported, opened = "import mnemon", "import mnemon; mnemon.Memory(':memory:', embedder=None)"
    starts = {
        code: median_ms(lambda _, code=code: subprocess.run([sys.executable, "-c", code], check=True), runs=15) / 1_000
        for code in ("pass", imported, opened)
    }
    bare = starts["pass"]
    yield Figure(name="import mnemon, over a bare Python", value=starts[imported] - bare, unit="s", wanted="<= 0.15")
    yield Figure(name="the same and a memory opened", value=starts[opened] - bare, unit="s")
