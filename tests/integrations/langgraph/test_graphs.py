"""Graphs over the saver: forks, subgraphs, interrupts, delta channels, all durabilities."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Literal

import pytest
from langgraph.checkpoint.base import BaseCheckpointSaver

from tests.integrations.langgraph import graphs
from tests.integrations.langgraph.graphs import config

if TYPE_CHECKING:
    from mnemon import Memory
    from mnemon_langgraph import MnemonSaver

DURABILITIES = ("sync", "async", "exit")


def test_a_thread_goes_on_where_it_was_and_another_does_not(saver: MnemonSaver) -> None:
    graph = graphs.noting(saver)
    graph.invoke({"notes": ["a"]}, config("1"))

    assert graph.invoke({"notes": ["b"]}, config("1"))["notes"] == ["a", "1", "b", "3"]
    assert graph.invoke({"notes": ["b"]}, config("10"))["notes"] == ["b", "1"]


@pytest.mark.parametrize("durability", DURABILITIES)
def test_sync_and_async_turns_of_one_thread_alternate(saver: MnemonSaver, durability: str) -> None:
    graph = graphs.noting(saver)

    graph.invoke({"notes": ["a"]}, config(), durability=durability)
    asyncio.run(graph.ainvoke({"notes": ["b"]}, config(), durability=durability))
    graph.invoke({"notes": ["c"]}, config(), durability=durability)
    state = asyncio.run(graph.ainvoke({"notes": ["d"]}, config(), durability=durability))

    assert state["notes"] == ["a", "1", "b", "3", "c", "5", "d", "7"]
    assert len(list(saver.list(config()))) == (4 if durability == "exit" else 12)


def test_two_branches_from_one_checkpoint_keep_their_own_values(saver: MnemonSaver) -> None:
    graph = graphs.noting(saver)
    graph.invoke({"notes": ["a"]}, config())
    fork = graph.get_state(config()).config

    first = graph.invoke({"notes": ["b"]}, fork)
    first_config = graph.get_state(config()).config
    second = graph.invoke({"notes": ["other"]}, fork)

    assert first["notes"] == ["a", "1", "b", "3"]
    assert second["notes"] == ["a", "1", "other", "3"]
    assert graph.get_state(first_config).values["notes"] == ["a", "1", "b", "3"]
    assert graph.get_state(config()).values["notes"] == ["a", "1", "other", "3"]


def test_going_back_and_changing_the_state_there(saver: MnemonSaver) -> None:
    graph = graphs.noting(saver)
    graph.invoke({"notes": ["a"]}, config())
    graph.invoke({"notes": ["b"]}, config())
    history = list(graph.get_state_history(config()))
    early = next(one for one in history if one.values["notes"] == ["a", "1"])

    changed = graph.update_state(early.config, {"notes": ["changed"]})

    assert graph.get_state(changed).values["notes"] == ["a", "1", "changed"]
    assert graph.get_state(early.config).values["notes"] == ["a", "1"]
    assert history[0].values["notes"] == ["a", "1", "b", "3"]


def test_a_task_that_has_finished_beside_an_interrupt_is_not_run_again(saver: MnemonSaver) -> None:
    graph = graphs.asking(saver)
    graphs.RAN.clear()

    graph.invoke({"log": []}, config())
    state = graph.invoke(graphs.resume("yes"), config())

    assert sorted(state["log"]) == ["answer: yes", "worked"]
    assert graphs.RAN.count("work") == 1
    namespaces = {graphs.place(one.config)["checkpoint_ns"].partition(":")[0] for one in saver.list(config())}
    assert namespaces == {"", "inner"}


def test_a_copy_of_an_interrupted_thread_is_resumed_on_its_own(saver: MnemonSaver) -> None:
    graph = graphs.asking(saver)
    graph.invoke({"log": []}, config("1"))
    saver.copy_thread("1", "2")

    second = graph.invoke(graphs.resume("no"), config("2"))
    first = graph.invoke(graphs.resume("yes"), config("1"))

    assert sorted(second["log"]) == ["answer: no", "worked"]
    assert sorted(first["log"]) == ["answer: yes", "worked"]


def test_an_interrupted_thread_is_resumed_after_it_was_pruned(saver: MnemonSaver) -> None:
    graph = graphs.asking(saver)
    graph.invoke({"log": []}, config())

    saver.prune(["1"])

    assert sorted(graph.invoke(graphs.resume("yes"), config())["log"]) == ["answer: yes", "worked"]


ECHOES = [text for word in ("a", "b", "c") for text in (word, f"echo of {word}")]


@pytest.mark.parametrize("durability", DURABILITIES)
def test_a_delta_channel_is_rebuilt_by_sync_and_async_code(
    saver: MnemonSaver, durability: Literal["sync", "async", "exit"]
) -> None:
    graph = graphs.delta(saver)

    for word in ("a", "b", "c"):
        graph.invoke({"items": [word]}, config(), durability=durability)

    assert graph.get_state(config()).values["items"] == ECHOES
    assert asyncio.run(graph.aget_state(config())).values["items"] == ECHOES


def test_what_a_delta_channel_is_made_of_equals_what_langgraph_itself_collects(saver: MnemonSaver) -> None:
    graph = graphs.delta(saver)
    for word in ("a", "b", "c", "d"):
        graph.invoke({"items": [word]}, config())

    base: Any = BaseCheckpointSaver
    for one in saver.list(config()):
        ours = saver.get_delta_channel_history(config=one.config, channels=["items", "nothing"])
        theirs = base.get_delta_channel_history(saver, config=one.config, channels=["items", "nothing"])
        assert ours == theirs


def test_pruning_keeps_what_a_delta_channel_is_made_of(saver: MnemonSaver) -> None:
    graph = graphs.delta(saver)
    for word in ("a", "b", "c"):
        graph.invoke({"items": [word]}, config())
    before = len(list(saver.list(config())))

    saver.prune(["1"])

    left = list(saver.list(config()))
    assert graph.get_state(config()).values["items"] == ECHOES
    assert 1 <= len(left) < before
    assert graph.invoke({"items": ["d"]}, config())["items"] == [*ECHOES, "d", "echo of d"]


def test_copying_carries_what_a_delta_channel_is_made_of(saver: MnemonSaver) -> None:
    graph = graphs.delta(saver)
    for word in ("a", "b", "c"):
        graph.invoke({"items": [word]}, config("1"))

    saver.copy_thread("1", "2")
    saver.delete_thread("1")

    assert graph.get_state(config("2")).values["items"] == ECHOES
    assert graph.get_state(config("1")).values == {}


def test_deleting_a_run_spares_what_later_checkpoints_are_made_of_and_says_so(
    saver: MnemonSaver, caplog: pytest.LogCaptureFixture
) -> None:
    graph = graphs.delta(saver)
    for word in ("a", "b", "c"):
        graph.invoke({"items": [word]}, {**config(), "metadata": {"run_id": f"run {word}"}})

    saver.delete_for_runs(["run b"])

    assert graph.get_state(config()).values["items"] == ECHOES
    assert "are kept" in caplog.text


def test_deleting_the_newest_run_makes_the_one_before_the_newest(saver: MnemonSaver, memory: Memory) -> None:
    graph = graphs.noting(saver)
    for word in ("a", "b"):
        graph.invoke({"notes": [word]}, {**config(), "metadata": {"run_id": f"run {word}"}})

    saver.delete_for_runs(["run b"])

    assert graph.get_state(config()).values["notes"] == ["a", "1"]
    assert memory.stats() is not None
    assert [thread.checkpoints for thread in saver.list_threads()] == [3]
