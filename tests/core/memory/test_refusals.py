"""What cannot be added is refused whole, with the name of the argument or the place of the message."""

from __future__ import annotations

from datetime import datetime
from operator import attrgetter
from typing import Any, cast

import pytest

from mnemon import InvalidInputError, Memory, MnemonError

SURROGATE = "a\ud800b"
NAIVE = datetime(2026, 5, 1)  # noqa: DTZ001 - naive is what is refused
HUGE = 10**5_000
UNSEEN = [
    "\u200b",
    "\u200c\u200d",
    "\u2060 \ufeff\n",
    "\xad",
    "\u202e",
    "\0",
    "\u3164\u115f",
    "\u2800",
    "\ufe0f",
    "\U000e0100",
]
"""Texts in which there is nothing to see."""


NO_MESSAGES: list[tuple[object, str]] = [
    ("", "text is empty"),
    (" \n\t", "text is empty"),
    *((unseen, "text is empty") for unseen in UNSEEN),
    (["fine", "\u200b"], "message 1 is empty"),
    (SURROGATE, "text holds a lone surrogate"),
    (None, "not a NoneType"),
    (5, "not a int"),
    (b"bytes", "not a bytes"),
    ({"a", "set"}, "not a set"),
    (iter(["a"]), "not a list_iterator"),
    ([], "empty list"),
    (["fine", ""], "message 1 is empty"),
    (["fine", None], "message 1: it is a NoneType"),
    (["fine", ["nested"]], "message 1: it is a list"),
    (["fine", SURROGATE], "message 1: .*surrogate"),
    ({}, "role and content"),
    ({"role": "user"}, "role and content"),
    ({"content": "x"}, "role and content"),
    ({"role": "user", "content": "x", 1: 2}, "role and content"),
    ({"role": "user", "content": "x", "user_id": "bob"}, "user_id"),
    ({"role": "robot", "content": "x"}, "role 'robot' is unknown"),
    ({"role": [], "content": "x"}, "role .* is unknown"),
    ({"role": "user", "content": ""}, "the message is empty"),
    ({"role": "user", "content": None}, "content"),
    ({"role": "user", "content": 5}, "content"),
    ({"role": "user", "content": []}, "the message is empty"),
    ({"role": "user", "content": [5]}, "block"),
    ({"role": "user", "content": [{"type": []}]}, "block of type"),
    ({"role": "user", "content": [{"type": "text"}]}, "does not have the parts"),
    ({"role": "user", "content": [{"type": "text", 5: "x"}]}, "does not have the parts"),
    ({"role": "user", "content": [{"type": "tool_result", "call_id": "c", "content": None}]}, "content"),
    ({"role": "user", "content": "x", "id": " "}, "id must not be blank"),
    ({"role": "user", "content": "x", "id": 5}, "id must be a string"),
    ({"role": "user", "content": "x", "name": ""}, "name must not be blank"),
    ({"role": "user", "content": "x", "time": "2026-05-01T12:00:00"}, "no time zone"),
    ({"role": "user", "content": "x", "time": NAIVE}, "no time zone"),
    ({"role": "user", "content": "x", "metadata": "text"}, "metadata must be a mapping"),
    ({"role": "user", "content": "x", "metadata": []}, "metadata must be a mapping"),
]


@pytest.mark.parametrize(("content", "said"), NO_MESSAGES)
def test_what_is_no_message_is_refused_with_its_place(memory: Memory, content: object, said: str) -> None:
    with pytest.raises(InvalidInputError, match=said):
        memory.add(cast("Any", content), user_id="alice")

    assert memory.stats().messages == 0


@pytest.mark.parametrize("unseen", UNSEEN)
def test_a_memory_cannot_be_changed_into_what_nobody_sees(memory: Memory, unseen: str) -> None:
    (memory_id,) = memory.add("tea", user_id="alice").ids

    with pytest.raises(InvalidInputError, match="text is empty"):
        memory.update(memory_id, unseen)

    assert memory.get(memory_id).text == "tea"


WRONG: list[tuple[str, object, str]] = [
    ("metadata", "text", "metadata must be a mapping"),
    ("metadata", {"a": {"b": object()}}, r"metadata\.a\.b is a object"),
    ("metadata", {"a": float("nan")}, r"metadata\.a is nan"),
    ("metadata", {5: "a"}, "a key of metadata"),
    ("metadata", {"a": HUGE}, r"metadata\.a is a whole number"),
    ("categories", "food", "categories is a list"),
    ("categories", [5], "a category must be a string"),
    ("categories", [" "], "a category is blank"),
    ("kind", "fact", "kind 'fact' is unknown"),
    ("kind", None, "kind None is unknown"),
    ("kind", [], "kind .* is unknown"),
    ("timestamp", NAIVE, "timestamp 2026-05-01T00:00:00 has no time zone"),
    ("timestamp", "2026-05-01T00:00:00", "timestamp .* has no time zone"),
    ("timestamp", "yesterday", "timestamp 'yesterday' is not an ISO 8601 time"),
    ("timestamp", float("nan"), "timestamp nan"),
    ("timestamp", True, "timestamp must be a time"),
    ("expires_at", NAIVE, "expires_at .* has no time zone"),
    ("expires_at", "soon", "expires_at"),
    ("valid_from", NAIVE, "valid_from .* has no time zone"),
    ("valid_to", [], "valid_to must be"),
    ("pinned", "yes", "pinned must be True or False"),
    ("pinned", None, "pinned must be True or False"),
    ("roles", "user", "roles is a list"),
    ("roles", ["robot"], "role 'robot' is unknown"),
    ("roles", [[]], r"role \[\] is unknown"),
    ("roles", None, "roles is a list"),
    ("idempotency_key", " ", "idempotency_key is blank"),
    ("idempotency_key", 5, "idempotency_key must be a string"),
    ("actor", "", "actor is blank"),
    ("actor", 5, "actor must be a string"),
    ("infer", True, "infer=True"),
]


@pytest.mark.parametrize(("argument", "value", "said"), WRONG)
def test_a_value_that_does_not_fit_is_refused_by_the_name_of_its_argument(
    memory: Memory, argument: str, value: object, said: str
) -> None:
    with pytest.raises(InvalidInputError, match=said):
        memory.add("hello", user_id="alice", **cast("dict[str, Any]", {argument: value}))

    assert memory.stats().messages == 0


def test_a_number_that_python_cannot_write_is_refused_as_any_other(memory: Memory) -> None:
    with pytest.raises(InvalidInputError, match="timestamp that int is not a number of seconds"):
        memory.add("hello", user_id="alice", timestamp=HUGE)


@pytest.mark.parametrize(
    "content",
    [
        {"role": "secret " * 20, "content": "x"},
        {"role": "user", "content": [{"type": "secret " * 20}]},
        {"role": "user", "content": "secret " * 20, "extra": 1},
        {"role": "user", "content": "x", "time": "secret " * 20},
    ],
)
def test_an_error_never_shows_what_a_user_wrote_at_length(memory: Memory, content: object) -> None:
    with pytest.raises(MnemonError) as refused:
        memory.add(cast("Any", content), user_id="alice")

    assert str(refused.value).count("secret") < 10


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("data", "text"),
        ("expiration_date", "expires_at"),
        ("memory_type", "kind"),
        ("messages", "content"),
        ("session_id", "run_id"),
        ("thread_id", "run_id"),
        ("top_k", "limit"),
        ("category", "categories"),
    ],
)
def test_a_word_from_elsewhere_is_refused_with_our_word_for_it(memory: Memory, name: str, ours: str) -> None:
    with pytest.raises(TypeError, match=rf"add\(\) has no argument '{name}'; here it is called {ours}"):
        memory.add("hello", user_id="alice", **cast("dict[str, Any]", {name: "x"}))

    assert memory.stats().messages == 0


WRONG_TYPES: list[tuple[str, dict[str, object], str]] = [
    ("search", {"query": "a", "exclude_message_ids": "id"}, "exclude_message_ids is a list of ids of messages"),
    ("search", {"query": "a", "exclude_message_ids": 5}, "exclude_message_ids is a list of ids of messages, not 5"),
    ("search", {"query": "a", "exclude_message_ids": [5]}, "a message id must be a string"),
    ("conversations.read", {"last": "2"}, "last must be a whole number from 0, not '2'"),
    ("conversations.read", {"last": 2.0}, "last must be a whole number from 0, not 2.0"),
    ("conversations.read", {"last": True}, "last must be a whole number from 0, not True"),
    ("conversations.delete", {"message_ids": "id", "run_id": "1"}, "message_ids is a list of ids of messages"),
    ("conversations.delete", {"message_ids": None, "run_id": "1"}, "message_ids is a list of ids of messages"),
    ("conversations.replace", {"message": "text", "run_id": "1"}, "replace takes a Message .* not a str"),
]


@pytest.mark.parametrize(("method", "arguments", "said"), WRONG_TYPES)
def test_a_value_of_another_type_is_refused_by_name(
    memory: Memory, method: str, arguments: dict[str, object], said: str
) -> None:
    with pytest.raises(InvalidInputError, match=said):
        attrgetter(method)(memory)(user_id="alice", **arguments)


@pytest.mark.parametrize(("source", "said"), [(5, "not a int"), (None, "not a NoneType"), ([b"{}"], "line 1: .*bytes")])
def test_an_import_of_what_is_no_export_is_refused_by_its_type(memory: Memory, source: object, said: str) -> None:
    with pytest.raises(InvalidInputError, match=said):
        memory.import_(cast("Any", source))
