"""What is sent again is not stored again, and what was said again is.

Where a message has no id it is known by its words and its place alone: at the end of the log, where a
history that is sent again begins, or directly after itself.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, TypedDict

import pytest

from mnemon import Memory, Message
from tests.core.memory.sources import NOON, events

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.core.memory.sources import SetClock


class Run(TypedDict):
    """Run of a scope as arguments."""

    user_id: str
    run_id: str


RUN: Run = {"user_id": "alice", "run_id": "r"}
TALK = ("Hi", "Hello, how can I help?", "Is it open today?", "Yes", "Tomorrow too?", "Yes")


def plain(number: int) -> Message:
    """Return a turn without id and time."""
    return Message(role="assistant" if number % 2 else "user", content=TALK[number])


def named(number: int) -> Message:
    """Return a turn with an id."""
    return Message(role="assistant" if number % 2 else "user", content=TALK[number], id=f"m{number}")


def timed(number: int) -> Message:
    """Return a turn with a time."""
    role = "assistant" if number % 2 else "user"
    return Message(role=role, content=TALK[number], time=NOON + timedelta(seconds=number))


def mixed(number: int) -> Message:
    """Return a turn that has an id only if the assistant said it."""
    return named(number) if number % 2 else plain(number)


FORMS = pytest.mark.parametrize("turn", [plain, named, timed, mixed])


def texts(memory: Memory) -> list[str]:
    """Return the memories of the run in order."""
    return [record.text for record in memory.get_all(**RUN, descending=False)]


@FORMS
def test_a_history_that_grows_adds_its_new_end_only(memory: Memory, turn: Callable[[int], Message]) -> None:
    memory.add([turn(0), turn(1)], **RUN)

    grown = memory.add([turn(number) for number in range(4)], **RUN)
    again = memory.add([turn(number) for number in range(6)], **RUN)

    assert events(grown) == ["REPEAT", "REPEAT", "ADD", "ADD"]
    assert events(again) == ["REPEAT"] * 4 + ["ADD"] * 2
    assert texts(memory) == list(TALK)
    assert [message.text for message in memory.conversations.read(**RUN)] == list(TALK)


@FORMS
def test_a_history_that_is_trimmed_to_its_tail_adds_its_new_end_only(
    memory: Memory, turn: Callable[[int], Message]
) -> None:
    memory.add([turn(number) for number in range(4)], **RUN)

    added = memory.add([turn(2), turn(3), turn(4)], **RUN)

    assert events(added) == ["REPEAT", "REPEAT", "ADD"]
    assert texts(memory) == list(TALK[:5])


@FORMS
def test_the_same_history_adds_nothing(memory: Memory, turn: Callable[[int], Message]) -> None:
    first = memory.add([turn(number) for number in range(6)], **RUN)

    again = memory.add([turn(number) for number in range(6)], **RUN)

    assert (events(again), again.op_id, again.ids) == (["REPEAT"] * 6, None, ())
    assert [item.memory for item in again.items] == list(first.memories)
    assert [item.message_id for item in again.items] == [item.message_id for item in first.items]
    assert len(memory.operations(**RUN)) == 1


@FORMS
def test_turns_that_were_added_one_by_one_are_known_in_a_history(
    memory: Memory, turn: Callable[[int], Message]
) -> None:
    for number in range(5):
        memory.add(turn(number), **RUN)

    again = memory.add([turn(number) for number in range(6)], **RUN)

    assert events(again) == ["REPEAT"] * 5 + ["ADD"]


def test_a_history_sent_with_ids_is_known_without_them(memory: Memory) -> None:
    memory.add([named(number) for number in range(3)], **RUN)

    again = memory.add([plain(number) for number in range(4)], **RUN)

    assert events(again) == ["REPEAT"] * 3 + ["ADD"]


def test_a_history_is_known_whatever_timestamp_the_call_gives(memory: Memory, clock: SetClock) -> None:
    """`timestamp` says when the new turns were said; it does not make old ones new."""
    memory.add([plain(0), plain(1)], **RUN, timestamp=NOON)
    clock.pass_(hours=2)

    again = memory.add([plain(0), plain(1), plain(2)], **RUN, timestamp=NOON + timedelta(hours=2))

    assert events(again) == ["REPEAT", "REPEAT", "ADD"]
    assert again.memories[0].said_at == NOON + timedelta(hours=2)


def test_a_history_is_known_on_the_next_day(memory: Memory, clock: SetClock) -> None:
    memory.add([plain(0), plain(1)], **RUN)
    clock.pass_(days=1)

    again = memory.add([plain(0), plain(1), plain(2)], **RUN)

    assert events(again) == ["REPEAT", "REPEAT", "ADD"]


RULE = {"role": "system", "content": "Be brief."}


def test_a_history_of_one_turn_is_known_on_the_next_day_in_its_run(memory: Memory, clock: SetClock) -> None:
    asked = Message(role="user", content="Shall I book it?")
    memory.add([asked], user_id="alice", run_id="r")
    clock.pass_(hours=20)

    again = memory.add([asked, Message(role="assistant", content="Yes")], user_id="alice", run_id="r")

    assert events(again) == ["REPEAT", "ADD"]
    assert memory.count(user_id="alice") == 2


def test_a_talk_that_begins_like_another_one_much_later_is_a_new_one(memory: Memory, clock: SetClock) -> None:
    hello = Message(role="user", content="Hello")
    memory.add([hello], user_id="alice")
    clock.pass_(hours=20)

    assert events(memory.add([hello, Message(role="assistant", content="Hi")], user_id="alice")) == ["ADD", "ADD"]


def test_a_history_that_is_trimmed_behind_its_system_message_is_known(memory: Memory) -> None:
    """Frameworks trim what is between the system message and the newest turns."""
    memory.add([RULE, *(plain(number) for number in range(4))], **RUN)

    again = memory.add([RULE, plain(2), plain(3), plain(4)], **RUN)

    assert events(again) == ["REPEAT", "REPEAT", "REPEAT", "ADD"]
    assert [message.role for message in memory.conversations.read(**RUN)].count("system") == 1


def test_a_history_behind_a_new_system_message_is_known(memory: Memory) -> None:
    """System messages that tell the date, or what was recalled, differ from call to call."""
    memory.add([RULE, plain(0), plain(1)], **RUN)
    memory.add([{"role": "system", "content": "It is Monday."}, plain(0), plain(1), plain(2)], **RUN)

    again = memory.add([{"role": "system", "content": "It is Tuesday."}, *(plain(n) for n in range(4))], **RUN)

    assert events(again) == ["LOG", "REPEAT", "REPEAT", "REPEAT", "ADD"]
    assert texts(memory) == list(TALK[:4])


def test_a_message_whose_id_is_known_is_the_same_whatever_it_says(memory: Memory) -> None:
    memory.add(named(0), **RUN)

    again = memory.add([Message(role="user", content="other words", id="m0"), named(0)], **RUN)

    assert events(again) == ["REPEAT", "REPEAT"]
    assert texts(memory) == ["Hi"]


def test_one_id_twice_in_a_list_is_one_message(memory: Memory) -> None:
    added = memory.add([named(0), plain(1), named(0)], **RUN)

    assert events(added) == ["ADD", "ADD", "REPEAT"]
    assert added.items[2].message_id == "m0"


def test_the_same_id_of_another_scope_is_another_message(memory: Memory) -> None:
    memory.add(named(0), **RUN)

    for user_id, run_id in (("alice", None), ("alice", "other"), ("bob", "r")):
        assert events(memory.add(named(0), user_id=user_id, run_id=run_id)) == ["ADD"]


def test_the_same_words_directly_after_themselves_are_one_turn(memory: Memory) -> None:
    first = memory.add("Yes", **RUN)

    again = memory.add("Yes", **RUN)
    listed = memory.add(["No", "No", "No"], **RUN)

    assert (events(again), again.items[0].memory) == (["REPEAT"], first.memories[0])
    assert events(listed) == ["ADD", "REPEAT", "REPEAT"]
    assert texts(memory) == ["Yes", "No"]


def test_the_same_words_of_another_speaker_are_another_turn(memory: Memory) -> None:
    memory.add("Yes", **RUN)
    other_role = memory.add({"role": "assistant", "content": "Yes"}, **RUN)
    other_name = memory.add({"role": "assistant", "content": "Yes", "name": "Bo"}, **RUN)

    assert events(other_role) + events(other_name) == ["ADD", "ADD"]


def test_the_same_answer_to_another_question_is_another_turn(memory: Memory) -> None:
    for question in ("Is it open?", "Is it near?"):
        memory.add({"role": "assistant", "content": question}, **RUN)
        assert events(memory.add("Yes", **RUN)) == ["ADD"]

    assert texts(memory) == ["Is it open?", "Yes", "Is it near?", "Yes"]


@pytest.mark.parametrize("run_id", [None, "r"])
def test_the_same_words_much_later_are_another_turn(memory: Memory, clock: SetClock, run_id: str | None) -> None:
    """In a run too: who says good morning on two days says it twice."""
    memory.add("Good morning", user_id="alice", run_id=run_id)
    clock.pass_(minutes=31)

    assert events(memory.add("Good morning", user_id="alice", run_id=run_id)) == ["ADD"]


def test_the_same_words_in_another_run_are_another_turn(memory: Memory) -> None:
    memory.add("Hi", user_id="alice", run_id="1")

    assert events(memory.add("Hi", user_id="alice", run_id="2")) == ["ADD"]


def test_a_text_that_was_deleted_can_be_added_anew(memory: Memory) -> None:
    first = memory.add("I live in Rome.", **RUN)
    memory.delete(first.ids[0])

    again = memory.add("I live in Rome.", **RUN)

    assert events(again) == ["ADD"]
    assert again.ids != first.ids
    assert texts(memory) == ["I live in Rome."]


@FORMS
def test_a_history_that_is_sent_again_brings_no_deleted_memory_back(
    memory: Memory, turn: Callable[[int], Message]
) -> None:
    first = memory.add([turn(number) for number in range(3)], **RUN)
    memory.delete(first.ids[1])

    again = memory.add([turn(number) for number in range(4)], **RUN)

    assert events(again) == ["REPEAT"] * 3 + ["ADD"]
    assert again.items[1].memory is None
    assert texts(memory) == [TALK[0], TALK[2], TALK[3]]


def test_a_repeat_of_a_changed_memory_answers_with_what_it_says_now(memory: Memory) -> None:
    first = memory.add("I live in Rome.", **RUN)
    memory.update(first.ids[0], "I live in Milan.")

    again = memory.add("I live in Rome.", **RUN)

    assert again.items[0].memory == memory.get(first.ids[0])
    assert texts(memory) == ["I live in Milan."]


@pytest.mark.parametrize("with_ids", [True, False])
def test_messages_that_were_appended_to_the_log_become_memories_once(
    memory: Memory,
    with_ids: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    turns = [(named if with_ids else plain)(number) for number in range(4)]
    memory.conversations.append(turns, **RUN)

    added = memory.add(turns, **RUN)
    again = memory.add(turns, **RUN)

    assert (events(added), events(again)) == (["ADD"] * 4, ["REPEAT"] * 4)
    assert texts(memory) == list(TALK[:4])
    assert len(memory.conversations.read(**RUN)) == 4


def test_facts_are_no_turns_and_each_is_kept(memory: Memory) -> None:
    """Two facts of the same words may come from two sources; nobody said them directly after one another."""
    for _ in range(2):
        assert events(memory.add("Alice is allergic to nuts.", **RUN, kind="semantic")) == ["ADD"]
