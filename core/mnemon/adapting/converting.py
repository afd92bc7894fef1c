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
from copy import deepcopy
from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING, cast

from mnemon.errors import InvalidInputError
from mnemon.logic.messages import message_from_dict, message_to_dict
from mnemon.types.jsonvalue import shown
from mnemon.types.message import Message, ToolResult

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mnemon.types.jsonvalue import Json, JsonObject
    from mnemon.types.message import Block

__all__ = ["KEY", "Data", "Translation", "from_framework", "results_apart", "to_framework"]

KEY = "mnemon"
"""The one key of metadata that holds what the other side cannot say."""

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
        """Return what stands under `KEY` in the data, or None, and the data without it."""
        metadata = data.get(self.metadata)
        if not isinstance(metadata, dict) or KEY not in metadata:
            return None, dict(data)
        others = {name: value for name, value in cast("Data", metadata).items() if name != KEY}
        return cast("Data", metadata)[KEY], {**data, self.metadata: others}

    def put(self, data: Data, kept: Data) -> Data:
        """Return the data with this under `KEY`."""
        return {**data, self.metadata: {**cast("Data", data.get(self.metadata, {})), KEY: kept}}


def to_framework(messages: Iterable[Message], to: Translation) -> list[Data]:
    """Return messages as a framework's data, in order; one that it cannot hold in one becomes several."""
    return [data for message in messages for data in _write(message, to)]


def from_framework(items: Iterable[JsonObject], of: Translation) -> list[Message]:
    """Return a framework's data as messages, in order; what was written as several becomes one again.

    Raises:
        InvalidInputError: the data hold what cannot be stored, or something else stands under `KEY`.
    """
    messages: list[Message] = []
    last = 0
    for item in items:
        kept, bare = of.take(item)
        message, place = _read(bare, of), 0
        if kept is not None:
            message, place = _restored(message, kept, of.framework)
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
    parts = [replace(message, content=group, metadata={} if place else message.metadata) for place, group in enumerate(groups)]
    return [_write_one(part, to, place) for place, part in enumerate(parts)]


def _write_one(message: Message, to: Translation, place: int) -> Data:
    data = to.settle(to.write(message))
    left = _left(message.metadata).get(to.framework)
    if left is not None:
        data = completed(data, left, to.parts)
    back = _read(data, to)
    kept = difference(message_to_dict(message), message_to_dict(back), "content")
    if kept and to.framework in _left(back.metadata):
        kept["left"] = _digest(_left(back.metadata)[to.framework])
    if place:
        kept["part"] = place
    return to.put(data, kept) if kept else data


def _read(data: JsonObject, of: Translation) -> Message:
    message = of.read(data)
    left = difference(data, of.settle(of.write(message)), of.parts)
    return _with_left(message, of.framework, left) if left else message


def _restored(message: Message, kept: Json, framework: str) -> tuple[Message, int]:
    """Return the message with what was kept of it, and which part of its message it is."""
    whole = message_from_dict(completed(message_to_dict(message), kept, "content"))
    told = cast("Mapping[str, Json]", kept)
    left = _left(message.metadata).get(framework)
    if left is not None and told.get("left") != _digest(left):  # the framework has changed its message meanwhile
        whole = _with_left(whole, framework, left)
    place = told.get("part", 0)
    return whole, place if isinstance(place, int) else 0


def _left(metadata: JsonObject) -> Mapping[str, Json]:
    """Return what is left over of frameworks' messages, by framework."""
    left = metadata.get(KEY)
    return cast("Mapping[str, Json]", left) if isinstance(left, dict) else {}


def _with_left(message: Message, framework: str, left: Json) -> Message:
    others = _left(message.metadata)
    return replace(message, metadata={**message.metadata, KEY: {**others, framework: left}})


def difference(whole: JsonObject, plain: JsonObject, parts: str) -> Data:
    """Return what `completed` needs to make `whole` of `plain`; empty where they are the same."""
    kept: Data = {}
    changed = {
        name: value
        for name, value in whole.items()
        if name != parts and not (name in plain and _same(value, plain[name]))
    }
    gone = [name for name in plain if name not in whole]
    if changed:
        kept["set"] = changed
    if gone:
        kept["unset"] = gone
    if parts in whole and not _same(whole[parts], plain.get(parts)):
        kept["parts"] = _parts_difference(whole[parts], plain.get(parts))
        kept["of"] = _digest(plain.get(parts))
    return kept


def completed(plain: JsonObject, kept: Json, parts: str) -> Data:
    """Return `plain` with what `difference` kept; parts only while those of `plain` are the same.

    Raises:
        InvalidInputError: `kept` is not of that form.
    """
    try:
        told = deepcopy(cast("Data", kept))
        gone = set(cast("list[str]", told.get("unset", [])))
        whole = {name: value for name, value in plain.items() if name not in gone}
        whole |= cast("Data", told.get("set", {}))
        if "parts" in told and told["of"] == _digest(plain.get(parts)):
            whole[parts] = _parts_completed(plain.get(parts), told["parts"])
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        msg = f"the metadata key {KEY!r} is for mnemon's own use, and holds {shown(type(kept).__name__)} of another form"
        raise InvalidInputError(msg) from None
    return whole


def _parts_difference(whole: Json, plain: Json) -> Data:
    """Return a content by what it has beyond another: each part new, or a part of the other and what differs."""
    if not isinstance(whole, list) or not isinstance(plain, list):
        return {"value": whole}
    entries: list[Json] = []
    place = 0
    for part in whole:
        if isinstance(part, dict) and place < len(plain) and _alike(part, plain[place]):
            other = cast("Data", plain[place])
            changed = {name: value for name, value in part.items() if name not in other or not _same(value, other[name])}
            gone: list[Json] = [name for name in other if name not in part]
            entries.append({"at": place, "set": changed, "unset": gone})
            place += 1
        else:
            entries.append({"new": part})
    return {"list": entries}


def _parts_completed(plain: Json, kept: Json) -> Json:
    told = cast("Data", kept)
    if "value" in told:
        return told["value"]
    parts: list[Json] = []
    for entry in cast("list[Data]", told["list"]):
        if "new" in entry:
            parts.append(entry["new"])
            continue
        gone = set(cast("list[str]", entry["unset"]))
        other = cast("list[Data]", plain)[cast("int", entry["at"])]
        parts.append({name: value for name, value in other.items() if name not in gone} | cast("Data", entry["set"]))
    return parts


def _alike(part: Mapping[str, Json], other: Json) -> bool:
    """Whether two parts are of one kind: whatever names kinds, they have it in common."""
    return isinstance(other, dict) and all(part.get(name) == other.get(name) for name in ("type", "block_type"))


def _same(one: Json, other: Json) -> bool:
    """Whether two values are the same JSON: unlike for Python, 1, 1.0 and true are not."""
    return one is other or (type(one) is type(other) is str and one == other) or _bytes(one) == _bytes(other)


def _bytes(value: Json) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True).encode()


def _digest(value: Json) -> str:
    return sha256(_bytes(value), usedforsecurity=False).hexdigest()[:16]
