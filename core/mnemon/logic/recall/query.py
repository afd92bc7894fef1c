"""A query read: what to embed, what to look up, and what it says about who and when."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from mnemon.logic.analysis.languages import find_language
from mnemon.logic.analysis.text import terms_of
from mnemon.logic.analysis.words import normalise
from mnemon.logic.recall.bands import day_in
from mnemon.logic.recall.dates import find_dates
from mnemon.logic.recall.mentions import find_mentions, replace_mentions
from mnemon.logic.recall.scripts import main_language, main_script

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime, tzinfo

    from mnemon.logic.analysis.languages import Language
    from mnemon.logic.recall.bands import Band, Named
    from mnemon.logic.recall.mentions import Mention
    from mnemon.types.recall import RecallConfig

__all__ = ["Query", "dense_applies", "read_query"]

_CUE_CHARACTERS = 2_000
"""How much of a query is read for cues. Longer ones are pasted texts, whose words and meaning count alone."""
_MAX_TERMS = 64
"""Terms of a query that count, the first ones: a store takes 256 per call, and 64 tell any topic."""
_TERM_CHARACTERS = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What a query asks for.

    Attributes:
        text: what to embed: talk about the talk cut out, participants' names as the one who speaks.
        terms: what to look up, with how often the query says it; participants' names left out.
        script: writing system of most of its letters, by its name in Unicode; empty without letters.
        language: the language that it is in as its stop words tell, an ISO 639-1 code; empty where they
            tell none. It decides whether an embedder is asked, and nothing else.
        names: terms of the participants that it names.
        subject: the one of them that it asks about: the only one, or the first of two that stand in
            different places of the sentence ("What did Ana tell Ben?"); None where there is no such.
        role: whose turns it asks for in a chat with an assistant, or None.
        asks_when: whether it asks for a time.
        first_person: whether the one who asks speaks of themselves.
        summary: whether it asks for an overview.
        gathers: whether its answer is spread over many turns, as that of an overview is.
        dates: the dates it names.
        zone: where the days of those dates begin and end.
    """

    text: str
    terms: Mapping[str, int]
    script: str
    language: str
    names: tuple[str, ...]
    subject: str | None
    role: Literal["user", "assistant"] | None
    asks_when: bool
    first_person: bool
    summary: bool
    gathers: bool
    dates: tuple[Named | Band, ...]
    zone: tzinfo | None


def read_query(
    text: str, *, now: datetime, zone: tzinfo | None, participants: Collection[str], config: RecallConfig
) -> Query:
    """Return what a query asks for.

    `now` is an aware datetime; `zone` (None: that of `now`, not the machine's) says where days begin.
    `participants` are those terms of `name_terms(text)` that the scope holds.
    """
    table = find_language(config.language)
    zone = zone or now.tzinfo
    asked, rest = text[:_CUE_CHARACTERS], text[_CUE_CHARACTERS:_TERM_CHARACTERS]
    matter = _without_talk(asked, table)
    mentions = find_mentions(matter, participants, table)
    nameless = replace_mentions(matter, mentions, ("", ""))
    # Where a name is all that a query says, it is what to look for.
    terms = terms_of(nameless + rest, config.language) or terms_of(matter, config.language)
    names = mentions if matter is asked else find_mentions(asked, participants, table)
    normal = " ".join(normalise(asked).split())
    summary = table.summary_pattern.search(normal) is not None
    first_person = table.self_pattern.search(normal) is not None
    return Query(
        text=(replace_mentions(matter, mentions, table.me) if table.me else matter) + rest,
        terms=dict(Counter(terms).most_common(_MAX_TERMS)) if len(terms) > _MAX_TERMS else Counter(terms),
        script=main_script(normal),
        language=main_language(normal, config.language),
        names=tuple(dict.fromkeys(mention.term for mention in names)),
        subject=_subject(asked, names, table),
        role=_role(normal, table, first_person=first_person, summary=summary),
        asks_when=table.when_pattern.match(normal) is not None,
        first_person=first_person,
        summary=summary,
        gathers=summary or table.gathers_pattern.search(normal) is not None,
        dates=find_dates(_unnamed(normal, asked, names), table, today=day_in(now, zone)),
        zone=zone,
    )


def dense_applies(query: Query, *, embedder: str | None, config: RecallConfig) -> bool:
    """Whether vectors of this embedder may take part: there is one, and it knows the query's script and language."""
    if embedder is None:
        return False
    known = config.calibration(embedder)
    if known.scripts is not None and query.script and query.script not in known.scripts:
        return False
    return known.languages is None or not query.language or query.language in known.languages


def _unnamed(normal: str, asked: str, names: Sequence[Mention]) -> str:
    """Return the normalised query without participants' names: June is not a month where she takes part."""
    if not names:
        return normal
    return " ".join(normalise(replace_mentions(asked, names, ("", ""))).split())


def _without_talk(text: str, table: Language) -> str:
    """Return the query without what is about the talk; all of it where nothing else is left."""
    cut = table.talk_pattern.sub(" ", text)
    if cut == text:
        return text
    cut = re.sub(r"\s+([?.,])", r"\1", " ".join(cut.split())).strip(" ,")
    return cut if terms_of(cut, table.code) else text


def _subject(asked: str, mentions: Sequence[Mention], table: Language) -> str | None:
    names = list(dict.fromkeys(mention.term for mention in mentions))
    if len(names) == 2:  # noqa: PLR2004 - a subject and an object
        second = next(mention for mention in mentions if mention.term == names[1])
        between = normalise(asked[mentions[0].end : second.start])
        return None if table.together_pattern.search(between) else names[0]
    return names[0] if len(names) == 1 else None


def _role(normal: str, table: Language, *, first_person: bool, summary: bool) -> Literal["user", "assistant"] | None:
    if table.addressed_pattern.search(normal):
        return "assistant"
    return "user" if first_person and not summary else None
