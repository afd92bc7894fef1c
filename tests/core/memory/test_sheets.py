"""What a search keeps in memory never shows: it answers as a search that asks the store for everything."""

from __future__ import annotations

import random
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast
from uuid import uuid4

import pytest

from mnemon import Memory, Message, NotFoundError, SQLiteStore
from mnemon.logic.sheet import Sheet, Sheets
from mnemon.logic.sheet import sheet as sheet_module
from mnemon.protocols.capabilities import Capability
from mnemon.types.changes import Changes
from mnemon.types.storage import Row
from tests.core.memory.sources import FakeEmbedder, SetClock, counting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from mnemon.logic.sheet.sheets import Key

WORDS = [
    "cat",
    "dog",
    "bird",
    "sofa",
    "garden",
    "roof",
    "sleeps",
    "eats",
    "where",
    "today",
    "Friday",
    "may",
    "blue",
    "4711",
    "São",
    "number",
    "old",
    "new",
]
PEOPLE = ("alice", "alice-2", "Alice", "1", "10", "a@b.com", "a-b.com", "José", "Jose\u0301", "*", "%", "a'b")
NAMES = (None, "Ana", "Ben")


class Untold(SQLiteStore):
    """The same store, of which nobody can ask what changed."""

    @property
    def capabilities(self) -> frozenset[Capability]:
        return super().capabilities - {Capability.CHANGES}


class Pair:
    """Two memories on one file: one that follows what changes, and one that asks for everything."""

    def __init__(self, path: Path, clock: SetClock, embedder: FakeEmbedder | None) -> None:
        self.stores = SQLiteStore(path), Untold(path)
        self.told, self.untold = (
            Memory(store=store, clock=clock, new_id=counting(number * 100_000), embedder=embedder)
            for number, store in enumerate(self.stores)
        )
        self._asked: Counter[str] | None = None

    @property
    def asked(self) -> Counter[str]:
        """How often the first store was asked for candidates, and for the turns around them."""
        if self._asked is None:
            self._asked = Counter()
            for name in ("search", "scan"):
                setattr(self.stores[0], name, _counted(getattr(self.stores[0], name), self._asked))
        return self._asked.copy()

    def search(self, query: str, **call: object) -> list[tuple[str, str, float]]:
        """Return what both find, which must be the same."""
        given = {"limit": 40, **call}
        told, untold = (
            memory.search(query, explain=True, **cast("dict[str, Any]", given)) for memory in (self.told, self.untold)
        )
        assert [hit.memory for hit in told] == [hit.memory for hit in untold]
        assert [hit.score for hit in told] == pytest.approx([hit.score for hit in untold], abs=1e-6)
        for one, other in zip(told, untold, strict=True):
            assert one.signals == pytest.approx(other.signals, abs=1e-6)
        return [(hit.memory.id, hit.memory.text, hit.score) for hit in told]


@pytest.fixture(params=["words", "words and vectors"])
def pair(request: pytest.FixtureRequest, tmp_path: Path, clock: SetClock) -> Iterator[Pair]:
    made = Pair(tmp_path / "one.db", clock, None if request.param == "words" else FakeEmbedder())
    yield made
    for store in made.stores:
        store.close()


def said(chance: random.Random) -> list[Message]:
    """Return some turns of a talk."""
    return [
        Message(
            role=chance.choice(["user", "user", "assistant"]),
            name=chance.choice(NAMES),
            content=" ".join(chance.choices(WORDS, k=chance.randint(3, 12))) + chance.choice(["", "?"]),
        )
        for _ in range(chance.randint(1, 4))
    ]


@pytest.mark.parametrize(("seed", "few"), [(0, None), (1, None), (2, 2), (3, 2)])
def test_whatever_happens_both_searches_find_the_same(
    pair: Pair, clock: SetClock, seed: int, few: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    if few is not None:  # sheets are made anew, which a thousand rows that are gone would take
        monkeypatch.setattr(sheet_module, "_FEW", few)
    chance = random.Random(seed)  # noqa: S311 - a seed, no secret
    people = chance.sample(PEOPLE, 3)
    found = 0
    for _ in range(40):
        writer = chance.choice([pair.told, pair.untold])
        person = chance.choice(people)
        there = writer.get_all(user_id=person, limit=50)
        what = ["add", "add", "add", "update", "expire", "pin", "delete", "erase", "undo"] if there else ["add"]
        match chance.choice(what):
            case "add":
                run = chance.choice([None, "r1", "r2"])
                day = clock() - timedelta(days=chance.random())
                writer.add(said(chance), user_id=person, run_id=run, timestamp=day)
            case "update":
                writer.update(chance.choice(there).id, " ".join(chance.choices(WORDS, k=6)), user_id=person)
            case "expire":
                later = clock() + timedelta(seconds=chance.choice([-5, 1, 500]))
                writer.update(chance.choice(there).id, expires_at=later, user_id=person)
            case "pin":
                writer.update(chance.choice(there).id, pinned=chance.random() < 0.5, user_id=person)
            case "delete" | "erase" as how:
                writer.delete(chance.choice(there).id, user_id=person, erase=how == "erase")
            case _:
                done = writer.operations(user_id=person, limit=3)
                with suppress(NotFoundError):  # what was erased is not restored
                    writer.undo(chance.choice(done).op_id, user_id=person, force=True)
        clock.pass_(seconds=30)
        query = " ".join(chance.choices(WORDS, k=4))
        for call in (
            {},
            {"run_id": "r1"},
            {"include_expired": True},
            {"limit": 3, "threshold": 0.3},
            {"filters": {"role": "user"}},
            {"exclude_message_ids": [source for memory in there[:3] for source in memory.source_ids]},
        ):
            found += len(pair.search(query, user_id=person, **call))
    assert found > 300


def test_what_is_found_through_a_filter_that_lets_few_pass_is_the_same(pair: Pair) -> None:
    for number in range(400):
        rare = number % 50 == 7
        pair.told.add(f"the cat sleeps on sofa {number}", user_id="alice", metadata={"rare": rare})

    hits = pair.search("Where does the cat sleep?", user_id="alice", filters={"rare": True})
    assert len(hits) == 8
    assert pair.search("Where does the cat sleep?", user_id="alice", filters={"rare": "no"}) == []


def test_two_scope_ids_must_both_fit(pair: Pair) -> None:
    for run in ("r1", "r2"):
        for person in ("alice", "bob"):
            pair.told.add(f"the cat of {person} in {run}", user_id=person, run_id=run)

    assert [text for _, text, _ in pair.search("cat", user_id="alice", run_id="r2")] == ["the cat of alice in r2"]
    assert len(pair.search("cat", run_id="r2")) == 2
    assert pair.search("cat", user_id="alice", run_id="r3") == []


def test_a_search_of_one_person_asks_the_store_for_no_candidates(pair: Pair) -> None:
    pair.told.add_many(["the cat sleeps on the sofa", "the dog eats"], user_id="alice")
    before = pair.asked

    assert pair.search("Where does the cat sleep?", user_id="alice")
    assert pair.search("Who eats?", user_id="alice", kinds=["episodic"])

    assert pair.asked == before
    assert pair.search("Where does the cat sleep?", project_wide=True)
    assert pair.asked != before


def test_a_large_scope_is_asked_of_the_store_once_and_then_kept(pair: Pair) -> None:
    pair.told.add_many([f"the cat sleeps on roof {number}" for number in range(2_100)], user_id="alice")
    asked = [pair.asked]
    for _ in range(3):
        assert pair.search("roof 700", user_id="alice", limit=3)[0][1] == "the cat sleeps on roof 700"
        asked.append(pair.asked)

    assert asked[0] != asked[1] == asked[2] == asked[3]


def test_while_one_makes_a_sheet_others_ask_the_store() -> None:
    sheets = Sheets()
    alice: Key = ("user_id", "alice", None)

    assert [sheets.begin(alice, 1, None), sheets.begin(alice, 1, None)] == [True, False]
    assert sheets.begin(("user_id", "bob", None), 1, None)
    sheets.end(alice)
    assert sheets.begin(alice, 1, None)


def test_what_is_kept_is_bounded_and_the_least_used_goes_first() -> None:
    sheets = Sheets(max_bytes=35_000)
    keys: list[Key] = [("user_id", name, None) for name in ("a", "b", "c", "d", "e")]
    for key in keys[:3]:
        sheets.keep(key, Sheet(None, None), 0)
    assert sheets.find(keys[0]) is not None

    for key in keys[3:]:
        sheets.keep(key, Sheet(None, None), 0)

    assert [sheets.find(key) is not None for key in keys] == [True, False, False, True, True]
    sizes = ((30, None), (30, 384), (1_000, None))
    assert [_may_be_made(sheets, keys[1], rows, dimensions) for rows, dimensions in sizes] == [True, False, False]
    sheets.clear()
    sheets.keep(keys[0], Sheet(None, None), 0)  # begun before all were forgotten
    assert [sheets.find(key) for key in keys] == [None] * 5


def _counted(method: Callable[..., object], calls: Counter[str]) -> Callable[..., object]:
    def call(*arguments: object, **named: object) -> object:
        calls[method.__name__] += 1
        return method(*arguments, **named)

    return call


def _may_be_made(sheets: Sheets, key: Key, rows: int, dimensions: int | None = None) -> bool:
    may = sheets.begin(key, rows, dimensions)
    sheets.end(key)
    return may


def test_a_sheet_that_an_error_left_half_done_is_not_gone_on_with() -> None:
    good = Row(
        id="a", fields={"memory_id": "a", "version": 1, "said_at": "2026-05-08T12:00:00.000000Z"}, terms=("cat",)
    )
    changes = Changes(rows={1: good, 2: replace(good, fields={})}, gone=(), mark=(2, 0), more=False, anew=False)
    sheet = Sheet(None, None)
    with pytest.raises(KeyError):
        sheet.take(None, changes)

    assert not sheet.take(None, replace(changes, rows={1: good}))
    assert sheet.rows == 0


def test_a_scope_whose_sheet_was_too_large_is_not_read_whole_again() -> None:
    sheets, sheet = Sheets(max_bytes=30_000), Sheet(None, None)
    fields = {"version": 1, "said_at": "2026-05-08T12:00:00.000000Z"}
    long = [
        Row(id=f"{n}", fields={**fields, "memory_id": f"{n}"}, terms=tuple(f"w{n}x{i}" for i in range(99)))
        for n in (1, 2)
    ]
    sheet.take(None, Changes(rows=dict(enumerate(long)), gone=(), mark=(2, 0), more=False, anew=False))
    alice = ("user_id", "alice", None)
    assert _may_be_made(sheets, alice, 2)

    sheets.keep(alice, sheet, 0)

    assert sheets.find(alice) is None
    assert [_may_be_made(sheets, alice, rows) for rows in (1, 2, 3)] == [True, False, False]
    assert _may_be_made(sheets, ("user_id", "bob", None), 2)


def test_of_many_alike_the_later_ones_are_candidates_in_both(pair: Pair) -> None:
    pair.told.add_many(
        [f"the cat sleeps{' ' * (number % 3)}" + "." * (number % 7) for number in range(900)], user_id="alice"
    )

    pair.search("cat", user_id="alice", limit=300)


def test_a_memory_that_is_updated_is_never_missing_from_a_search(tmp_path: Path) -> None:
    """While it is updated again and again, by another thread and by the one that then searches for it."""
    with Memory(tmp_path / "busy.db", embedder=None) as memory:
        memory.add_many([f"the dog sleeps on sofa {number}" for number in range(30)], user_id="alice")
        (busy,) = memory.add("the cat sleeps", user_id="alice").ids
        ended = threading.Event()

        def update() -> None:
            for number in range(300):
                memory.update(busy, f"the cat sleeps {number}", user_id="alice")
            ended.set()

        def look() -> list[str]:
            lost: list[str] = []
            while not ended.is_set():
                (own,) = memory.add(f"zebra {uuid4()}", user_id="alice").ids
                if busy not in [hit.memory.id for hit in memory.search("cat", user_id="alice")]:
                    lost.append("updated")
                if own not in [hit.memory.id for hit in memory.search("zebra", user_id="alice", limit=1_000)]:
                    lost.append("own")
            return lost

        with ThreadPoolExecutor() as pool:
            looking = [pool.submit(look) for _ in range(3)]
            pool.submit(update).result()
        assert [one.result() for one in looking] == [[], [], []]


@pytest.mark.parametrize(("few", "anew"), [(1_000, [1]), (10, [1, 11, 21])])
def test_a_sheet_is_made_anew_when_enough_rows_are_gone(
    tmp_path: Path, few: int, anew: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One memory that is changed all the time does not make its scope be read again at each search."""
    monkeypatch.setattr(sheet_module, "_FEW", few)
    store = SQLiteStore(tmp_path / "one.db")
    changes: Any = store.changes
    began = list[int]()
    number = 0

    def watched(*arguments: object, **options: object) -> Changes:
        began.extend([number] if options["since"] is None else [])
        return changes(*arguments, **options)

    setattr(store, "changes", watched)  # noqa: B010 - a method
    with Memory(store=store, embedder=None) as memory:
        memory_id = memory.add("tea number 0", user_id="ana").ids[0]
        for number in range(1, 31):
            memory.update(memory_id, f"tea number {number}")
            assert [hit.memory.text for hit in memory.search("tea", user_id="ana")] == [f"tea number {number}"]

    assert began == anew
