"""CrewAI's own memory over mnemon's storage."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from crewai.memory.storage.backend import EmbeddingDimensionMismatchError, StorageBackend
from crewai.memory.types import MemoryRecord
from crewai.memory.unified_memory import Memory as CrewMemory

import mnemon
from mnemon import Memory
from mnemon.testing.samples import HOSTILE
from mnemon.types.scope import MAX_SCOPE_ID_BYTES
from mnemon_crewai import MemoryAbortedError, MnemonStorage
from tests.integrations.crewai.scripted import QUIET, ScriptedLLM
from tests.integrations.failing import FailingStore

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.anyio, QUIET]

IDS = [one for one in HOSTILE if one.strip() and len(one.encode()) <= MAX_SCOPE_ID_BYTES]
NOW = datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None)


def record(content: str, *vector: float, **told: Any) -> MemoryRecord:
    return MemoryRecord(content=content, embedding=list(vector) or [1.0, 0.0], **told)


def contents(found: list[tuple[MemoryRecord, float]]) -> list[str]:
    return [one.content for one, _ in found]


def letters(texts: list[str]) -> list[list[float]]:
    """Embed texts by the letters that they are made of."""
    return [[float(text.lower().count(letter)) for letter in "abcdefghijklmnopqrstuvwxyz"] for text in texts]


@pytest.fixture
def storage(memory: Memory) -> MnemonStorage:
    return MnemonStorage(memory, user_id="ana")


def test_it_is_what_crewai_asks_of_a_storage(storage: MnemonStorage) -> None:
    assert isinstance(storage, StorageBackend)


def test_a_record_comes_back_as_it_was(storage: MnemonStorage) -> None:
    whole = record(
        'José\x00 likes "tea"',
        0.5,
        0.25,
        scope="/a/b",
        categories=["drink", "z", "drink"],
        metadata={"from": {"form": [1, 2.5, None, True]}},
        importance=0.75,
        created_at=NOW,
        last_accessed=NOW + timedelta(seconds=1),
        source="s1",
        private=True,
    )
    storage.save([whole])

    assert storage.get_record(whole.id) == whole
    assert storage.list_records() == [whole.model_copy(update={"embedding": None})]
    assert storage.get_record("no such") is None


def test_the_nearest_come_first_with_crewais_own_score(storage: MnemonStorage) -> None:
    storage.save([record("far", 0.0, 1.0), record("near", 3.0, 4.0), record("same", 2.0, 0.0)])

    found = storage.search([1.0, 0.0])

    assert contents(found) == ["same", "near", "far"]
    distances = [0.0, (1 - 0.6) ** 2 + 0.8**2, 2.0]
    assert [score for _, score in found] == pytest.approx([1 / (1 + distance) for distance in distances])
    assert contents(storage.search([1.0, 0.0], min_score=0.5)) == ["same", "near"]
    assert contents(storage.search([1.0, 0.0], limit=1)) == ["same"]


@pytest.mark.parametrize(
    ("options", "left"),
    [
        ({"scope_prefix": "/user/1"}, ["one", "one below"]),
        ({"scope_prefix": "/user"}, ["one", "one below", "ten"]),
        ({"scope_prefix": "/"}, ["one", "one below", "ten", "root"]),
        ({"categories": ["x"]}, ["one", "ten"]),
        ({"categories": ["x", "y"]}, ["one", "one below", "ten"]),
        ({"metadata_filter": {"kind": "a"}}, ["one", "ten"]),
        ({"scope_prefix": "/user/10", "categories": ["x"], "metadata_filter": {"kind": "a"}}, ["ten"]),
        ({"categories": ["none"]}, []),
    ],
)
async def test_conditions_hold_for_search_and_delete_alike(
    storage: MnemonStorage, options: dict[str, Any], left: list[str]
) -> None:
    kept = [
        record("one", scope="/user/1", categories=["x"], metadata={"kind": "a"}),
        record("one below", scope="/user/1/a", categories=["y"]),
        record("ten", scope="/user/10", categories=["y", "x"], metadata={"kind": "a"}),
        record("root"),
    ]
    await storage.asave(kept)

    assert sorted(contents(storage.search([1.0, 0.0], **options))) == sorted(left)
    assert sorted(contents(await storage.asearch([1.0, 0.0], **options))) == sorted(left)
    if "metadata_filter" not in options and "categories" not in options:
        assert storage.count(options["scope_prefix"]) == len(left)
        assert len(storage.list_records(options["scope_prefix"])) == len(left)
    assert await storage.adelete(**options) == len(left)
    assert sorted(one.content for one in storage.list_records()) == sorted({one.content for one in kept} - {*left})


def test_records_are_listed_newest_first_and_deleted_by_age_or_id(storage: MnemonStorage) -> None:
    kept = [record(str(day), id=f"r{day}", created_at=NOW + timedelta(days=day)) for day in range(5)]
    storage.save(kept)

    assert [one.content for one in storage.list_records(limit=2, offset=1)] == ["3", "2"]
    assert storage.delete(older_than=NOW + timedelta(days=2)) == 2
    assert storage.delete(record_ids=["r4", "r0"]) == 1
    assert storage.delete(record_ids=[]) == 0
    assert [one.content for one in storage.list_records()] == ["3", "2"]


def test_paths_and_categories_are_told(storage: MnemonStorage) -> None:
    storage.save(
        [
            record("1", scope="/a/b", categories=["x", "y"], created_at=NOW),
            record("2", scope="/a/c/d", categories=["x"], created_at=NOW + timedelta(days=1)),
            record("3", scope="/ab"),
        ]
    )

    assert storage.list_scopes() == ["/a", "/ab"]
    assert storage.list_scopes("/a") == ["/a/b", "/a/c"]
    assert storage.list_categories("/a") == {"x": 2, "y": 1}
    info = storage.get_scope_info("/a")
    assert (info.record_count, info.child_scopes, info.oldest_record) == (2, ["/a/b", "/a/c"], NOW)


@pytest.mark.parametrize("name", IDS)
def test_one_object_keeps_any_two_customers_apart(memory: Memory, name: str) -> None:
    one_for_all = MnemonStorage(memory)
    for user in (name, f"{name}x"):
        with mnemon.scope(user_id=user):
            one_for_all.save([record(f"of {user}", id="same", scope="/a", categories=["c"])])
            one_for_all.update(record(f"now of {user}", id="same", scope="/a", categories=["c"]))

    with mnemon.scope(user_id=name):
        assert contents(one_for_all.search([1.0, 0.0])) == [f"now of {name}"]
        assert [one.content for one in one_for_all.list_records()] == [f"now of {name}"]
        assert (one_for_all.count(), one_for_all.list_categories()) == (1, {"c": 1})
        one_for_all.reset()
        assert one_for_all.get_record("same") is None
    with mnemon.scope(user_id=f"{name}x"):
        kept = one_for_all.get_record("same")
        assert kept is not None
        assert kept.content == f"now of {name}x"


def test_what_is_private_stays_so_when_it_is_rewritten(storage: MnemonStorage) -> None:
    mine = record("a secret", source="s1", private=True)
    storage.save([mine])

    storage.update(MemoryRecord(id=mine.id, content="a secret, told again", embedding=[0.0, 1.0]))
    storage.update(MemoryRecord(id=mine.id, content="a secret, told again", scope="/moved"))

    kept = storage.get_record(mine.id)
    assert kept is not None
    assert (kept.private, kept.source, kept.scope, kept.embedding) == (True, "s1", "/moved", [0.0, 1.0])


def test_a_record_that_is_updated_before_it_is_saved_is_saved(storage: MnemonStorage) -> None:
    storage.update(record("new"))

    assert contents(storage.search([1.0, 0.0])) == ["new"]


def test_what_was_recalled_is_touched(storage: MnemonStorage) -> None:
    one, other = record("one", last_accessed=NOW), record("other", last_accessed=NOW)
    storage.save([one, other])

    storage.touch_records([one.id])

    seen = {kept.content: kept.last_accessed for kept in storage.list_records()}
    assert seen["other"] == NOW < seen["one"]
    assert seen["one"].tzinfo is None


async def test_vectors_of_another_length_are_refused(storage: MnemonStorage) -> None:
    storage.save([record("short", 1.0, 0.0)])

    with pytest.raises(EmbeddingDimensionMismatchError):
        storage.search([1.0, 0.0, 0.0])
    with pytest.raises(EmbeddingDimensionMismatchError):
        await storage.asave([record("long", 1.0, 0.0, 0.0)])
    with pytest.raises(EmbeddingDimensionMismatchError):
        storage.update(record("long", 1.0, 0.0, 0.0))
    assert storage.count() == 1


def test_another_customer_may_have_vectors_of_another_length(memory: Memory) -> None:
    MnemonStorage(memory, user_id="ana").save([record("short", 1.0, 0.0)])
    other = MnemonStorage(memory, user_id="ben")
    other.save([record("long", 1.0, 0.0, 0.0)])

    assert contents(other.search([1.0, 0.0, 0.0])) == ["long"]


def test_records_are_there_when_the_file_is_opened_again(tmp_path: Path) -> None:
    with Memory(tmp_path / "again.db", embedder=None) as memory:
        MnemonStorage(memory, user_id="ana").save([record("kept", id="r")])
    with Memory(tmp_path / "again.db", embedder=None) as memory:
        again = MnemonStorage(memory, user_id="ana")
        kept = again.get_record("r")

        assert kept is not None
        assert kept.embedding == [1.0, 0.0]
        assert contents(again.search([1.0, 0.0])) == ["kept"]


def test_forgetting_a_person_takes_the_records_too(memory: Memory) -> None:
    for name in ("ana", "ben"):
        MnemonStorage(memory, user_id=name).save([record(name)])

    memory.forget(user_id="ana")

    assert [MnemonStorage(memory, user_id=name).count() for name in ("ana", "ben")] == [0, 1]


async def test_a_store_that_fails_and_a_call_for_nobody_are_errors() -> None:
    store = FailingStore()
    with Memory(store=store, embedder=None) as memory:
        with pytest.raises(MemoryAbortedError, match="scope_from_inputs"):
            MnemonStorage(memory).count()
        storage = MnemonStorage(memory, user_id="ana")
        storage.save([record("kept")])
        store.down = True

        with pytest.raises(MemoryAbortedError, match="down"):
            storage.search([1.0, 0.0])
        with pytest.raises(MemoryAbortedError, match="down"):
            await storage.asearch([1.0, 0.0])
        with pytest.raises(MemoryAbortedError, match="down"):
            storage.save([record("lost")])


@pytest.mark.parametrize("depth", ["shallow", "deep"])
def test_crewais_memory_keeps_customers_apart(memory: Memory, depth: Any) -> None:
    theirs = CrewMemory(storage=MnemonStorage(memory), llm=ScriptedLLM(), embedder=letters)
    told: dict[str, Any] = {"scope": "/facts", "categories": [], "importance": 0.5}
    for name in ("ana", "ana-2"):
        with mnemon.scope(user_id=name):
            theirs.remember(f"The code word of {name} is tulip.", **told)

    with mnemon.scope(user_id="ana"):
        found = theirs.recall("the code word is tulip", depth=depth)
        assert [one.record.content for one in found] == ["The code word of ana is tulip."]
        assert theirs.info("/facts").record_count == 1
        theirs.reset_all()
    with mnemon.scope(user_id="ana-2"):
        assert len(theirs.list_records()) == 1


def test_crewais_consolidation_makes_nothing_public(memory: Memory) -> None:
    kept: list[str] = []

    def consolidate(prompt: str) -> str:
        (old,) = kept
        assert "code word" in prompt
        return json.dumps(
            {
                "actions": [
                    {"action": "update", "record_id": old, "new_content": "The code word was tulip.", "reason": ""}
                ],
                "insert_new": False,
            }
        )

    theirs = CrewMemory(storage=MnemonStorage(memory, user_id="ana"), llm=ScriptedLLM(consolidate), embedder=letters)
    told: dict[str, Any] = {"scope": "/facts", "categories": [], "importance": 0.5}
    first = theirs.remember("The code word is tulip.", source="s1", private=True, **told)
    assert first is not None
    kept.append(first.id)
    theirs.remember("The code word is tulip!", source="s2", **told)

    assert [one.record.content for one in theirs.recall("code word", source="s1")] == ["The code word was tulip."]
    assert theirs.recall("code word", source="s2") == []
