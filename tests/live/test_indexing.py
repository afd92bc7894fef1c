"""Rows that lost their place in the index of their vectors, and what others write while it is given back to them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Literal

import pytest

from mnemon.stores.weaviate import naming
from mnemon.stores.weaviate._sync.indexing import index_again
from mnemon.testing.samples import NOTES, note, put
from mnemon.types.storage import Delete, Nearest, Patch, Put
from tests.live.conftest import client_of, place_on

if TYPE_CHECKING:
    from mnemon.stores.weaviate import WeaviateStore
    from mnemon.types.storage import Row, Write
    from tests.live.between import Between
    from tests.live.conftest import Place
    from tests.servers.weaviate_server import Node

PROJECT = "p"
TENANT = naming.Tenant(naming.tenant_of(PROJECT))
ALL = ("metadata", "payload", "terms", "small")


@pytest.fixture
def store(shared_store: WeaviateStore) -> WeaviateStore:
    shared_store.declare(NOTES)
    return shared_store


def rows_of(text: str) -> list[Row]:
    return [
        note(f"{number}", terms=[text], small=(1.0, float(number), 0.5), payload=text.encode(), metadata={"is": text})
        for number in range(5)
    ]


def near(store: WeaviateStore) -> set[str]:
    return {match.row.id for match in store.search(PROJECT, "notes", Nearest(space="small", vector=[1.0, 0.0, 0.0]))}


def read(store: WeaviateStore, row_id: str) -> Any:  # noqa: ANN401 - to be compared
    found = store.get(PROJECT, "notes", [row_id], include=ALL).get(row_id)
    return None if found is None else values(found)


def values(row: Row) -> Any:  # noqa: ANN401 - to be compared
    vectors = {name: [*map(float, vector)] for name, vector in row.vectors.items()}
    return dict(row.fields), row.terms, row.metadata, row.payload, vectors


def lose_vectors(node: Node) -> None:
    """Take all places in the index of vectors away from a server, which an unclean end of it takes from some."""
    node.stop()
    logs = [path for path in node.folder.rglob("vectors_small.*.commitlog.d/*") if path.is_file()]
    assert logs
    for path in logs:
        path.unlink()
    node.start()
    node.wait()


def test_a_row_that_no_search_finds_by_its_vector_is_named_and_found_again_as_it_was(node: Node) -> None:
    place = place_on(node)
    with place.open() as store:
        store.declare(NOTES)
        store.apply(PROJECT, put(*rows_of("tea"), note("without")))
        before = {row_id: read(store, row_id) for row_id in "01234"}
    lose_vectors(node)
    with place.open() as store:
        store.declare(NOTES)
        assert near(store) == set()
        (seen,) = store.check()
        (mended,) = store.check(repair=True)

        assert (seen.ids, seen.rows, seen.repaired) == (tuple("01234"), 5, False)
        assert (mended.ids, mended.rows, mended.repaired) == (tuple("01234"), 5, True)
        assert near(store) == {*"01234"}
        assert {row_id: read(store, row_id) for row_id in "01234"} == before
        assert store.check() == []


@pytest.mark.parametrize("existing", ["replace", "skip"])
def test_rows_that_were_written_by_half_are_found_when_they_are_written_again(
    node: Node, existing: Literal["replace", "skip"]
) -> None:
    with place_on(node).open() as store:
        store.declare(NOTES)
        batch = [Put(collection="notes", row=row, existing=existing) for row in rows_of("tea")]
        store.apply(PROJECT, batch)
        lose_vectors(node)
        store.apply(PROJECT, batch)

        assert near(store) == {*"01234"}


def test_rows_of_a_request_without_an_answer_are_found_when_the_call_is_done(node: Node, between: Between) -> None:
    with place_on(node).open() as store:
        store.declare(NOTES)
        store.apply(PROJECT, put(note("first")))
        between.lose_answers(store, "write row", number=1)
        between.after(store, "write row", 1, lambda: lose_vectors(node))
        store.apply(PROJECT, put(*rows_of("tea")))

        assert near(store) == {*"01234"}


def test_rows_of_a_call_that_was_cancelled_are_found_when_it_is_made_again(place: Place) -> None:
    """The server breaks off what a client does not wait for any more, wherever it is: of 100 rows some dozens lost."""
    assert asyncio.run(lost_when_cancelled(place, rounds=8, rows=100)) == []


async def lost_when_cancelled(place: Place, *, rounds: int, rows: int) -> list[str]:
    """Cancel calls when the server has begun to write, make them again, and return what no search finds by vector."""
    lost: list[str] = []
    async with place.open_async() as store:
        await store.declare(NOTES)
        for turn in range(rounds):
            batch = put(*(note(f"{turn}x{number}", small=(1.0, float(number), 0.5)) for number in range(rows)))
            writing = asyncio.ensure_future(store.apply(PROJECT, batch))
            while not writing.done() and not await store.get(PROJECT, "notes", [batch[0].row.id]):
                pass
            writing.cancel()
            await asyncio.wait([writing])
            await store.apply(PROJECT, batch)
            found = await store.search(
                PROJECT, "notes", Nearest(space="small", vector=[1.0, 0.0, 0.0]), limit=rounds * rows
            )
            lost += {write.row.id for write in batch} - {match.row.id for match in found}
    return lost


NEW = note("0", terms=["coffee"], small=(0.0, 0.0, 1.0), payload=b"coffee", metadata={"is": "coffee"})


@pytest.mark.parametrize("doing", ["read rows", "index row"])
def test_what_others_write_while_a_row_is_indexed_anew_stands(
    store: WeaviateStore, shared_place: Place, between: Between, doing: str
) -> None:
    store.apply(PROJECT, put(*rows_of("tea")))
    with shared_place.open() as other:
        other.declare(NOTES)
        between.after(store, doing, 1, lambda: other.apply(PROJECT, put(NEW)))
        index_again(store._server, store._reader, TENANT, NOTES, ["0", "1"])  # pyright: ignore[reportPrivateUsage]

    assert read(store, "0") == values(NEW)
    assert near(store) == {*"01234"}


@pytest.mark.parametrize("doing", ["read rows", "index row"])
@pytest.mark.parametrize(
    "write",
    [Delete(collection="notes", ids=["1"]), Patch(collection="notes", id="1", payload=b"coffee")],
    ids=["deleted", "patched"],
)
def test_a_row_that_is_deleted_or_changed_while_it_is_indexed_anew_stays_so(
    store: WeaviateStore, shared_place: Place, between: Between, doing: str, write: Write
) -> None:
    store.apply(PROJECT, put(*rows_of("tea")))
    with shared_place.open() as other:
        other.declare(NOTES)
        between.after(store, doing, 1, lambda: other.apply(PROJECT, [write]))
        index_again(store._server, store._reader, TENANT, NOTES, ["0", "1"])  # pyright: ignore[reportPrivateUsage]

    found = read(store, "1")
    assert (None if found is None else found[3]) == (None if isinstance(write, Delete) else b"coffee")


def unmark(place: Place, *ids: str) -> None:
    """Take away what says that rows have a vector, which a server before 1.38.7 may do when it mends a replica."""
    with client_of(place) as client:
        rows = client.collections.use(f"{place.prefix}_notes").with_tenant(TENANT)
        for row_id in ids:
            rows.data.update(uuid=naming.object_id(row_id), properties={naming.space_property("small"): None})


def test_a_row_that_does_not_tell_of_its_vector_is_named_and_tells_of_it_again(
    store: WeaviateStore, shared_place: Place
) -> None:
    store.apply(PROJECT, put(*rows_of("tea"), note("without")))
    before = [read(store, row_id) for row_id in "01234"]
    unmark(shared_place, "1", "3")
    (seen,) = store.check()
    (mended,) = store.check(repair=True)

    assert (seen.ids, seen.rows, seen.repaired) == (("1", "3"), 2, False)
    assert (mended.ids, mended.rows, mended.repaired) == (("1", "3"), 2, True)
    assert seen.kind == "vector that its row does not tell of"
    assert store.check() == []
    assert [read(store, row_id) for row_id in "01234"] == before


@pytest.mark.parametrize("number", [2, 3], ids=["before it is marked", "when it is marked"])
def test_a_row_that_loses_its_vector_while_it_is_marked_tells_of_none(
    store: WeaviateStore, shared_place: Place, between: Between, number: int
) -> None:
    store.apply(PROJECT, put(*rows_of("tea")))
    unmark(shared_place, "1")
    with shared_place.open() as other:
        other.declare(NOTES)
        # the first look is at the server's health
        between.after(store, "read a row", number, lambda: other.apply(PROJECT, put(note("1"), note("2"))))
        store.check(repair=True)

        assert store.check() == []
