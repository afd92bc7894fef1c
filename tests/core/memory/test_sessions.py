"""Each turn knows its session and the memory of the turn before it, fixed when it is stored."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, cast

import pytest

from mnemon import Memory, Message
from mnemon.logic.memories import MEMORIES
from tests.core.memory.sources import NOON

if TYPE_CHECKING:
    from mnemon.protocols.store import Store
    from tests.core.memory.sources import SetClock


class Places:
    """Where the memories of a store stand."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def _fields(self, text: str) -> dict[str, str]:
        for row in self._store.scan("default", MEMORIES.name, limit=1_000).rows:
            if f'"{text}"'.encode() in row.payload:
                return cast("dict[str, str]", dict(row.fields))
        raise LookupError(text)

    def session(self, text: str) -> str:
        """Return the session of the memory of this text."""
        return self._fields(text)["session"]

    def before(self, text: str) -> str | None:
        """Return the text of the memory before it, or None."""
        previous = self._fields(text).get("previous")
        if previous is None:
            return None
        payload = self._store.get("default", MEMORIES.name, [previous])[previous].payload.decode()
        return payload.split('"')[3]


@pytest.fixture
def places(store: Store) -> Places:
    return Places(store)


def at(text: str, **later: float) -> Message:
    """Return a turn that was said so much later than noon."""
    return Message(role="user", content=text, time=NOON + timedelta(**later))


def test_turns_of_a_list_stand_behind_one_another(memory: Memory, places: Places) -> None:
    memory.add(["a", "b", "c"], user_id="alice")

    assert [places.before(text) for text in "abc"] == [None, "a", "b"]
    assert places.session("a") == places.session("b") == places.session("c")


def test_turns_of_several_calls_stand_behind_one_another(memory: Memory, places: Places) -> None:
    for text in "abc":
        memory.add(text, user_id="alice")

    assert [places.before(text) for text in "abc"] == [None, "a", "b"]


def test_what_is_only_logged_is_passed_over(memory: Memory, places: Places) -> None:
    memory.add(["a", {"role": "tool", "content": "t"}, "b", {"role": "tool", "content": "t"}], user_id="alice")
    memory.add([{"role": "system", "content": "s"}, "c"], user_id="alice")

    assert [places.before(text) for text in "abc"] == [None, "a", "b"]


def test_half_an_hour_of_silence_begins_a_session(memory: Memory, places: Places, clock: SetClock) -> None:
    memory.add(at("a"), user_id="alice")
    memory.add(at("b", minutes=30), user_id="alice")
    memory.add(at("c", minutes=60, seconds=1), user_id="alice")

    assert places.session("a") == places.session("b") != places.session("c")
    assert [places.before(text) for text in "abc"] == [None, "a", None]


def test_silence_begins_sessions_within_a_list_too(memory: Memory, places: Places) -> None:
    memory.add([at("a"), at("b", minutes=40), at("c", minutes=50)], user_id="alice")

    assert places.session("a") != places.session("b") == places.session("c")
    assert [places.before(text) for text in "abc"] == [None, None, "b"]


def test_a_run_is_one_session_however_long_it_pauses(memory: Memory, places: Places, clock: SetClock) -> None:
    memory.add("a", user_id="alice", run_id="r")
    clock.pass_(days=3)
    memory.add("b", user_id="alice", run_id="r")
    memory.add("c", user_id="alice", run_id="other")

    assert places.session("a") == places.session("b") != places.session("c")
    assert [places.before(text) for text in "abc"] == [None, "a", None]


def test_scopes_have_sessions_of_their_own(memory: Memory, places: Places) -> None:
    memory.add("a", user_id="alice")
    memory.add("b", user_id="bob")
    memory.add("c", user_id="alice", agent_id="x")

    assert len({places.session(text) for text in "abc"}) == 3
    assert [places.before(text) for text in "abc"] == [None, None, None]


def test_an_older_message_joins_the_session_of_its_time(memory: Memory, places: Places) -> None:
    memory.add(at("old a"), user_id="alice")
    memory.add(at("new", days=5), user_id="alice")

    memory.add(at("old b", minutes=10), user_id="alice")
    memory.add(at("older", days=-5), user_id="alice")

    assert places.session("old a") == places.session("old b")
    assert len({places.session(text) for text in ("old a", "new", "older")}) == 3
    assert [places.before(text) for text in ("old b", "new", "older")] == ["old a", None, None]


def test_after_older_messages_a_new_one_joins_the_newest_session(memory: Memory, places: Places) -> None:
    memory.add(at("a"), user_id="alice")
    memory.add(at("old", days=-5), user_id="alice")

    memory.add(at("b", minutes=5), user_id="alice")

    assert places.session("a") == places.session("b")
    assert places.before("b") == "a"


def test_older_messages_in_one_list_join_the_sessions_of_their_times(memory: Memory, places: Places) -> None:
    memory.add([at("a"), at("x", days=9), at("b", minutes=5), at("y", days=9, minutes=5)], user_id="alice")

    assert places.session("a") == places.session("b") != places.session("x") == places.session("y")
    assert [places.before(text) for text in "axby"] == [None, None, "a", "x"]


def test_messages_appended_first_stand_behind_one_another_once_they_are_memories(
    memory: Memory, places: Places
) -> None:
    memory.conversations.append(["a", "b"], user_id="alice", run_id="r")

    memory.add(["a", "b", "c"], user_id="alice", run_id="r")
    memory.add("d", user_id="alice", run_id="r")

    assert [places.before(text) for text in "abcd"] == [None, "a", "b", "c"]


def test_an_update_leaves_a_memory_in_its_place(memory: Memory, places: Places) -> None:
    added = memory.add(["a", "b"], user_id="alice")

    memory.update(added.ids[1], "b2")

    assert places.before("b2") == "a"
    assert places.session("b2") == places.session("a")
