"""What LangGraph's suite does not ask of a saver."""

from __future__ import annotations

import asyncio
import copy
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from langgraph.checkpoint.base import empty_checkpoint
from langgraph.checkpoint.base.id import uuid6

from mnemon import ConfigError, InMemoryStore, InvalidInputError, Memory, ScopeError
from mnemon_langgraph import CheckpointIncompleteError, MnemonSaver, MnemonStore
from mnemon_langgraph.checkpoints import BLOBS, HEADS, WRITES
from tests.integrations.langgraph import graphs, rows
from tests.integrations.langgraph.graphs import config

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from langchain_core.runnables import RunnableConfig
    from langgraph.checkpoint.base import Checkpoint

HOSTILE = [
    "1",
    "10",
    "alice",
    "alice-2",
    "a@b.com",
    "a-b.com",
    "José",
    "Jose",
    "*",
    "%",
    "_",
    "a'b",
    'a"b',
    "n\0l",
    "nl",
]


def checkpoint(values: dict[str, Any], version: Any = None) -> Checkpoint:
    made = empty_checkpoint()
    made["id"] = str(uuid6())
    made["channel_values"] = values
    made["channel_versions"] = dict.fromkeys(values, version or f"0000000001.{made['id']}")
    return made


def put(saver: MnemonSaver, at: RunnableConfig, values: dict[str, Any], **metadata: Any) -> RunnableConfig:
    made = checkpoint(values)
    at = {**at, "configurable": {"checkpoint_ns": "", **graphs.place(at)}}
    return saver.put(at, made, {"source": "loop", "step": 1, **metadata}, made["channel_versions"])  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("kind", ["threads", "people"])
def test_ids_are_matched_whole(saver: MnemonSaver, kind: str) -> None:
    for name in HOSTILE:
        at = config(name) if kind == "threads" else config(f"thread of {name!r}", user_id=name)
        put(saver, at, {"of": [name]})

    for name in HOSTILE:
        if kind == "threads":
            found = saver.get_tuple(config(name))
            assert found is not None
            assert found.checkpoint["channel_values"] == {"of": [name]}
            assert len(list(saver.list(config(name)))) == 1
        else:
            (one,) = saver.list(None, filter={"user_id": name})
            assert one.checkpoint["channel_values"] == {"of": [name]}
            assert [thread.thread_id for thread in saver.list_threads(user_id=name)] == [f"thread of {name!r}"]


def test_deleting_a_person_leaves_the_others(saver: MnemonSaver) -> None:
    for name in HOSTILE:
        put(saver, config(name, user_id=name), {"of": [name]})

    deleted = saver.delete_user("n\0l")

    assert deleted == 3
    assert saver.get_tuple(config("n\0l")) is None
    assert len(list(saver.list(None))) == len(HOSTILE) - 1


def test_a_thread_without_an_id_and_a_strategy_that_there_is_not_are_refused(saver: MnemonSaver) -> None:
    with pytest.raises(ValueError, match="thread_id"):
        saver.get_tuple({"configurable": {}})
    with pytest.raises(InvalidInputError, match="keep_latest"):
        saver.prune(["1"], strategy="keep latest")


@pytest.mark.parametrize("user_id", [7, True, 7.0, "", " ", ["ana"], {"id": "ana"}])
def test_a_person_whose_id_cannot_be_one_is_refused_everywhere(
    saver: MnemonSaver, memory: Memory, user_id: Any
) -> None:
    at = put(saver, config("1", user_id="7"), {"of": ["7"]})
    named = config("2", user_id=user_id)

    def of_running(_: Any) -> dict[str, Any]:
        MnemonStore(memory).put(("notes",), "k", {})
        return {}

    builder = graphs.Builder(graphs.Notes)
    builder.add_node("put", of_running)
    builder.add_edge("__start__", "put")
    calls: list[Callable[[], object]] = [
        lambda: put(saver, named, {}),
        lambda: put(saver, {**config("2"), "metadata": {"user_id": user_id}}, {}),
        lambda: saver.put_writes({"configurable": {**graphs.place(at), "user_id": user_id}}, [("c", 1)], "t"),
        lambda: asyncio.run(
            saver.aput({**named, "configurable": {**graphs.place(named), "checkpoint_ns": ""}}, checkpoint({}), {}, {})
        ),
        lambda: saver.list_threads(user_id=user_id),
        lambda: saver.delete_user(user_id),
        lambda: builder.compile().invoke({}, named),
    ]

    for call in calls:
        with pytest.raises(ScopeError, match="user_id is"):
            call()
    assert [one.thread_id for one in saver.list_threads(user_id="7")] == ["1"]
    assert [one.checkpoints for one in saver.list_threads()] == [1]


def test_metadata_is_merged_from_the_config_and_decides_exactly(saver: MnemonSaver) -> None:
    put(saver, {**config("1", user_id="ana"), "metadata": {"plan": "pro"}}, {}, tags=["a", "b"])
    put(saver, {**config("2", user_id="ben"), "metadata": {"plan": "pro"}}, {}, tags=None)

    def threads(**wanted: Any) -> list[str]:
        return sorted(graphs.place(one.config)["thread_id"] for one in saver.list(None, filter=wanted))

    assert threads(plan="pro") == ["1", "2"]
    assert threads(plan="pro", user_id="ana") == ["1"]
    assert threads(tags="a") == []
    assert threads(tags=["a", "b"]) == ["1"]
    assert threads(tags=None) == ["2"]
    assert threads(nothing=None) == ["1", "2"]
    assert threads(**{"a.b": None, "x' OR 1=1 --": None}) == ["1", "2"]
    assert threads(**{"x' OR 1=1 --": 1}) == []


def test_an_unchanged_value_is_stored_once(saver: MnemonSaver, memory: Memory) -> None:
    graph = graphs.noting(saver)

    graph.invoke({"notes": ["a"], "kept": "x" * 5_000}, config())
    once = rows.count(memory, BLOBS.name)
    for _ in range(5):
        graph.invoke({"notes": ["b"]}, config())

    assert graph.get_state(config()).values["kept"] == "x" * 5_000
    assert rows.count(memory, BLOBS.name) <= once + 5 * 3


def test_versions_that_only_count_do_not_mix_forks(saver: MnemonSaver) -> None:
    root = put(saver, config(), {"a": ["root"]})
    at: RunnableConfig = {"configurable": graphs.place(root)}
    forks = [checkpoint({"a": [name]}, version=2) for name in ("one", "two")]

    there = [saver.put(at, fork, {}, {"a": 2}) for fork in forks]

    for name, one in zip(("one", "two"), there, strict=True):
        found = saver.get_tuple(one)
        assert found is not None
        assert found.checkpoint["channel_values"] == {"a": [name]}


def test_a_version_grows_and_no_fork_has_it_and_follows_those_of_other_savers(saver: MnemonSaver) -> None:
    first = saver.get_next_version(None, None)
    others = f"{7:032}.0123456789"

    assert first < saver.get_next_version(first, None)
    assert saver.get_next_version(first, None) != saver.get_next_version(first, None)
    assert others < saver.get_next_version(others, None)


def test_writes_put_by_many_threads_are_all_there_in_order(saver: MnemonSaver) -> None:
    at = put(saver, config(), {})

    def write(number: int) -> None:
        for _ in range(2):  # and again, as after a retry
            saver.put_writes(at, [("a", f"{number}.0"), ("b", f"{number}.1")], f"task {9 - number}", f"path {number}")

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(write, range(10)))
    found = saver.get_tuple(at)

    assert found is not None
    assert [value for _, _, value in found.pending_writes or ()] == [f"{n}.{i}" for n in range(10) for i in range(2)]


def test_many_tasks_put_writes_at_once_in_a_loop(saver: MnemonSaver) -> None:
    at = put(saver, config(), {})

    async def write_all() -> None:
        await asyncio.gather(*(saver.aput_writes(at, [("a", n)], f"task {n}", f"{n:03}") for n in range(30)))

    asyncio.run(write_all())
    found = saver.get_tuple(at)

    assert found is not None
    assert [value for _, _, value in found.pending_writes or ()] == list(range(30))


def test_a_state_of_five_megabytes_comes_back(saver: MnemonSaver) -> None:
    graph = graphs.noting(saver)
    big = "ü" * 2_500_000

    graph.invoke({"notes": [big]}, config())

    assert asyncio.run(graph.aget_state(config())).values["notes"] == [big, "1"]


@pytest.mark.nightly
def test_a_turn_of_a_long_thread_takes_as_many_bytes_as_one_of_a_short_thread(tmp_path: Path) -> None:
    path = tmp_path / "memory.db"

    def size() -> int:
        connection = sqlite3.connect(path)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
        return path.stat().st_size

    with Memory(path, embedder=None) as memory:
        graph = graphs.delta(MnemonSaver(memory), graphs.RareItems)
        sizes: list[int] = []
        for turn in range(500):
            graph.invoke({"items": [f"turn {turn}"]}, config())
            if turn % 100 == 99:
                sizes.append(size())

    steps = [after - before for before, after in pairwise(sizes)]
    assert max(steps) < 1.25 * min(steps), f"bytes of each hundred turns: {steps}"
    assert max(steps) < 100 * 8_192


def test_a_late_writer_does_not_move_the_head_back(saver: MnemonSaver) -> None:
    early, late = checkpoint({"a": ["early"]}), checkpoint({"a": ["late"]})
    at = config(checkpoint_ns="")
    saver.put(at, late, {}, late["channel_versions"])

    saver.put(at, early, {}, early["channel_versions"])
    found = saver.get_tuple(config())

    assert found is not None
    assert found.checkpoint["channel_values"] == {"a": ["late"]}


def test_without_its_head_a_thread_is_still_read(saver: MnemonSaver, memory: Memory) -> None:
    graph = graphs.noting(saver)
    graph.invoke({"notes": ["a"]}, config())

    rows.delete_all(memory, HEADS.name)

    assert graph.get_state(config()).values["notes"] == ["a", "1"]
    assert graph.invoke({"notes": ["b"]}, config())["notes"] == ["a", "1", "b", "3"]


def test_a_value_that_is_gone_is_an_error_that_names_it(saver: MnemonSaver, memory: Memory) -> None:
    at = put(saver, config(), {"a": ["x"]})

    rows.delete_all(memory, BLOBS.name)

    with pytest.raises(CheckpointIncompleteError, match=f"{graphs.place(at)['checkpoint_id']}.* no value for a"):
        saver.get_tuple(config())


def test_a_shallow_copy_works_on_the_same_threads(saver: MnemonSaver) -> None:
    put(saver, config(), {"a": ["x"]})

    clone = saver.with_allowlist([("some.module", "Class")])

    assert clone.get_tuple(config()) == copy.copy(saver).get_tuple(config()) == saver.get_tuple(config())


def test_threads_are_listed_with_times_counts_and_people(saver: MnemonSaver) -> None:
    graph = graphs.noting(saver)
    for name in ("1", "2", "1", "3"):
        graph.invoke({"notes": [name]}, config(name, user_id="ana" if name < "3" else "ben"))

    everything = saver.list_threads()
    page = asyncio.run(saver.alist_threads(limit=1))
    rest = saver.list_threads(before=page[-1].updated_at)

    assert [(one.thread_id, one.user_id, one.checkpoints) for one in everything] == [
        ("3", "ben", 3),
        ("1", "ana", 6),
        ("2", "ana", 3),
    ]
    assert list(page) + list(rest) == list(everything)
    assert [one.thread_id for one in saver.list_threads(user_id="ana")] == ["1", "2"]
    assert all(one.created_at <= one.updated_at <= datetime.now(UTC) for one in everything)
    with pytest.raises(InvalidInputError, match="limit"):
        saver.list_threads(limit=0)


def test_a_thread_whose_time_is_over_is_swept_with_all_that_it_has() -> None:
    now = [datetime(2026, 3, 1, tzinfo=UTC)]
    with Memory(store=InMemoryStore(), embedder=None, clock=lambda: now[0]) as memory:
        saver = MnemonSaver(memory, ttl=timedelta(days=1))
        graph = graphs.asking(saver)
        graph.invoke({"log": []}, config("old", user_id="ana"))
        saver.put_writes(config("only writes", checkpoint_ns="", checkpoint_id="c"), [("a", 1)], "task")
        now[0] += timedelta(hours=23)
        put(saver, config("new"), {"a": ["x"]})
        now[0] += timedelta(hours=2)

        swept = asyncio.run(saver.asweep())

        assert swept == 2
        assert [thread.thread_id for thread in saver.list_threads()] == ["new"]
        assert rows.count(memory, WRITES.name) == 0
        assert rows.count(memory, BLOBS.name) == 1
        assert saver.sweep() == 0


def test_a_time_to_live_of_nothing_is_refused() -> None:
    with pytest.raises(ConfigError, match="ttl"):
        MnemonSaver(ttl=timedelta(0))


def test_without_a_memory_the_default_store_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MNEMON_STORE", str(tmp_path / "default.db"))
    monkeypatch.setenv("MNEMON_EMBEDDER", "none")
    with MnemonSaver() as saver:
        asyncio.run(graphs.noting(saver).ainvoke({"notes": ["a"]}, config()))

    async def again() -> Any:
        async with MnemonSaver() as saver:
            await saver.asetup()
            return await graphs.noting(saver).ainvoke({"notes": ["b"]}, config())

    assert asyncio.run(again())["notes"] == ["a", "1", "b", "3"]
