"""What a hostile world does to the embedded store, and what it says then."""

from __future__ import annotations

import os
import pickle
import random
import sqlite3
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from mnemon.errors import (
    DimensionMismatchError,
    InvalidInputError,
    MissingExtraError,
    MnemonError,
    StoreConflictError,
    StoreCorruptError,
    StoreError,
)
from mnemon.stores.sqlite.store import SQLiteStore
from mnemon.testing.samples import NOTES, PROJECT, note, put
from mnemon.types.filters import where
from mnemon.types.storage import Collection, Ordered, VectorSpace
from tests.stores.damaged import damage, open_notes

if TYPE_CHECKING:
    from pathlib import Path

INTERRUPTED = """
import signal, sqlite3, sys, threading, time
from mnemon.stores.sqlite.store import SQLiteStore
from mnemon.testing.samples import NOTES, PROJECT, note, put

signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background begins with it ignored
store = SQLiteStore(sys.argv[1])
store.declare(NOTES)
other = sqlite3.connect(sys.argv[1], isolation_level=None, check_same_thread=False)
other.execute("BEGIN IMMEDIATE")

def interrupt_and_let_go():  # in this order, however busy the machine is
    time.sleep(0.3)
    signal.raise_signal(signal.SIGINT)
    time.sleep(0.5)
    other.execute("COMMIT")

ending = threading.Thread(target=interrupt_and_let_go)
try:
    ending.start()
    store.apply(PROJECT, put(note("interrupted")))
except KeyboardInterrupt:
    print("interrupted")
ending.join()
store.apply(PROJECT, put(note("next")))
other.execute("BEGIN IMMEDIATE")
other.execute("COMMIT")
print(store.list_ids(PROJECT, "notes"))
"""


def test_an_interrupt_while_waiting_for_the_lock_leaves_nothing_locked(tmp_path: Path) -> None:
    command = [sys.executable, "-c", INTERRUPTED, str(tmp_path / "store.db")]

    outcome = subprocess.run(command, capture_output=True, text=True, check=False, timeout=50)

    assert outcome.stdout.splitlines()[-1:] == ["['next']"], outcome.stderr


def test_an_interrupt_inside_a_condition_stays_an_interrupt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> bool:
        raise KeyboardInterrupt

    with open_notes(tmp_path / "store.db") as store:
        store.apply(PROJECT, put(note("a", metadata={"k": 1})))
        with monkeypatch.context() as patched:
            patched.setattr("mnemon.stores.sqlite.conditions.holds", interrupt)
            with pytest.raises(KeyboardInterrupt):
                store.list_ids(PROJECT, "notes", where("metadata.k").eq(1))

        assert store.list_ids(PROJECT, "notes", where("metadata.k").eq(1)) == ["a"]


def fail(store: SQLiteStore, error: Exception) -> None:
    with store.exclusive() as unit:
        unit.apply(PROJECT, put(note("a")))
        raise error


def test_what_the_caller_raises_in_a_unit_is_what_comes_out(tmp_path: Path) -> None:
    with open_notes(tmp_path / "store.db") as store:
        mine = sqlite3.IntegrityError("mine, of another database")
        with pytest.raises(sqlite3.IntegrityError) as caught:
            fail(store, mine)

        assert caught.value is mine
        assert store.list_ids(PROJECT, "notes") == []


@pytest.mark.parametrize("how", ["deleted", "replaced"])
def test_a_file_that_is_gone_or_another_one_takes_no_writes(tmp_path: Path, how: str) -> None:
    path = tmp_path / "store.db"
    with open_notes(tmp_path / "backup.db") as backup:
        backup.apply(PROJECT, put(note("restored")))
    with open_notes(path) as store:
        store.apply(PROJECT, put(note("live")))
        if how == "deleted":
            path.unlink()
        else:
            (tmp_path / "backup.db").replace(path)

        with pytest.raises(StoreError, match="deleted or replaced"):
            store.apply(PROJECT, put(note("lost")))
        with pytest.raises(StoreError, match="deleted or replaced"):
            store.list_ids(PROJECT, "notes")

    assert path.exists() == (how == "replaced")


@pytest.mark.parametrize("linked", [False, True])
def test_a_log_that_is_gone_acknowledges_no_writes(tmp_path: Path, *, linked: bool) -> None:
    path = tmp_path / "store.db"
    if linked:
        path = tmp_path / "link.db"
        path.symlink_to(tmp_path / "store.db")
    with open_notes(path) as store:
        store.apply(PROJECT, put(note("before")))
        (tmp_path / "store.db-wal").unlink()

        for _ in range(2):
            with pytest.raises(StoreError, match=r"write-ahead log .* open it again"):
                store.apply(PROJECT, put(note("lost")))


def test_damage_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    with open_notes(path) as store:
        store.apply(PROJECT, put(*(note(f"{number}", payload=b"x" * 3_000) for number in range(200))))
    content = bytearray(path.read_bytes())
    content[8_192:] = os.urandom(len(content) - 8_192)
    path.write_bytes(bytes(content))

    with pytest.raises(StoreCorruptError, match=r"restore a backup"), open_notes(path) as store:
        store.scan(PROJECT, "notes", limit=1_000)


def test_a_condition_on_text_that_is_damaged_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    with open_notes(path) as store:
        store.apply(PROJECT, put(note("a", metadata={"k": 1})))
    damage(path, "UPDATE notes__rows SET metadata = cast(x'5bff22' AS TEXT)")

    with open_notes(path) as store, pytest.raises(StoreCorruptError, match="restore a backup"):
        store.list_ids(PROJECT, "notes", where("metadata.k").eq(1))


def test_random_damage_is_an_error_of_ours_or_a_finding(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    with open_notes(path) as store:
        rows = [note(f"{number}", terms=(f"marmalade{number}",), metadata={"k": "marmalade"}) for number in range(300)]
        store.apply(PROJECT, put(*rows))
    sound = path.read_bytes()
    chance = random.Random(11)  # noqa: S311 - a seed, no secret
    said: list[str] = []
    for _ in range(60):
        damaged = bytearray(sound)
        for _ in range(30):
            damaged[chance.randrange(100, len(damaged))] = chance.randrange(256)
        path.write_bytes(bytes(damaged))
        try:
            with open_notes(path) as store:
                said += [finding.kind for finding in store.check()]
                store.scan(PROJECT, "notes", limit=1_000, include=("terms", "metadata"))
        except MnemonError as error:
            said.append(f"{error} {error.__cause__!r}")

    assert any("damaged" in text for text in said)
    assert not [text for text in said if "marmalade" in text]


def test_names_that_look_alike_keep_their_own_tables(tmp_path: Path) -> None:
    collections = [
        Collection(name="a", vectors=(VectorSpace("b_c", "m", 2),), text=True),
        Collection(name="a_b", vectors=(VectorSpace("c", "m", 2),)),
        Collection(name="a_data", text=True),
        Collection(name="a_rows", keys=("k",), indexes=(("k",),)),
        Collection(name="x", keys=("y", "a_b", "b"), ordered=(Ordered("a"),), indexes=(("a", "b"), ("a_b",))),
        Collection(name="x_by_y"),
    ]
    with SQLiteStore(tmp_path / "store.db") as store:
        store.declare(*collections)

    for bad in ("a__b", "a_", "_a", "A", "1a", "sqlite_x", "mnemon_x", "x" * 49, "id", ""):
        with pytest.raises(InvalidInputError, match="cannot name"):
            Collection(name=bad)
    for build in (
        lambda: Collection(name="c", keys="abc"),  # pyright: ignore[reportArgumentType]
        lambda: Collection(name="c", indexes=((),)),
        lambda: Collection(name="c", ordered=(Ordered("x", "bogus"),)),  # pyright: ignore[reportArgumentType]
        lambda: Collection(name="c", vectors=(VectorSpace("v", "m", 2.5),)),  # pyright: ignore[reportArgumentType]
        lambda: replace(NOTES, name=None),
    ):
        with pytest.raises(InvalidInputError, match=r"tuples|kind|dimension|cannot name"):
            build()


def test_errors_cross_processes() -> None:
    for error in (
        StoreConflictError("notes", "a", 3, "it is not as expected"),
        MissingExtraError("LocalEmbedder", "local"),
        DimensionMismatchError("space", expected=3, got=4),
    ):
        again = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
        assert (type(again), str(again), vars(again)) == (type(error), str(error), vars(error))
