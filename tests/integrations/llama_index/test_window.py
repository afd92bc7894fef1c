"""Which messages of a history go into a prompt."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from llama_index.core.base.llms.types import MessageRole

from mnemon import InvalidInputError, Memory
from mnemon_llama_index import MnemonMemory
from mnemon_llama_index.window import fitting, token_count
from tests.integrations.llama_index.talking import answered, assistant, called, split, user

if TYPE_CHECKING:
    from llama_index.core.base.llms.types import ChatMessage

words = st.sampled_from(["one", "two three", "four five six", "x " * 30])
turns = st.lists(
    st.tuples(words.map(user), st.lists(st.sampled_from(["say", "call", "call twice"]), max_size=4)), max_size=6
)


def conversation(told: list[tuple[ChatMessage, list[str]]]) -> list[ChatMessage]:
    said: list[ChatMessage] = []
    for asked, steps in told:
        said.append(asked)
        for step in steps:
            call_id = f"c{len(said)}"
            if step == "say":
                said.append(assistant("done"))
            elif step == "call":
                said += [called(call_id), answered(call_id)]
            else:
                said += [called(call_id), answered(call_id), answered(call_id, "x " * 30)]
    return said


@given(turns, st.integers(1, 120))
def test_a_window_fits_and_never_parts_a_call_from_its_answers(
    told: list[tuple[ChatMessage, list[str]]], limit: int
) -> None:
    said = conversation(told)

    kept = fitting(said, limit, split)

    assert kept == [message for message in said if any(message is one for one in kept)]
    assert bool(kept) == bool(said)
    cost = sum(token_count(message, split) for message in kept)
    assert cost <= limit or len(kept) == 1
    for place, message in enumerate(said):
        if message.role is MessageRole.TOOL:
            step = max(index for index in range(place) if said[index].role is not MessageRole.TOOL)
            assert any(message is one for one in kept) == any(said[step] is one for one in kept)
    if kept:
        assert kept[0].role is MessageRole.USER


def test_what_is_recalled_and_the_history_stay_within_the_limit(memory: Memory) -> None:
    MnemonMemory.from_defaults("monday", "ana", memory=memory).put_messages(
        [user(f"My cat {number} is called Milo {number}.") for number in range(30)]
    )
    talk = MnemonMemory.from_defaults("tuesday", "ana", 300, memory=memory, tokenizer_fn=split)
    for number in range(40):
        talk.put(user(f"What is my cat {number} called, and why is it called that?"))

    for initial in (0, 100, 200, 280, 300):
        prompt = talk.get(initial_token_count=initial)
        assert prompt[-1].content == "What is my cat 39 called, and why is it called that?"
        assert initial + sum(token_count(message, split) for message in prompt) <= 300 or len(prompt) == 1


def test_more_than_the_limit_beside_the_history_is_refused(memory: Memory) -> None:
    with pytest.raises(InvalidInputError, match="token_limit 10"):
        MnemonMemory.from_defaults("monday", "ana", 10, memory=memory).get(initial_token_count=11)
