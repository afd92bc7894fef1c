"""What a store tells the engine about a scope is what a ranking of the whole scope in memory sees."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from mnemon.apps.evaluation import Engine
from mnemon.logic.analysis import analyse, name_terms, speaker_terms
from mnemon.logic.recall import Turn, rank, read_query, repair
from mnemon.types.recall import RecallConfig

if TYPE_CHECKING:
    from mnemon.apps.evaluation import Conversation, Question

CONFIG = RecallConfig(candidates=1_000, rings=100, alike=None)
"""So much that every session with a candidate is in the pool as a whole."""


class Scope:
    """A conversation as the ranking takes it, put together here and not by a store."""

    def __init__(self, conversation: Conversation) -> None:
        last: dict[str | None, str] = {}
        self.turns: list[Turn] = []
        for place, said in enumerate(conversation.turns):
            found = analyse(said.text)
            self.turns.append(
                Turn(
                    id=said.id,
                    session=said.session,
                    previous=last.get(said.session),
                    order=f"{place:06}",
                    speaker=said.speaker,
                    role=said.role,
                    terms=found.terms,
                    question=found.question,
                    time_words=found.time_words,
                    said_at=said.said_at,
                    cosine=None,
                )
            )
            last[said.session] = said.id
        self.frequencies = Counter(term for turn in self.turns for term in set(turn.terms))
        self.present = {term for turn in self.turns for term in speaker_terms(turn.speaker or "")}
        self.end = max(turn.said_at for turn in self.turns)

    def ranked(self, question: Question) -> list[tuple[str, float]]:
        """Return all turns of the sessions in which any turn shares a word with the question, best first."""
        names = self.present.intersection(name_terms(question.text))
        now = question.asked_at or self.end
        query = read_query(question.text, now=now, zone=None, participants=names, config=CONFIG)
        query = repair(query, frequencies=self.frequencies, config=CONFIG)
        found = rank(query, self.turns, rows=len(self.turns), frequencies=self.frequencies, config=CONFIG)
        return [(one.id, round(one.score, 9)) for one in found if one.signals["session_words"] > 0]


@pytest.mark.parametrize("name", ["koeln", "sevilla", "hangzhou", "kanazawa", "amman", "delhi"])
def test_a_search_ranks_as_a_ranking_of_the_whole_scope(own: list[Conversation], name: str) -> None:
    conversation = next(one for one in own if one.name == name)
    scope = Scope(conversation)

    with Engine(embedder=None, recall=CONFIG, limit=10).holding(conversation, lambda _: None) as held:
        found = [
            [(hit.memory.source_ids[0], round(hit.score, 9)) for hit in held.hits(question)]
            for question in conversation.questions
        ]

    assert found == [scope.ranked(question)[:10] for question in conversation.questions]
    assert sum(map(len, found)) > 5 * len(found)
