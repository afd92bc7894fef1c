"""Points in time: one canonical text form, so that order by text is order in time."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from mnemon.errors import InvalidInputError
from mnemon.types.jsonvalue import shown

__all__ = ["Time", "format_time", "is_canonical_time", "parse_time", "to_datetime"]

Time = datetime | str | int | float
"""An aware datetime, ISO 8601 text with a zone, or seconds since 1970-01-01 UTC."""

_DAY = len("2026-11-21")
_TIME_OF_DAY = re.compile(r"T(?:[01][0-9]|2[0-3])(?::[0-5][0-9]){2}\.[0-9]{6}Z")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@lru_cache(maxsize=1024)
def format_time(moment: datetime) -> str:
    """Return an aware datetime as `YYYY-MM-DDTHH:MM:SS.ffffffZ`: UTC, fixed width, sortable.

    Raises:
        InvalidInputError: the datetime has no time zone, or lies outside of the years 1 to 9999 in UTC.
    """
    utc = _to_utc(moment, "time", moment)
    return utc.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def to_datetime(value: object, name: str) -> datetime:
    """Return any accepted form of a time as an aware UTC datetime.

    Raises:
        InvalidInputError: naive, not a time, or outside of the years 1 to 9999.
    """
    if isinstance(value, datetime):
        return _to_utc(value, name, value)
    if isinstance(value, bool):
        msg = f"{name} must be a time, not a bool"
        raise InvalidInputError(msg)
    if isinstance(value, int | float):
        try:
            return _EPOCH + timedelta(seconds=value)
        except (OverflowError, ValueError):
            msg = f"{name} {shown(value)} is not a number of seconds since 1970 within the years 1 to 9999"
            raise InvalidInputError(msg) from None
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            msg = f"{name} {shown(value)} is not an ISO 8601 time; write e.g. 2026-05-08T13:56:00Z"
            raise InvalidInputError(msg) from None
        return _to_utc(moment, name, value)
    msg = f"{name} must be an aware datetime, ISO 8601 text with a zone, or epoch seconds, not {type(value).__name__}"
    raise InvalidInputError(msg)


def parse_time(value: object, name: str) -> str:
    """Return any accepted form of a time as canonical text; raises as `to_datetime` does."""
    return format_time(to_datetime(value, name))


def _to_utc(moment: datetime, name: str, given: datetime | str) -> datetime:
    if moment.tzinfo is UTC:
        return moment
    text = given.isoformat() if isinstance(given, datetime) else shown(given)
    if moment.utcoffset() is None:
        msg = f"{name} {text} has no time zone; use an aware datetime, or add Z or an offset such as +02:00"
        raise InvalidInputError(msg)
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        msg = f"{name} {text} lies outside of the years 1 to 9999 in UTC"
        raise InvalidInputError(msg) from None


def is_canonical_time(text: str) -> bool:
    """Whether `text` has the form that `format_time` writes."""
    # The days of most rows are few, so that their times are looked at by their form alone.
    return _TIME_OF_DAY.fullmatch(text, _DAY) is not None and _is_day(text[:_DAY])


@lru_cache(maxsize=1024)
def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text  # ISO 8601 has other forms of a day, such as 2026-W47-1
    except ValueError:
        return False
