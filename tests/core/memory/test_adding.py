"""What is added becomes memories with who said it, in which role, when, and in which message."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest

from mnemon import Image, InvalidInputError, Memory, Message, Text
from mnemon.testing.samples import HOSTILE
from mnemon.types.memory import KINDS
from mnemon.types.unseen import is_blank
from tests.core.memory.sources import NOON, events

if TYPE_CHECKING:
    from mnemon.types.memory import Kind
    from mnemon.types.times import Time
    from tests.core.memory.sources import SetClock


def test_a_text_becomes_a_turn_of_the_user(memory: Memory) -> None:
    added = memory.add("I moved to Lisbon.", user_id="alice", run_id="r")

    record = memory.get(added.ids[0])
    assert (record.text, record.kind, record.role, record.speaker) == ("I moved to Lisbon.", "episodic", "user", None)
    assert (record.scope.user_id, record.scope.run_id, record.scope.agent_id) == ("alice", "r", None)
    assert record.source_ids == (added.items[0].message_id,)
    assert record.said_at == record.created_at
    assert NOON < record.said_at < NOON + timedelta(seconds=1)
    assert added.memories == (record,)


def test_a_message_keeps_speaker_role_time_and_id(memory: Memory) -> None:
    said = Message(role="assistant", content="Good choice.", name="Bo", id="m1", time=NOON - timedelta(days=3))

    added = memory.add(said, user_id="alice")

    record = memory.get(added.ids[0])
    assert (record.text, record.role, record.speaker) == ("Good choice.", "assistant", "Bo")
    assert (record.said_at, record.source_ids) == (said.time, ("m1",))
    assert record.created_at > NOON


def test_a_dict_is_a_message(memory: Memory) -> None:
    turn = {"role": "assistant", "content": "hello", "name": "Bo", "id": "m1", "time": "2026-05-01T10:00:00+02:00"}

    record = memory.add(turn, user_id="alice").memories[0]

    assert (record.text, record.role, record.speaker, record.source_ids) == ("hello", "assistant", "Bo", ("m1",))
    assert record.said_at == datetime(2026, 5, 1, 8, tzinfo=UTC)


def test_a_list_may_mix_texts_messages_and_dicts(memory: Memory) -> None:
    added = memory.add(
        ["one", Message(role="assistant", content="two"), {"role": "user", "content": [{"type": "text", "text": "3"}]}],
        user_id="alice",
    )

    assert [record.text for record in added.memories] == ["one", "two", "3"]
    assert [record.role for record in added.memories] == ["user", "assistant", "user"]
    assert len(memory.operations(user_id="alice")) == 1


def test_metadata_categories_and_validity_are_stored_with_every_memory(memory: Memory) -> None:
    added = memory.add(
        ["one", "two"],
        user_id="alice",
        metadata={"place": {"city": "Rome"}, "tags": ["a", None, 1.5]},
        categories=["food", "food", "travel"],
        valid_from="2026-01-01T00:00:00Z",
        valid_to=NOON,
        expires_at=NOON + timedelta(days=1),
        pinned=True,
    )

    assert len(added.ids) == 2
    for record in (memory.get(memory_id) for memory_id in added.ids):
        assert record.metadata == {"place": {"city": "Rome"}, "tags": ["a", None, 1.5]}
        assert record.categories == ("food", "travel")
        assert (record.valid_from, record.valid_to) == (datetime(2026, 1, 1, tzinfo=UTC), NOON)
        assert (record.expires_at, record.pinned) == (NOON + timedelta(days=1), True)


def test_system_and_tool_messages_are_logged_and_are_no_memories(memory: Memory) -> None:
    turns = [{"role": role, "content": role} for role in ("system", "user", "assistant", "tool")]

    added = memory.add(turns, user_id="alice", run_id="r")

    assert events(added) == ["LOG", "ADD", "ADD", "LOG"]
    assert [item.memory is None for item in added.items] == [True, False, False, True]
    assert memory.count(user_id="alice") == 2
    logged = memory.conversations.read(user_id="alice", run_id="r")
    assert [message.role for message in logged] == ["system", "user", "assistant", "tool"]


def test_roles_says_whose_messages_become_memories(memory: Memory) -> None:
    turns = [{"role": role, "content": role} for role in ("system", "user", "assistant", "tool")]

    added = memory.add(turns, user_id="alice", roles=["tool", "system"])

    assert [record.text for record in added.memories] == ["system", "tool"]


def test_a_logged_message_becomes_a_memory_when_its_role_is_asked_for_later(memory: Memory) -> None:
    rule = Message(role="system", content="Be brief.", id="s")
    memory.add(rule, user_id="alice")

    added = memory.add(rule, user_id="alice", roles=["system"])
    again = memory.add(rule, user_id="alice", roles=["system"])

    assert (events(added), events(again)) == (["ADD"], ["REPEAT"])
    assert again.items[0].memory == added.memories[0]
    assert memory.count(user_id="alice") == 1


def test_a_picture_is_found_by_its_caption_and_without_one_is_logged_only(memory: Memory) -> None:
    cat = Image(url="https://example.org/cat.png", caption="a grey cat")
    shown = memory.add(Message(role="user", content=[Text("look"), cat]), user_id="alice", run_id="r")
    plain = memory.add(Message(role="user", content=[Image(url="https://example.org/x.png")]), user_id="alice")

    assert [record.text for record in shown.memories] == ["look\na grey cat"]
    assert events(plain) == ["LOG"]
    assert memory.conversations.read(user_id="alice", run_id="r")[0].blocks == (Text("look"), cat)


def test_a_message_with_nothing_to_see_is_logged_and_becomes_no_memory(memory: Memory) -> None:
    added = memory.add([Message(role="user", content="\u200b"), Message(role="user", content="tea")], user_id="alice")

    assert [item.event for item in added.items] == ["LOG", "ADD"]
    assert [one.text for one in memory.scoped(user_id="alice").conversations.read()] == ["\u200b", "tea"]


@pytest.mark.parametrize(
    "text", ["\U0001f469\u200d\U0001f4bb", "\u200b.", "co\xadop", "\u0645\u06cc\u200c\u062e", "\u06dd", "\u0600"]
)
def test_unseen_characters_inside_of_a_text_stay(memory: Memory, text: str) -> None:
    (memory_id,) = memory.add(text, user_id="alice", metadata={"note": "\u200b"}).ids

    assert memory.get(memory_id).text == text


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_can_be_added_and_asked_for(memory: Memory, kind: Kind) -> None:
    memory.add("the cat sat here", user_id="alice")

    added = memory.add("the cat is grey", user_id="alice", kind=kind)

    assert memory.get(added.ids[0]).kind == kind
    found = memory.get_all(user_id="alice", kinds=[kind])
    assert ("the cat is grey" in [record.text for record in found], len(found)) == (True, 1 + (kind == "episodic"))


def test_a_fact_is_said_by_nobody_and_has_no_message(memory: Memory) -> None:
    added = memory.add("Alice is allergic to nuts.", user_id="alice", run_id="r", kind="semantic", timestamp=NOON)

    record = added.memories[0]
    assert (record.role, record.speaker, record.source_ids, record.said_at) == (None, None, (), NOON)
    assert added.items[0].message_id is None
    assert memory.conversations.read(user_id="alice", run_id="r") == []


@pytest.mark.parametrize(
    "when",
    [
        datetime(2026, 5, 1, 12, tzinfo=UTC),
        datetime(2026, 5, 1, 14, tzinfo=timezone(timedelta(hours=2))),
        "2026-05-01T12:00:00Z",
        "2026-05-01T14:00+02:00",
        1_777_636_800,
        1_777_636_800.0,
    ],
)
def test_a_time_is_an_aware_datetime_iso_text_with_zone_or_epoch_seconds(memory: Memory, when: Time) -> None:
    added = memory.add("hello", user_id="alice", timestamp=when)

    assert added.memories[0].said_at == datetime(2026, 5, 1, 12, tzinfo=UTC)


def test_a_message_that_tells_its_time_keeps_it(memory: Memory) -> None:
    told = Message(role="user", content="then", time=NOON - timedelta(days=9))

    added = memory.add([told, "now"], user_id="alice", timestamp=NOON)

    assert [record.said_at for record in added.memories] == [told.time, NOON]


@pytest.mark.parametrize("text", [text for text in HOSTILE if not is_blank(text)])
def test_any_text_is_stored_as_it_is(memory: Memory, text: str) -> None:
    added = memory.add(text, user_id="alice", metadata={text: text}, categories=[text], actor=text)

    record = memory.get(added.ids[0])
    assert (record.text, record.metadata, record.categories) == (text, {text: text}, (text,))
    assert memory.history(record.id)[0].actor == text


def test_extraction_is_refused_and_nothing_is_stored(memory: Memory) -> None:
    with pytest.raises(InvalidInputError, match=r"language model.*not in this release"):
        memory.add("hello", user_id="alice", infer=True)

    assert memory.stats().messages == 0


def test_the_result_tells_itself_as_mem0_does(memory: Memory) -> None:
    added = memory.add(["one", {"role": "system", "content": "two"}], user_id="alice")

    assert added.to_dict() == {
        "results": [
            {"id": added.ids[0], "memory": "one", "event": "ADD", "message_id": added.items[0].message_id},
            {"id": None, "memory": None, "event": "LOG", "message_id": added.items[1].message_id},
        ],
        "op_id": added.op_id,
    }


def test_answers_repeat_to_the_byte(memory: Memory, clock: SetClock) -> None:
    added = memory.add(["one", "two"], user_id="alice")

    assert added.op_id is not None
    assert sorted([*added.ids, *(item.message_id or "" for item in added.items), added.op_id]) == [
        f"id-{number:06}" for number in range(5)
    ]
