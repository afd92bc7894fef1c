"""Processes that write to a store until they are killed or done: `python writers.py FILE NAME SECONDS`.

Each batch holds three rows that belong together (`NAME/<number>/a`, `b`, `c`), and is acknowledged on
standard output after the store has returned from it.
"""

from __future__ import annotations

import sys
import time

from mnemon.stores.sqlite.store import SQLiteStore
from mnemon.testing.samples import CURRENT, NOTES, PROJECT, note
from mnemon.types.filters import Filter, where
from mnemon.types.storage import Delete, Nearest, Patch, Put, Terms, Write

PARTS = ("a", "b", "c")


def batch(name: str, number: int) -> list[Write]:
    """Return three puts; every third batch supersedes the one before and takes one row of it away."""
    rows = [
        note(
            f"{name}/{number:06}/{part}",
            user_id=name,
            terms=("t", f"n{number}"),
            small=(1.0, number % 7, 0.0),
            categories=(part,),
        )
        for part in PARTS
    ]
    writes: list[Write] = [Put(collection="notes", row=row) for row in rows]
    if number % 3 == 2:
        before = f"{name}/{number - 1:06}"
        writes.append(Patch(collection="notes", id=f"{before}/b", fields={"closed_at": "2026-01-01T00:00:00.000000Z"}))
        writes.append(Delete(collection="notes", ids=[f"{before}/c"]))
    return writes


def expected_ids(name: str, batches: int) -> list[str]:
    """Return the ids that are there after that many batches."""
    gone = {f"{name}/{number - 1:06}/c" for number in range(batches) if number % 3 == 2}
    ids = {f"{name}/{number:06}/{part}" for number in range(batches) for part in PARTS}
    return sorted(ids - gone)


def write(path: str, name: str, seconds: float) -> None:
    """Write batches and read them back until the time is over."""
    with SQLiteStore(path) as store:
        store.declare(NOTES)
        mine = where("user_id").eq(name) & CURRENT
        end = time.monotonic() + seconds
        number = 0
        while time.monotonic() < end:
            store.apply(PROJECT, batch(name, number))
            sys.stdout.write(f"{number}\n")
            sys.stdout.flush()
            if number % 5 == 4:
                check_reads(store, name, number, mine)
            number += 1


def check_reads(store: SQLiteStore, name: str, number: int, mine: Filter) -> None:
    """Fail unless this process reads all that it wrote, and others' batches whole."""
    found = store.search(PROJECT, "notes", Terms(weights={f"n{number}": 1.0}), mine)
    assert sorted(match.row.id for match in found) == [f"{name}/{number:06}/{part}" for part in PARTS]
    near = store.search(PROJECT, "notes", Nearest(space="small", vector=[1.0, 0.0, 0.0]), mine, limit=10)
    assert all(match.row.id.startswith(f"{name}/") for match in near)
    newest = store.scan(PROJECT, "notes", descending=True, limit=30).rows
    whole = [row.id.rpartition("/")[0] for row in newest]
    assert whole.count(whole[0]) == len(PARTS), whole


if __name__ == "__main__":
    write(sys.argv[1], sys.argv[2], float(sys.argv[3]))
