"""Numbers and times as the server compares them: as doubles."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from mnemon.logic.rows import MAX_NUMBER
from mnemon.types.times import format_time, to_datetime

__all__ = [
    "LEAST",
    "instant",
    "microseconds",
    "moment_of",
    "number_read",
    "operand_of_number",
    "operand_of_time",
    "time_read",
]

LEAST = -1.7976931348623157e308
"""No double is smaller."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def microseconds(time: str) -> int:
    """Return a canonical time as microseconds since 1970."""
    return (to_datetime(time, "time") - _EPOCH) // _MICROSECOND


def instant(moment: datetime) -> float:
    """Return a moment as microseconds since 1970."""
    return float((moment - _EPOCH) // _MICROSECOND)


def moment_of(number: float) -> datetime:
    """Return the moment of so many microseconds since 1970."""
    return _EPOCH + timedelta(microseconds=int(number))


def time_read(number: float) -> str:
    """Return the canonical time of so many microseconds since 1970."""
    return format_time(_EPOCH + timedelta(microseconds=int(number)))


def number_read(number: float) -> int | float:
    """Return a stored number: whole ones as int, which compares equal to what was stored."""
    return int(number) if number.is_integer() and abs(number) <= MAX_NUMBER else number


def operand_of_number(value: float) -> float | None:
    """Return what a stored number can be compared with exactly, or None: a large whole number is between doubles."""
    if isinstance(value, int) and abs(value) > MAX_NUMBER:
        return None
    return float(value)


def operand_of_time(time: str) -> float | None:
    """Return what stored times can be compared with exactly, or None: outside of the years 1685 to 2255.

    Times beyond are stored as the nearest double; since rounding keeps the order, they still
    compare rightly with every time inside.
    """
    moment = microseconds(time)
    return float(moment) if abs(moment) < MAX_NUMBER else None
