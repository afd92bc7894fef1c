"""The file of an embedded store: who may read it, what is refused as one, and how it is written."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mnemon.errors import InvalidInputError, StoreCorruptError, StoreError, StoreReadOnlyError
from mnemon.stores.sqlite.files import filesystem_of, prepare_file
from mnemon.stores.sqlite.store import SQLiteStore
from mnemon.testing.samples import PROJECT, note, put
from mnemon.types.storage import Nearest, Terms
from tests.stores.damaged import ALICE, open_notes

if TYPE_CHECKING:
    from collections.abc import Iterator


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


def test_a_name_that_is_too_long_or_a_loop_is_an_error_of_ours(tmp_path: Path) -> None:
    (tmp_path / "one").symlink_to(tmp_path / "two")
    (tmp_path / "two").symlink_to(tmp_path / "one")

    for path in (tmp_path / ("n" * 300), tmp_path / "one"):
        with pytest.raises(StoreError, match="choose another place"):
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


def test_a_foreign_database_keeps_every_byte(tmp_path: Path) -> None:
    path = tmp_path / "theirs.db"
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE theirs (x)")
    other.close()
    before = path.read_bytes()

    with pytest.raises(StoreCorruptError, match="another program"):
        SQLiteStore(path)

    assert path.read_bytes() == before


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


def test_full_durability_asks_for_an_fsync_at_every_commit(tmp_path: Path) -> None:
    levels: list[object] = []
    for durability in ("process", "full"):
        with (
            SQLiteStore(tmp_path / f"{durability}.db", durability=durability) as store,
            store._connections.maintaining() as connection,  # pyright: ignore[reportPrivateUsage]
        ):
            levels.append(connection.value("PRAGMA synchronous"))

    assert levels == [1, 2]


def test_the_write_settings_are_what_the_docs_say(tmp_path: Path) -> None:
    with (
        open_notes(tmp_path / "store.db") as store,
        store._connections.maintaining() as writer,  # pyright: ignore[reportPrivateUsage]
    ):
        assert writer.value("PRAGMA journal_mode") == "wal"
        assert writer.value("PRAGMA secure_delete") == 1
