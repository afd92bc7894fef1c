"""What is evaluated: mnemon itself, and the two plain searches that it has to beat."""

from __future__ import annotations

import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from itertools import count, groupby
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from mnemon.apps.evaluation.conversations import Conversation, Question
from mnemon.logic.analysis import terms_of
from mnemon.memory import Memory
from mnemon.protocols.clock import uuid_text
from mnemon.stores.sqlite.store import SQLiteStore
from mnemon.types.message import Image, Message, Text
from mnemon.types.recall import RecallConfig

if TYPE_CHECKING:
    from collections.abc import Generator
    from datetime import datetime

    from numpy.typing import NDArray

    from mnemon.apps.evaluation.conversations import Turn
    from mnemon.protocols.embedder import Embedder
    from mnemon.protocols.store import Store
    from mnemon.types.memory import Hit

    Floats = NDArray[np.float32]

__all__ = ["LIMIT", "Ask", "Asked", "Engine", "System", "bm25", "cosine", "unit"]

Ask: TypeAlias = Callable[[Question], Sequence[str]]
"""Gives the ids of turns, best first."""
System: TypeAlias = Callable[[Conversation, Callable[[int], None]], AbstractContextManager[Ask]]
"""Takes in a conversation, telling how many turns it took each time, and can then be asked."""

LIMIT = 200
"""How many turns are asked for: 2,000 tokens hold fewer, unless turns have less than 10 each."""
_USER = "asked"


class Asked:
    """A conversation as a memory holds it, open for questions."""

    def __init__(self, store: Store, conversation: Conversation, engine: Engine) -> None:
        """Open a memory over a store; the clock stands at the end of the conversation."""
        self._now = self._end = max(turn.said_at for turn in conversation.turns)
        self._store = store
        self._conversation = conversation
        self._engine = engine
        numbers = count(1)
        self.memory = Memory(
            store=store,
            embedder=engine.embedder,
            recall=engine.recall,
            clock=self._clock,
            # Ids in the order of turns: what has the same score and the same time is told apart by them.
            new_id=lambda: uuid_text(next(numbers).to_bytes(16, "big"), 4),
        )

    def _clock(self) -> datetime:
        return self._now

    def take_in(self, took: Callable[[int], None]) -> None:
        """Add the turns, session by session."""
        for session, group in groupby(self._conversation.turns, key=lambda turn: turn.session):
            turns = list(group)
            self.memory.add([_message(turn) for turn in turns], user_id=_USER, run_id=session)
            took(len(turns))

    def hits(self, question: Question, *, limit: int | None = None, explain: bool = False) -> Sequence[Hit]:
        """Return what a search finds when the question is asked; `limit` None is the engine's."""
        self._now = question.asked_at or self._end
        most = self._engine.limit if limit is None else limit
        return self.memory.search(question.text, user_id=_USER, limit=most, explain=explain)

    def ask(self, question: Question) -> list[str]:
        """Return the ids of the turns that were found, best first."""
        return [hit.memory.source_ids[0] for hit in self.hits(question)]

    def ranked_by(self, recall: RecallConfig) -> Asked:
        """Return the same memories, ranked in another way."""
        return Asked(self._store, self._conversation, replace(self._engine, recall=recall))


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """mnemon as anyone runs it: each conversation is added to a file of its own, and searched.

    Attributes:
        embedder: what gives vectors, or None for words alone.
        recall: how memories are ranked.
        limit: how many turns are asked for.
    """

    embedder: Embedder | None
    recall: RecallConfig = field(default_factory=RecallConfig)
    limit: int = LIMIT

    @contextmanager
    def holding(self, conversation: Conversation, took: Callable[[int], None]) -> Generator[Asked]:
        """Hold a conversation in a temporary file."""
        with tempfile.TemporaryDirectory(prefix="mnemon-eval-") as folder:
            store = SQLiteStore(Path(folder) / "eval.db")
            try:
                asked = Asked(store, conversation, self)
                asked.take_in(took)
                yield asked
            finally:
                store.close()

    @contextmanager
    def __call__(self, conversation: Conversation, took: Callable[[int], None]) -> Generator[Ask]:
        """Take in a conversation; see `System`."""
        with self.holding(conversation, took) as asked:
            yield asked.ask


def _message(turn: Turn) -> Message:
    content: tuple[Text | Image, ...] = (Text(turn.text),)
    if turn.caption:
        content = (*content, Image(url="image:not-part-of-the-data", caption=turn.caption))
    role = "assistant" if turn.role == "assistant" else "user"
    return Message(role=role, content=content, id=turn.id, name=turn.speaker, time=turn.said_at)


@contextmanager
def bm25(conversation: Conversation, took: Callable[[int], None]) -> Generator[Ask]:
    """BM25 (k1 1.2, b .75) over mnemon's own terms of "Speaker: text"."""
    held = [Counter(terms_of(turn.named)) for turn in conversation.turns]
    took(len(held))
    lengths = np.array([terms.total() for terms in held], np.float64)
    damping = 1.2 * (0.25 + 0.75 * lengths / max(lengths.mean(), 1))
    postings: defaultdict[str, list[int]] = defaultdict(list)
    for place, terms in enumerate(held):
        for term in terms:
            postings[term].append(place)

    def ask(question: Question) -> list[str]:
        scores = np.zeros(len(held))
        for term, times in Counter(terms_of(question.text)).items():
            places = postings.get(term, [])
            often = np.array([held[place][term] for place in places], np.float64)
            rarity = np.log(1 + (len(held) - len(places) + 0.5) / (len(places) + 0.5))
            scores[places] += times * rarity * often * 2.2 / (often + damping[places])
        # What shares no word was not found.
        best: list[int] = np.argsort(-scores, kind="stable").tolist()
        return [conversation.turns[place].id for place in best[:LIMIT] if scores[place] > 0]

    yield ask


def cosine(embedder: Embedder) -> System:
    """Return the search by the cosine of "Speaker: text" and the question, which is what most memories do."""

    @contextmanager
    def system(conversation: Conversation, took: Callable[[int], None]) -> Generator[Ask]:
        parts: list[Floats] = []
        for start in range(0, len(conversation.turns), 64):
            turns = conversation.turns[start : start + 64]
            parts.append(unit(embedder.embed([turn.named for turn in turns])))
            took(len(turns))
        vectors = np.concatenate(parts)

        def ask(question: Question) -> list[str]:
            cosines = vectors @ unit(embedder.embed([question.text], purpose="query"))[0]
            best: list[int] = np.argsort(-cosines, kind="stable")[:LIMIT].tolist()
            return [conversation.turns[place].id for place in best]

        yield ask

    return system


def unit(vectors: Floats) -> Floats:
    """Return vectors with length 1; one without any direction stays 0."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors / np.where(lengths == 0, 1, lengths)).astype(np.float32)
