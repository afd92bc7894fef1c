"""What the arguments of an add mean: texts, messages and facts, checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from mnemon.errors import InvalidInputError, ScopeError
from mnemon.logic.arguments import check_categories, check_kind, check_validity, refuse_foreign
from mnemon.logic.conditions import merge_scopes
from mnemon.logic.formats.completions import is_completion, read_completion
from mnemon.logic.messages import message_from_dict
from mnemon.logic.parts import speaks
from mnemon.types.jsonvalue import JsonObject, check_json_object, check_text
from mnemon.types.message import Message
from mnemon.types.scope import SCOPE_FIELDS
from mnemon.types.times import to_datetime
from mnemon.types.unseen import is_blank

if TYPE_CHECKING:
    from datetime import datetime

    from mnemon.types.memory import Kind
    from mnemon.types.scope import Scope
    from mnemon.types.times import Time

__all__ = ["Entry", "read_entries", "read_many", "read_messages"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing to add, checked.

    Attributes:
        scope: whose it is.
        said: the message that it is, or the text of a fact that nobody said here.
        plain: whether it was given as a text alone.
        kind: what sort of memory becomes of it.
        metadata: metadata of the memory.
        categories: categories of the memory.
        expires_at: when it expires, or None.
        pinned: whether it never does.
        valid_from: since when it is true, or None.
        valid_to: until when it was true, or None.
        said_at: when it was said, where `said` is a text or a message that does not tell; None for now.
    """

    scope: Scope
    said: Message | str
    plain: bool
    kind: Kind
    metadata: JsonObject
    categories: tuple[str, ...]
    expires_at: datetime | None
    pinned: bool
    valid_from: datetime | None
    valid_to: datetime | None
    said_at: datetime | None


def read_entries(
    content: object,
    *,
    scope: Scope,
    metadata: object = None,
    categories: object = None,
    kind: object = "episodic",
    timestamp: Time | None = None,
    expires_at: Time | None = None,
    pinned: bool = False,
    valid_from: Time | None = None,
    valid_to: Time | None = None,
) -> list[Entry]:
    """Return what the arguments of an add mean: a text, a message, or a list of messages.

    Raises:
        InvalidInputError: an empty text or message, a list of something else, or a value that does
            not fit; the message names the argument or the message's place in the list.
    """
    when = None if timestamp is None else to_datetime(timestamp, "timestamp")
    checked_kind = check_kind(kind)
    begun = None if valid_from is None else to_datetime(valid_from, "valid_from")
    ended = None if valid_to is None else to_datetime(valid_to, "valid_to")
    check_validity(begun, ended)
    entry = partial(
        Entry,
        scope=scope,
        plain=isinstance(content, str),
        kind=checked_kind,
        metadata=check_json_object({} if metadata is None else metadata, "metadata"),
        categories=check_categories(categories),
        expires_at=None if expires_at is None else to_datetime(expires_at, "expires_at"),
        pinned=_check_flag(pinned, "pinned"),
        valid_from=begun,
        valid_to=ended,
        said_at=when,
    )
    if isinstance(content, str) and checked_kind != "episodic":
        return [entry(said=_check_words(content, "text"))]
    return [entry(said=message) for message in read_messages(content)]


def read_messages(content: object) -> list[Message]:
    """Return a text, a message, a dict of one, or a list of these as messages."""
    if isinstance(content, str):
        return [Message(role="user", content=_check_words(content, "text"))]
    if isinstance(content, Message | Mapping):
        return [_read_message(cast("object", content), "the message")]
    if not isinstance(content, Sequence) or isinstance(content, bytes | bytearray):
        msg = f"add takes a text, a message or a list of messages, not a {type(content).__name__}"
        raise InvalidInputError(msg)
    items = cast("Sequence[object]", content)
    if not items:
        msg = "an empty list of messages is nothing to add; give at least one"
        raise InvalidInputError(msg)
    return [_read_message(item, f"message {place}") for place, item in enumerate(items)]


def _read_message(item: object, name: str) -> Message:
    try:
        message = _as_message(item)
    except InvalidInputError as error:
        msg = f"{name}: {error}"
        raise InvalidInputError(msg) from None
    # A message that says something unseen, such as U+200B, is logged as its framework has it; no memory is made of it.
    blank = is_blank(item) if isinstance(item, str) else not speaks(message.blocks)
    if blank:
        msg = f"{name} is empty; leave it out"
        raise InvalidInputError(msg)
    return message


def _as_message(item: object) -> Message:
    if isinstance(item, str):
        return Message(role="user", content=item)
    if isinstance(item, Message):
        return item
    if isinstance(item, Mapping):
        told = cast("Mapping[str, object]", item)
        return read_completion(told) if is_completion(told) else message_from_dict(told)
    msg = f"it is a {type(item).__name__}; give a Message, a dict with role and content, or a text"
    raise InvalidInputError(msg)


def _check_words(text: str, name: str) -> str:
    if is_blank(check_text(text, name)):
        msg = f"{name} is empty; there is nothing to remember"
        raise InvalidInputError(msg)
    return text


def _check_flag(value: object, name: str) -> bool:
    if not isinstance(value, bool):
        msg = f"{name} must be True or False, not a {type(value).__name__}"
        raise InvalidInputError(msg)
    return value


def read_many(items: object, scope: Scope | None) -> list[Entry]:
    """Return what the items of an `add_many` mean; `scope` is what they have in common, or None.

    Raises:
        ScopeError: an item without scope.
        InvalidInputError: not a list, an empty one, or an item that cannot be added; the message
            names its place.
    """
    if isinstance(items, str | Mapping | Message) or not isinstance(items, Sequence):
        msg = f"add_many takes a list of texts, messages or dicts, not a {type(cast('object', items)).__name__}"
        raise InvalidInputError(msg)
    entries: list[Entry] = []
    for place, item in enumerate(cast("Sequence[object]", items)):
        try:
            entries += _read_item(item, scope)
        except (InvalidInputError, ScopeError, TypeError) as error:
            msg = f"item {place}: {error}"
            raise (ScopeError if isinstance(error, ScopeError) else InvalidInputError)(msg) from None
    if not entries:
        msg = "an empty list is nothing to add; give at least one item"
        raise InvalidInputError(msg)
    return entries


_ITEM = frozenset({"metadata", "categories", "kind", "timestamp", "expires_at", "pinned", "valid_from", "valid_to"})


def _read_item(item: object, scope: Scope | None) -> list[Entry]:
    if isinstance(item, str | Message) or not isinstance(item, Mapping) or "role" in item:
        return read_entries(cast("object", item), scope=_needed(scope))
    parts: dict[str, Any] = dict(cast("Mapping[str, Any]", item))
    content = parts.pop("content", None)
    if content is None:
        msg = "a dict needs content, beside arguments of add"
        raise InvalidInputError(msg)
    ids = {name: parts.pop(name) for name in SCOPE_FIELDS if name in parts}
    refuse_foreign("add", {name: value for name, value in parts.items() if name not in _ITEM})
    merged = _needed(merge_scopes({} if scope is None else scope.to_dict(), ids))
    return [_told(entry) for entry in read_entries(content, scope=merged, **parts)]


def _needed(scope: Scope | None) -> Scope:
    if scope is None:
        msg = "no scope; give at least one of user_id, agent_id, app_id and run_id"
        raise ScopeError(msg)
    return scope


def _told(entry: Entry) -> Entry:
    """Return the entry of an item: its timestamp is its message's own time, as it is no other message's."""
    if isinstance(entry.said, str) or entry.said.time is not None or entry.said_at is None:
        return entry
    return replace(entry, said=replace(entry.said, time=entry.said_at))
