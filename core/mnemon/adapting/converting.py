"""Messages of a framework, as JSON data, to and from `Message`: without loss in either direction.

Neither side can hold all that the other has. A framework has no place for a caption or a time, and
`Message` has none for a provider's options. So a translation says only what corresponds; what is left
over is found by translating back, and travels under the key `mnemon` of the metadata:

- in a framework's metadata: what `Message` had and the framework's message cannot say (id, time, name,
  metadata, parts of the content);
- in `Message.metadata`, per framework: what that framework's message had beyond.

What was left over of the content is put back only while the content is still the one that it belongs
to. A message that an agent has changed meanwhile is read as it stands then.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING, cast

from mnemon.adapting.messages import OURS, beyond_of, difference, patched
from mnemon.errors import InvalidInputError
from mnemon.logic.messages import message_from_dict, message_to_dict
from mnemon.types.message import ToolResult

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mnemon.types.jsonvalue import Json, JsonObject
    from mnemon.types.message import Block, Message

__all__ = ["Data", "Translation", "from_framework", "results_apart", "to_framework"]

Data = dict[str, "Json"]


class Translation(ABC):
    """What corresponds between a framework's message and a `Message`; all of it pure.

    Attributes:
        framework: name of the framework; what is left over of its messages is kept under it.
        parts: key of the framework's data whose value is the content.
        metadata: key of the framework's data whose value is a dict of metadata.
    """

    framework: str
    parts: str
    metadata: str

    @abstractmethod
    def read(self, data: JsonObject) -> Message:
        """Return the message of a framework's data, as far as it corresponds."""

    @abstractmethod
    def write(self, message: Message) -> Data:
        """Return a message as the framework's data, as far as it corresponds."""

    def settle(self, data: Data) -> Data:
        """Return the data as the framework's own class tells it, with what that fills in."""
        return data

    def groups(self, blocks: Sequence[Block]) -> Sequence[Sequence[Block]]:
        """Return the content in as many groups as the framework needs messages for it."""
        return (blocks,)

    def take(self, data: JsonObject) -> tuple[Json, Data]:
        """Return what stands under `OURS` in the data, or None, and the data without it."""
        metadata = data.get(self.metadata)
        if not isinstance(metadata, dict) or OURS not in metadata:
            return None, dict(data)
        others = {name: value for name, value in metadata.items() if name != OURS}
        return metadata[OURS], {**data, self.metadata: others}

    def put(self, data: Data, kept: Data) -> Data:
        """Return the data with this under `OURS`."""
        return {**data, self.metadata: {**cast("Data", data.get(self.metadata, {})), OURS: kept}}


def to_framework(messages: Iterable[Message], to: Translation) -> list[Data]:
    """Return messages as a framework's data, in order; one that it cannot hold in one becomes several."""
    return [data for message in messages for data in _write(message, to)]


def from_framework(items: Iterable[JsonObject], of: Translation) -> list[Message]:
    """Return a framework's data as messages, in order; what was written as several becomes one again.

    Raises:
        InvalidInputError: the data hold what cannot be stored, or something else stands under `OURS`.
    """
    messages: list[Message] = []
    last = 0
    for item in items:
        kept, bare = of.take(item)
        message, place = _read(bare, of), 0
        if kept is not None:
            message, place = _restored(message, kept)
        if place and messages and place == last + 1 and messages[-1].id == message.id:
            messages[-1] = replace(messages[-1], content=(*messages[-1].blocks, *message.blocks))
        else:
            messages.append(message)
        last = place
    return messages


def results_apart(blocks: Sequence[Block]) -> list[list[Block]]:
    """Return each tool result as a group of its own, and what stands between them as groups."""
    groups: list[list[Block]] = []
    for block in blocks:
        if groups and not isinstance(block, ToolResult) and not isinstance(groups[-1][-1], ToolResult):
            groups[-1].append(block)
        else:
            groups.append([block])
    return groups


def _write(message: Message, to: Translation) -> list[Data]:
    groups = to.groups(message.blocks)
    if len(groups) <= 1:
        return [_write_one(message, to, 0)]
    return [
        _write_one(replace(message, content=group, metadata={} if place else message.metadata), to, place)
        for place, group in enumerate(groups)
    ]


def _write_one(message: Message, to: Translation, place: int) -> Data:
    data = to.settle(to.write(message))
    beyond = beyond_of(message)
    if to.framework in beyond:
        data = _completed(data, beyond[to.framework], to.parts)
    back = _read(data, to)
    kept = _missing(_told(message), _told(back), "content")
    if not _same(beyond, beyond_of(back)):
        kept["beyond"] = {"is": beyond, "was": _digest(beyond_of(back))}
    if place:
        kept["part"] = place
    return deepcopy(to.put(data, kept) if kept else data)  # who gets it may change it


def _read(data: JsonObject, of: Translation) -> Message:
    message = of.read(data)
    beyond = _missing(data, of.settle(of.write(message)), of.parts)
    return replace(message, metadata={**message.metadata, OURS: {of.framework: beyond}}) if beyond else message


def _restored(message: Message, kept: Json) -> tuple[Message, int]:
    """Return the message with what was kept of it, and which part of its message it is."""
    beyond = beyond_of(message)
    if not isinstance(kept, Mapping):
        msg = f"the metadata key {OURS!r} is for mnemon's own use, and holds a {type(kept).__name__}; rename yours"
        raise InvalidInputError(msg)
    whole = message_from_dict(_completed(_told(message), kept, "content"))
    match kept.get("beyond"):
        case {"is": Mapping() as then, "was": digest}:
            changed = digest != _digest(beyond)  # the framework has written into its message meanwhile
            beyond = {**then, **beyond} if changed else then
        case _:
            pass
    place = kept.get("part", 0)
    if beyond:
        whole = replace(whole, metadata={**whole.metadata, OURS: beyond})
    return whole, place if isinstance(place, int) else 0


def _told(message: Message) -> Data:
    """Return a message as JSON, without what frameworks' messages had beyond it."""
    told = message_to_dict(message)
    metadata = cast("JsonObject", told["metadata"])
    return {**told, "metadata": {name: value for name, value in metadata.items() if name != OURS}}


def _missing(whole: JsonObject, plain: JsonObject, parts: str) -> Data:
    """Return what `_completed` needs to make `whole` of `plain`; empty where they are the same."""
    kept: Data = {}
    head = difference(_without(whole, parts), _without(plain, parts))
    if head is not None:
        kept["head"] = head
    content = difference(whole[parts], plain[parts])
    if content is not None:
        kept["content"] = content
        kept["of"] = _digest(plain[parts])
    return kept


def _completed(plain: JsonObject, kept: Json, parts: str) -> Data:
    """Return `plain` with what was missing; of its content only while it is the one that this belongs to.

    Raises:
        InvalidInputError: `kept` is not of that form.
    """
    told = cast("Data", kept)
    whole = dict(cast("JsonObject", patched(_without(plain, parts), told.get("head"))))
    fits = "content" in told and told.get("of") == _digest(plain[parts])
    return {**whole, parts: patched(plain[parts], told["content"]) if fits else plain[parts]}


def _without(data: JsonObject, parts: str) -> Data:
    return {name: value for name, value in data.items() if name != parts}


def _same(one: Json, other: Json) -> bool:
    return difference(one, other) is None


def _digest(value: Json) -> str:
    """Return what tells one content from another; the order of keys is none of it."""
    told = json.dumps(value, ensure_ascii=False, sort_keys=True).encode()
    return sha256(told, usedforsecurity=False).hexdigest()[:16]
