"""What a hostile world does to the embedded store, and what it says then."""

from __future__ import annotations

import gc
import os
import pickle
import random
import sqlite3
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import replace
from json import JSONDecodeError
from pathlib import Path
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
    StoreFullError,
)
from mnemon.stores.sqlite.store import SQLiteStore
from mnemon.testing.samples import NOTES, PROJECT, note, put
from mnemon.types.filters import where
from mnemon.types.storage import Collection, Delete, DeleteWhere, Ordered, VectorSpace
from tests.stores.damaged import damage, open_notes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mnemon.protocols.store import Store


def pay(store: SQLiteStore, *, credit: bool) -> None:
    """Write in a unit of work, fill the disk, go on as if nothing had happened."""
    with store.exclusive() as unit:
        unit.apply(PROJECT, put(note("debit")))
        with pytest.raises(StoreFullError):
            unit.apply(PROJECT, put(*(note(f"{number}", payload=os.urandom(30_000)) for number in range(100))))
        if credit:
            unit.apply(PROJECT, put(note("credit")))


def test_a_unit_that_a_full_disk_took_back_writes_nothing_more(tmp_path: Path) -> None:
    with open_notes(tmp_path / "store.db", max_bytes=1_000_000) as store:
        store.apply(PROJECT, put(note("before")))

        with pytest.raises(StoreError, match="took the"):
            pay(store, credit=True)

        assert store.list_ids(PROJECT, "notes") == ["before"]
        store.apply(PROJECT, put(note("after")))
        assert store.check() == []


def test_a_caught_full_disk_alone_never_commits_half_a_unit(tmp_path: Path) -> None:
    with open_notes(tmp_path / "store.db", max_bytes=1_000_000) as store:
        with pytest.raises(StoreError, match="took the"):
            pay(store, credit=False)

        assert store.list_ids(PROJECT, "notes") == []


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


def test_scrubbing_leaves_nothing_of_one_person_among_many(tmp_path: Path) -> None:
    chance = random.Random(7)  # noqa: S311 - a seed, no secret
    path = tmp_path / "store.db"
    with open_notes(path) as store:
        names = [f"{chance.getrandbits(32):08x}{who}-{number}" for number in range(1_500) for who in ("anna", "bert")]
        chance.shuffle(names)
        for start in range(0, len(names), 50):
            rows = [
                note(
                    name,
                    user_id="anna" if "anna" in name else "bert",
                    categories=(name,),
                    terms=(name,),
                    payload=name.encode(),
                )
                for name in names[start : start + 50]
            ]
            store.apply(PROJECT, put(*rows))
        gone = [name for name in names if "anna" in name]
        chance.shuffle(gone)
        for start in range(0, len(gone), 30):
            store.apply(PROJECT, [Delete(collection="notes", ids=gone[start : start + 30])])

        assert store.scrub().bytes == "gone"
        content = b"".join(file.read_bytes() for file in tmp_path.iterdir())
        assert b"anna" not in content
        assert content.count(b"bert") > 1_500
        assert store.check() == []


def test_a_foreign_database_keeps_every_byte(tmp_path: Path) -> None:
    path = tmp_path / "theirs.db"
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE theirs (x)")
    other.close()
    before = path.read_bytes()

    with pytest.raises(StoreCorruptError, match="another program"):
        SQLiteStore(path)

    assert path.read_bytes() == before


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


def test_a_name_that_is_too_long_or_a_loop_is_an_error_of_ours(tmp_path: Path) -> None:
    (tmp_path / "one").symlink_to(tmp_path / "two")
    (tmp_path / "two").symlink_to(tmp_path / "one")

    for path in (tmp_path / ("n" * 300), tmp_path / "one"):
        with pytest.raises(StoreError, match="choose another place"):
            SQLiteStore(path)


AS_NOBODY = """
import os, sys
from mnemon.errors import StoreReadOnlyError
from mnemon.stores.sqlite.store import SQLiteStore

os.setgid(65534)
os.setuid(65534)
try:
    SQLiteStore(sys.argv[1])
except StoreReadOnlyError as error:
    assert "permissions" in str(error)
else:
    sys.exit("it was opened")
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_another_users_folder_is_an_error_of_ours(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", AS_NOBODY, str(tmp_path / "store.db")], check=True)


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


def test_an_audit_keeps_no_writer_out(tmp_path: Path) -> None:
    with open_notes(tmp_path / "store.db") as store, open_notes(tmp_path / "store.db") as other:
        store.apply(PROJECT, put(note("a", terms=("t",))))
        with other.exclusive() as unit:
            unit.apply(PROJECT, put(note("b")))
            assert store.check() == []


def test_readers_of_many_threads_do_not_pile_up(tmp_path: Path) -> None:
    with open_notes(tmp_path / "store.db") as store:
        store.apply(PROJECT, put(note("a")))
        barrier = threading.Barrier(80)

        def read() -> None:
            barrier.wait()
            with store._connections.reading():  # pyright: ignore[reportPrivateUsage]
                barrier.wait()

        threads = [threading.Thread(target=read) for _ in range(80)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert len(store._connections._idle) <= 16  # pyright: ignore[reportPrivateUsage]


def test_errors_cross_processes() -> None:
    for error in (
        StoreConflictError("notes", "a", 3, "it is not as expected"),
        MissingExtraError("LocalEmbedder", "local"),
        DimensionMismatchError("space", expected=3, got=4),
    ):
        again = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
        assert (type(again), str(again), vars(again)) == (type(error), str(error), vars(error))


def test_the_write_settings_are_what_the_docs_say(tmp_path: Path) -> None:
    with (
        open_notes(tmp_path / "store.db") as store,
        store._connections.maintaining() as writer,  # pyright: ignore[reportPrivateUsage]
    ):
        assert writer.value("PRAGMA journal_mode") == "wal"
        assert writer.value("PRAGMA secure_delete") == 1


@pytest.fixture
def uncollected() -> Iterator[None]:
    """Let nothing be freed that only a collection of reference cycles would free."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def descriptors(folder: Path) -> list[str]:
    """Return what this process has open in a folder."""
    paths = [entry.readlink() for entry in Path("/proc/self/fd").iterdir() if entry.is_symlink()]
    return sorted(path.name for path in paths if path.parent == folder)


def delete(store: Store) -> None:
    store.apply(PROJECT, [DeleteWhere(collection="notes", where=where("metadata.k").eq(1))])


def delete_in_a_unit(store: SQLiteStore) -> None:
    with store.exclusive() as unit:
        delete(unit)


def ask(store: SQLiteStore) -> None:
    store.list_ids(PROJECT, "notes", where("metadata.k").eq(1))


FAILING: dict[str, tuple[str, Callable[[SQLiteStore], object]]] = {
    "scrub": ("UPDATE notes__rows SET f_user_id = cast(x'ff' AS TEXT) WHERE number = 7", lambda store: store.scrub()),
    "apply": ("UPDATE notes__rows SET metadata = '{' WHERE number = 7", delete),
    "unit": ("UPDATE notes__rows SET metadata = '{' WHERE number = 7", delete_in_a_unit),
    "condition": ("UPDATE notes__rows SET metadata = '{' WHERE number = 7", ask),
}


@pytest.mark.usefixtures("uncollected")
def test_what_a_condition_raised_is_gone_with_the_call(tmp_path: Path) -> None:
    """It would hold the frames that it passed through, and all that they read."""
    with open_notes(tmp_path / "store.db") as store:
        store.apply(PROJECT, put(note("a", metadata={"k": 1})))
        statement, _ = FAILING["condition"]
        with store._connections.writing() as connection:  # pyright: ignore[reportPrivateUsage]
            connection.execute(statement.replace("= 7", "= 1"))
        with suppress(StoreCorruptError):
            ask(store)

        assert not [one for one in gc.get_objects() if isinstance(one, JSONDecodeError)]


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="this system does not tell which files are open")
@pytest.mark.usefixtures("uncollected")
@pytest.mark.parametrize("failing", FAILING)
def test_a_call_that_failed_on_a_damaged_row_leaves_no_file_open(tmp_path: Path, failing: str) -> None:
    statement, call = FAILING[failing]
    path = tmp_path / "store.db"
    with open_notes(path) as store:
        store.apply(PROJECT, put(*(note(f"{number}", terms=("t",), metadata={"k": 1}) for number in range(20))))
    damage(path, statement)

    store = open_notes(path)
    try:
        call(store)
    except StoreCorruptError:
        pass
    else:
        pytest.fail("it was to fail")
    store.close()

    assert descriptors(tmp_path) == []
