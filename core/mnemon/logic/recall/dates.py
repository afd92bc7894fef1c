"""Dates that a query names, and how close a day is to them.

Written out per language, not parsed by a library, after trying `dateparser` 1.5 on the queries of
the tests: with the language given it reads "we" as Wednesday, "the march" as March and "May I" as
May, misses "the day before yesterday" inside a sentence, takes 1 to 12 ms per query and .6 s to
import. A query is to be read in half a millisecond, and a date that is not there costs more than
one that is missed.
"""

from __future__ import annotations

import re
from functools import cache
from itertools import chain
from typing import TYPE_CHECKING

from mnemon.logic.recall.bands import Band, Named, ago, one_day, season, unit, weekday

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from mnemon.logic.analysis.languages import Language

__all__ = ["find_dates"]

_ISO = re.compile(r"(?<![\d-])(?P<year>(?:19|20)\d\d)-(?P<month>[01]?\d)(?:-(?P<day>[0-3]?\d))?(?![\d-])")
# With its day alone: "2011/12" is a season; and not inside of an address.
_YEAR_FIRST = re.compile(r"(?<![\d/])(?P<year>(?:19|20)\d\d)/(?P<month>[01]?\d)/(?P<day>[0-3]?\d)(?![\d/])")
_CJK = re.compile(
    r"(?=\d{1,4}[\u5e74\ub144\u6708\uc6d4])"  # else it would find nothing, in every place
    r"(?:(?P<year>(?:19|20)\d\d)[\u5e74\ub144]\s*)?(?:(?P<month>[01]?\d)[\u6708\uc6d4]\s*(?:(?P<day>[0-3]?\d)[\u65e5\u53f7\uc77c])?)?"
)
_SLASHED = re.compile(
    r"(?<![\d/.])(?P<first>[0-3]?\d)(?P<sign>[/.])(?P<second>[0-3]?\d)(?P=sign)(?P<year>(?:19|20)\d\d)(?!\d)"
)


def find_dates(text: str, table: Language, *, today: date) -> tuple[Named | Band, ...]:
    """Return the dates that a normalised text names, those in words like "last week" as days before `today`."""
    taken: list[tuple[int, int]] = []
    found: list[Named | Band] = []
    for start, end, item in chain(_numeric(text, table), _relative(text, table, today), _in_words(text, table)):
        if all(end <= other or start >= last for other, last in taken):
            taken.append((start, end))
            found.append(item)
    return tuple(dict.fromkeys(_with_year(found)))


def _with_year(found: list[Named | Band]) -> Iterator[Named | Band]:
    """Give the one year that a query names to its dates without one: "in May and June of 2023"."""
    years = {item.year for item in found if isinstance(item, Named) and item.year is not None}
    open_dates = any(isinstance(item, Named) and item.year is None for item in found)
    for item in found:
        if not isinstance(item, Named) or len(years) != 1 or not open_dates:
            yield item
        elif item.month is not None:
            yield Named(item.year or min(years), item.month, item.day)


def _numeric(text: str, table: Language) -> Iterator[tuple[int, int, Named]]:
    if not any(map(str.isdigit, text)):
        return
    for match in chain(_ISO.finditer(text), _YEAR_FIRST.finditer(text), _CJK.finditer(text)):
        year, month, day = (int(part) if part else None for part in match.group("year", "month", "day"))
        if (year or month) and _valid(month, day):
            yield match.start(), match.end(), Named(year, month, day)
    for match in _SLASHED.finditer(text):
        first, second = int(match["first"]), int(match["second"])
        day_first = table.day_first or match["sign"] == "." or first > 12  # noqa: PLR2004 - months of a year
        day, month = (first, second) if day_first and second <= 12 else (second, first)  # noqa: PLR2004
        if _valid(month, day):
            yield match.start(), match.end(), Named(int(match["year"]), month, day)


def _valid(month: int | None, day: int | None) -> bool:
    return (month is None or 1 <= month <= 12) and (day is None or 1 <= day <= 31)  # noqa: PLR2004 - the calendar


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def _in_words(text: str, table: Language) -> Iterator[tuple[int, int, Named]]:
    for match in chain(_compiled(table.date).finditer(text), _compiled(table.month).finditer(text)):
        parts = match.groupdict()
        name = parts["month"] or parts["month_first"]
        day = parts.get("day") or parts.get("day_after")
        if day is None and parts.get("year") is None and _doubtful(text, match.start(), name, table):
            continue
        month = table.months[name]
        if _valid(month, int(day) if day else None):
            yield match.start(), match.end(), Named(_number(parts["year"]), month, _number(day))
    for match in _compiled(table.year).finditer(text):
        parts = match.groupdict()
        yield match.start(), match.end(), Named(_number(parts.get("year") or parts.get("year_alone")))


def _number(digits: str | None) -> int | None:
    return int(digits) if digits else None


def _doubtful(text: str, start: int, name: str, table: Language) -> bool:
    return name in table.doubtful and not _compiled(table.before_month).search(text[:start])


def _relative(text: str, table: Language, today: date) -> Iterator[tuple[int, int, Band]]:
    for words, days in table.days.items():
        for match in _compiled(rf"\b{re.escape(words)}\b").finditer(text):
            yield match.start(), match.end(), one_day(today, days)
    for match in _compiled(table.ago).finditer(text):
        number = int(match["number"]) if match["number"].isdecimal() else table.numbers[match["number"]]
        yield match.start(), match.end(), ago(today, number, table.units[match["unit"]])
    for pattern, steps in ((table.last, 1), (table.this, 0)):
        for match in _compiled(pattern).finditer(text):
            yield match.start(), match.end(), _step(match.groupdict(), table, today, steps)
    for match in _compiled(table.weekday).finditer(text):
        yield match.start(), match.end(), weekday(today, table.weekdays[match["weekday"]], 0)


def _step(parts: dict[str, str | None], table: Language, today: date, steps: int) -> Band:
    if name := parts.get("weekday"):
        return weekday(today, table.weekdays[name], steps)
    if name := parts.get("season"):
        return season(today, table.seasons[name], steps)
    return unit(today, table.units[parts["unit"] or ""], steps)
