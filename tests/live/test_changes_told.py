"""To whom a change over Weaviate is announced: whose the rows were, are, and have become meanwhile."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

import pytest

from mnemon.errors import StoreError
from mnemon.protocols.capabilities import Capability
from mnemon.stores.weaviate import naming
from mnemon.stores.weaviate._sync.indexing import index_again
from mnemon.testing._sync.changes import Follower
from mnemon.testing.samples import NOTES, PROJECT, note, put
from mnemon.types.filters import where
from mnemon.types.storage import Delete, DeleteWhere, Patch, Put
from tests.live.conftest import clear, client_of
from tests.live.following import ADD, ALICE, begun, noted, unended

if TYPE_CHECKING:
    from mnemon.stores.weaviate import WeaviateStore
    from tests.live.between import Between
    from tests.live.conftest import Place


def test_a_deletion_by_a_filter_names_its_rows_in_the_log(place: Place) -> None:
    with noted(place) as store:
        store.apply(PROJECT, put(*(note(name) for name in "abcd"), note("e", user_id="bob")))
        follower, bob = Follower(store, ALICE, limit=100), Follower(store, where("user_id").eq("bob"), limit=100)
        follower.follow()
        bob.follow()
        before = begun(place)

        limited = store.apply(PROJECT, [DeleteWhere(collection="notes", where=ALICE, limit=2)])
        left = sorted(follower.follow())
        every = store.apply(PROJECT, [DeleteWhere(collection="notes", where=ALICE)])

        assert (limited.counts, left, every.counts) == ((2,), ["c", "d"], (2,))
        assert follower.follow() == {}
        assert sorted(bob.follow()) == ["e"]
        assert begun(place) > before


def test_a_deletion_by_a_filter_spares_what_matches_no_more(place: Place, between: Between) -> None:
    large = b"x" * 2_000_000  # in parts of its own
    moved = Patch(collection="notes", id="a", fields={"user_id": "bob"})
    with noted(place) as store, noted(place) as other:
        store.apply(PROJECT, put(note("a", payload=large), note("b")))

        between.after(store, ADD, 1, lambda: other.apply(PROJECT, [moved]))
        applied = store.apply(PROJECT, [DeleteWhere(collection="notes", where=ALICE)])

        assert applied.counts == (1,)
        assert store.list_ids(PROJECT, "notes") == ["a"]
        assert store.get(PROJECT, "notes", ["a"])["a"].payload == large


def test_a_deletion_by_a_filter_before_other_writes_is_told_to_whose_rows_were(
    shared_store: WeaviateStore,
) -> None:
    shared_store.declare(NOTES)
    shared_store.apply(PROJECT, put(note("a"), note("b", user_id="bob")))
    follower = Follower(shared_store, ALICE, limit=100)
    assert sorted(follower.follow()) == ["a"]

    shared_store.apply(PROJECT, [DeleteWhere(collection="notes", where=ALICE), *put(note("c", user_id="bob"))])

    assert follower.follow() == {}


@pytest.mark.parametrize("how", ["by id", "by a filter", "put anew"])
def test_who_got_a_row_while_somebody_began_to_write_it_is_told(place: Place, between: Between, how: str) -> None:
    write = {
        "by id": Delete(collection="notes", ids=["a"]),
        "by a filter": DeleteWhere(collection="notes", where=where("id").eq("a")),
        "put anew": Put(collection="notes", row=note("a")),
    }[how]
    with noted(place) as store, noted(place) as other:
        store.apply(PROJECT, put(note("a")))
        bob = Follower(other, where("user_id").eq("bob"), limit=100)
        bob.follow()

        def move() -> None:
            other.apply(PROJECT, [Patch(collection="notes", id="a", fields={"user_id": "bob"})])
            assert sorted(bob.follow()) == ["a"]

        between.after(store, "read rows", 1, move)
        store.apply(PROJECT, [write])

        assert bob.follow() == {}


def test_the_log_says_whose_rows_were_written_in_no_other_project_and_on_no_other_server_alike(
    place: Place,
) -> None:
    another = replace(place, prefix=f"{place.prefix}b")  # with a log of its own
    tokens: list[frozenset[str]] = []
    for where_, project in ((place, PROJECT), (place, "elsewhere"), (another, PROJECT)):
        with where_.open() as store, where_.open() as other, client_of(where_) as client:
            for one in (store, other):
                one.declare(NOTES)
                one.apply(project, put(note("a")))
            log = client.collections.use(naming.changes_class(where_.prefix)).with_tenant(naming.tenant_of(project))
            announced = [
                cast("list[str] | None", one.properties["begun_"]) for one in log.query.fetch_objects().objects
            ]
            tokens += [frozenset(one) for one in announced if one]
    clear(another)

    assert [len(one) for one in tokens] == [2] * 6  # of all notes, and of alice's
    assert tokens[0] == tokens[1]  # two stores of one server
    assert len(set(tokens)) == 3
    assert len({token for one in tokens for token in one}) == 6


def test_who_only_lists_the_collections_announces_as_well(place: Place) -> None:
    with place.open() as store, place.open() as other:
        store.declare(NOTES)
        follower = Follower(store, ALICE, limit=100)
        follower.follow()

        assert [one.name for one in other.collections()] == ["notes"]
        other.apply(PROJECT, put(note("a")))

        assert sorted(follower.follow()) == ["a"]


def test_what_nobody_follows_is_not_announced(place: Place) -> None:
    vectors = replace(NOTES, current=None, text=False)
    with place.open() as store:
        store.declare(vectors, replace(NOTES, name="more"))

        store.apply(PROJECT, [Put(collection="more", row=note("a")), *put(note("a", small=(1.0, 0.0, 0.0)))])
        store.apply(PROJECT, [DeleteWhere(collection="notes", where=ALICE)])

        assert begun(place) == 0
        with pytest.raises(StoreError, match="current"):
            store.changes(PROJECT, "notes", ALICE)


@pytest.mark.parametrize("replicated", ["more", "notes", "Changes"])
def test_changes_are_told_or_not_of_each_collection(
    shared_store: WeaviateStore, monkeypatch: pytest.MonkeyPatch, replicated: str
) -> None:
    """A server of one node has one replica; which collection would have more is said here."""
    more = replace(NOTES, name="more")
    shared_store.declare(NOTES, more)
    follower = Follower(shared_store, ALICE, limit=100)
    follower.follow()
    monkeypatch.setitem(shared_store._schemas._replicas, replicated, 2)  # pyright: ignore[reportPrivateUsage]

    shared_store.apply(PROJECT, [*put(note("a")), Put(collection="more", row=note("b"))])

    assert Capability.CHANGES not in shared_store.capabilities
    if replicated == "more":
        assert sorted(follower.follow()) == ["a"]
    else:
        with pytest.raises(StoreError, match="replicas"):
            follower.follow()


def test_rows_with_replicas_are_searched_without_the_log(shared_store: WeaviateStore, place: Place) -> None:
    with place.open(replication_factor=2) as store:
        assert Capability.CHANGES not in store.capabilities
    assert Capability.CHANGES in shared_store.capabilities


def test_rows_that_the_doctor_indexes_anew_are_announced_and_looked_at_until_that_is_done(
    place: Place, between: Between
) -> None:
    """While an object gets another vector a search may miss it."""
    seen: list[int] = []
    with noted(place) as store, noted(place) as other:
        store.apply(PROJECT, put(note("a", small=(1.0, 0.0, 0.0)), note("b", user_id="bob")))
        before = begun(place)

        between.after(store, "index row", 1, lambda: seen.append(unended(place)))
        index_again(store._server, store._reader, naming.Tenant(naming.tenant_of(PROJECT)), NOTES, ["a"])  # pyright: ignore[reportPrivateUsage]

        assert seen == [1]
        assert (begun(place), unended(place)) == (before + 1, 0)
        assert sorted(Follower(other, ALICE, limit=100).follow()) == ["a"]
