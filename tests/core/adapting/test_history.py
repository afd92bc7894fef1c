"""What a history keeps of messages that say nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mnemon import Memory, Message, Scope, Text
from mnemon.adapting import OURS, Handle, History, Policy

if TYPE_CHECKING:
    from collections.abc import Iterator

ANA = Scope(user_id="ana", run_id="s1")


@pytest.fixture
def memory() -> Iterator[Memory]:
    with Memory(":memory:", embedder=None) as memory:
        yield memory


def thought(text: str, **told: str) -> Message:
    return Message(role="assistant", content=(), metadata={OURS: {"framework": {"thought": text}}}, **told)  # type: ignore[arg-type]


@pytest.mark.parametrize("remember", [False, True])
def test_a_thought_alone_is_kept_in_its_place_and_becomes_no_memory(memory: Memory, *, remember: bool) -> None:
    history = History(Policy(handle=Handle(memory)))
    said = [Message(role="user", content="Hi", id="1"), thought("hm", id="2"), Message(role="assistant", content="Ho")]

    history.append(ANA, said, remember=remember)

    read = history.read(ANA)
    assert [one.text for one in read] == ["Hi", "", "Ho"]
    assert (read[1].blocks, read[1].metadata, read[1].id) == ((), said[1].metadata, "2")
    assert [one.text for one in memory.conversations.read(user_id="ana", run_id="s1")] == ["Hi", "[unsaid]", "Ho"]
    assert sorted(one.text for one in memory.get_all(user_id="ana")) == (["Hi", "Ho"] if remember else [])


def test_a_message_that_says_and_carries_nothing_is_left_out(memory: Memory) -> None:
    history = History(Policy(handle=Handle(memory)))

    history.append(ANA, [Message(role="assistant", content="  ", id="1")], remember=True)

    assert history.read(ANA) == []


def test_a_history_that_is_set_again_keeps_its_thoughts_once(memory: Memory) -> None:
    history = History(Policy(handle=Handle(memory)))
    history.append(ANA, [thought("one"), thought("two")], remember=False)
    read = history.read(ANA)

    history.replace(ANA, read, remember=True)
    history.replace(ANA, [*read[1:], Message(role="user", content=[Text("Well?")])], remember=True)

    again = history.read(ANA)
    assert [one.metadata for one in again[:-1]] == [read[1].metadata]
    assert again[-1].text == "Well?"


def test_a_thought_may_be_put_in_the_place_of_words(memory: Memory) -> None:
    history = History(Policy(handle=Handle(memory)))
    history.append(ANA, [Message(role="assistant", content="Ho", id="1")], remember=False)

    history.change(ANA, [thought("hm", id="1")])

    (read,) = history.read(ANA)
    assert (read.blocks, read.metadata) == ((), thought("hm").metadata)
