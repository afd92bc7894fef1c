"""The file of an embedded store: who may read it, what is refused, and what is left in it."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mnemon.errors import (
    ClosedError,
    InvalidInputError,
    SchemaMismatchError,
    StoreCorruptError,
    StoreError,
    StoreFullError,
    StoreReadOnlyError,
)
from mnemon.stores.sqlite import schema
from mnemon.stores.sqlite.files import filesystem_of, prepare_file
from mnemon.stores.sqlite.store import SQLiteStore
from mnemon.testing.samples import CURRENT, NOTES, PROJECT, note, put
from mnemon.types.filters import where
from mnemon.types.storage import Delete, Nearest, Patch, Terms
from tests.stores.damaged import ALICE, open_notes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mnemon.stores.sqlite.connections import Connection


def test_the_file_and_its_folders_are_private(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "store.db"

    with open_notes(path) as store:
        store.apply(PROJECT, put(note("a")))
        store.list_ids(PROJECT, "notes")
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}

    assert modes == {"store.db": 0o600, "store.db-wal": 0o600, "store.db-shm": 0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(path.parent.parent.stat().st_mode) == 0o700


def test_everything_is_there_after_reopening(tmp_path: Path) -> None:
    row = note("a", terms=("t",), small=(1.0, 2.0, 3.0), metadata={"m": 1}, payload=b"p", categories=("c",))
    with open_notes(tmp_path / "store.db") as store:
        store.apply(PROJECT, put(row))

    with open_notes(tmp_path / "store.db") as store:
        found = store.search(PROJECT, "notes", Terms(weights={"t": 1.0}), ALICE)
        near = store.search(PROJECT, "notes", Nearest(space="small", vector=[1.0, 2.0, 3.0]), ALICE)

        assert [match.row.id for match in (*found, *near)] == ["a", "a"]
        assert found[0].row.payload == b"p"
        assert store.check() == []
    assert [file.name for file in tmp_path.iterdir()] == ["store.db"]


def test_a_folder_is_refused_with_a_name_to_use(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"is a folder.*mnemon\.db"):
        SQLiteStore(tmp_path)


@pytest.mark.parametrize("kind", ["nfs", "nfs4", "cifs", "smb3", "9p", "fuse.sshfs", "ceph"])
def test_a_network_file_system_is_refused_with_the_reason(tmp_path: Path, kind: str) -> None:
    mounts = tmp_path / "mounts"
    share = tmp_path / "a share"
    share.mkdir()
    escaped = str(share).replace(" ", "\\040")
    mounts.write_text(f"/dev/sda / ext4 rw 0 0\nserver:/x {escaped} {kind} rw 0 0\n/dev/sdb {tmp_path} xfs rw 0 0\n")

    with pytest.raises(StoreError, match=f"network file system .{kind}.*local disk"):
        prepare_file(share / "deep" / "store.db", mounts=mounts)
    assert filesystem_of(tmp_path, mounts) == "xfs"
    assert filesystem_of(Path("/"), mounts) == "ext4"
    assert filesystem_of(tmp_path, tmp_path / "none") is None


def test_the_mounts_of_this_machine_are_understood(tmp_path: Path) -> None:
    kind = filesystem_of(tmp_path)

    assert kind is None if not Path("/proc/self/mounts").exists() else kind


@pytest.mark.parametrize(
    "content",
    [
        b"This is no database, it is a letter to a friend. " * 100,
        b"SQLite format 3\x00" + b"\x07" * 8_000,
        b"SQLite format 3\x00",
        b"a letter",
        b"\x00",
        b"1",
    ],
)
def test_a_file_of_something_else_is_refused_and_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "store.db"
    path.write_bytes(content)

    with pytest.raises(StoreCorruptError, match=r"store\.db is"):
        SQLiteStore(path)

    assert path.read_bytes() == content


def test_an_empty_file_becomes_a_new_store(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    path.touch()

    with open_notes(path) as store:
        store.apply(PROJECT, put(note("a")))

        assert store.list_ids(PROJECT, "notes") == ["a"]


@pytest.mark.parametrize("path", ["a\0b", b"store.db", "\ud800", "~nobody-of-that-name/store.db", None, 5])
def test_what_cannot_name_a_file_is_refused(path: str) -> None:
    with pytest.raises(InvalidInputError, match="path of a store"):
        SQLiteStore(path)


def test_another_programs_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE theirs (x)")
    other.close()

    with pytest.raises(StoreCorruptError, match="another program"):
        SQLiteStore(path)

    with sqlite3.connect(path) as other:
        assert other.execute("SELECT name FROM sqlite_schema").fetchall() == [("theirs",)]
        assert other.execute("PRAGMA user_version").fetchone() == (0,)
    other.close()


def test_a_newer_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    open_notes(path).close()
    with sqlite3.connect(path) as raw:
        raw.execute(f"PRAGMA user_version = {schema.VERSION + 1}")
    raw.close()

    with pytest.raises(SchemaMismatchError, match="newer"):
        SQLiteStore(path)


def write_in_a_unit(store: SQLiteStore) -> None:
    with store.exclusive() as unit:
        unit.apply(PROJECT, put(note("b")))


def read_a_snapshot(store: SQLiteStore) -> None:
    with store.snapshot() as moment:
        moment.list_ids(PROJECT, "notes")


CALLS: dict[str, Callable[[SQLiteStore], object]] = {
    "apply": lambda store: store.apply(PROJECT, put(note("b"))),
    "unit": write_in_a_unit,
    "declare": lambda store: store.declare(replace(NOTES, name="other")),
    "get": lambda store: store.get(PROJECT, "notes", ["a"]),
    "search": lambda store: store.search(PROJECT, "notes", Terms(weights={"t": 1.0}), ALICE),
    "snapshot": read_a_snapshot,
    "changes": lambda store: store.changes(PROJECT, "notes"),
    "backup": lambda store: store.backup(store.path.with_name("copy.db")),
    "scrub": lambda store: store.scrub(),
    "check": lambda store: store.check(repair=True),
}


@pytest.mark.parametrize("call", CALLS)
def test_a_file_that_a_newer_version_changes_while_it_is_open_is_refused(tmp_path: Path, call: str) -> None:
    path = tmp_path / "store.db"
    with open_notes(path) as store:
        store.apply(PROJECT, put(note("a")))
        assert store.list_ids(PROJECT, "notes") == ["a"]
        raw = sqlite3.connect(path)
        raw.execute(f"PRAGMA user_version = {schema.VERSION + 1}")

        for _ in range(2):  # it is not forgotten either
            with pytest.raises(SchemaMismatchError, match="newer"):
                CALLS[call](store)

        assert raw.execute("SELECT id FROM notes__rows").fetchall() == [("a",)]
        raw.execute(f"PRAGMA user_version = {schema.VERSION}")
        raw.close()
        assert store.list_ids(PROJECT, "notes") == ["a"]


def test_steps_to_a_newer_version_are_taken_whole_and_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "store.db"
    with open_notes(path) as store:
        store.apply(PROJECT, put(note("a")))

    def add_table(connection: Connection) -> None:
        connection.execute("CREATE TABLE added (x)")

    def fail(connection: Connection) -> None:
        connection.execute("CREATE TABLE half (x)")
        raise ZeroDivisionError

    monkeypatch.setattr(schema, "_STEPS", (*schema._STEPS, add_table, fail))  # pyright: ignore[reportPrivateUsage]
    version = schema.VERSION
    monkeypatch.setattr(schema, "VERSION", version + 2)
    with pytest.raises(ZeroDivisionError):
        SQLiteStore(path)
    monkeypatch.setattr(schema, "_STEPS", schema._STEPS[:-1])  # pyright: ignore[reportPrivateUsage]
    monkeypatch.setattr(schema, "VERSION", version + 1)
    for _ in range(2):
        with open_notes(path) as store:
            assert store.list_ids(PROJECT, "notes") == ["a"]

    with sqlite3.connect(path) as raw:
        names = {name for (name,) in raw.execute("SELECT name FROM sqlite_schema")}
        assert raw.execute("PRAGMA user_version").fetchone() == (version + 1,)
    raw.close()
    assert "added" in names
    assert "half" not in names


def test_damage_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    with open_notes(path) as store:
        store.apply(PROJECT, put(*(note(f"{number}", payload=b"x" * 3_000) for number in range(200))))
    content = bytearray(path.read_bytes())
    content[8_192:] = os.urandom(len(content) - 8_192)
    path.write_bytes(bytes(content))

    with pytest.raises(StoreCorruptError, match=r"restore a backup"), open_notes(path) as store:
        store.scan(PROJECT, "notes", limit=1_000)


def fill(store: SQLiteStore, written: list[str]) -> None:
    """Write batches of two until the store refuses; add to `written` what it acknowledged."""
    for number in range(1_000):
        batch = [
            note(f"{number}/{part}", payload=os.urandom(5_000), terms=("t",), small=(1.0, 0.0, 0.0)) for part in "ab"
        ]
        store.apply(PROJECT, put(*batch))
        written += [row.id for row in batch]


def test_a_full_disk_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    with open_notes(tmp_path / "store.db", max_bytes=2_000_000) as store:
        written: list[str] = []
        with pytest.raises(StoreFullError, match="max_bytes"):
            fill(store, written)

        assert len(written) > 20
        assert store.list_ids(PROJECT, "notes") == sorted(written)
        assert store.check() == []
        store.apply(PROJECT, [Delete(collection="notes", ids=written[:20])])
        store.apply(PROJECT, put(note("later", payload=os.urandom(5_000))))
        assert store.list_ids(PROJECT, "notes") == sorted(["later", *written[20:]])


READ_ONLY = """
import os, sys
from pathlib import Path
from mnemon.errors import StoreReadOnlyError
from mnemon.stores.sqlite.store import SQLiteStore
if os.geteuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
for place in sys.argv[1:]:
    try:
        SQLiteStore(place)
    except StoreReadOnlyError as error:
        print(error)
"""


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """Return a folder that every user may enter, which pytest's own are not."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


def test_what_cannot_be_written_is_refused_at_once(open_folder: Path) -> None:
    writable, locked = open_folder / "writable", open_folder / "locked"
    for folder in (writable, locked):
        folder.mkdir()
        open_notes(folder / "store.db").close()
        (folder / "store.db").chmod(0o666)
    (writable / "store.db").chmod(0o444)
    writable.chmod(0o777)
    locked.chmod(0o555)
    places = [str(writable / "store.db"), str(locked / "store.db"), str(locked / "new.db")]

    outcome = subprocess.run([sys.executable, "-c", READ_ONLY, *places], capture_output=True, text=True, check=False)

    assert outcome.returncode == 0, outcome.stderr
    assert [line.split(" ")[0] for line in outcome.stdout.splitlines()] == places


def test_a_file_that_becomes_read_only_is_an_error_of_ours(tmp_path: Path) -> None:
    with open_notes(tmp_path / "store.db") as store:
        with store._connections.maintaining() as connection:  # pyright: ignore[reportPrivateUsage]
            connection.execute("PRAGMA query_only = ON")

        with pytest.raises(StoreReadOnlyError, match="cannot be written"):
            store.apply(PROJECT, put(note("a")))


def test_a_store_carried_over_a_fork_says_so(tmp_path: Path) -> None:
    with open_notes(tmp_path / "store.db") as store:
        store.apply(PROJECT, put(note("a")))
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            said = b""
            try:
                store.list_ids(PROJECT, "notes")
            except ClosedError as error:
                said = str(error).encode()
            finally:
                store.close()
                os.write(writer, said)
                os._exit(0)
        os.waitpid(child, 0)
        said = os.read(reader, 10_000).decode()
        os.close(reader)
        os.close(writer)

        assert "fork" in said
        assert store.list_ids(PROJECT, "notes") == ["a"]


def test_full_durability_asks_for_an_fsync_at_every_commit(tmp_path: Path) -> None:
    levels: list[object] = []
    for durability in ("process", "full"):
        with (
            SQLiteStore(tmp_path / f"{durability}.db", durability=durability) as store,
            store._connections.maintaining() as connection,  # pyright: ignore[reportPrivateUsage]
        ):
            levels.append(connection.value("PRAGMA synchronous"))

    assert levels == [1, 2]


PRIVATE = "marmalade\u00e9"


def contents(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.iterdir())


def test_scrubbed_bytes_are_gone_from_every_file(tmp_path: Path) -> None:
    store = open_notes(tmp_path / "store.db")
    other = note("other", user_id="bob", terms=("apricot",), payload=b"apricot")
    secret = note(
        PRIVATE, user_id=PRIVATE, terms=(PRIVATE, "quince"), metadata={"k": "quince"}, payload=PRIVATE.encode() * 3_000
    )
    store.apply(PROJECT, put(other, secret, *(note(f"{number}", terms=("quince",)) for number in range(50))))
    store.search(PROJECT, "notes", Terms(weights={PRIVATE: 1.0}), where("user_id").eq(PRIVATE) & CURRENT)
    assert PRIVATE.encode() in contents(tmp_path)

    ids = [PRIVATE, *(f"{number}" for number in range(50))]
    store.apply(PROJECT, [Patch(collection="notes", id=PRIVATE, fields={"closed_at": "2026-01-01T00:00:00.000000Z"})])
    store.apply(PROJECT, [Delete(collection="notes", ids=ids)])
    scrubbed = store.scrub()
    left = contents(tmp_path)
    store.close()

    assert scrubbed.bytes == "gone"
    for text in (PRIVATE.encode(), b"quince", PRIVATE.encode().hex().encode()):
        assert text not in left
        assert text not in contents(tmp_path)
    assert b"apricot" in contents(tmp_path)


def test_scrubbing_is_pending_while_somebody_reads(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    with open_notes(path) as store:
        store.apply(PROJECT, put(note("a", payload=PRIVATE.encode())))
        reader = sqlite3.connect(path, isolation_level=None)
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM notes__rows").fetchall()
        store.apply(PROJECT, [Delete(collection="notes", ids=["a"])])

        meanwhile = store.scrub()
        reader.close()
        afterwards = store.scrub()

    assert (meanwhile.bytes, afterwards.bytes) == ("pending", "gone")
    assert "reading" in meanwhile.reason
    assert PRIVATE.encode() not in contents(tmp_path)


@pytest.mark.parametrize("rounds", [3_000, pytest.param(1_000_000, marks=pytest.mark.nightly)])
def test_churn_leaves_a_file_of_bounded_size(tmp_path: Path, rounds: int) -> None:
    rows = 100
    with open_notes(tmp_path / "store.db") as store:
        sizes: list[int] = []
        for start in range(0, rounds, rows):
            batch = [
                note(
                    f"{number}",
                    terms=("t", f"n{start + number}"),
                    small=(1.0, number, 0.0),
                    categories=(f"c{start % 7}",),
                )
                for number in range(rows)
            ]
            store.apply(PROJECT, put(*batch))
            sizes.append(sum(file.stat().st_size for file in tmp_path.iterdir()))
        assert store.check() == []

    assert max(sizes) < 64 * 2**20
    assert (tmp_path / "store.db").stat().st_size < 24 * 2**20


def test_an_older_sqlite_is_refused_with_its_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 31, 1))
    monkeypatch.setattr(sqlite3, "sqlite_version", "3.31.1")

    with pytest.raises(StoreError, match=r"SQLite 3\.31\.1, and the embedded store needs 3\.33\.0"):
        SQLiteStore(tmp_path / "a.db")

    assert list(tmp_path.iterdir()) == []
