"""An evaluation carried out, and what it found."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np

from mnemon.apps.evaluation.conversations import OVERALL
from mnemon.apps.evaluation.figures import MEASURES, SEED, Figure, bootstrap, measures

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mnemon.apps.evaluation.conversations import Conversation
    from mnemon.apps.evaluation.systems import System
    from mnemon.types.jsonvalue import Json

__all__ = ["Report", "evaluate"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What was found.

    Attributes:
        conversations: how many there were.
        turns: how many turns they have together.
        questions: how many questions of each category were asked, `overall` first.
        figures: by system, category and measure.
        seed: of the resampling.
    """

    conversations: int
    turns: int
    questions: Mapping[str, int]
    figures: Mapping[str, Mapping[str, Mapping[str, Figure]]]
    seed: int = SEED

    def value(self, system: str, measure: str = "recall@10", category: str = OVERALL) -> float:
        """Return one mean."""
        return self.figures[system][category][measure].value

    def to_dict(self) -> dict[str, Json]:
        """Return the report as JSON data."""
        return {
            "conversations": self.conversations,
            "turns": self.turns,
            "questions": dict(self.questions),
            "seed": self.seed,
            "interval": "95 %, bootstrap over questions",
            "figures": {
                system: {
                    category: {measure: dict(asdict(figure)) for measure, figure in values.items()}
                    for category, values in categories.items()
                }
                for system, categories in self.figures.items()
            },
        }


def evaluate(
    conversations: Sequence[Conversation],
    systems: Mapping[str, System],
    *,
    seed: int = SEED,
    progress: Callable[[int, int], None] | None = None,
) -> Report:
    """Ask every system every question.

    Args:
        conversations: at least one question among them.
        systems: what is asked, by name.
        seed: of the resampling that gives the intervals.
        progress: called with how many turns and questions of how many are done.
    """
    turns = sum(len(conversation.turns) for conversation in conversations)
    asked = sum(len(conversation.questions) for conversation in conversations)
    total = (turns + asked) * len(systems)
    done = 0

    def tell(steps: int) -> None:
        nonlocal done
        done += steps
        if progress is not None:
            progress(done, total)

    rows = {name: [_answered(system, one, tell) for one in conversations] for name, system in systems.items()}
    return Report(
        conversations=len(conversations),
        turns=turns,
        questions={category: len(places) for category, places in _categories(conversations).items()},
        figures={name: _figures(conversations, answered, seed) for name, answered in rows.items()},
        seed=seed,
    )


def _answered(system: System, conversation: Conversation, tell: Callable[[int], None]) -> list[list[float]]:
    """Return the measures of a conversation's questions, in their order."""
    if not conversation.questions:
        tell(len(conversation.turns))
        return []
    texts = {turn.id: turn.named for turn in conversation.turns}
    rows: list[list[float]] = []
    with system(conversation, tell) as ask:
        for question in conversation.questions:
            rows.append(measures(ask(question), question.evidence, texts))
            tell(1)
    return rows


def _categories(conversations: Sequence[Conversation]) -> dict[str, list[int]]:
    """Return the places of each category's questions among all of them, `overall` first, then by name."""
    places: defaultdict[str, list[int]] = defaultdict(list)
    questions = [question for conversation in conversations for question in conversation.questions]
    for place, question in enumerate(questions):
        for category in question.categories:
            places[category].append(place)
    overall = [place for place, question in enumerate(questions) if question.counts]
    return {OVERALL: overall or list(range(len(questions))), **dict(sorted(places.items()))}


def _figures(
    conversations: Sequence[Conversation], answered: Sequence[Sequence[Sequence[float]]], seed: int
) -> dict[str, dict[str, Figure]]:
    rows = np.array([row for rows in answered for row in rows], np.float64)
    return {
        category: dict(zip(MEASURES, bootstrap(rows[places], seed=seed), strict=True))
        for category, places in _categories(conversations).items()
    }
