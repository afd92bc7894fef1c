"""What has to be done to a history so that it becomes another."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mnemon.protocols.clock import random_id

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from mnemon.types.message import Message

__all__ = ["Appended", "Replacement", "plan_replacement"]


@dataclass(frozen=True, slots=True)
class Appended:
    """A message that is to be added at the end.

    Attributes:
        message: the message.
        known: whether the history had it, so that it has been remembered already.
    """

    message: Message
    known: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Replacement:
    """What has to be done, in this order.

    Attributes:
        gone: ids of messages to delete.
        changed: messages to put in the place of those that have their ids.
        appended: messages to add at the end.
    """

    gone: tuple[str, ...]
    changed: tuple[Message, ...]
    appended: tuple[Appended, ...]


def plan_replacement(there: Sequence[Message], given: Sequence[Message]) -> Replacement:
    """Return what makes the history `there` become `given`.

    As many messages as can be stay where they are: those that `given` begins with, in their order. A
    message is known by its id, or without one by speaker and content; a framework that has no place for a
    name says none. One that is known but stands elsewhere now is deleted and added again under its id, and
    no memory is made of it a second time.
    """
    named = {message.id for message in given if message.id is not None}
    stay: list[tuple[Message, Message]] = []
    place = 0
    for message in given:
        found = next((index for index in range(place, len(there)) if _is(there[index], message, named)), None)
        if found is None:
            break
        stay.append((there[found], message))
        place = found + 1
    staying = {old.id for old, _ in stay}
    gone = [old for old in there if old.id not in staying]
    rest = list(gone)
    appended: list[Appended] = []
    for message in given[len(stay) :]:
        old = next((one for one in rest if _is(one, message, named)), None)
        if old is not None:
            rest.remove(old)
            again = replace(message, id=old.id, time=old.time, name=message.name or old.name)
            appended.append(Appended(again, known=True))
        else:
            fresh = message.id is None or any(message.id == one.id for one in there)
            appended.append(Appended(replace(message, id=random_id()) if fresh else message, known=False))
    changed = [replace(new, time=new.time or old.time) for old, new in stay if new.id and not _says_same(old, new)]
    return Replacement(gone=tuple(old.id for old in gone if old.id), changed=tuple(changed), appended=tuple(appended))


def _is(old: Message, message: Message, named: Collection[str]) -> bool:
    """Whether a message is one that is there; without an id it is none that another message names."""
    if message.id is not None:
        return old.id == message.id
    return old.id not in named and _says_same(old, replace(message, name=message.name or old.name))


def _says_same(one: Message, other: Message) -> bool:
    return (one.role, one.name, one.content) == (other.role, other.name, other.content)
