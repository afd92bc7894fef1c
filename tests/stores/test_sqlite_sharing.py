"""Many threads and many openers of one file see one truth."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mnemon.errors import InvalidInputError, StoreConflictError, StoreError
from mnemon.stores.in_memory import InMemoryStore
from mnemon.stores.sqlite.store import SQLiteStore
from mnemon.testing import store_machine
from mnemon.testing._sync.changes import Follower
from mnemon.testing.samples import CURRENT, HOSTILE, NOTES, PROJECT, moment, note, put
from mnemon.types.filters import And, where
from mnemon.types.storage import Delete, Nearest, Patch, Put, Terms, VectorSpace
from tests.stores.damaged import ALICE, NEAR, open_notes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mnemon.protocols.store import Store
    from mnemon.types.filters import Filter
    from mnemon.types.storage import Applied, Collection, Write


class TwoOpeners(SQLiteStore):
    """Writes through one opener of a file and reads through another, as two processes would."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="mnemon-")
        path = Path(self._folder.name) / "store.db"
        super().__init__(path)
        self._other = SQLiteStore(path, cache_bytes=2_000)

    def declare(self, *collections: Collection) -> None:
        self._other.declare(*collections)
        super().declare(*collections)

    def apply(self, project: str, batch: Sequence[Write]) -> Applied:
        return self._other.apply(project, batch)

    def close(self) -> None:
        self._other.close()
        super().close()
        self._folder.cleanup()


TestTwoOpenersMachine = store_machine(TwoOpeners).TestCase


SHARED_BY_TWO = """
import sys, threading
from mnemon.stores.sqlite.store import SQLiteStore
from mnemon.testing.samples import NOTES, PROJECT, note, put
from mnemon.types.filters import where

condition = where("metadata.k").eq(1)
found, failed = [], []

def use(inside):
    try:
        for number in range(40):
            found.append(inside.list_ids(PROJECT, "notes", condition))
            if sys.argv[2] == "exclusive":
                inside.apply(PROJECT, put(note(f"{threading.get_ident()} {number}")))
                inside.scan(PROJECT, "notes", condition, limit=1)
    except BaseException as error:
        failed.append(error)

with SQLiteStore(sys.argv[1]) as store:
    store.declare(NOTES)
    store.apply(PROJECT, put(*(note(f"{number}", metadata={"k": number % 2}) for number in range(400))))
    with getattr(store, sys.argv[2])() as inside:
        threads = [threading.Thread(target=use, args=(inside,)) for _ in range(2)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
    assert not failed, failed
    assert found == [store.list_ids(PROJECT, "notes", condition)] * 80
"""


@pytest.mark.parametrize("kind", ["snapshot", "exclusive"])
def test_two_threads_in_one_unit_or_snapshot_take_turns(tmp_path: Path, kind: str) -> None:
    # In a process of its own, since one that hangs here cannot even be interrupted.
    subprocess.run([sys.executable, "-c", SHARED_BY_TWO, str(tmp_path / "store.db"), kind], check=True, timeout=120)


def ids(store: Store, query: Terms | Nearest, condition: Filter = ALICE) -> list[str]:
    return sorted(match.row.id for match in store.search(PROJECT, "notes", query, condition, limit=10_000))


@pytest.mark.parametrize("cache_bytes", [0, 5_000, 2**28])
def test_a_cache_of_any_size_stays_right_when_others_write(tmp_path: Path, cache_bytes: int) -> None:
    path = tmp_path / "store.db"
    with SQLiteStore(path, cache_bytes=cache_bytes) as reader, SQLiteStore(path) as writer:
        reader.declare(NOTES)
        writer.declare(NOTES)
        expected: set[str] = set()
        for step in range(60):
            new = [note(f"{step:03}/{part}", small=(1.0, step, part)) for part in range(5)]
            writer.apply(PROJECT, put(*new, note(f"{step}", user_id="bob", small=(1.0, 0.0, 0.0))))
            expected |= {row.id for row in new}
            if step % 4 == 3:
                writer.apply(PROJECT, [Delete(collection="notes", ids=[f"{step - 1:03}/{part}" for part in range(3)])])
                writer.apply(PROJECT, [Patch(collection="notes", id=f"{step:03}/0", fields={"closed_at": moment(1)})])
                writer.apply(PROJECT, [Patch(collection="notes", id=f"{step:03}/1", fields={"user_id": "bob"})])
                expected -= {f"{step - 1:03}/{part}" for part in range(3)} | {f"{step:03}/0", f"{step:03}/1"}

            assert ids(reader, NEAR) == sorted(expected)


def test_a_reader_far_behind_the_log_of_gone_rows_reads_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mnemon.stores.sqlite.writer._LOG_KEPT", 16)
    monkeypatch.setattr("mnemon.stores.sqlite.writer._LOG_SWEEP", 8)
    path = tmp_path / "store.db"
    with SQLiteStore(path) as reader, SQLiteStore(path) as writer:
        reader.declare(NOTES)
        writer.declare(NOTES)
        writer.apply(PROJECT, put(*(note(f"{number:03}", small=(1.0, 0.0, 0.0)) for number in range(200))))
        follower = Follower(reader, ALICE, limit=1_000)
        follower.follow()
        assert len(ids(reader, NEAR)) == 200

        for number in range(0, 100, 2):
            writer.apply(PROJECT, [Delete(collection="notes", ids=[f"{number:03}"])])

        assert len(ids(reader, NEAR)) == 150
        assert reader.changes(PROJECT, "notes", ALICE, since=follower.mark).anew
        assert sorted(follower.follow()) == reader.list_ids(PROJECT, "notes", ALICE)


def test_a_file_from_before_patches_were_logged_is_brought_on(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    with SQLiteStore(path) as store:
        store.declare(NOTES)
        store.apply(PROJECT, put(note("a"), note("b")))
        store.apply(PROJECT, [Delete(collection="notes", ids=["b"])])
    raw = sqlite3.connect(path)  # what the first version made
    raw.execute("CREATE TABLE notes__gone (sequence INTEGER PRIMARY KEY AUTOINCREMENT, row INTEGER NOT NULL)")
    raw.execute("INSERT INTO notes__gone SELECT sequence, row FROM notes__changed")
    raw.execute("DROP TABLE notes__changed")
    raw.execute("PRAGMA user_version = 1")
    raw.commit()
    raw.close()

    with SQLiteStore(path) as store:
        store.declare(NOTES)
        follower = Follower(store, ALICE)
        assert list(follower.follow()) == ["a"]
        store.apply(PROJECT, [Patch(collection="notes", id="a", fields={"kind": "new"})])
        assert follower.follow()["a"].fields["kind"] == "new"


def test_an_opener_with_an_older_declaration_keeps_what_newer_ones_added(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    newer = replace(
        NOTES,
        keys=(*NOTES.keys, "added"),
        tags=(*NOTES.tags, "labels"),
        vectors=(*NOTES.vectors, VectorSpace("new", "m", 2)),
    )
    row = replace(
        note("a", added="x", labels=("l",), small=(1.0, 0.0, 0.0)),
        vectors={"new": (1.0, 2.0), "small": (1.0, 0.0, 0.0)},
    )
    with SQLiteStore(path) as old, SQLiteStore(path) as new:
        old.declare(NOTES)
        old.apply(PROJECT, put(note("before")))
        new.declare(newer)
        new.apply(PROJECT, put(row, replace(row, id="b")))

        old.apply(PROJECT, [Patch(collection="notes", id="a", fields={"user_id": "bob"})])
        old.apply(PROJECT, [Delete(collection="notes", ids=["b"])])

        found = new.get(PROJECT, "notes", ["a"], include=("new",))["a"]
        assert found.fields == {"user_id": "bob", "added": "x", "labels": ("l",)}
        assert list(found.vectors["new"]) == [1.0, 2.0]
        assert new.list_ids(PROJECT, "notes", where("labels").eq("l")) == ["a"]
        assert old.check() == new.check() == []


def test_what_is_kept_between_calls_is_bounded(tmp_path: Path) -> None:
    with SQLiteStore(tmp_path / "store.db", cache_bytes=20_000) as store:
        store.declare(NOTES)
        store.apply(PROJECT, put(note("a", metadata={"k": 1}, small=(1.0, 0.0, 0.0))))
        patch = Patch(collection="notes", id="a", fields={"version": 1}, expect=where("metadata.k").eq(1))
        for number in range(100):
            store.apply(PROJECT, [patch])
            assert ids(store, NEAR, where("user_id").eq(f"{number}") & CURRENT) == []
        matrices = store._matrices  # pyright: ignore[reportPrivateUsage]
        with store._connections.maintaining() as writer:  # pyright: ignore[reportPrivateUsage]
            conditions = len(writer.conditions)

        assert conditions == 0
        assert len(matrices._kept) < 20  # pyright: ignore[reportPrivateUsage]
        assert len(matrices._locks) == 0  # pyright: ignore[reportPrivateUsage]


def test_a_unit_of_work_declares_nothing_and_durability_has_two_names(tmp_path: Path) -> None:
    with SQLiteStore(tmp_path / "store.db") as store:
        store.declare(NOTES)
        with store.exclusive() as unit, pytest.raises(InvalidInputError, match="before the unit of work"):
            unit.declare(replace(NOTES, name="other"))
    with pytest.raises(InvalidInputError, match="'ful'"):
        SQLiteStore(tmp_path / "other.db", durability="ful")  # pyright: ignore[reportArgumentType]


def test_a_number_is_never_given_twice(tmp_path: Path) -> None:
    with SQLiteStore(tmp_path / "store.db") as store:
        store.declare(NOTES)
        for step in range(30):
            store.apply(PROJECT, put(note(f"{step}", small=(1.0, 0.0, 0.0))))
            assert ids(store, NEAR) == [f"{step}"]
            store.apply(PROJECT, [Delete(collection="notes", ids=[f"{step}"])])
            assert ids(store, NEAR) == []
    with SQLiteStore(tmp_path / "store.db") as store:
        store.declare(NOTES)
        assert ids(store, NEAR) == []
        store.apply(PROJECT, put(note("after", small=(1.0, 0.0, 0.0))))
        assert ids(store, NEAR) == ["after"]
        store.apply(PROJECT, [Delete(collection="notes", ids=["after"])])

        stay = [f"stay-{number}" for number in range(10)]  # so that the cache is kept and not read anew
        store.apply(PROJECT, put(*(note(name, small=(1.0, 0.0, 0.0)) for name in stay)))
        for step in range(5):  # others, each new to the file, write
            with SQLiteStore(tmp_path / "store.db") as other:
                other.declare(NOTES)
                other.apply(PROJECT, put(note(f"{step}", small=(1.0, 0.0, 0.0))))
                assert ids(store, NEAR) == [f"{step}", *stay]
                other.apply(PROJECT, [Delete(collection="notes", ids=[f"{step}"])])
            assert ids(store, NEAR) == stay


def open_in_memory(_: Path) -> Store:
    return InMemoryStore()


@pytest.mark.parametrize("open_store", [SQLiteStore, open_in_memory], ids=["sqlite", "in memory"])
def test_sixteen_threads_lose_nothing_and_one_of_them_wins(tmp_path: Path, open_store: Callable[[Path], Store]) -> None:
    threads, rounds = 16, 25
    store = open_store(tmp_path / "store.db")
    store.declare(NOTES)
    barrier = threading.Barrier(threads)

    def work(name: int) -> tuple[int, int]:
        won = conflicts = 0
        for step in range(rounds):
            barrier.wait()
            won += store.apply(PROJECT, [Put(collection="notes", row=note(f"one/{step}"), existing="skip")]).counts[0]
            store.apply(PROJECT, put(note(f"{name}/{step}", user_id=f"{name}", terms=("t",), small=(1.0, 0.0, 0.0))))
            mine = where("user_id").eq(f"{name}") & CURRENT
            assert len(ids(store, Terms(weights={"t": 1.0}), mine)) == len(ids(store, NEAR, mine)) == step + 1
            conflicts += increments(store)
        return won, conflicts

    store.apply(PROJECT, put(note("counter", version=0)))
    with ThreadPoolExecutor(threads) as pool:
        outcomes = list(pool.map(work, range(threads)))

    assert sum(won for won, _ in outcomes) == rounds
    assert store.get(PROJECT, "notes", ["counter"])["counter"].fields["version"] == threads * rounds
    assert len(store.list_ids(PROJECT, "notes")) == rounds + threads * rounds + 1
    store.close()


def increments(store: Store) -> int:
    """Count one up by a patch that expects what was read; return how often another thread was quicker."""
    conflicts = 0
    while True:
        version = store.get(PROJECT, "notes", ["counter"])["counter"].fields["version"]
        assert isinstance(version, int)
        patch = Patch(
            collection="notes", id="counter", fields={"version": version + 1}, expect=where("version").eq(version)
        )
        try:
            store.apply(PROJECT, [patch])
        except StoreConflictError:
            conflicts += 1
        else:
            return conflicts


def test_writing_past_ones_own_unit_of_work_is_an_error_and_not_a_wait(tmp_path: Path) -> None:
    with SQLiteStore(tmp_path / "store.db") as store:
        store.declare(NOTES)
        with store.exclusive() as unit:
            unit.apply(PROJECT, put(note("a")))
            with pytest.raises(StoreError, match="unit of work"):
                store.apply(PROJECT, put(note("b")))

        assert store.list_ids(PROJECT, "notes") == ["a"]


def test_an_aborted_batch_leaves_no_trace_in_a_cache(tmp_path: Path) -> None:
    with SQLiteStore(tmp_path / "store.db") as store:
        store.declare(NOTES)
        store.apply(PROJECT, put(note("kept", small=(1.0, 0.0, 0.0))))
        abort = Put(collection="notes", row=note("kept"), existing="abort")
        with pytest.raises(StoreConflictError):
            store.apply(PROJECT, [*put(note("lost", small=(1.0, 0.0, 0.0))), abort])
        assert ids(store, NEAR) == ["kept"]

        store.apply(PROJECT, put(note("next", small=(1.0, 0.0, 0.0))))

        assert ids(store, NEAR) == ["kept", "next"]


def test_an_audit_finds_what_does_not_fit_and_mends_it(tmp_path: Path) -> None:
    with SQLiteStore(tmp_path / "store.db") as store:
        store.declare(NOTES)
        rows = [note(f"{number}", terms=("t",), small=(1.0, 0.0, 0.0), categories=("c",)) for number in range(40)]
        store.apply(PROJECT, put(*rows))  # so many that their text is in the index
        with store._connections.writing() as connection:  # pyright: ignore[reportPrivateUsage]
            connection.execute("INSERT INTO notes__text (rowid, tokens) VALUES (999, 'stray')")
            connection.execute("UPDATE notes__rows SET terms = 't u' WHERE id = '3'")
            connection.execute("DELETE FROM notes__tag WHERE row = 1")
            connection.execute("INSERT INTO notes__vec__small VALUES (999, x'00')")

        found = store.check()
        mended = store.check(repair=True)

        assert [(finding.kind, finding.rows, finding.ids) for finding in found] == [
            ("postings differ from rows", 2, ("3",)),
            ("tag entries differ from rows", 1, ("0",)),
            ("vectors without a row in small", 1, ()),
        ]
        assert not any(finding.repaired for finding in found)
        assert all(finding.repaired for finding in mended)
        assert store.check() == []
        assert ids(store, Terms(weights={"u": 1.0})) == ["3"]


def test_an_audit_keeps_no_writer_out(tmp_path: Path) -> None:
    with open_notes(tmp_path / "store.db") as store, open_notes(tmp_path / "store.db") as other:
        store.apply(PROJECT, put(note("a", terms=("t",))))
        with other.exclusive() as unit:
            unit.apply(PROJECT, put(note("b")))
            assert store.check() == []


def test_rows_of_others_do_not_move_a_scope(tmp_path: Path) -> None:
    with SQLiteStore(tmp_path / "store.db") as store:
        store.declare(NOTES)
        mine = [
            note(f"m{number}", terms=("t", "u") if number % 3 else ("t",), small=(1.0, number, 0.0))
            for number in range(30)
        ]
        store.apply(PROJECT, put(*mine))
        before = answers(store)
        for user in HOSTILE:
            if user != "alice":
                others = [
                    note(f"{user}/{number}", user_id=user, terms=("t", "u"), small=(1.0, 0.0, 0.0))
                    for number in range(20)
                ]
                store.apply(PROJECT, put(*others))

        assert answers(store) == before
        assert store.count(PROJECT, "notes", And()).rows > 500


def answers(store: Store) -> object:
    found = store.search(PROJECT, "notes", Terms(weights={"t": 1.0, "u": 2.0}), ALICE, limit=10)
    near = store.search(PROJECT, "notes", NEAR, ALICE, limit=10)
    return found, near, store.count(PROJECT, "notes", ALICE, terms=["t", "u"])


def test_messages_of_errors_hold_no_text_that_was_stored(tmp_path: Path) -> None:
    private = "marmalade"
    said: list[str] = []
    with SQLiteStore(tmp_path / "store.db", max_bytes=500_000) as store:
        store.declare(NOTES)
        store.apply(PROJECT, put(note("a", terms=(private,), metadata={"k": private}, payload=private.encode())))
        for row in (
            note("b", terms=(f"{private} {private}",)),
            note("b", metadata={"k": {private, "x"}}),  # pyright: ignore[reportArgumentType]
            note("b", payload=private),  # pyright: ignore[reportArgumentType]
            note("b", payload=private.encode() * 100_000),
        ):
            with pytest.raises(Exception) as caught:  # noqa: PT011 - whatever it is
                store.apply(PROJECT, put(row))
            said += [str(caught.value), repr(caught.value.__cause__)]

    assert not [text for text in said if private in text]
