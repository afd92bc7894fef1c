"""What a language adds to what all languages share."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["NEVER", "Language"]

NEVER = r"(?!)"
"""A pattern that matches nothing, for a cue that a language has no words for."""

Unit = Literal["day", "week", "month", "year", "weekend"]


@dataclass(frozen=True, kw_only=True)
class Language:
    """One language's words and patterns.

    Patterns are searched in text in NFKC, case-folded, with straight apostrophes, unless said
    otherwise. They must take linear time.

    Attributes:
        code: ISO 639-1, or empty for what all languages share.
        stop_words: words without content, as `words` cuts them, apostrophes included.
        negations: words that turn what is said into its opposite; none of them is a stop word.
        stemmer: name of a Snowball algorithm, or None for words as they stand.
        endings: what is cut off a word before it is stemmed and off a name: possessives.
        name_endings: the same, for names alone, where other words may end so by themselves.
        me: words that replace a participant's name and its possessive in the text that is embedded,
            because turns are told in the first person; None leaves names in place.
        time_words: a time expression in a turn.
        asks_when: a query that asks for a time, matched at its start.
        first_person: the one who asks, in a query.
        summary: a query that asks for an overview, to which both sides contribute.
        gathers: a query whose answer is spread over many turns: a count of things, an order of events.
        together: says that two participants are asked about alike.
        addressed: a query about what the assistant said.
        talk: parts of a query that are about the talk and not about its matter; matched in the
            text as it was written, whatever its case.
        months: number of each month's name; names that are also other words stand in `doubtful`.
        doubtful: names of months that count only where `before_month` stands before them or a
            number beside them.
        before_month: words after which a doubtful name is a month.
        weekdays: 0 for Monday to 6 for Sunday.
        numbers: words for small numbers.
        units: words for spans of time.
        seasons: first month of each season's name.
        days: words for a day, in days before today.
        date: day and month (named groups `day`, `month`, perhaps `year`).
        month: month and perhaps year (the same groups).
        year: a year that is not some other number (`year`).
        last: the one before this one (`unit`, `season` or `weekday`).
        this: the one that has begun (`unit`).
        ago: so many units ago (`number`, `unit`).
        weekday: a day of the past week (`weekday`).
        day_first: whether 5/2/2023 is the fifth of February.
    """

    code: str = ""
    stop_words: frozenset[str] = frozenset()
    negations: frozenset[str] = frozenset()
    stemmer: str | None = None
    endings: tuple[str, ...] = ()
    name_endings: tuple[str, ...] = ()
    me: tuple[str, str] | None = None
    time_words: str = r"\b(?:19|20)\d\d\b"
    asks_when: str = NEVER
    first_person: str = NEVER
    summary: str = NEVER
    gathers: str = NEVER
    together: str = NEVER
    addressed: str = NEVER
    talk: str = NEVER
    months: Mapping[str, int] = field(default_factory=dict[str, int])
    doubtful: frozenset[str] = frozenset()
    before_month: str = NEVER
    weekdays: Mapping[str, int] = field(default_factory=dict[str, int])
    numbers: Mapping[str, int] = field(default_factory=dict[str, int])
    units: Mapping[str, Unit] = field(default_factory=dict[str, Unit])
    seasons: Mapping[str, int] = field(default_factory=dict[str, int])
    days: Mapping[str, int] = field(default_factory=dict[str, int])
    date: str = NEVER
    month: str = NEVER
    year: str = NEVER
    last: str = NEVER
    this: str = NEVER
    ago: str = NEVER
    weekday: str = NEVER
    day_first: bool = True

    @cached_property
    def time_pattern(self) -> re.Pattern[str]:
        """`time_words`, compiled."""
        return re.compile(self.time_words)

    @cached_property
    def when_pattern(self) -> re.Pattern[str]:
        """`asks_when`, compiled."""
        return re.compile(self.asks_when)

    @cached_property
    def self_pattern(self) -> re.Pattern[str]:
        """`first_person`, compiled."""
        return re.compile(self.first_person)

    @cached_property
    def summary_pattern(self) -> re.Pattern[str]:
        """`summary`, compiled."""
        return re.compile(self.summary)

    @cached_property
    def gathers_pattern(self) -> re.Pattern[str]:
        """`gathers`, compiled."""
        return re.compile(self.gathers)

    @cached_property
    def together_pattern(self) -> re.Pattern[str]:
        """`together`, compiled."""
        return re.compile(self.together)

    @cached_property
    def addressed_pattern(self) -> re.Pattern[str]:
        """`addressed`, compiled."""
        return re.compile(self.addressed)

    @cached_property
    def talk_pattern(self) -> re.Pattern[str]:
        """`talk`, compiled."""
        return re.compile(self.talk, re.IGNORECASE)
