"""Days that a query names, and how well a turn's day fits them."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, tzinfo

    from mnemon.logic.analysis.languages.table import Unit

__all__ = ["Band", "Named", "ago", "closeness", "day_in", "one_day", "season", "unit", "weekday"]

_GRACE_DAYS = 10
"""People tell what happened on a day within about this many days after it."""
_SAME_MONTH = 0.3
_MONTH_AFTER = 0.4
_DAYS_AFTER, _WORTH_AFTER = 3, 0.4
"""What is said to have been "last Tuesday" was mostly said on that day; some of it just after."""
_MONTHS = 12
_SEASON_MONTHS = 3
_SATURDAY = 5


@dataclass(frozen=True, slots=True)
class Named:
    """A date in part: what is None was not said."""

    year: int | None = None
    month: int | None = None
    day: int | None = None


@dataclass(frozen=True, slots=True)
class Band:
    """Days from `first` to `last`, both within, and what a turn of theirs is worth."""

    first: date
    last: date
    worth: float = 1.0


def closeness(day: date, named: Sequence[Named | Band]) -> float:
    """Return how well a day fits the dates of a query, 0 to 1; 0 where it names none."""
    fitting = (band.worth for item in named for band in _bands(item, day) if band.first <= day <= band.last)
    return max(fitting, default=0.0)


def _bands(item: Named | Band, day: date) -> Sequence[Band]:
    if isinstance(item, Band):
        return item, Band(item.last, _shift(item.last, _DAYS_AFTER), _WORTH_AFTER)
    # A date without a year is that of any year; what it names at the end of one reaches into the next.
    years = (item.year,) if item.year is not None else (day.year - 1, day.year)
    return [
        band
        for year in years
        if date.min.year < year < date.max.year
        for band in _year_bands(year, item.month, item.day)
    ]


@lru_cache(maxsize=1024)
def _year_bands(year: int, month: int | None, day: int | None) -> tuple[Band, ...]:
    if month is None:
        return (Band(date(year, 1, 1), date(year, 12, 31)),)
    first, last = _month(year, month)
    following = _month(year + month // _MONTHS, month % _MONTHS + 1)
    if day is None:
        return Band(first, last), Band(*following, _MONTH_AFTER)
    exact = date(year, month, min(day, last.day))
    return (
        Band(exact, exact + timedelta(_GRACE_DAYS)),
        Band(first, last, _SAME_MONTH),
        Band(*following, _SAME_MONTH * _MONTH_AFTER),
    )


def day_in(moment: datetime, zone: tzinfo | None) -> date:
    """Return the day that it is in a zone at an aware time; in UTC, where the zone has no such year any more."""
    try:
        return moment.astimezone(zone).date()
    except OverflowError:  # in the first or last hours that can be written
        return moment.date()


def one_day(today: date, days: int) -> Band:
    """Return the day so many days before today."""
    day = _shift(today, -days)
    return Band(day, day)


def weekday(today: date, number: int, steps: int) -> Band:
    """Return the latest such day of the week (0 is Monday): before today with `steps` 1, else today counts."""
    return one_day(today, (today.weekday() - number - steps) % 7 + steps)


def ago(today: date, number: int, span: Unit) -> Band:
    """Return the days meant by "3 weeks ago", as loosely as it is said: half a unit to either side."""
    days = {"day": 1, "weekend": 7, "week": 7, "month": 30.44, "year": 365.25}[span]
    middle, either = round(number * days), int(days / 2)
    return Band(_shift(today, -middle - either), _shift(today, -middle + either))


def unit(today: date, span: Unit, steps: int) -> Band:
    """Return the calendar's week, month, year or weekend of today (0) or the one before it (1)."""
    if span == "year":
        year = max(today.year - steps, date.min.year)
        return Band(date(year, 1, 1), date(year, 12, 31))
    if span == "month":
        months = max(today.year * _MONTHS + today.month - 1 - steps, _MONTHS)
        return Band(*_month(months // _MONTHS, months % _MONTHS + 1))
    if span == "day":
        return one_day(today, steps)
    monday = _shift(today, -today.weekday() - 7 * steps)
    if span == "weekend":
        return Band(_shift(monday, _SATURDAY), _shift(monday, 6))
    return Band(monday, _shift(monday, 6))


def season(today: date, first_month: int, steps: int) -> Band:
    """Return the latest such season that has begun, with `steps` 1 the latest that has ended."""
    since = (today.month - first_month) % _MONTHS
    running = since < _SEASON_MONTHS
    year = today.year - (today.month < first_month) - (running and steps)
    first = date(max(year, date.min.year), first_month, 1)
    return Band(first, _shift(first, 91))


def _month(year: int, month: int) -> tuple[date, date]:
    return date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1])


def _shift(day: date, days: int) -> date:
    """Return the day so many days later; the first or last that can be written where there is none."""
    ordinal = min(max(day.toordinal() + days, date.min.toordinal()), date.max.toordinal())
    return date.fromordinal(ordinal)
