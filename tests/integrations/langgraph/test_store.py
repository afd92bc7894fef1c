"""Items: what LangGraph's stores do, and where those differ, what is right."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from langchain_core.embeddings import Embeddings
from langgraph.store.base import GetOp, InvalidNamespaceError, ListNamespacesOp, PutOp, SearchOp
from langgraph.store.memory import InMemoryStore as LangGraphStore

from mnemon import AsyncMemory, InMemoryStore, InvalidFilterError, InvalidInputError, Memory
from mnemon_langgraph import MnemonStore
from tests.core.fakes import FakeAsyncStore

if TYPE_CHECKING:
    from langgraph.store.base import IndexConfig

LETTERS = "abcdefghijklmnopqrstuvwxyz"
NS = ("users", "ana")


class Letters(Embeddings):
    """An embedder whose vectors count the letters of a text."""

    model = "letters"

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return [[float(text.lower().count(letter)) for letter in LETTERS] for text in texts]

    def embed_query(self, text: str) -> list[float]:
        return self.embed_documents([text])[0]


def index(*fields: str) -> IndexConfig:
    return {"dims": len(LETTERS), "embed": Letters(), "fields": list(fields) or ["$"]}


@pytest.fixture
def store(memory: Memory) -> MnemonStore:
    return MnemonStore(memory)


def keys(found: Any) -> list[str]:
    return [item.key for item in found]


def test_what_is_put_is_got_by_sync_and_async_code(store: MnemonStore) -> None:
    store.put(NS, "k", {"tea": "green", "deep": {"list": [1, None, "José"]}})

    got = store.get(NS, "k")
    agot = asyncio.run(store.aget(NS, "k"))

    assert got is not None
    assert got == agot
    assert (got.value, got.key, got.namespace) == ({"tea": "green", "deep": {"list": [1, None, "José"]}}, "k", NS)
    assert store.get(NS, "K") is None
    assert store.get(("users",), "k") is None


def test_an_update_keeps_when_it_was_made_and_a_delete_takes_it_away(store: MnemonStore) -> None:
    store.put(NS, "k", {"n": 1})
    first = store.get(NS, "k")
    store.put(NS, "k", {"n": 2})
    second = store.get(NS, "k")
    store.delete(NS, "k")

    assert first is not None
    assert second is not None
    assert (second.value, second.created_at) == ({"n": 2}, first.created_at)
    assert second.updated_at > first.updated_at
    assert store.get(NS, "k") is None


def test_reads_of_a_batch_see_what_was_before_and_the_last_write_counts(store: MnemonStore) -> None:
    store.put(NS, "old", {"n": 0})

    results = store.batch(
        [
            PutOp(NS, "k", {"n": 1}),
            GetOp(NS, "k"),
            SearchOp(NS),
            PutOp(NS, "k", {"n": 2}),
            ListNamespacesOp(),
            PutOp(NS, "old", None),
            GetOp(NS, "old"),
        ]
    )

    assert results[0] is results[1] is results[3] is results[5] is None
    assert keys(results[2]) == ["old"]
    assert results[4] == [NS]
    assert results[6] is not None
    assert [(item.key, item.value) for item in store.search(NS)] == [("k", {"n": 2})]


HOSTILE = ["1", "10", "acme", "acme-corp", "Acme", "*", "%", "_", "a'b", 'a"b', "José", "Jose", "acme\n", "[", "a%2Eb"]


def test_a_prefix_is_of_whole_labels_and_nothing_in_it_has_a_meaning(store: MnemonStore) -> None:
    for label in HOSTILE:
        store.put(("tenant", label), "k", {"of": label})
        store.put(("tenant", label, "notes"), "k", {"of": label})

    for label in HOSTILE:
        assert {item.value["of"] for item in store.search(("tenant", label), limit=100)} == {label}
        assert store.list_namespaces(prefix=("tenant", label)) == (
            [("tenant", label), ("tenant", label, "notes")]
            if label != "*"
            else sorted(("tenant", one, *more) for one in HOSTILE for more in ((), ("notes",)))
        )
    assert len(store.search(("tenant",), limit=100)) == len(store.search((), limit=100)) == 2 * len(HOSTILE)


@pytest.mark.parametrize("labels", [("a.b",), ("",), ("a\0b",), (1,)])
def test_a_label_that_cannot_be_one_is_refused_everywhere(store: MnemonStore, labels: Any) -> None:
    for op in (GetOp(labels, "k"), PutOp(labels, "k", {}), SearchOp(labels)):
        with pytest.raises(InvalidNamespaceError, match=re.escape("memory_namespace(user_id)")):
            store.batch([op])
    for op in (PutOp((), "k", {}), PutOp(("langgraph", "x"), "k", {})):
        with pytest.raises(InvalidNamespaceError, match="first label"):
            store.batch([op])


def test_a_text_is_no_namespace(store: MnemonStore) -> None:
    for op in (GetOp("abc", "k"), PutOp("abc", "k", {}), SearchOp("abc")):  # type: ignore[arg-type]
        with pytest.raises(InvalidNamespaceError, match=re.escape("('abc',)")):
            store.batch([op])

    assert store.list_namespaces() == []


@pytest.mark.parametrize(
    ("named", "said"),
    [({"index": "title"}, "list of paths"), ({"index": True}, "list of paths"), ({"ttl": "10"}, "above 0")],
)
def test_an_option_that_cannot_be_one_stores_nothing(store: MnemonStore, named: Any, said: str) -> None:
    with pytest.raises(InvalidInputError, match=said):
        store.put(NS, "k", {"title": "tea"}, **named)

    assert store.get(NS, "k") is None


FILTERS: list[tuple[dict[str, Any], list[str]]] = [
    ({"n": 1}, ["a"]),
    ({"n": True}, []),
    ({"n": {"$gt": 1}}, ["b", "c"]),
    ({"n": {"$gte": 2, "$lt": 3}}, ["b"]),
    ({"n": {"$lte": 2}}, ["a", "b"]),
    ({"n": {"$ne": 1}}, ["b", "c", "d"]),
    ({"n": {"$eq": 3}}, ["c"]),
    ({"word": {"$gt": "m"}}, ["b"]),
    ({"word": {"$gt": 1}}, []),
    ({"d": {"k": 1}}, ["a", "b"]),
    ({"d": {"k": {"$gt": 1}}}, ["c"]),
    ({"d.k": 1}, ["a", "b"]),
    ({"d": {"k": 1, "more": 2}}, ["b"]),
    ({"tags": ["x", "y"]}, ["a"]),
    ({"tags": "x"}, []),
    ({"missing": None}, ["a", "b", "c", "d"]),
    ({"word": "josé"}, ["d"]),
    ({"word": "ALPHA"}, []),
    ({"'; DROP TABLE x; --": 1}, []),
]


@pytest.mark.parametrize(("wanted", "found"), FILTERS, ids=[str(wanted) for wanted, _ in FILTERS])
def test_filters(store: MnemonStore, wanted: dict[str, Any], found: list[str]) -> None:
    store.put(NS, "a", {"n": 1, "word": "alpha", "d": {"k": 1}, "tags": ["x", "y"]})
    store.put(NS, "b", {"n": 2, "word": "omega", "d": {"k": 1, "more": 2}, "tags": ["x"]})
    store.put(NS, "c", {"n": 3, "word": "gamma", "d": {"k": 2}})
    store.put(NS, "d", {"word": "josé"})

    assert sorted(keys(store.search(NS, filter=wanted))) == found


@pytest.mark.parametrize(
    "wanted", [{"n": {"$in": [1]}}, {"$or": [{"n": 1}]}, {"n": {"$gt": 1, "k": 1}}, {"d": {"k": {"$regex": "x"}}}]
)
def test_an_operator_that_there_is_not_is_an_error_also_in_an_empty_store(
    store: MnemonStore, wanted: dict[str, Any]
) -> None:
    with pytest.raises(InvalidFilterError):
        store.search(NS, filter=wanted)


@pytest.mark.parametrize("value", [{"n": float("nan")}, {"when": datetime(2026, 1, 1, tzinfo=UTC)}, {1: 2}])
def test_a_value_that_is_no_json_is_refused_and_nothing_of_its_batch_is_written(store: MnemonStore, value: Any) -> None:
    with pytest.raises(InvalidInputError):
        store.batch([PutOp(NS, "fine", {"n": 1}), PutOp(NS, "k", value)])

    assert store.search(NS) == []


def test_namespaces_by_prefix_suffix_stars_and_depth(store: MnemonStore) -> None:
    spaces = [("a", "b", "c"), ("a", "b", "d", "e"), ("a", "x", "c"), ("z", "b", "c")]
    for space in spaces:
        store.put(space, "k", {})

    assert store.list_namespaces() == sorted(spaces)
    assert store.list_namespaces(prefix=("a", "b")) == spaces[:2]
    assert store.list_namespaces(suffix=("c",)) == [spaces[0], spaces[2], spaces[3]]
    assert store.list_namespaces(prefix=("a", "*", "c")) == [spaces[0], spaces[2]]
    assert store.list_namespaces(prefix=("*", "b"), max_depth=2) == [("a", "b"), ("z", "b")]
    assert store.list_namespaces(limit=1, offset=1) == [spaces[1]]


def test_a_search_gives_each_item_once_by_its_best_text_and_then_what_has_no_vector(memory: Memory) -> None:
    store = MnemonStore(memory, index=index("title", "lines[*]"))
    store.put(NS, "both", {"title": "zzz", "lines": ["abc", "aaa"]})
    store.put(NS, "title", {"title": "aab"})
    store.put(NS, "hidden", {"title": "aaa"}, index=False)
    store.put(NS, "other", {"title": "zz", "body": "aaaa"}, index=["body"])

    found = store.search(NS, query="aaa")
    afound = asyncio.run(store.asearch(NS, query="aaa", limit=2, offset=1))

    assert set(keys(found)[:2]) == {"both", "other"}
    assert keys(found)[2:] == ["title", "hidden"]
    assert [round(item.score, 3) if item.score is not None else None for item in found] == [1.0, 1.0, 0.894, None]
    assert keys(afound) == keys(found)[1:3]


def test_two_items_with_one_text_in_one_batch_are_both_found(memory: Memory) -> None:
    store = MnemonStore(memory, index=index("t"))

    store.batch([PutOp(NS, "1", {"t": "same"}), PutOp(NS, "2", {"t": "same"})])

    assert sorted(keys(store.search(NS, query="same"))) == ["1", "2"]


def test_a_new_value_takes_the_old_vectors_away(memory: Memory) -> None:
    store = MnemonStore(memory, index=index("lines[*]"))
    store.put(NS, "k", {"lines": ["aaa", "bbb", "ccc"]})
    store.put(NS, "k", {"lines": ["zzz"]})

    (found,) = store.search(NS, query="aaa")

    assert found.score == 0
    assert memory.stats() is not None


def test_filter_offset_and_limit_come_after_the_order(memory: Memory) -> None:
    store = MnemonStore(memory, index=index("t"))
    for number in range(30):
        store.put(NS, f"{number:02}", {"t": "a" * (number + 1) + "b", "even": number % 2 == 0})

    found = store.search(NS, query="a", filter={"even": True}, limit=3, offset=1)
    everything = store.search(NS, query="a", limit=100)

    assert keys(found) == ["26", "24", "22"]
    assert keys(everything) == [f"{number:02}" for number in reversed(range(30))]


def test_scores_agree_with_langgraphs_own_store(memory: Memory) -> None:
    ours = MnemonStore(memory, index=index("t"))
    theirs = LangGraphStore(index=index("t"))
    words = ["tea", "coffee", "a walk in the park", "parking", "green tea", "zebra"]
    for store in (ours, theirs):
        for place, word in enumerate(words):
            store.put(NS, str(place), {"t": word})

    found = [(item.key, round(item.score or 0, 5)) for item in ours.search(NS, query="tea in the park")]
    expected = [(item.key, round(item.score or 0, 5)) for item in theirs.search(NS, query="tea in the park")]

    assert found == expected


def test_vectors_of_the_wrong_length_are_refused(memory: Memory) -> None:
    store = MnemonStore(memory, index={"dims": 3, "embed": Letters(), "fields": ["t"]})

    with pytest.raises(InvalidInputError, match='"dims": 3'):
        store.put(NS, "k", {"t": "tea"})

    assert store.get(NS, "k") is None


def test_an_async_embedder_serves_async_code_and_sync_code_is_told_so(memory: Memory) -> None:
    async def embed(texts: list[str]) -> list[list[float]]:
        await asyncio.sleep(0)
        return Letters().embed_documents(list(texts))

    config: Any = {"dims": 26, "embed": embed, "fields": ["t"]}
    store = MnemonStore(memory, index=config)

    asyncio.run(store.aput(NS, "k", {"t": "tea"}))

    assert keys(asyncio.run(store.asearch(NS, query="tea"))) == ["k"]
    with pytest.raises(ValueError, match="async"):
        store.put(NS, "k", {"t": "tea"})


class Hands:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_minutes(self, minutes: float) -> None:
        self.now += timedelta(minutes=minutes)


def test_time_to_live_is_in_minutes_and_a_read_renews_it() -> None:
    clock = Hands()
    with Memory(store=InMemoryStore(), embedder=None, clock=clock) as memory:
        store = MnemonStore(memory, ttl={"default_ttl": 10, "refresh_on_read": True})
        for key in ("read", "searched", "peeked"):
            store.put(NS, key, {"of": key})
        store.put(NS, "for ever", {}, ttl=None)
        clock.pass_minutes(9)

        store.get(NS, "read")
        store.search(NS, filter={"of": "searched"})
        store.get(NS, "peeked", refresh_ttl=False)
        clock.pass_minutes(9)

        assert sorted(keys(store.search(NS, refresh_ttl=False))) == ["for ever", "read", "searched"]
        assert store.get(NS, "peeked") is None
        assert store.sweep_ttl() == 1
        clock.pass_minutes(11)
        assert asyncio.run(store.asweep_ttl()) == 2
        assert keys(store.search(NS)) == ["for ever"]


def test_earlier_versions_are_kept_where_that_is_asked_for(memory: Memory) -> None:
    store = MnemonStore(memory, history=True)
    for number in range(3):
        store.put(NS, "k", {"n": number})
    store.delete(NS, "k")

    assert [item.value["n"] for item in store.history(NS, "k")] == [0, 1, 2]
    assert [item.value["n"] for item in asyncio.run(store.ahistory(NS, "k"))] == [0, 1, 2]
    with pytest.raises(InvalidInputError, match="history=True"):
        MnemonStore(memory).history(NS, "k")


def test_a_store_that_speaks_async_gives_the_same() -> None:
    async def answers(memory: AsyncMemory) -> list[Any]:
        store = MnemonStore(memory, index=index("t"))
        await store.aput(NS, "k", {"t": "tea"})
        await store.aput((*NS, "more"), "k", {"t": "zebra"})
        found = await store.asearch(("users",), query="tea")
        return [(item.namespace, item.key, item.score) for item in found] + list(await store.alist_namespaces())

    native = asyncio.run(answers(AsyncMemory(store=FakeAsyncStore(), embedder=None)))
    threaded = asyncio.run(answers(AsyncMemory(store=InMemoryStore(), embedder=None)))

    assert native == threaded
    assert len(native) == 4


class CountingStore(InMemoryStore):
    """A store that counts the pages that it was asked for."""

    pages = 0

    def scan(self, *arguments: Any, **named: Any) -> Any:
        self.pages += 1
        return super().scan(*arguments, **named)


def test_few_items_among_many_that_do_not_fit_are_found_in_few_pages() -> None:
    kept = CountingStore()
    with Memory(store=kept, embedder=None) as memory:
        store = MnemonStore(memory)
        store.batch([PutOp(("n",), f"{number}", {"number": number}) for number in range(2_000)])
        kept.pages = 0

        found = store.search(("n",), filter={"number": {"$lt": 2}}, limit=3)

        assert {item.key for item in found} == {"0", "1"}
        assert kept.pages <= 8
