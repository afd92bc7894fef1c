"""Rows that are too large for one object, while others write, delete and read them, and after some of it was lost."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

import pytest
from httpx import Response
from weaviate.exceptions import UnexpectedStatusCodeError

from mnemon.errors import InvalidInputError, StoreConflictError, StoreCorruptError
from mnemon.testing.samples import NOTES, note, put
from mnemon.types.filters import where
from mnemon.types.storage import Delete, DeleteWhere, Patch
from tests.live.conftest import client_of, parts_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from mnemon.stores.weaviate import WeaviateStore
    from mnemon.types.storage import Write
    from tests.live.between import Between
    from tests.live.conftest import Place


@pytest.fixture
def store(shared_store: WeaviateStore) -> WeaviateStore:
    shared_store.declare(NOTES)
    return shared_store


@pytest.fixture
def decisive(store: WeaviateStore, monkeypatch: pytest.MonkeyPatch) -> WeaviateStore:
    """A store that reads as it does where rows have replicas."""
    monkeypatch.setitem(store._schemas._replicas, "notes", 3)  # pyright: ignore[reportPrivateUsage]
    return store


def big(text: str) -> bytes:
    return text.encode() * (1_500_000 // len(text))


def patching(payload: bytes) -> list[Write]:
    return [Patch(collection="notes", id="a", payload=payload)]


def putting(payload: bytes) -> list[Write]:
    return [*put(note("a", payload=payload))]


def _finds_nothing(*_: object, **__: object) -> list[object]:
    return []


def _deletes_nothing(*_: object, **__: object) -> None:
    pass


def lose_parts(place: Place) -> None:
    with client_of(place) as client:
        parts = client.collections.use(f"{place.prefix}Parts")
        parts.tenants.remove(list(parts.tenants.get()))


@pytest.mark.parametrize("writing", [putting, patching])
@pytest.mark.parametrize("other", [big("other"), big("first")])
def test_a_row_that_another_one_writes_meanwhile_keeps_its_parts(
    store: WeaviateStore,
    shared_place: Place,
    between: Between,
    writing: Callable[[bytes], list[Write]],
    other: bytes,
) -> None:
    store.apply("p", putting(big("first")))
    with shared_place.open() as second:
        second.declare(NOTES)
        # after this writer has put its parts
        between.after(store, "write row 'a' of 'notes'", 1, lambda: second.apply("p", writing(other)))
        store.apply("p", writing(big("mine")))
        found = store.get("p", "notes", ["a"])["a"].payload

    assert found in {big("mine"), other}


@pytest.mark.parametrize("writing", [putting, patching])
def test_two_threads_that_write_one_large_row_leave_it_whole(
    store: WeaviateStore, writing: Callable[[bytes], list[Write]]
) -> None:
    for turn in range(3):
        payloads = [big(f"{turn}x{number}") for number in range(2)]
        store.apply("p", putting(big("before")))
        with ThreadPoolExecutor(2) as threads:
            for one in [threads.submit(store.apply, "p", writing(payload)) for payload in payloads]:
                one.result()

        assert store.get("p", "notes", ["a"])["a"].payload in payloads


def test_a_reader_of_a_row_that_is_replaced_meanwhile_reads_the_new_one(store: WeaviateStore, between: Between) -> None:
    store.apply("p", putting(big("old")))
    between.after(store, "read rows", 1, lambda: store.apply("p", putting(big("new"))))

    assert store.get("p", "notes", ["a"])["a"].payload == big("new")


def test_a_reader_of_a_row_that_is_deleted_meanwhile_does_not_find_it(store: WeaviateStore, between: Between) -> None:
    store.apply("p", [*putting(big("old")), *put(note("b"))])
    between.after(store, "read rows", 1, lambda: store.apply("p", [Delete(collection="notes", ids=["a"])]))

    assert [row.id for row in store.scan("p", "notes", limit=2).rows] == ["b"]


def test_a_row_that_lost_its_parts_is_reported_and_can_be_replaced_and_deleted(
    store: WeaviateStore, shared_place: Place
) -> None:
    store.apply("p", put(*(note(row_id, payload=big(row_id), metadata={"n": "x" * 2_000_000}) for row_id in "abc")))
    lose_parts(shared_place)

    with pytest.raises(StoreCorruptError, match="restore a backup, or delete the row"):
        store.get("p", "notes", ["a"])
    (finding,) = store.check(repair=True)
    store.apply("p", putting(b"less"))
    store.apply("p", [Delete(collection="notes", ids=["b"])])
    store.apply("p", [DeleteWhere(collection="notes", where=where("id").eq("c")), *put(note("d"))])

    assert (finding.ids, finding.repaired) == (("a", "b", "c"), False)
    assert "delete the row" in finding.kind
    assert store.list_ids("p", "notes") == ["a", "d"]
    assert store.check() == []


def test_where_rows_have_replicas_too_a_row_without_its_parts_can_be_listed_and_deleted(
    decisive: WeaviateStore, shared_place: Place
) -> None:
    decisive.apply("p", [*putting(big("a")), *put(note("b", payload=big("b")))])
    lose_parts(shared_place)

    assert decisive.list_ids("p", "notes") == ["a", "b"]
    assert decisive.get("p", "notes", ["a"], decisive=True, include=())["a"].id == "a"
    decisive.apply("p", [*putting(b"less"), Delete(collection="notes", ids=["b"])])
    assert decisive.list_ids("p", "notes") == ["a"]


def test_a_node_that_was_away_takes_no_part_of_a_row_that_is_patched(
    decisive: WeaviateStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    decisive.apply("p", putting(big("kept")))
    with monkeypatch.context() as away:
        away.setattr(decisive._reader, "found", _finds_nothing)  # pyright: ignore[reportPrivateUsage]
        decisive.apply("p", [Patch(collection="notes", id="a", metadata={"x": 2})])

        assert decisive.get("p", "notes", ["a"], decisive=True)["a"].payload == big("kept")
    assert decisive.get("p", "notes", ["a"])["a"].payload == big("kept")


def test_a_repair_deletes_the_parts_that_no_row_names_any_more_and_no_others(
    store: WeaviateStore, shared_place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.apply("p", [*putting(big("first")), *put(note("b", payload=big("other")))])
    first = parts_of(shared_place)
    with monkeypatch.context() as dying:  # who writes dies before it deletes what it replaced
        dying.setattr("mnemon.stores.weaviate._sync.writer.Writer._drop_parts", _deletes_nothing)
        store.apply("p", putting(big("second")))
    monkeypatch.setattr("mnemon.stores.weaviate._sync.upkeep._IN_FLIGHT", timedelta(seconds=-2))
    (finding,) = store.check(repair=True)

    assert (finding.ids, finding.rows, finding.repaired) == (("a",), 1, True)
    assert len(parts_of(shared_place)) == 2
    assert len(first & parts_of(shared_place)) == 1
    assert store.get("p", "notes", ["a"])["a"].payload == big("second")
    assert store.get("p", "notes", ["b"])["b"].payload == big("other")


def test_a_row_that_one_message_does_not_hold_is_refused_before_the_batch_begins(
    store: WeaviateStore, shared_place: Place
) -> None:
    tags = tuple(f"{number:08}" + "y" * 32_000 for number in range(3_400))
    batch = put(note("z"), note("b", payload=big("q"), categories=tags))

    with pytest.raises(InvalidInputError, match=r"row 'b' .* bytes"):
        store.apply("p", batch)
    store.apply("p", put(note("c")))
    with pytest.raises(InvalidInputError, match=r"row 'c' .* bytes"):
        store.apply("p", [*put(note("z")), Patch(collection="notes", id="c", fields={"categories": tags})])

    assert store.list_ids("p", "notes") == ["c"]
    assert [row.id for row in store.scan("p", "notes").rows] == ["c"]
    assert parts_of(shared_place) == set()


def test_patches_that_add_up_to_more_than_one_message_holds_are_refused_before_the_batch_begins(
    store: WeaviateStore,
) -> None:
    """The server takes them one by one, and can send the row never again."""
    tags = tuple(f"{number:08}" + "y" * 32_000 for number in range(1_800))
    store.apply("p", put(note("a", categories=tags), note("b"), note("c")))
    paths = Patch(collection="notes", id="a", fields={"paths": tags})
    both = [Patch(collection="notes", id="b", fields={name: tags}) for name in ("categories", "paths")]

    for batch in (
        [paths],
        both,
        [*put(note("c", categories=tags)), Patch(collection="notes", id="c", fields={"paths": tags})],
    ):
        with pytest.raises(InvalidInputError, match=r"row '[abc]' takes \d+ bytes"):
            store.apply("p", [*put(note("z")), *batch])

    found = store.get("p", "notes", ["a", "b", "c", "z"], fields=("user_id", "paths"))
    assert {row_id: row.fields for row_id, row in found.items()} == {row_id: {"user_id": "alice"} for row_id in "abc"}
    store.apply("p", [Patch(collection="notes", id="a", fields={"categories": None, "paths": tags})])
    assert store.get("p", "notes", ["a"])["a"].fields["paths"] == tags


def test_a_patch_of_few_characters_and_many_bytes_is_added_up_too(store: WeaviateStore) -> None:
    tags = tuple(f"{number:08}" + "y" * 32_000 for number in range(3_050))
    faces = tuple(f"{number:04}" + "\U0001f600" * 8_000 for number in range(120))
    store.apply("p", put(note("a", categories=tags), note("b")))

    with pytest.raises(InvalidInputError, match=r"row 'a' takes \d+ bytes"):
        store.apply("p", [Patch(collection="notes", id="a", fields={"paths": faces})])

    assert store.get("p", "notes", ["a"])["a"].fields.keys() == {"user_id", "categories"}
    assert [row.id for row in store.scan("p", "notes", fields=("user_id",)).rows] == ["a", "b"]


GONE = {"error": [{"message": "msg:repo.merge code:500 err:merge into index: update local object: object not found"}]}


@pytest.mark.parametrize("otherwise", ["skip", "abort"])
def test_a_patch_of_a_row_that_goes_while_the_server_works_at_it_is_refused_and_leaves_no_parts(
    store: WeaviateStore, shared_place: Place, between: Between, otherwise: Literal["skip", "abort"]
) -> None:
    """The server says 404 before it begins, and 500 afterwards: 5 of 400 patches beside deletions."""
    store.apply("p", put(note("a")))
    said = UnexpectedStatusCodeError("Object was not updated.", Response(500, json=GONE))
    between.answer_once(store, "change row", said)
    batch = [Patch(collection="notes", id="a", payload=big("mine"), otherwise=otherwise)]

    if otherwise == "abort":
        with pytest.raises(StoreConflictError, match="there is no such row"):
            store.apply("p", batch)
    else:
        assert store.apply("p", batch).counts == (0,)
    assert parts_of(shared_place) == set()
