"""What readers of foreign formats share: places, reasons, texts, times."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

from mnemon.errors import InvalidInputError
from mnemon.types.times import to_datetime

if TYPE_CHECKING:
    from mnemon.types.jsonvalue import Json

__all__ = ["Remark", "Tally", "id_text", "is_object", "read_time", "type_name"]

_MOST_PLACES = 10
_MILLISECONDS_FROM = 1e11
"""Seconds since 1970 reach this in the year 5138; so large a number counts milliseconds."""
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,39}")


@dataclass(frozen=True, slots=True)
class Remark:
    """Something that was skipped, or taken in another way than it stands there.

    Attributes:
        reason: why; the same words for the same reason, and never a text of the source.
        place: where, such as `item 12`.
        skipped: whether what stands there was left out.
    """

    reason: str
    place: str
    skipped: bool = True


class Tally:
    """Remarks by reason: how many there are, and where the first of them are."""

    def __init__(self) -> None:
        """Begin with none."""
        self._counts: dict[tuple[bool, str], int] = {}
        self._places: dict[tuple[bool, str], list[str]] = {}

    def add(self, remark: Remark) -> None:
        """Count a remark."""
        key = (remark.skipped, remark.reason)
        self._counts[key] = self._counts.get(key, 0) + 1
        places = self._places.setdefault(key, [])
        if len(places) < _MOST_PLACES:
            places.append(remark.place)

    def total(self, *, skipped: bool) -> int:
        """Return how many things were skipped, or remarked on."""
        return sum(count for (kind, _), count in self._counts.items() if kind is skipped)

    def reasons(self, *, skipped: bool) -> list[dict[str, Json]]:
        """Return reason, count and the first places, the most frequent reason first."""
        found = [(count, reason) for (kind, reason), count in self._counts.items() if kind is skipped]
        return [
            {"reason": reason, "count": count, "places": list(self._places[skipped, reason])}
            for count, reason in sorted(found, key=lambda one: (-one[0], one[1]))
        ]


def is_object(value: object) -> Mapping[str, object] | None:
    """Return a JSON object, or None for anything else."""
    return cast("Mapping[str, object]", value) if isinstance(value, Mapping) else None


def id_text(value: object) -> str | None:
    """Return an id as text, a number as its digits; None for none, blank, or something that is no id."""
    if isinstance(value, str):
        return value if value.strip() else None
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else None


def type_name(value: object) -> str:
    """Return the name of a type as a report may show it: a plain word, and else `unknown`."""
    return value if isinstance(value, str) and _PLAIN.fullmatch(value) else "unknown"


def read_time(value: object) -> tuple[datetime | None, str | None]:
    """Return a time of any usual form, and what had to be assumed; None where there is none.

    A time without a zone is taken as UTC, and a number that is too large for seconds as milliseconds.
    """
    if value is None or value == "":
        return None, None
    unknown = "a time that is not understood: that of the import stands in for it"
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None, unknown
    try:
        if not isinstance(value, str):
            return to_datetime(value / 1000 if abs(value) >= _MILLISECONDS_FROM else value, "time"), None
        moment = datetime.fromisoformat(value.strip())
        if moment.utcoffset() is None:
            return moment.replace(tzinfo=UTC), "a time without a zone: taken as UTC"
        return to_datetime(moment, "time"), None
    except (InvalidInputError, ValueError, OverflowError):
        return None, unknown
