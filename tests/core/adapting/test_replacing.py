"""A history that is set anew becomes what was given, and moves as little as it can."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mnemon import Message
from mnemon.adapting.replacing import Replacement, plan_replacement

texts = st.sampled_from(["yes", "no", "go"])
stored = st.lists(texts, max_size=5).map(
    lambda said: [Message(role="user", content=text, id=f"m{place}") for place, text in enumerate(said)]
)
wanted = st.lists(
    st.tuples(texts, st.none() | st.sampled_from(["m0", "m1", "m2", "x"])),
    max_size=5,
    unique_by=lambda one: one[1] or one,
)


def carried_out(there: list[Message], plan: Replacement) -> list[Message]:
    changed = {message.id: message for message in plan.changed}
    kept = [changed.get(message.id, message) for message in there if message.id not in plan.gone]
    return [*kept, *(one.message for one in plan.appended)]


@given(stored, wanted)
def test_a_history_becomes_what_was_given(there: list[Message], told: list[tuple[str, str | None]]) -> None:
    given_messages = [Message(role="user", content=text, id=message_id) for text, message_id in told]

    after = carried_out(there, plan_replacement(there, given_messages))

    assert [message.text for message in after] == [message.text for message in given_messages]
    ids = [message.id for message in after]
    assert len(set(ids)) == len(ids)
    assert all(message.id in {None, after[place].id} for place, message in enumerate(given_messages))


@given(stored)
def test_the_same_history_again_changes_nothing(there: list[Message]) -> None:
    plain = [Message(role="user", content=message.content) for message in there]

    for again in (there, plain):
        assert plan_replacement(there, again) == Replacement(gone=(), changed=(), appended=())


def test_who_spoke_is_kept_where_a_framework_has_no_place_for_names() -> None:
    there = [Message(role="user", name=name, content="yes", id=name) for name in ("Ana", "Ben")]
    plain = [Message(role="user", content="yes"), Message(role="user", content="yes")]

    assert plan_replacement(there, plain) == Replacement(gone=(), changed=(), appended=())
    moved = plan_replacement(there, [Message(role="user", content="no"), *plain]).appended
    assert [(one.message.name, one.known) for one in moved] == [(None, False), ("Ana", True), ("Ben", True)]
    other = plan_replacement(there, [Message(role="user", name="Eva", content="yes")])
    assert [one.known for one in other.appended] == [False]


def test_what_moves_keeps_its_id_and_is_no_news() -> None:
    there = [Message(role="user", content=text, id=text) for text in ("a", "b", "c")]

    plan = plan_replacement(there, [Message(role="user", content=text) for text in ("c", "a", "d")])

    assert plan.gone == ("a", "b")
    assert [(one.message.text, one.message.id == "a", one.known) for one in plan.appended] == [
        ("a", True, True),
        ("d", False, False),
    ]
