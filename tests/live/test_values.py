"""Values that a server could lose or change, schemas that do not fit, and rows beyond what one answer holds."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from weaviate.classes.config import Configure, DataType, Property, StopwordsPreset, VectorDistances

from mnemon import ConfigError, SchemaMismatchError
from mnemon.stores.sqlite.store import SQLiteStore
from mnemon.stores.weaviate import WeaviateStore
from mnemon.stores.weaviate.addresses import address_of
from mnemon.stores.weaviate.schema import collection_arguments
from mnemon.testing.samples import NOTES, PLAIN, moment, note, put
from mnemon.types.filters import where
from mnemon.types.storage import Collection, DeleteWhere, Nearest, Ordered, Patch, Put, Row, Terms, VectorSpace
from mnemon.wrappers.copying import copy_project
from tests.live.conftest import client_of

if TYPE_CHECKING:
    from pathlib import Path

    from weaviate.collections.classes.config_vectors import _VectorConfigCreate  # pyright: ignore[reportPrivateUsage]

    from tests.live.conftest import Place

NOT_INDEXED = Configure.VectorIndex.none()


@pytest.fixture
def store(shared_store: WeaviateStore) -> WeaviateStore:
    shared_store.declare(NOTES, PLAIN)
    return shared_store


@pytest.mark.parametrize("size", [10_000_000, 60_000_000, pytest.param(150_000_000, marks=pytest.mark.nightly)])
def test_large_payloads_are_kept_exactly_and_deleted_whole(
    store: WeaviateStore, shared_place: Place, size: int
) -> None:
    payload = hashlib.sha256(b"x").digest() * (size // 32)

    store.apply("p", put(note("large", payload=payload), note("small", payload=b"s")))
    found = {row.id: row.payload for row in store.scan("p", "notes").rows}
    store.apply("p", [Patch(collection="notes", id="large", payload=b"")])

    assert found == {"large": payload, "small": b"s"}
    assert store.get("p", "notes", ["large"])["large"].payload == b""
    assert parts_left(shared_place) == 0


def test_a_replaced_or_deleted_row_leaves_no_part_behind(store: WeaviateStore, shared_place: Place) -> None:
    big = b"0123456789" * 300_000
    metadata = {"text": "x" * 3_000_000}
    store.apply("p", put(note("a", payload=big), note("b", metadata=metadata), note("c", payload=big)))
    before = parts_left(shared_place)

    store.apply("p", put(note("a", payload=b"less")))
    store.apply("p", [DeleteWhere(collection="notes", where=where("id").in_(["b", "c"]))])

    assert before >= 3
    assert parts_left(shared_place) == 0
    assert store.check() == []


def parts_left(place: Place) -> int:
    with client_of(place) as client:
        parts = client.collections.use(f"{place.prefix}Parts")
        counts = [parts.with_tenant(one).aggregate.over_all(total_count=True) for one in parts.tenants.get()]
    return sum(count.total_count or 0 for count in counts)


def test_texts_of_ten_megabytes_are_found_by_their_words(store: WeaviateStore) -> None:
    terms = (*(f"w{number % 50_000}" for number in range(1_600_000)), "rare")

    store.apply("p", put(note("long", terms=terms), note("short", terms=("w7",))))
    found = store.search("p", "notes", Terms(weights={"rare": 1.0}), include=("terms",))

    assert [match.row.id for match in found] == ["long"]
    assert found[0].row.terms == terms


def test_times_of_all_centuries_compare_and_come_back(store: WeaviateStore) -> None:
    times = ["0001-01-01T00:00:00.000000Z", "1600-05-05T01:02:03.000004Z", moment(1), "9999-12-31T23:59:59.999999Z"]
    store.apply("p", put(*(note(str(place), created_at=time) for place, time in enumerate(times))))

    for place, time in enumerate(times):
        assert store.get("p", "notes", [str(place)])[str(place)].fields["created_at"] == time
        assert store.list_ids("p", "notes", where("created_at").eq(time)) == [str(place)]
        assert store.list_ids("p", "notes", where("created_at").gt(time)) == [str(n) for n in range(place + 1, 4)]


def test_more_rows_than_one_answer_holds_are_listed_paged_grouped_and_deleted(store: WeaviateStore) -> None:
    number = 12_000
    rows = [note(f"{place:05}", run_id=f"r{place % 3}", version=place) for place in range(number)]
    for start in range(0, number, 3_000):
        store.apply("p", put(*rows[start : start + 3_000]))
    seen: list[str] = []
    after = None

    while True:
        page = store.scan("p", "notes", order="version", descending=True, after=after, limit=10_000, include=())
        seen += [row.id for row in page.rows]
        after = page.after
        if after is None:
            break
    listed = store.list_ids("p", "notes")
    groups = store.groups("p", "notes", "run_id", of="version").groups
    substring = store.count("p", "notes", where("id").contains("00")).rows
    deleted = store.apply("p", [DeleteWhere(collection="notes", where=where("version").gte(0))]).counts

    assert seen == [row.id for row in reversed(rows)]
    assert listed == [row.id for row in rows]
    assert [(one.value, one.rows) for one in groups] == [("r0", 4_000), ("r1", 4_000), ("r2", 4_000)]
    assert substring == sum("00" in row.id for row in rows)
    assert deleted == (number,)


def test_two_who_declare_different_fields_at_once_both_get_theirs(place: Place) -> None:
    def declare(number: int) -> None:
        with place.open() as store:
            store.declare(
                Collection(
                    name="grown",
                    keys=("user_id", f"key_{number}"),
                    ordered=(Ordered(f"at_{number}", "time"),),
                    vectors=(VectorSpace(f"space_{number}", "m", 2),),
                )
            )
            row = Row(id=f"{number}", fields={f"key_{number}": "k"}, vectors={f"space_{number}": [1.0, 0.0]})
            store.apply("p", [Put(collection="grown", row=row)])

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(declare, range(4)))

    with place.open() as store:
        (grown,) = store.collections()
        store.declare(grown)
        assert {f"key_{number}" for number in range(4)} <= set(grown.keys)
        assert {space.name for space in grown.vectors} == {f"space_{number}" for number in range(4)}
        assert store.list_ids("p", "grown") == ["0", "1", "2", "3"]


def test_a_collection_that_others_made_otherwise_is_refused_by_name(place: Place) -> None:
    with client_of(place) as client:
        client.collections.create(f"{place.prefix}_plain", properties=[Property(name="x", data_type=DataType.TEXT)])

    with place.open() as store, pytest.raises(SchemaMismatchError, match="not ours"):
        store.declare(PLAIN)


def _near(distance: VectorDistances = VectorDistances.COSINE) -> _VectorConfigCreate:
    index = Configure.VectorIndex.hnsw(distance_metric=distance, ef_construction=64, max_connections=16)
    return Configure.Vectors.self_provided(name="small", vector_index_config=index)


@pytest.mark.parametrize(
    ("made", "said"),
    [
        ({"vector": _near(VectorDistances.L2_SQUARED)}, "'small' is searched by l2-squared"),
        ({"vector": Configure.Vectors.self_provided(name="small", vector_index_config=NOT_INDEXED)}, "'small' has no"),
        ({"words": Configure.inverted_index(stopwords_preset=StopwordsPreset.EN)}, "words are left out of its index"),
        (
            {"words": Configure.inverted_index(stopwords_preset=StopwordsPreset.NONE, stopwords_additions=["tea"])},
            "words are left out of its index",
        ),
    ],
    ids=["another distance", "no index", "stopwords", "stopwords of its own"],
)
def test_a_collection_that_would_be_searched_otherwise_is_refused(
    place: Place, made: dict[str, Any], said: str
) -> None:
    arguments = collection_arguments(NOTES, place.prefix, 1)
    nothing, small, other = arguments["vector_config"]
    arguments["vector_config"] = [nothing, made.get("vector", small), other]
    arguments["inverted_index_config"] = made.get("words", arguments["inverted_index_config"])
    with client_of(place) as client:
        client.collections.create(**arguments)

    with place.open() as store, pytest.raises(SchemaMismatchError, match=said) as caught:
        store.declare(NOTES)

    assert len(caught.value.differences) == 1


def test_a_collection_whose_index_is_only_tuned_otherwise_is_taken(place: Place) -> None:
    arguments = collection_arguments(NOTES, place.prefix, 1)
    nothing, _, other = arguments["vector_config"]
    arguments["vector_config"] = [nothing, _near(), other]
    with client_of(place) as client:
        client.collections.create(**arguments)

    with place.open() as store:
        store.declare(NOTES)
        store.apply("p", put(note("a", small=(1.0, 0.0, 0.0))))
        assert [match.row.id for match in store.search("p", "notes", Nearest(space="small", vector=[1.0, 0, 0]))] == [
            "a"
        ]


def test_a_store_on_a_client_of_ones_own_leaves_it_open(place: Place) -> None:
    with client_of(place) as client:
        with WeaviateStore.from_client(client, prefix=place.prefix) as store:
            store.declare(PLAIN)
            store.apply("p", [Put(collection="plain", row=Row(id="a"))])

        assert client.is_connected()
        assert client.collections.exists(f"{place.prefix}_plain")


def test_a_project_is_the_same_after_a_copy_there_and_back(place: Place, tmp_path: Path) -> None:
    rows = [
        note(f"{n}", version=n, terms=("t", f"{n}"), small=(1.0, n, 0.0), metadata={"n": n / 3}, payload=b"p" * n)
        for n in range(700)
    ]
    steps: list[tuple[int, int]] = []
    with (
        SQLiteStore(tmp_path / "one.db") as one,
        place.open() as server,
        SQLiteStore(tmp_path / "other.db") as other,
    ):
        one.declare(NOTES)
        one.apply("p", put(*rows))

        there = copy_project(one, server, "p", progress=lambda done, total: steps.append((done, total)))
        again = copy_project(one, server, "p")
        back = copy_project(server, other, "p")

    assert (there.rows, there.written, again.written, back.written) == ({"notes": 700}, 700, 0, 700)
    assert there.digest == again.digest == back.digest
    assert steps[-1] == (700, 700)


def test_no_key_shows() -> None:
    address = address_of("http://localhost:1", api_key="secret-key", headers={"x-key": "secret-header"})
    store = WeaviateStore.connect("http://localhost:1", api_key="secret-key", headers={"x-key": "secret-header"})

    assert "secret" not in f"{store!r} {address!r} {address}"
    with pytest.raises(ConfigError, match="WEAVIATE_API_KEY") as caught:
        WeaviateStore.connect("http://user:secret-key@localhost:1")
    assert "secret" not in str(caught.value)
