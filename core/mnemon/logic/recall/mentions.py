"""Participants whom a query names."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mnemon.logic.analysis.names import PREFIX, name_forms, spoken_words
from mnemon.logic.analysis.words import fold_accents, has_spaceless, normalise

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from mnemon.logic.analysis.languages import Language
    from mnemon.logic.analysis.names import Spoken

__all__ = ["Mention", "find_mentions", "replace_mentions"]


class Mention(NamedTuple):
    """A participant's name in a text.

    Attributes:
        start: where it begins.
        end: where it ends, its possessive ending included.
        term: the participant's term.
        possessive: whether it says that something is theirs.
    """

    start: int
    end: int
    term: str
    possessive: bool


def find_mentions(text: str, participants: Collection[str], table: Language) -> list[Mention]:
    """Return where a text names participants, in order; the longest name wins where several fit."""
    if not participants:
        return []
    words = spoken_words(text)
    longest = 1 + max(term.count("_") for term in participants)
    found: list[Mention] = []
    place = 0
    while place < len(words):
        size, mentions = _at(words[place : place + longest], participants, table, first=place == 0)
        found += mentions
        place += size
    return found


def replace_mentions(text: str, mentions: Sequence[Mention], words: tuple[str, str]) -> str:
    """Return the text with every name replaced by the first word, or the second where it is possessive."""
    if not mentions:
        return text
    parts: list[str] = []
    place = 0
    for mention in mentions:
        parts += text[place : mention.start], words[mention.possessive]
        place = mention.end
    return " ".join("".join((*parts, text[place:])).split())


def _at(
    words: Sequence[Spoken], participants: Collection[str], table: Language, *, first: bool
) -> tuple[int, list[Mention]]:
    """Return how many of the words were read, and whom they name: a full name, or the first word."""
    for size in range(len(words), 1, -1):
        start = [fold_accents(normalise(word)) for _, _, word in words[: size - 1]]
        last = words[size - 1]
        for form in name_forms(last[2], table):
            term = PREFIX + "_".join((*start, form))
            if term in participants:
                return size, [_mention(words[0][0], last, term, form)]
    return 1, list(_single(words[0], participants, table, first=first))


def _single(word: Spoken, participants: Collection[str], table: Language, *, first: bool) -> Iterator[Mention]:
    start, end, written = word
    normal = normalise(written)
    if has_spaceless(normal):
        yield from _spaceless(start, normal, participants, table)
        return
    # "Will" and "May" are names only where they are written as such, and any word is at the start of a sentence.
    large = written[:1].isupper() and not first
    if not large and (normal in table.stop_words or normal in table.doubtful):
        return
    for form in name_forms(written, table):
        if PREFIX + form in participants:
            yield _mention(start, (start, end, written), PREFIX + form, form)
            return


def _mention(start: int, last: Spoken, term: str, form: str) -> Mention:
    possessive = fold_accents(normalise(last[2])) != form
    return Mention(start, last[1], term, possessive)


def _spaceless(start: int, normal: str, participants: Collection[str], table: Language) -> Iterator[Mention]:
    """Yield names inside of a run of characters: neighbouring pairs of which each belongs to a participant."""
    forms = name_forms(normal, table)
    place = 0
    while place < len(forms):
        run = place
        while run < len(forms) and PREFIX + forms[run] in participants:
            run += 1
        if run > place:
            yield Mention(start + place, start + run + 1, PREFIX + forms[place], possessive=False)
        place = max(run, place + 1)
