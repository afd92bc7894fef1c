"""What happens to an embedded store when its disk has no room left."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from mnemon.errors import StoreFullError
from mnemon.testing.samples import PROJECT, note, put
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
