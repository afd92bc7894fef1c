"""What every conversion of messages needs: what one side cannot carry is kept, and restored on the way back.

A converter makes its form of a message, converts that back without what was kept, and keeps the
`difference` beside it. So nothing is lost, by construction, and what both sides can say is stored once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypeGuard

from mnemon.errors import InvalidInputError

if TYPE_CHECKING:
    from mnemon.types.jsonvalue import Json, JsonObject
    from mnemon.types.message import Message

__all__ = ["OURS", "beyond_of", "difference", "patched"]

OURS = "mnemon"
"""Key under which a framework's message holds what only a `Message` can say, in a free-form part of it."""


def beyond_of(message: Message) -> JsonObject:
    """Return what frameworks' messages had beyond a message, by framework; nothing where others wrote there."""
    beyond = message.metadata.get(OURS)
    return beyond if isinstance(beyond, Mapping) else {}


def difference(whole: Json, made: Json) -> JsonObject | None:
    """Return what turns `made` into `whole` when `patched` is given both; None where they are equal.

    Example:
        >>> kept = difference({"text": "hi", "tone": "calm"}, {"text": "hi"})
        >>> patched({"text": "hi"}, kept)
        {'text': 'hi', 'tone': 'calm'}
    """
    if _alike(whole, made):
        return None
    if isinstance(whole, Mapping) and isinstance(made, Mapping):
        parts = {name: difference(value, made[name]) for name, value in whole.items() if name in made}
        parts |= {name: {"is": value} for name, value in whole.items() if name not in made}
        dropped = [name for name in made if name not in whole]
        return {"in": {name: part for name, part in parts.items() if part is not None}, "without": dropped}
    if _is_list(whole) and _is_list(made) and len(whole) == len(made):
        places = {str(place): difference(*pair) for place, pair in enumerate(zip(whole, made, strict=True))}
        return {"at": {place: part for place, part in places.items() if part is not None}}
    return {"is": whole}


def patched(made: Json, kept: Json) -> Json:
    """Return `made` with what `difference` kept; None changes nothing.

    Raises:
        InvalidInputError: it is no difference, or one of something else.
    """
    match kept:
        case None:
            return made
        case {"is": value}:
            return value
        case {"in": Mapping() as parts, "without": _ as dropped} if isinstance(made, Mapping) and _is_list(dropped):
            whole = {name: value for name, value in made.items() if name not in dropped}
            return whole | {name: patched(whole.get(name), part) for name, part in parts.items()}
        case {"at": Mapping() as places} if _is_list(made) and all(_is_place(place, made) for place in places):
            return [patched(value, places.get(str(place))) for place, value in enumerate(made)]
        case _:
            msg = "what was kept of a message does not fit it: it was changed without its metadata; take its key away"
            raise InvalidInputError(msg)


def _alike(one: Json, other: Json) -> bool:
    """Whether two values are the same JSON: `1`, `1.0` and `True` are three."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(_alike(value, other[name]) for name, value in one.items())
    if _is_list(one) and _is_list(other):
        return len(one) == len(other) and all(map(_alike, one, other))
    return type(one) is type(other) and one == other


def _is_list(value: object) -> TypeGuard[Sequence[Json]]:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _is_place(place: str, values: Sequence[Json]) -> bool:
    return place.isdecimal() and int(place) < len(values)
