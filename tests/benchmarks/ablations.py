"""Questions asked without one part of the ranking at a time, and with weights that suit other conversations."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from mnemon.apps.evaluation import Engine
from mnemon.apps.evaluation.figures import bootstrap
from mnemon.logic.recall import SIGNALS
from mnemon.types.recall import RecallConfig

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from mnemon.apps.evaluation import Conversation, Question
    from mnemon.apps.evaluation.systems import Asked
    from mnemon.protocols.embedder import Embedder

    Floats = NDArray[np.float64]

__all__ = ["DRAWS", "NOTHING", "RULES", "Answered", "ablations", "answered", "folds"]

DRAWS = 300
"""Settings that a fold chooses from: each weight times .5 to 2, spread evenly on a logarithmic scale."""
_SEED = 20_261_122
_POOL = 1_000
NOTHING = "nothing"
_WORDS = SIGNALS.index("words")
RULES: Mapping[str, Mapping[str, Any]] = {
    "words of the turns beside it": {"neighbour_words": 0.0},
    "the turns beside candidates": {"rings": 0},
    "the subject of two names": {"subject": 0.0},
    "less of the session where the answer is spread": {"gathering": 1.0},
    "leaving out what says the same": {"alike": None},
}
"""Parts of the ranking that are no signal of their own, and the configuration without each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What was ranked for the questions of a conversation.

    Attributes:
        group: which data, and whether with an embedder.
        name: of the conversation.
        questions: per question the signals (memories x signals), which memories are gold, and how many gold there is.
        without: recall@10 of each question without each of `RULES`.
    """

    group: str
    name: str
    questions: Sequence[tuple[Floats, NDArray[np.bool_], int]]
    without: Mapping[str, Sequence[float]]

    def recalls(self, factors: Floats) -> Floats:
        """Return recall@10 under settings (settings x signals) that multiply the signals: (settings, questions)."""
        return np.array([_recall(factors, *question) for question in self.questions]).T


def _recall(factors: Floats, parts: Floats, gold: NDArray[np.bool_], evidence: int) -> Floats:
    raw = factors @ parts.T
    best = np.argsort(-raw.round(6), axis=1, kind="stable")[:, :10]
    return gold[best].sum(axis=1) / evidence


def answered(conversations: Sequence[Conversation], *, group: str, embedder: Embedder | None) -> list[Answered]:
    """Ask every question once and keep the signals of all that was ranked, and once without each rule."""
    found: list[Answered] = []
    for number, conversation in enumerate(conversations, 1):
        sys.stderr.write(f"{group} {number}/{len(conversations)}: {len(conversation.turns)} turns\n")
        with Engine(embedder=embedder, limit=_POOL).holding(conversation, lambda _: None) as held:
            questions = [_signals(held, question) for question in conversation.questions]
            without = {
                name: _asked(held.ranked_by(replace(RecallConfig(), **changes)), conversation.questions)
                for name, changes in RULES.items()
            }
        found.append(Answered(group=group, name=conversation.name, questions=questions, without=without))
    return found


def _signals(held: Asked, question: Question) -> tuple[Floats, NDArray[np.bool_], int]:
    hits = held.hits(question, explain=True)
    parts = np.array([[(hit.signals or {})[name] for name in SIGNALS] for hit in hits]).reshape(-1, len(SIGNALS))
    gold = np.array([hit.memory.source_ids[0] in question.evidence for hit in hits], bool)
    return parts, gold, len(question.evidence)


def _asked(held: Asked, questions: Sequence[Question]) -> list[float]:
    found = ({hit.memory.source_ids[0] for hit in held.hits(question, limit=10)} for question in questions)
    return [
        len(ids & question.evidence) / len(question.evidence) for ids, question in zip(found, questions, strict=True)
    ]


def ablations(found: Sequence[Answered]) -> dict[str, dict[str, dict[str, float]]]:
    """Return per part that is left out, and per group, recall@10 without it and what changed.

    `change` has a 95 % interval over questions (`low`, `high`); `worse` and `better` count conversations.
    """
    factors = np.concatenate([np.ones((1, len(SIGNALS))), 1 - np.eye(len(SIGNALS))])
    rows: dict[str, dict[str, dict[str, float]]] = {name: {} for name in (NOTHING, *SIGNALS, *RULES)}
    for group in dict.fromkeys(one.group for one in found):
        own = [one for one in found if one.group == group]
        recalls = [one.recalls(factors) for one in own]
        for place, name in enumerate((NOTHING, *SIGNALS)):
            rows[name][group] = _change([each[place] for each in recalls], [each[0] for each in recalls])
        for name in RULES:
            rows[name][group] = _change([np.array(one.without[name]) for one in own], [each[0] for each in recalls])
    return rows


def _change(without: Sequence[Floats], default: Sequence[Floats]) -> dict[str, float]:
    changes = [one - other for one, other in zip(without, default, strict=True)]
    (change,) = bootstrap(np.concatenate(changes)[:, None])
    return {
        "recall": float(np.concatenate(without).mean()),
        "change": change.value,
        "low": change.low,
        "high": change.high,
        "worse": sum(bool(one.mean() < 0) for one in changes),
        "better": sum(bool(one.mean() > 0) for one in changes),
    }


def folds(found: Sequence[Answered]) -> dict[str, Any]:
    """Return recall@10 with the default weights, and with those that suit all other conversations best.

    `found` are of groups that share a setting: a setting is judged by the mean of the groups' means. Per group:
    `default`, `refitted`, what 80 % of the settings reach (`low`, `high`), and both values per conversation.
    """
    chance = np.random.default_rng(_SEED)
    factors = 2 ** chance.uniform(-1, 1, (DRAWS, len(SIGNALS)))
    factors[0] = 1  # the default
    factors[:, _WORDS] = 1  # the unit in which the others are weighed
    results = [one.recalls(factors) for one in found]
    groups = list(dict.fromkeys(one.group for one in found))
    chosen: list[Floats] = []
    for left_out in range(len(found)):
        others = [
            np.concatenate([results[i] for i, one in enumerate(found) if i != left_out and one.group == group], axis=1)
            for group in groups
            if any(i != left_out and one.group == group for i, one in enumerate(found))
        ]
        best = int(np.argmax(np.mean([rows.mean(axis=1) for rows in others], axis=0)))
        chosen.append(results[left_out][best])
    told: dict[str, Any] = {}
    for group in groups:
        own = [i for i, one in enumerate(found) if one.group == group]
        everywhere = np.concatenate([results[i] for i in own], axis=1).mean(axis=1)
        low, high = np.percentile(everywhere, [10, 90]).tolist()
        told[group] = {
            "default": float(everywhere[0]),
            "refitted": float(np.concatenate([chosen[i] for i in own]).mean()),
            "low": low,
            "high": high,
            "conversations": {found[i].name: [float(results[i][0].mean()), float(chosen[i].mean())] for i in own},
        }
    return told
