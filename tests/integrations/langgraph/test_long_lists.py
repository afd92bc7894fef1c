"""Lists that grow: stored in parts, and read as the lists that they were."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage
from langgraph.checkpoint.serde.encrypted import EncryptedSerializer

from mnemon import Memory, StoreUnavailableError
from mnemon_langgraph import MnemonSaver
from mnemon_langgraph.checkpoints import BLOBS
from mnemon_langgraph.segments import SEGMENT
from tests.integrations.failing import FailingStore
from tests.integrations.langgraph import graphs, rows
from tests.integrations.langgraph.graphs import config
from tests.integrations.langgraph.test_saver import checkpoint, put
from tests.integrations.langgraph.test_serializing import Rot

if TYPE_CHECKING:
    from langchain_core.runnables import RunnableConfig
    from langgraph.checkpoint.base import Checkpoint

Grown = tuple[MnemonSaver, "RunnableConfig", list[Any]]
LONG = 3 * SEGMENT + 5


def talk(turns: int) -> list[Any]:
    pairs = [(HumanMessage(f"turn {n}", id=f"u{n}"), AIMessage(f"answer {n}", id=f"a{n}")) for n in range(turns)]
    return [message for pair in pairs for message in pair]


def value(saver: MnemonSaver, at: RunnableConfig) -> Any:
    found = saver.get_tuple(at)
    assert found is not None
    assert found == asyncio.run(saver.aget_tuple(at))
    return found.checkpoint["channel_values"]["a"]


SHAPES: list[list[Any]] = [
    talk(LONG),
    talk(SEGMENT // 2),
    [*talk(SEGMENT // 2), "one more"],
    ["same"] * LONG,
    [[n] * SEGMENT for n in range(LONG)],
    [None] * LONG,
    talk(LONG)[7:],
    [*talk(LONG)[:50], HumanMessage("changed", id="u25"), *talk(LONG)[51:]],
]


def test_every_list_comes_back_as_it_was_also_beside_others_that_begin_alike(saver: MnemonSaver) -> None:
    at: RunnableConfig = config()
    stored = [(at := put(saver, at, {"a": shape, "b": shape}), shape) for shape in SHAPES]

    for there, shape in stored:
        assert value(saver, there) == shape
    listed = list(saver.list(config()))
    assert [one.checkpoint["channel_values"]["b"] for one in listed] == SHAPES[::-1]


@pytest.fixture
def grown(saver: MnemonSaver) -> Grown:
    """A thread whose list has grown, a run each."""
    at: RunnableConfig = config()
    said = talk(LONG)
    for count in (SEGMENT + 6, 2 * SEGMENT + 6, len(said)):
        at = put(saver, at, {"a": said[:count]}, run_id=f"run {count // SEGMENT}")
    return saver, at, said


def test_pruning_and_deleting_runs_leave_the_parts_of_what_stays(grown: Grown, memory: Memory) -> None:
    saver, at, said = grown
    everything = rows.count(memory, BLOBS.name)

    saver.delete_for_runs(["run 2"])
    fewer = rows.count(memory, BLOBS.name)
    first = value(saver, list(saver.list(config()))[-1].config)
    saver.prune(["1"])

    assert first == said[: SEGMENT + 6]
    assert value(saver, at) == said
    assert everything > fewer > rows.count(memory, BLOBS.name) == len(said) // SEGMENT + 1


def test_a_copy_has_parts_of_its_own(grown: Grown, memory: Memory) -> None:
    saver, _, said = grown

    saver.copy_thread("1", "2")
    saver.delete_thread("1")

    assert value(saver, config("2")) == said
    saver.delete_thread("2")
    assert rows.count(memory, BLOBS.name) == 0


def test_what_a_turn_adds_does_not_grow_with_the_thread(saver: MnemonSaver, memory: Memory) -> None:
    at: RunnableConfig = config()
    said = talk(4 * SEGMENT)
    sizes: list[int] = []
    for turn in range(1, len(said) // 2 + 1):
        at = put(saver, at, {"a": said[: 2 * turn]})
        if turn % SEGMENT == 0:
            sizes.append(rows.volume(memory, BLOBS.name))

    steps = [after - before for before, after in pairwise(sizes)]
    assert max(steps) < 1.2 * min(steps), steps


def test_a_thread_that_two_people_wrote_is_readable_without_one_of_them(saver: MnemonSaver, memory: Memory) -> None:
    said = talk(LONG)
    first = put(saver, config(user_id="ana"), {"a": said})
    at: RunnableConfig = {"configurable": {**graphs.place(first), "user_id": "ben"}}
    versions: dict[str, str | int | float] = {"a": f"0000000001.{graphs.place(at)['checkpoint_id']}"}
    made: Checkpoint = {**checkpoint({"a": said}), "channel_versions": versions}
    there = saver.put(at, made, {}, {})  # unchanged

    memory.forget(user_id="ana")

    assert value(saver, there) == said
    memory.forget(user_id="ben")
    assert rows.count(memory, BLOBS.name) == 0


def unchanged(saver: MnemonSaver, at: RunnableConfig, said: list[Any]) -> RunnableConfig:
    """Put a checkpoint in which the list has the version that it had."""
    found = saver.get_tuple(at)
    assert found is not None
    made: Checkpoint = {**checkpoint({"a": said}), "channel_versions": found.checkpoint["channel_versions"]}
    return saver.put(found.config, made, {}, {})


def test_an_unchanged_list_is_named_again_by_this_saver_and_by_another(grown: Grown, memory: Memory) -> None:
    saver, at, said = grown
    before = rows.count(memory, BLOBS.name)

    again = unchanged(saver, at, said)
    other = unchanged(MnemonSaver(memory), again, said)

    assert value(saver, again) == value(saver, other) == said
    assert rows.count(memory, BLOBS.name) == before


def test_encrypted_lists_are_stored_whole_also_where_encryption_came_later(grown: Grown, memory: Memory) -> None:
    _, at, said = grown
    encrypted = MnemonSaver(memory, serde=EncryptedSerializer(Rot()))
    before = rows.count(memory, BLOBS.name)

    there = unchanged(encrypted, at, said)

    assert value(encrypted, there) == said
    assert rows.count(memory, BLOBS.name) == before + 1


def test_what_could_not_be_stored_is_not_taken_for_stored() -> None:
    store = FailingStore()
    with Memory(store=store, embedder=None) as memory:
        saver = MnemonSaver(memory)
        at = put(saver, config(user_id="ana"), {"b": "x"})
        here: RunnableConfig = {"configurable": {**graphs.place(at), "user_id": "ana"}}
        made, said = checkpoint({"a": talk(LONG)}), talk(LONG)
        store.down = True
        with pytest.raises(StoreUnavailableError):
            saver.put(here, made, {}, made["channel_versions"])
        store.down = False

        after: Checkpoint = {**checkpoint({"a": said}), "channel_versions": made["channel_versions"]}
        there = saver.put(here, after, {}, {})

        assert value(saver, there) == said
