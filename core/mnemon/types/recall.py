"""How memories are ranked: every constant of the score, and why it has its value."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from mnemon.errors import ConfigError
from mnemon.types.jsonvalue import shown

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import UnionType

__all__ = ["Calibration", "RecallConfig"]

_LANGUAGE = re.compile(r"[a-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*|neutral")


_WHOLE = {"candidates": (1, 5_000), "rings": (0, 1_000)}
"""Least and most; a store gives 10,000 rows at once, and words alone ask for twice the candidates."""
_NUMBERS = {
    **dict.fromkeys(("neighbour_words", "speaker", "subject", "date", "when", "neighbour_meaning"), (0, 1_000)),
    **dict.fromkeys(("answer", "question", "session_meaning", "session_words"), (0, 1_000)),
    **dict.fromkeys(("length_share", "gathering"), (0, 1)),
    **dict.fromkeys(("term_damping", "usual_length"), (0.001, 1_000_000)),
    "imagined": (2, 1_000_000),  # with fewer, a word that all memories hold would weigh less than nothing
}
_OF_AN_EMBEDDER = {"weight": (0, 1_000), "floor": (-1, 1), "slope": (0.001, 1_000), "centre": (-1_000, 1_000)}


def _check(of: object, bounds: Mapping[str, tuple[float, float]], *, kinds: type | UnionType = int | float) -> None:
    """Refuse constants with which every score would be wrong, or none; NaN is not within any bounds."""
    for name, (least, most) in bounds.items():
        value: object = getattr(of, name)
        if isinstance(value, bool) or not isinstance(value, kinds) or not least <= cast("float", value) <= most:
            number = "whole number" if kinds is int else "number"
            msg = f"{name} must be a {number} from {least:,} to {most:,}, not {shown(value)}"
            raise ConfigError(msg)


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """What makes the scores of one embedder mean the same as those of another.

    Attributes:
        weight: what a cosine of 1 above `floor` adds to the raw score.
        floor: cosine at which closeness begins; some models give unrelated texts .7.
        slope: how steeply the squash rises around `centre`.
        centre: raw score that becomes a score of .5.
        scripts: writing systems that the model was trained on, by their name in Unicode
            (`LATIN`, `CJK`, ...), or None for all. A model that does not know a script ruins the
            sum: on Chinese histories recall@10 was .773 without such vectors and .523 with them.
        languages: ISO 639-1 codes of the languages that the model helps in, or None for all. A query's
            language is told by its stop words, where it has more of another table's than of its own;
            one in a language without a table counts as `RecallConfig.language`.
    """

    weight: float = 1.0
    floor: float = 0.0
    slope: float = 4.0
    centre: float = 1.1
    scripts: frozenset[str] | None = None
    languages: frozenset[str] | None = None

    def __post_init__(self) -> None:
        """Refuse constants that no score can be made with.

        Raises:
            ConfigError: there is one; the message names it and its bounds.
        """
        _check(self, _OF_AN_EMBEDDER)


def _measured() -> dict[str, Calibration]:
    # The model learnt English. On questions of our own its vectors help in Spanish (recall@10 .783 to .867) and
    # spoil German (.964 to .839); no other language was measured.
    local = Calibration(scripts=frozenset({"LATIN"}), languages=frozenset({"en", "es"}))
    return {"local:all-MiniLM-L6-v2-int8": local}


@dataclass(frozen=True, slots=True, kw_only=True)
class RecallConfig:
    """How a query is read and memories are ranked; one default for dialogue and for assistant chats.

    Weights were fitted on LoCoMo (people) and BEAM (user and assistant) together, November 2026:
    of 400 random settings around them 80 % gave .814 to .825 and .636 to .673 recall@10, so there
    is little to gain from others.

    Attributes:
        language: language of the texts as an ISO 639 code, whose table gives stems, stop words and
            cues: `en`, `de` and `es` have one. Every other code, and `neutral`, works on what all
            languages share. It is never guessed: a scope of several languages is best read as `neutral`.
        candidates: memories taken from each channel (words, vectors) into the pool, and twice as many
            where words are the only one. 100 makes the ten best the same on two backends for 98 % of
            queries; with 200 by words alone they are those of a ranking of the whole scope (BEAM +.006).
        rings: how many neighbours on either side of a candidate join the pool. Scoring a turn looks
            one turn away, so the neighbours of candidates need two.
        term_damping: `k1` of the lexical share, BM25's customary 1.2.
        length_share: `b` of the lexical share, BM25's customary .75.
        usual_length: content words of an ordinary turn. A constant, so that a score does not move
            with the scope's mean length (which costs .056 on BEAM).
        neighbour_words: weight of a neighbour's words in a turn between people, who leave to the
            turn before what theirs is about.
        imagined: memories that every scope is imagined to hold besides its own, one of which has the
            word: keeps the weight of words steady in small scopes.
        speaker: for a turn of the one who is asked about.
        subject: the same where the query names two: less, because the other one may have told of it.
            LoCoMo +.005, five of its seven conversations better and one worse; .15 to .3 are alike.
        date: for a turn from a date that the query names; a preference, never a filter.
        when: for a turn with a time expression where the query asks for a time.
        neighbour_meaning: of the closeness of the turns before and after.
        answer: of what a question scored, for the turn after it between people.
        question: taken from a turn that ends with a question, between people.
        session_meaning: of the mean closeness of the session's three best turns.
        session_words: of the mean lexical share of the session's three best turns.
        gathering: share of the two above that is the session's where the answer is spread over many
            turns (how many different ones, in which order, a summary), since it is not in the best
            session alone; the rest is the turn's own worth. BEAM +.004 and by words +.011, LoCoMo
            +.001 and +.001; at .5 and at 0 BEAM gains .001 only.
        alike: share of the terms of two memories, of all that either holds, from which they say the
            same: the worse one is left out of a search. None leaves nothing out.
        calibrations: what is known of embedders, by name.
        uncalibrated: for an embedder that is not among them: its scores rank, but a threshold may
            mean something else.
        lexical: where no vector takes part. Its centre keeps as many right answers above .5 as the
            local embedder's does.
    """

    language: str = "en"
    candidates: int = 100
    rings: int = 2
    term_damping: float = 1.2
    length_share: float = 0.75
    usual_length: float = 20.0
    neighbour_words: float = 0.5
    imagined: float = 50.0
    speaker: float = 0.35
    subject: float = 0.2
    date: float = 0.5
    when: float = 0.2
    neighbour_meaning: float = 0.15
    answer: float = 0.15
    question: float = 0.1
    session_meaning: float = 0.35
    session_words: float = 1.25
    gathering: float = 0.75
    alike: float | None = 0.9
    calibrations: Mapping[str, Calibration] = field(default_factory=_measured)
    uncalibrated: Calibration = field(default_factory=Calibration)
    lexical: Calibration = field(default_factory=lambda: Calibration(weight=0.0, slope=4.0, centre=0.5))

    def __post_init__(self) -> None:
        """Refuse what is no code of a language, and constants that no score can be made with.

        Raises:
            ConfigError: there is one; the message names it.
        """
        _check(self, _WHOLE, kinds=int)
        _check(self, _NUMBERS)
        if not _LANGUAGE.fullmatch(self.language):
            msg = f"language {self.language!r} is no code such as 'en', 'de' or 'es'; 'neutral' is for all others"
            raise ConfigError(msg)
        if self.alike is not None and not 0 < self.alike <= 1:
            msg = f"alike must be a share above 0 and up to 1, or None to leave nothing out, not {self.alike!r}"
            raise ConfigError(msg)

    def is_calibrated(self, embedder: str | None) -> bool:
        """Whether a threshold means what the documentation says of it for the scores of this embedder."""
        return embedder is None or embedder in self.calibrations

    def calibration(self, embedder: str | None) -> Calibration:
        """Return the constants for an embedder by its name, or those without vectors for None."""
        if embedder is None:
            return self.lexical
        return self.calibrations.get(embedder, self.uncalibrated)
