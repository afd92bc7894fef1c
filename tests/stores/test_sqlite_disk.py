"""What happens to an embedded store when its disk has no room left."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from mnemon.errors import StoreError, StoreFullError
from mnemon.testing.samples import PROJECT, note, put
from mnemon.types.storage import Delete
from tests.stores.damaged import open_notes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import FileIO
    from pathlib import Path

    from mnemon.stores.sqlite.store import SQLiteStore


def fill(store: SQLiteStore, written: list[str]) -> None:
    """Write a row after the other, each noted once it was acknowledged."""
    while True:
        row = note(f"{len(written):05}", terms=("t",), payload=os.urandom(20_000))
        store.apply(PROJECT, put(row))
        written.append(row.id)


def write_for_ever(file: FileIO) -> None:
    while True:
        file.write(bytes(4_096))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Return a folder on a disk of 4 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = shutil.which("mount")
    if mount is None or os.geteuid() != 0:
        pytest.skip("only root can mount a disk that is small enough to fill")
    done = subprocess.run([mount, "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)], check=False)
    if done.returncode:
        pytest.skip("this system lets nobody mount a disk in memory")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)  # noqa: S607


def test_opening_a_store_on_a_full_disk_says_so(small_disk: Path) -> None:
    path = small_disk / "store.db"
    open_notes(path).close()
    with (small_disk / "ballast").open("wb", buffering=0) as ballast, pytest.raises(OSError, match="No space"):
        write_for_ever(ballast)

    for free in (0, 8_192, 16_384):
        if free:
            os.truncate(small_disk / "ballast", (small_disk / "ballast").stat().st_size - 8_192)
        with pytest.raises(StoreFullError, match="free space"):
            open_notes(path)


def test_a_disk_that_is_really_full_loses_nothing_either(small_disk: Path) -> None:
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(1_000_000))
    with open_notes(small_disk / "store.db") as store:
        written: list[str] = []
        with pytest.raises(StoreFullError, match="free space"):
            fill(store, written)
        assert len(written) > 20
        assert store.list_ids(PROJECT, "notes") == sorted(written)

        ballast.unlink()
        store.apply(PROJECT, put(note("later", payload=os.urandom(5_000))))

        assert store.check() == []
    with open_notes(small_disk / "store.db") as store:
        assert store.list_ids(PROJECT, "notes") == sorted(["later", *written])


def fill_by_twos(store: SQLiteStore, written: list[str]) -> None:
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
            fill_by_twos(store, written)

        assert len(written) > 20
        assert store.list_ids(PROJECT, "notes") == sorted(written)
        assert store.check() == []
        store.apply(PROJECT, [Delete(collection="notes", ids=written[:20])])
        store.apply(PROJECT, put(note("later", payload=os.urandom(5_000))))
        assert store.list_ids(PROJECT, "notes") == sorted(["later", *written[20:]])


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
