"""Calibration: what makes the scores of an embedder mean what those of the local one mean.

Cosines of models differ: of some, texts that have nothing to do with each other have .7. Two numbers tell how a
model uses its range: the mean cosine of texts that do not belong together, and of those that do. `floor` and
`weight` map them to those of the local embedder, for which every other constant of the score was chosen.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from mnemon.apps.evaluation.systems import Engine, unit
from mnemon.errors import InvalidInputError
from mnemon.logic.recall import read_query
from mnemon.types.recall import Calibration, RecallConfig

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from mnemon.apps.evaluation.conversations import Conversation, Question
    from mnemon.apps.evaluation.systems import Asked
    from mnemon.protocols.embedder import Embedder

    Floats = NDArray[np.float64]

__all__ = ["LEAST_MEMORIES", "LEAST_QUESTIONS", "SAMPLE", "Fit", "fit_to_memories", "fit_to_questions"]

LEAST_QUESTIONS = 20
LEAST_MEMORIES = 100
SAMPLE = 300
"""Memories that are compared with each other: how close the nearest of them are depends on their number."""
_SEED = 20_261_122
_KEPT_BY_HALF, _KEPT_BY_QUARTER = 0.87, 0.96
"""Share of questions whose best evidence a threshold of .5 and of .25 keeps with the local embedder (the mean of
LoCoMo and BEAM)."""
_SPOILT = 0.02
"""A script is left out where vectors cost it more recall@10 than this."""
_DEEP = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Spread:
    """Mean cosines of texts that do not belong together, and of those that do."""

    apart: float
    together: float


_QUESTIONS = _Spread(apart=0.167, together=0.432)
"""Of the local embedder, between questions and turns: the mean of LoCoMo (.115, .334) and BEAM (.218, .530)."""
_MEMORIES = _Spread(apart=0.243, together=0.642)
"""Of the local embedder, between `SAMPLE` turns of one conversation, each with its nearest: LoCoMo."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """A calibration, and what it was fitted on.

    Attributes:
        embedder: name of the embedder.
        calibration: its constants.
        apart: mean cosine of texts that do not belong together.
        together: mean cosine of those that do.
        questions: how many questions, or 0 where memories alone were looked at: then `slope` and `centre` are
            those of the local embedder.
        memories: how many memories.
    """

    embedder: str
    calibration: Calibration
    apart: float
    together: float
    questions: int
    memories: int


def fit_to_memories(embedder: Embedder, texts: Sequence[str]) -> Fit:
    """Fit `floor` and `weight` to memories without questions: to how close each one's nearest neighbour is.

    What is known of the scripts and languages of an embedder stays.

    Raises:
        InvalidInputError: there are fewer than `LEAST_MEMORIES` different texts.
    """
    different = list(dict.fromkeys(texts))
    if len(different) < LEAST_MEMORIES:
        msg = f"{len(different)} different memories are too few; {LEAST_MEMORIES} are needed, or a file of questions"
        raise InvalidInputError(msg)
    places: list[int] = np.random.default_rng(_SEED).permutation(len(different))[:SAMPLE].tolist()
    vectors = unit(embedder.embed([different[place] for place in places]))
    cosines = (vectors @ vectors.T).astype(np.float64)
    others = ~np.eye(len(vectors), dtype=bool)
    spread = _Spread(
        apart=float(cosines[others].mean()), together=float(np.where(others, cosines, -1).max(axis=1).mean())
    )
    return Fit(
        embedder=embedder.name,
        calibration=_mapped(spread, _MEMORIES, embedder.name),
        apart=spread.apart,
        together=spread.together,
        questions=0,
        memories=len(vectors),
    )


def fit_to_questions(
    embedder: Embedder,
    conversations: Sequence[Conversation],
    *,
    recall: RecallConfig | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Fit:
    """Fit all constants to questions whose evidence is known.

    `floor` and `weight` by how close questions are to their evidence; `centre` and `slope` so that thresholds of .5
    and .25 keep as many answers as with the local embedder; `scripts` by where vectors help. What is known of its
    scripts stays where no question tells otherwise, and what is known of its languages.

    Raises:
        InvalidInputError: there are fewer than `LEAST_QUESTIONS` questions.
    """
    asked = sum(len(conversation.questions) for conversation in conversations)
    if asked < LEAST_QUESTIONS:
        msg = f"{asked} questions are too few to fit five constants; at least {LEAST_QUESTIONS} are needed"
        raise InvalidInputError(msg)
    base = recall or RecallConfig()
    spread = _spread(embedder, conversations)
    mapped = _mapped(spread, _QUESTIONS, embedder.name)
    everywhere = replace(mapped, scripts=None)
    dense = replace(base, calibrations={**base.calibrations, embedder.name: everywhere})
    without = replace(base, calibrations={**base.calibrations, embedder.name: replace(mapped, scripts=frozenset())})
    raws: list[float] = []
    scripts: defaultdict[str, list[tuple[float, float]]] = defaultdict(list)
    for number, conversation in enumerate(conversations, 1):
        with Engine(embedder=embedder, recall=dense).holding(conversation, _ignore) as held:
            plain = held.ranked_by(without)
            for question in conversation.questions:
                script = read_query(
                    question.text, now=conversation.turns[-1].said_at, zone=None, participants=(), config=base
                ).script
                recall_with, raw = _looked_up(held, question, mapped)
                raws += [] if raw is None else [raw]
                scripts[script].append((recall_with, _looked_up(plain, question, mapped)[0]))
        if progress is not None:
            progress(number, len(conversations))
    return Fit(
        embedder=embedder.name,
        calibration=_placed(replace(mapped, scripts=_scripts(scripts, mapped.scripts)), raws),
        apart=spread.apart,
        together=spread.together,
        questions=asked,
        memories=sum(len(conversation.turns) for conversation in conversations),
    )


def _ignore(count: int) -> None:
    del count


def _spread(embedder: Embedder, conversations: Sequence[Conversation]) -> _Spread:
    """Return the mean cosine of questions and other turns, and of questions and the closest of their evidence."""
    apart: list[float] = []
    together: list[float] = []
    for conversation in conversations:
        if not conversation.questions:
            continue
        turns = unit(embedder.embed([turn.text for turn in conversation.turns]))
        questions = unit(embedder.embed([question.text for question in conversation.questions], purpose="query"))
        for question, cosines in zip(conversation.questions, questions @ turns.T, strict=True):
            gold = np.array([turn.id in question.evidence for turn in conversation.turns])
            together.append(float(cosines[gold].max()))
            if not gold.all():
                apart.append(float(cosines[~gold].mean()))
    if not apart:
        msg = "every turn is evidence of every question; add conversations in which most turns are not"
        raise InvalidInputError(msg)
    return _Spread(apart=float(np.mean(apart)), together=float(np.mean(together)))


def _mapped(own: _Spread, local: _Spread, name: str) -> Calibration:
    """Return the constants that map one embedder's cosines to those of the local one."""
    width = own.together - own.apart
    if not width > 0:
        msg = (
            f"embedder {name!r} gives texts that belong together a cosine of {own.together:.3f} and others "
            f"{own.apart:.3f}: its vectors tell nothing on these data; use another embedder, or none"
        )
        raise InvalidInputError(msg)
    weight = (local.together - local.apart) / width
    known = RecallConfig().calibrations.get(name, Calibration())
    return Calibration(
        weight=round(weight, 3),
        floor=round(own.apart - local.apart / weight, 3),
        scripts=known.scripts,
        languages=known.languages,
    )


def _looked_up(held: Asked, question: Question, calibration: Calibration) -> tuple[float, float | None]:
    """Return recall@10 of a question, and the raw score of its best evidence or None where that was not found."""
    hits = held.hits(question, limit=_DEEP)
    gold = [place for place, hit in enumerate(hits) if hit.memory.source_ids[0] in question.evidence]
    recall = sum(place < 10 for place in gold) / len(question.evidence)  # noqa: PLR2004 - recall@10
    if not gold:
        return recall, None
    score = min(max(hits[gold[0]].score, 1e-12), 1 - 1e-12)
    return recall, calibration.centre + math.log(score / (1 - score)) / calibration.slope


def _placed(calibration: Calibration, raws: Sequence[float]) -> Calibration:
    """Return the constants with `centre` and `slope` at the quantiles of the raw scores of what answers."""
    centre, low = np.quantile(raws, [1 - _KEPT_BY_HALF, 1 - _KEPT_BY_QUARTER]).tolist()
    slope = math.log(3) / max(centre - low, 0.05)  # a score of .25 lies ln 3 / slope below the centre
    return replace(calibration, centre=round(centre, 3), slope=round(slope, 3))


def _scripts(found: Mapping[str, Sequence[tuple[float, float]]], known: frozenset[str] | None) -> frozenset[str] | None:
    """Return the scripts in which vectors do no harm, or None where there is none that they harm.

    `found` has recall@10 with and without vectors by script; `known` are the scripts that stood until now.
    """
    told = {script: pairs for script, pairs in found.items() if script and len(pairs) >= LEAST_QUESTIONS}
    spoilt = {script for script, pairs in told.items() if float(np.mean([a - b for a, b in pairs])) < -_SPOILT}
    if known is not None:
        return known.union(told) - spoilt
    return frozenset(script for script in found if script and script not in spoilt) if spoilt else None
