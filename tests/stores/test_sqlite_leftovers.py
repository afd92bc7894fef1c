"""What calls leave behind in their process: no pile of connections, and of a call that failed no file, no error."""

from __future__ import annotations

import gc
import threading
from contextlib import suppress
from json import JSONDecodeError
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mnemon.errors import StoreCorruptError
from mnemon.testing.samples import PROJECT, note, put
from mnemon.types.filters import where
from mnemon.types.storage import DeleteWhere
from tests.stores.damaged import damage, open_notes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mnemon.protocols.store import Store
    from mnemon.stores.sqlite.store import SQLiteStore


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
