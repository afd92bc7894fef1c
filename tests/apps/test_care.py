"""`backup` while others write, and `doctor` on faults that were planted."""

from __future__ import annotations

import re
import sqlite3
import stat
import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from mnemon import InMemoryStore, Memory, SQLiteStore
from mnemon.errors import InvalidInputError, StoreCorruptError
from mnemon.logic.memories import MEMORIES
from mnemon.logic.messages import MESSAGES
from mnemon.logic.operations import OPERATIONS
from mnemon.logic.spaces import SCRUB, SETTINGS, scrub_row
from mnemon.memory import COLLECTIONS
from mnemon.types.storage import Delete, Patch, Put
from tests.core.versions.fixtures import break_off, exported

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mnemon.types.storage import Row, Write
    from tests.apps.conftest import Ran

HALF_DONE = {
    "newest version missing": "no name",
    "two versions current": "version 1 reopened",
    "first version missing": "version 1",
    "memory missing": "all versions",
    "operation missing": "operations",
}


@pytest.fixture
def store(cli: Callable[..., Ran], isolated_user_store: Path) -> Path:
    """A store with one memory in two versions, and another one."""
    memory_id = cli("add", "I live in Porto.", "--user", "ana", "--name", "Ana", "--json").data["results"][0]["id"]
    cli("update", memory_id, "I live in Lisbon.", "-c", "home")
    cli("add", "Tea at five.", "--user", "ana")
    return isolated_user_store


def change(path: Path, *writes: Write) -> None:
    with SQLiteStore(path) as opened:
        opened.declare(*COLLECTIONS)
        opened.apply("default", list(writes))


def rows(path: Path, collection: str) -> list[Row]:
    with SQLiteStore(path) as opened:
        opened.declare(*COLLECTIONS)
        return list(opened.scan("default", collection).rows)


def plant(path: Path, fault: str) -> None:
    versions = {row.fields["version"]: row for row in rows(path, MEMORIES.name) if "Tea" not in row.payload.decode()}
    writes: dict[str, Write] = {
        "version 1": Delete(collection=MEMORIES.name, ids=[versions[1].id]),
        "version 2": Delete(collection=MEMORIES.name, ids=[versions[2].id]),
        "no name": Patch(collection=MEMORIES.name, id=versions[1].id, fields={"newest": None, "newest_version": None}),
        "version 1 reopened": Patch(
            collection=MEMORIES.name, id=versions[1].id, fields={"recorded_to": None, "closed_by": None}
        ),
        "all versions": Delete(collection=MEMORIES.name, ids=[row.id for row in versions.values()]),
        "operations": Delete(collection=OPERATIONS.name, ids=[row.id for row in rows(path, OPERATIONS.name)]),
    }
    change(path, writes[fault])


@pytest.mark.parametrize("kind", HALF_DONE)
def test_half_done_work_is_found_and_finished(cli: Callable[..., Ran], store: Path, kind: str) -> None:
    plant(store, HALF_DONE[kind])

    found = cli("doctor", "--json")
    mended = cli("doctor", "--repair", "--json")
    after = cli("doctor", "--json")

    assert (found.code, [one["kind"] for one in found.answer["data"]["findings"]]) == (1, [kind])
    assert (mended.code, [one["repaired"] for one in mended.data["findings"]]) == (0, [True])
    assert (after.code, after.data) == (0, {"sound": True, "findings": [], "notes": []})


def test_a_lost_version_is_told_and_the_one_before_it_comes_back_by_undoing(
    cli: Callable[..., Ran], store: Path
) -> None:
    (before,) = [one for one in cli("list", "--user", "ana", "--json").data["results"] if "live" in one["memory"]]
    op_id = cli("history", before["id"], "--json").data["results"][-1]["op_id"]
    plant(store, "version 2")

    mended = cli("doctor", "--repair", "--json")
    read = cli("get", before["id"], "--json")
    cli("undo", op_id)

    (finding,) = mended.answer["data"]["findings"]
    assert (mended.code, finding["ids"], finding["repaired"]) == (1, [before["id"]], False)
    assert finding["kind"].startswith("newest version lost: import it again, undo")
    assert "no version of memory" in read.answer["error"]["message"]
    assert cli("get", before["id"], "--json").data["memory"] == "I live in Porto."
    assert cli("doctor", "--repair", "--json").code == 0
    assert cli("doctor", "--json").data["sound"]


def test_a_store_that_is_not_sound_is_an_error_with_its_findings(cli: Callable[..., Ran], store: Path) -> None:
    plant(store, "operations")

    ran = cli("doctor", "--json")

    error = ran.answer["error"]
    assert (ran.code, ran.answer["status"], error["type"], error["exit_code"]) == (1, "error", "NotSound", 1)
    assert "mnemon doctor --repair" in error["message"]
    assert (ran.answer["count"], ran.answer["data"]["sound"]) == (1, False)


@pytest.mark.parametrize(
    ("fault", "text", "version"),
    [
        ("no name", "I live in Lisbon.", 2),
        ("version 1 reopened", "I live in Lisbon.", 2),
        ("version 1", "I live in Lisbon.", 2),
        ("all versions", "I live in Porto.", 1),
        ("operations", "I live in Lisbon.", 2),
    ],
)
def test_what_was_finished_is_one_current_memory_that_is_found_changed_and_undone(
    cli: Callable[..., Ran], store: Path, fault: str, text: str, version: int
) -> None:
    plant(store, fault)
    cli("doctor", "--repair")

    found = cli("search", "live", "--user", "ana", "--json").data["results"]
    memory_id = found[0]["id"]
    history = cli("history", memory_id, "--json").data["results"]
    cli("update", memory_id, "I live in Faro.")
    undone = cli("undo", cli("history", memory_id, "--json").data["results"][-1]["op_id"])

    live = [one for one in found if "live" in one["memory"]]
    assert [(one["memory"], one["version"]) for one in live] == [(text, version)]
    assert sum(one["recorded_to"] is None for one in history) == 1
    assert undone.code == 0
    assert cli("get", memory_id, "--json").data["memory"] == text


def test_a_memory_made_of_its_message_has_speaker_time_and_operation(cli: Callable[..., Ran], store: Path) -> None:
    (before,) = [one for one in cli("list", "--user", "ana", "--json").data["results"] if "live" in one["memory"]]
    op_id = cli("history", before["id"], "--json").data["results"][0]["op_id"]
    plant(store, "all versions")

    cli("doctor", "--repair")

    (version,) = cli("history", before["id"], "--json").data["results"]
    assert (version["speaker"], version["said_at"], version["source_ids"]) == (
        "Ana",
        before["said_at"],
        before["source_ids"],
    )
    assert (version["op_id"], version["actor"]) == (op_id, "doctor")


def test_an_erased_memory_is_no_half_done_work(cli: Callable[..., Ran], store: Path) -> None:
    cli("delete", "--all", "--user", "ana", "--erase", "--yes")

    assert rows(store, MESSAGES.name) != []
    assert cli("doctor", "--json").data == {"sound": True, "findings": [], "notes": []}


def test_a_message_that_was_taken_out_of_the_log_is_noted_and_no_fault(cli: Callable[..., Ran], store: Path) -> None:
    change(store, Delete(collection=MESSAGES.name, ids=[row.id for row in rows(store, MESSAGES.name)]))

    ran = cli("doctor", "--json")

    assert (ran.code, ran.data["findings"]) == (0, [])
    assert [(one["kind"], one["rows"]) for one in ran.data["notes"]] == [("message not in the log", 2)]


def test_bytes_that_were_left_are_told_and_removed(cli: Callable[..., Ran], store: Path) -> None:
    change(store, Put(collection=SETTINGS.name, row=scrub_row()))

    mended = cli("doctor", "--repair", "--json").data["findings"]

    assert [(one["kind"], one["repaired"]) for one in mended] == [("erased bytes left", True)]
    assert SCRUB not in [row.id for row in rows(store, SETTINGS.name)]


def test_bytes_that_somebody_holds_are_no_reason_to_restore_a_backup(cli: Callable[..., Ran], store: Path) -> None:
    with closing(sqlite3.connect(store, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        cli("delete", "--all", "--user", "ana", "--erase", "--yes")

        found = cli("doctor")
        held = cli("doctor", "--repair")
    free = cli("doctor", "--repair")

    assert (found.code, held.code, free.code) == (1, 1, 0)
    assert "backup" not in found.err + held.err
    assert "mnemon doctor --repair" in found.err
    assert "reads the file" in held.err


def test_an_index_that_does_not_fit_its_rows_is_made_anew(cli: Callable[..., Ran], store: Path) -> None:
    with closing(sqlite3.connect(store)) as raw:
        raw.execute("DELETE FROM memories__tag")
        raw.commit()

    found = cli("doctor")
    mended = cli("doctor", "--repair")

    assert (found.code, mended.code) == (1, 0)
    assert found.err.startswith("mnemon: the store is not sound")
    assert found.rows[0][:2] == ["memories", "tag entries differ from rows"]
    assert cli("list", "--user", "ana", "--filter", '{"categories": {"in": ["home"]}}').rows != []


def test_half_done_work_of_another_project_is_left_to_it(cli: Callable[..., Ran], store: Path) -> None:
    plant(store, "operations")

    assert cli("doctor", "--project", "other").code == 0
    assert cli("doctor").code == 1


def test_a_copy_of_a_store_that_others_write_is_of_one_moment(folder: Path) -> None:
    stop = threading.Event()
    path = folder / "live.db"
    with Memory(path, embedder=None) as memory:
        memory.add_many([f"before {number}" for number in range(200)], user_id="ana")

        def write() -> None:
            with Memory(path, embedder=None) as other:
                number = 0
                while not stop.is_set():
                    other.add_many([f"{number} left", f"{number} right"], user_id="ben")
                    number += 1

        writer = threading.Thread(target=write)
        writer.start()
        try:
            for number in range(5):
                memory.backup(folder / f"copy{number}.db")
        finally:
            stop.set()
            writer.join()

    for number in range(5):
        with Memory(folder / f"copy{number}.db", embedder=None) as copy:
            assert copy.count(user_id="ana") == 200
            assert copy.doctor().sound
            texts = [one.text for one in copy.get_all(user_id="ben", limit=1_000)]
            assert sorted(text.split()[0] for text in texts if "left" in text) == sorted(
                text.split()[0] for text in texts if "right" in text
            )


def test_a_backup_is_private_whole_and_restored_by_opening_it(
    cli: Callable[..., Ran], store: Path, folder: Path
) -> None:
    done = cli("backup", "copy.db", "--json").data

    assert stat.S_IMODE((folder / "copy.db").stat().st_mode) == 0o600
    assert done["bytes"] == (folder / "copy.db").stat().st_size
    assert sorted(path.name for path in folder.iterdir()) == ["copy.db"]
    assert cli("export", "--store", "copy.db").out.splitlines()[1:] == cli("export").out.splitlines()[1:]


def test_a_backup_replaces_nothing(cli: Callable[..., Ran], store: Path, folder: Path) -> None:
    (folder / "copy.db").write_text("precious", encoding="utf-8")

    ran = cli("backup", "copy.db", "--json")

    assert (ran.code, ran.answer["error"]["type"]) == (1, "StoreError")
    assert (folder / "copy.db").read_text(encoding="utf-8") == "precious"


def test_a_copy_that_is_not_sound_is_thrown_away(cli: Callable[..., Ran], store: Path, folder: Path) -> None:
    with closing(sqlite3.connect(store)) as raw:
        raw.execute("DELETE FROM memories__tag")
        raw.commit()

    with Memory(store, embedder=None) as memory, pytest.raises(StoreCorruptError):
        memory.backup(folder / "copy.db")

    assert list(folder.iterdir()) == []


def test_doctor_shows_which_rows_are_damaged_and_what_to_do(cli: Callable[..., Ran], store: Path) -> None:
    with closing(sqlite3.connect(store)) as raw:
        ((row_id,),) = raw.execute("SELECT id FROM memories__rows WHERE number = 1").fetchall()
        raw.execute("UPDATE memories__rows SET metadata = '{' WHERE number = 1")
        raw.commit()

    found, mended = cli("doctor"), cli("doctor", "--repair")

    (line,) = [line for line in found.out.splitlines() if "damaged rows" in line]
    assert line.split("\t")[-2:] == ["default", row_id]
    assert "where that refuses" in found.err
    assert "by project, collection and id" in mended.err
    data = cli("doctor", "--json").answer["data"]["findings"][0]
    assert (data["project"], data["ids"]) == ("default", [row_id])


def import_and_break_off(path: Path, *, hours: int) -> None:
    """Begin to import an export, so many hours ago."""
    with Memory(store=InMemoryStore(), embedder=None) as source:
        source.add("Cake at six.", user_id="ben")
        lines = exported(source)
    then = datetime.now(UTC) - timedelta(hours=hours)
    with Memory(path, embedder=None, clock=lambda: then) as memory:
        break_off(memory, lines)


@pytest.mark.parametrize(
    ("hours", "found", "mended"),
    [
        (0, "wait for the import that is on its way", "wait for the import that is on its way"),
        (2, "import the same again, .* run `mnemon doctor --repair` twice", "run `mnemon doctor --repair` once more"),
    ],
)
def test_beside_an_import_doctor_says_how_to_come_to_its_end(
    cli: Callable[..., Ran], store: Path, hours: int, found: str, mended: str
) -> None:
    plant(store, "operations")
    import_and_break_off(store, hours=hours)

    looked, first, second = cli("doctor"), cli("doctor", "--repair"), cli("doctor", "--repair")

    assert (looked.code, first.code) == (1, 1)
    assert re.search(found, looked.err)
    assert re.search(mended, first.err)
    assert (second.code == 0) is (hours > 1)


def test_damaged_rows_are_told_before_an_import_that_broke_off(cli: Callable[..., Ran], store: Path) -> None:
    with closing(sqlite3.connect(store)) as raw:
        raw.execute("UPDATE memories__rows SET metadata = '{' WHERE number = 1")
        raw.commit()
    import_and_break_off(store, hours=2)

    assert "where that refuses" in cli("doctor").err
    assert "by project, collection and id" in cli("doctor", "--repair").err


def test_a_store_that_is_no_file_says_how_to_move_its_memories() -> None:
    with Memory(store=InMemoryStore(), embedder=None) as memory, pytest.raises(InvalidInputError, match="export"):
        memory.backup("copy.db")


def test_doctor_and_backup_mean_the_whole_store_and_are_refused_on_a_view(folder: Path) -> None:
    with Memory(folder / "a.db", embedder=None) as memory:
        view = memory.scoped(user_id="ana")

        for call in (view.doctor, lambda: view.backup(folder / "copy.db")):
            with pytest.raises(ValueError, match="whole project"):
                call()


def test_setup_makes_a_store_ready_that_is_searched_by_words(
    cli: Callable[..., Ran], isolated_user_store: Path
) -> None:
    ran = cli("setup")

    assert ran.code == 0, ran.err
    assert "searched by words" in ran.out + ran.err
    assert isolated_user_store.exists()
