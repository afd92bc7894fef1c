"""A search that was kept right by the log of changes misses nothing, whoever writes, dies, or has another time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import TYPE_CHECKING, Any, cast

import pytest
from weaviate.classes.query import Filter
from weaviate.exceptions import WeaviateQueryError, WeaviateTimeoutError

from mnemon import Memory, StoreConflictError
from mnemon.errors import StoreError
from mnemon.protocols.capabilities import Capability
from mnemon.protocols.clock import system_clock
from mnemon.stores.weaviate import naming
from mnemon.stores.weaviate.schema import changes_key
from mnemon.testing._sync.changes import Follower
from mnemon.testing.samples import NOTES, PROJECT, note, put
from mnemon.types.filters import where
from mnemon.types.storage import Delete, DeleteWhere, Patch, Put
from tests.core.memory.sources import FakeEmbedder
from tests.live.conftest import clear, client_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from mnemon.stores.weaviate import WeaviateStore
    from tests.live.conftest import Place

ALICE = where("user_id").eq("alice")


def log_of(place: Place, client: Any) -> Any:  # noqa: ANN401 - of weaviate-client
    return client.collections.use(naming.changes_class(place.prefix)).with_tenant(naming.tenant_of(PROJECT))


def token_on(place: Place, client: Any, project: str = PROJECT) -> str:  # noqa: ANN401 - of weaviate-client
    """Return what stands for all notes of a project in the log."""
    config = client.collections.use(naming.changes_class(place.prefix)).config.get()
    return naming.change_token(f"{changes_key(config)} {naming.tenant_of(project)}", "notes")


def without_ends(place: Place) -> None:
    """Leave the log as writers would who died before they came to say that they were done."""
    with client_of(place) as client:
        every = Filter.by_property(naming.ENDED).contains_any([token_on(place, client)])
        deleted = log_of(place, client).data.delete_many(every)
        assert deleted.successful > 0


def begun(place: Place, name: str = naming.BEGUN) -> int:
    """Return how many changes were announced; with another name how many of them were ended."""
    with client_of(place) as client:
        counted = log_of(place, client).aggregate.over_all(
            filters=Filter.by_property(name).contains_any([token_on(place, client)]), total_count=True
        )
        return counted.total_count or 0


def unended(place: Place) -> int:
    return begun(place) - begun(place, naming.ENDED)


def test_who_searches_finds_at_once_what_another_store_acknowledged(place: Place) -> None:
    with place.open() as one, place.open() as other:
        writing = Memory(store=one, embedder=FakeEmbedder())
        reading = Memory(store=other, embedder=FakeEmbedder())
        for number in range(20):
            added = writing.add(f"tea number {number}", user_id="ana").ids[0]
            writing.add(f"coffee number {number}", user_id="ben")

            assert added in [hit.memory.id for hit in reading.search(f"tea number {number}", user_id="ana", limit=50)]
            if number % 3 == 0:
                writing.update(added, f"milk number {number}")
                found = reading.search(f"milk number {number}", user_id="ana", limit=50)
                assert f"milk number {number}" in [hit.memory.text for hit in found]
            if number % 3 == 1:
                writing.delete(added)
                assert added not in [hit.memory.id for hit in reading.search("tea", user_id="ana", limit=50)]


def test_many_writers_leave_nobody_who_follows_behind(place: Place) -> None:
    def write(number: int) -> None:
        with place.open() as store:
            store.declare(NOTES)
            for turn in range(10):
                store.apply(PROJECT, put(note(f"{number}-{turn}", terms=("t",)), note(f"b{number}", user_id="bob")))
                if turn:
                    store.apply(PROJECT, [Delete(collection="notes", ids=[f"{number}-{turn - 1}"])])

    with place.open() as store, ThreadPoolExecutor(4) as threads:
        store.declare(NOTES)
        follower = Follower(store, ALICE, limit=100)
        waiting = [threads.submit(write, number) for number in range(4)]
        while not all(one.done() for one in waiting):
            follower.follow()
        for one in waiting:
            one.result()

        assert sorted(follower.follow()) == [f"{number}-9" for number in range(4)]


@pytest.mark.parametrize("hours", [-5, 5])
def test_a_writer_whose_clock_is_wrong_is_followed_too(place: Place, hours: int) -> None:
    with place.open(clock=lambda: system_clock() + timedelta(hours=hours)) as wrong, place.open() as store:
        for one in (wrong, store):
            one.declare(NOTES)
        store.apply(PROJECT, put(note("a")))
        follower = Follower(store, ALICE, limit=100)
        assert sorted(follower.follow()) == ["a"]

        wrong.apply(PROJECT, put(note("b")))
        assert sorted(follower.follow()) == ["a", "b"]

        wrong.apply(PROJECT, [Delete(collection="notes", ids=["a"])])
        assert sorted(follower.follow()) == ["b"]


def written_behind(place: Place, row_id: str) -> None:
    """Change a row as a request that took very long would: the server carries it out, and nobody was told."""
    with client_of(place) as client:
        rows = client.collections.use(naming.class_name(place.prefix, "notes")).with_tenant(naming.tenant_of(PROJECT))
        rows.data.update(uuid=naming.object_id(row_id), properties={naming.field_property("kind"): ["=late=", "+"]})


def taken_behind(place: Place, row_id: str) -> Any:  # noqa: ANN401 - of weaviate-client
    """Delete a row as a request that took very long would, and return what it was."""
    with client_of(place) as client:
        rows = client.collections.use(naming.class_name(place.prefix, "notes")).with_tenant(naming.tenant_of(PROJECT))
        uuid = naming.object_id(row_id)
        taken = rows.query.fetch_object_by_id(uuid, include_vector=True)
        assert rows.data.delete_by_id(uuid)
        return taken


def put_behind(place: Place, taken: Any) -> None:  # noqa: ANN401 - of weaviate-client
    """Write a row as a request that took very long would."""
    kept = {name: value for name, value in taken.properties.items() if value is not None}
    with client_of(place) as client:
        rows = client.collections.use(naming.class_name(place.prefix, "notes")).with_tenant(naming.tenant_of(PROJECT))
        rows.data.insert(kept, uuid=taken.uuid, vector=taken.vector)


@pytest.fixture
def an_hour_later(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Let what was announced until now be old enough to be ended."""
    return lambda: monkeypatch.setattr("mnemon.stores.weaviate._sync.entries._IN_FLIGHT", timedelta(seconds=-2))


@pytest.mark.parametrize("looked", ["before", "after"])
def test_rows_of_a_writer_who_died_are_looked_at_until_the_doctor_ends_its_change(
    place: Place, looked: str, an_hour_later: Callable[[], None]
) -> None:
    with place.open() as dying, place.open() as store:
        for one in (dying, store):
            one.declare(NOTES)
        follower = Follower(store, ALICE, limit=100)
        if looked == "before":
            follower.follow()
        dying.apply(PROJECT, put(note("a", kind="early")))
        without_ends(place)

        early = follower.follow()["a"].fields["kind"]
        written_behind(place, "a")
        late = follower.follow()["a"].fields["kind"]
        an_hour_later()
        findings = [(one.kind, one.ids, one.repaired) for one in store.check(repair=True)]

        assert (early, late) == ("early", "late")
        assert findings == [("change that was announced and did not end", ("a",), True)]
        assert store.check() == []
        assert sorted(follower.follow()) == ["a"]


@pytest.mark.parametrize("hours", [-5, 5])
def test_the_doctor_does_not_end_what_may_be_in_flight_whatever_the_clocks(place: Place, hours: int) -> None:
    wrong = place.open(clock=lambda: system_clock() + timedelta(hours=hours))
    with wrong, place.open() as store:
        for one in (wrong, store):
            one.declare(NOTES)
        wrong.apply(PROJECT, put(note("a")))
        without_ends(place)

        assert store.check(repair=True) == []
        assert unended(place) == 1


@pytest.mark.parametrize("looked", ["before", "after"])
def test_readers_end_what_was_announced_long_ago_and_tell_its_rows_once_more(
    place: Place, looked: str, an_hour_later: Callable[[], None]
) -> None:
    with place.open() as dying, place.open() as store:
        for one in (dying, store):
            one.declare(NOTES)
        follower = Follower(store, ALICE, limit=100)
        if looked == "before":
            follower.follow()
        dying.apply(PROJECT, put(note("a", kind="early"), note("b")))
        without_ends(place)
        if looked == "before":
            follower.follow()
        assert unended(place) == 1
        written_behind(place, "a")

        an_hour_later()
        rows = follower.follow()

        assert {row_id: row.fields.get("kind") for row_id, row in rows.items()} == {"a": "late", "b": None}
        assert unended(place) == 0


def test_a_batch_that_others_ended_while_it_was_carried_out_is_told_when_it_is_done(
    place: Place, between: Between, an_hour_later: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    with place.open() as store, place.open() as other:
        for one in (store, other):
            one.declare(NOTES)
        follower = Follower(other, ALICE, limit=100)
        follower.follow()

        def end() -> None:
            an_hour_later()
            assert follower.follow() == {}
            assert unended(place) == 0

        monkeypatch.setattr("mnemon.stores.weaviate._sync.writer._LONG_S", -1.0, raising=False)
        between.after(store, "of 'changes'", 1, end)
        store.apply(PROJECT, put(note("a")))

        assert sorted(follower.follow()) == ["a"]


def test_a_log_of_more_entries_than_one_answer_holds_is_read_in_parts(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    moment = system_clock()
    with place.open(clock=lambda: moment) as store:
        store.declare(NOTES)
        follower = Follower(store, ALICE, limit=100)
        follower.follow()
        monkeypatch.setattr("mnemon.stores.weaviate._sync.entries.MAX_LIMIT", 3)

        for number in range(8):
            store.apply(PROJECT, put(note(str(number))))
        without_ends(place)

        assert sorted(follower.follow()) == list("01234567")
        assert sorted(Follower(store, ALICE, limit=100).follow()) == list("01234567")
        assert len(store.check()) == 0


def test_entries_too_large_for_one_answer_are_read_in_parts(place: Place, between: Between) -> None:
    with place.open() as store:
        store.declare(NOTES)
        follower = Follower(store, ALICE, limit=100)
        follower.follow()
        for number in range(4):
            store.apply(PROJECT, put(note(str(number))))

        between.refuse_once(store, "read rows", "grpc: received message larger than max (1 vs. 2)")

        assert sorted(follower.follow()) == list("0123")


def test_a_deletion_by_a_filter_names_its_rows_in_the_log(place: Place) -> None:
    with place.open() as store:
        store.declare(NOTES)
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
    with place.open() as store, place.open() as other:
        for one in (store, other):
            one.declare(NOTES)
        store.apply(PROJECT, put(note("a", payload=large), note("b")))

        between.after(store, "of 'changes'", 1, lambda: other.apply(PROJECT, [moved]))
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


def test_a_write_whose_end_got_no_answer_is_acknowledged(
    place: Place, between: Between, caplog: pytest.LogCaptureFixture
) -> None:
    with place.open(timeout_s=6.0) as store:
        store.declare(NOTES)
        store.apply(PROJECT, put(note("a")))
        follower = Follower(store, ALICE, limit=100)

        between.after(store, "of 'notes'", 1, lambda: between.lose_answers(store, "of 'changes'", number=1_000))
        applied = store.apply(PROJECT, put(note("b")))

        assert applied.counts == (1,)
        assert "end of a change" in caplog.text
        assert sorted(follower.follow()) == ["a", "b"]


def test_a_change_stays_open_where_an_answer_was_lost_before_another_one_came(place: Place, between: Between) -> None:
    with place.open() as store:
        store.declare(NOTES)
        follower = Follower(store, ALICE, limit=100)
        follower.follow()

        between.lose_answers(store, "of 'notes'", number=1)
        store.apply(PROJECT, put(note("a", kind="early")))
        early = follower.follow()["a"].fields["kind"]
        written_behind(place, "a")

        assert unended(place) == 1
        assert (early, follower.follow()["a"].fields["kind"]) == ("early", "late")


def test_a_change_that_the_server_refused_is_ended(place: Place, between: Between) -> None:
    with place.open() as store, place.open() as other:
        for one in (store, other):
            one.declare(NOTES)
        store.apply(PROJECT, put(note("a")))

        between.after(store, "read rows", 1, lambda: other.apply(PROJECT, [Delete(collection="notes", ids=["a"])]))
        with pytest.raises(StoreConflictError):
            store.apply(PROJECT, [Patch(collection="notes", id="a", fields={"kind": "k"}, otherwise="abort")])

        assert begun(place) == 3
        assert unended(place) == 0


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


@pytest.mark.parametrize("how", ["by id", "by a filter", "put anew"])
def test_who_got_a_row_while_somebody_began_to_write_it_is_told(place: Place, between: Between, how: str) -> None:
    write = {
        "by id": Delete(collection="notes", ids=["a"]),
        "by a filter": DeleteWhere(collection="notes", where=where("id").eq("a")),
        "put anew": Put(collection="notes", row=note("a")),
    }[how]
    with place.open() as store, place.open() as other:
        for one in (store, other):
            one.declare(NOTES)
        store.apply(PROJECT, put(note("a")))
        bob = Follower(other, where("user_id").eq("bob"), limit=100)
        bob.follow()

        def move() -> None:
            other.apply(PROJECT, [Patch(collection="notes", id="a", fields={"user_id": "bob"})])
            assert sorted(bob.follow()) == ["a"]

        between.after(store, "read rows", 1, move)
        store.apply(PROJECT, [write])

        assert bob.follow() == {}


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


class Between:
    """Gets between the requests of a store and their answers, as others, the network, and time do."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._patch = monkeypatch

    def after(self, store: WeaviateStore, doing: str, number: int, action: Callable[[], object]) -> None:
        """Act after the store's next request of a kind of some number, the first being 1."""
        asked = count(1)

        def acting(call: Callable[[], Any]) -> Any:  # noqa: ANN401 - passed on
            answer = call()
            if next(asked) == number:
                action()
            return answer

        self._around(store, doing, acting)

    def lose_answers(self, store: WeaviateStore, doing: str, *, number: int) -> None:
        """Let the server carry out requests of a kind, and the first answers get lost."""
        asked = count(1)

        def losing(call: Callable[[], Any]) -> Any:  # noqa: ANN401 - passed on
            answer = call()
            if next(asked) <= number:
                raise WeaviateTimeoutError
            return answer

        self._around(store, doing, losing)

    def refuse_once(self, store: WeaviateStore, doing: str, reason: str) -> None:
        """Let the server refuse the next request of a kind."""
        asked = count(1)

        def refusing(call: Callable[[], Any]) -> Any:  # noqa: ANN401 - passed on
            if next(asked) == 1:
                raise WeaviateQueryError(reason, "GRPC search")
            return call()

        self._around(store, doing, refusing)

    def _around(self, store: WeaviateStore, doing: str, around: Callable[[Callable[[], Any]], Any]) -> None:
        server = store._server  # pyright: ignore[reportPrivateUsage] - where requests are made
        ask = server.ask_again

        def asking(what: str, call: Callable[[], Any], *rest: Any) -> Any:  # noqa: ANN401 - passed on
            return ask(what, (lambda: around(call)) if doing in what else call, *rest)

        self._patch.setattr(server, "ask_again", asking)


@pytest.fixture
def between(monkeypatch: pytest.MonkeyPatch) -> Between:
    return Between(monkeypatch)


def test_a_newer_entry_does_not_hide_one_of_a_writer_whose_clock_is_behind(place: Place, between: Between) -> None:
    behind = place.open(clock=lambda: system_clock() - timedelta(hours=5))
    with behind, place.open() as store, place.open() as other:
        for one in (behind, store, other):
            one.declare(NOTES)
        store.apply(PROJECT, put(note("a")))
        follower = Follower(store, ALICE, limit=100)
        follower.follow()

        behind.apply(PROJECT, put(note("b")))
        between.after(store, "count rows", 1, lambda: other.apply(PROJECT, put(note("c"))))

        assert sorted(follower.follow()) == ["a", "b", "c"]


def test_what_lands_while_it_is_looked_for_and_goes_again_is_gone(place: Place, between: Between) -> None:
    row = put(note("a"))
    with place.open() as store, place.open() as other:
        for one in (store, other):
            one.declare(NOTES)
        follower = Follower(store, ALICE, limit=100)
        follower.follow()
        other.apply(PROJECT, row)
        without_ends(place)
        taken = taken_behind(place, "a")

        between.after(store, "read rows", 2, lambda: put_behind(place, taken))
        follower.follow()
        taken_behind(place, "a")

        assert follower.follow() == {}
