"""Evidence recall on conversations with questions: `python tests/benchmarks/recall.py [--data FOLDER] [--lexical]`.

The folder (or MNEMON_EVAL_DATA) holds `locomo_dev.json` and `beam_dev.json`. One turn is one memory,
the scope is the question's own conversation, and recall@k is the share of the turns that hold the
evidence among the first k, averaged over questions. What ranks is exactly what an engine runs: the
best 100 by words and by vectors, two rings of neighbours, `rank`.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections import Counter, defaultdict
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.recall_data import LOADERS
from mnemon.logic.analysis import name_terms, speaker_terms
from mnemon.logic.recall import Turn, dense_applies, near_terms, rank, read_query, repair, term_weights
from mnemon.types.recall import RecallConfig

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    from benchmarks.recall_data import Conversation
    from mnemon.logic.recall import Query, Ranked

DEPTHS = (5, 10, 20)
EMBEDDER = "local:all-MiniLM-L6-v2-int8"


class Vectors:
    """Vectors of texts, kept in the temporary folder from run to run."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.gettempdir()) / "mnemon-eval-vectors"
        self._folder.mkdir(exist_ok=True)

    def of(self, texts: Sequence[str]) -> NDArray[np.float32]:
        key = blake2b("\0".join((EMBEDDER, *texts)).encode(), digest_size=16).hexdigest()
        path = self._folder / f"{key}.npy"
        if not path.exists():
            from mnemon.embedders.local import LocalEmbedder  # noqa: PLC0415 - not needed for words alone

            np.save(path, LocalEmbedder().embed(texts))
        return np.load(path)


class Scope:
    """One conversation as a store holds it."""

    def __init__(self, conversation: Conversation, config: RecallConfig, vectors: Vectors | None) -> None:
        self.conversation = conversation
        self.config = config
        self.turns = conversation.turns(config.language)
        self.places = {turn.id: place for place, turn in enumerate(self.turns)}
        self.postings: dict[str, list[int]] = defaultdict(list)
        for place, turn in enumerate(self.turns):
            for term in {*turn.terms, *speaker_terms(turn.speaker or "")}:
                self.postings[term].append(place)
        self.queries = [self.read(question.text) for question in conversation.questions]
        self.cosines: NDArray[np.float32] | None = None
        self.plain = np.zeros((0, 0), np.float32)
        if vectors is not None:
            matrix = vectors.of([message.text for message in conversation.messages])
            self.cosines = vectors.of([query.text for query in self.queries]) @ matrix.T
            named = vectors.of([message.named for message in conversation.messages])
            self.plain = vectors.of([question.text for question in conversation.questions]) @ named.T

    def read(self, text: str) -> Query:
        participants = {term for term in name_terms(text, self.config.language) if term in self.postings}
        now = self.turns[-1].said_at
        query = read_query(text, now=now, zone=None, participants=participants, config=self.config)
        counted = self.frequencies(query.terms)
        near = near_terms(query, frequencies=counted, config=self.config)
        return repair(query, frequencies=counted | self.frequencies(near), config=self.config) if near else query

    def frequencies(self, terms: Iterable[str]) -> dict[str, int]:
        return {term: len(self.postings.get(term, ())) for term in terms}

    def pool(self, number: int) -> list[Turn]:
        """Return what an engine would rank for a question: both channels' best, and their neighbours."""
        query = self.queries[number]
        frequencies = self.frequencies(query.terms)
        weights = term_weights(query.terms, rows=len(self.turns), frequencies=frequencies, config=self.config)
        summed: Counter[int] = Counter()
        for term, weight in weights.items():
            for place in self.postings.get(term, ()):
                summed[place] += weight  # pyright: ignore[reportArgumentType] - counts weights
        most = self.config.candidates
        places = set(sorted(summed, key=lambda place: (-summed[place], place))[:most])
        cosines = self.cosines[number] if self.cosines is not None else None
        if cosines is not None and dense_applies(query, embedder=EMBEDDER, config=self.config):
            places |= set(np.argsort(-cosines, kind="stable")[:most].tolist())
        for _ in range(self.config.rings):
            places |= {near for place in places for near in (place - 1, place + 1) if self._adjacent(place, near)}
        return [self._with_cosine(place, cosines) for place in sorted(places)]

    def _adjacent(self, place: int, near: int) -> bool:
        return 0 <= near < len(self.turns) and self.turns[near].session == self.turns[place].session

    def _with_cosine(self, place: int, cosines: NDArray[np.float32] | None) -> Turn:
        turn = self.turns[place]
        return turn if cosines is None else turn._replace(cosine=float(cosines[place]))

    def ranked(self, number: int, pool: Sequence[Turn]) -> list[Ranked]:
        query = self.queries[number]
        return rank(
            query,
            pool,
            rows=len(self.turns),
            frequencies=self.frequencies(query.terms),
            config=self.config,
            embedder=EMBEDDER if self.cosines is not None else None,
        )


def mnemon(scope: Scope, number: int) -> list[str]:
    return [item.id for item in scope.ranked(number, scope.pool(number))]


def cosine(scope: Scope, number: int) -> list[str]:
    """Return turns by the cosine of "Speaker: text", which is what most memories do."""
    order: list[int] = np.argsort(-scope.plain[number], kind="stable").tolist()
    return [scope.turns[place].id for place in order]


def bm25(scope: Scope, number: int) -> list[str]:
    """Return turns by BM25 (k1 1.2, b .75) over the same terms, names included."""
    from mnemon.logic.analysis import terms_of  # noqa: PLC0415 - for this baseline alone

    count = len(scope.turns)
    mean = sum(len(turn.terms) for turn in scope.turns) / count
    scores = np.zeros(count)
    for term, times in Counter(terms_of(scope.conversation.questions[number].text)).items():
        held = scope.postings.get(term, [])
        weight = times * np.log(1 + (count - len(held) + 0.5) / (len(held) + 0.5))
        for place in held:
            terms = scope.turns[place].terms
            often = terms.count(term)
            scores[place] += weight * often * 2.2 / (often + 1.2 * (0.25 + 0.75 * len(terms) / mean))
    order: list[int] = np.argsort(-scores, kind="stable").tolist()
    return [scope.turns[place].id for place in order]


def measure(scopes: Sequence[Scope], ranking: Callable[[Scope, int], list[str]]) -> dict[str, NDArray[np.float64]]:
    """Return recall at every depth per category, and over all of them as `overall`."""
    rows: dict[str, list[list[float]]] = defaultdict(list)
    for scope in scopes:
        for number, question in enumerate(scope.conversation.questions):
            found = ranking(scope, number)
            row = [len(question.evidence.intersection(found[:depth])) / len(question.evidence) for depth in DEPTHS]
            rows[question.category].append(row)
            if question.counts:
                rows["overall"].append(row)
    return {category: np.mean(values, axis=0) for category, values in rows.items()}


def show(title: str, figures: dict[str, NDArray[np.float64]]) -> None:
    print(f"{title}")
    for category in sorted(figures, key=lambda name: (name != "overall", name)):
        print(f"  {category:<28}" + "".join(f"{value:8.4f}" for value in figures[category]))


def times(scopes: Sequence[Scope]) -> str:
    """Return how long ranking and reading take, in milliseconds."""
    reading: list[float] = []
    ranking: list[float] = []
    sizes: list[int] = []
    for scope in scopes:
        for number, question in enumerate(scope.conversation.questions[:40]):
            pool = scope.pool(number)
            start = time.perf_counter()
            scope.ranked(number, pool)
            ranking.append((time.perf_counter() - start) * 1_000)
            sizes.append(len(pool))
            start = time.perf_counter()
            scope.read(question.text)
            reading.append((time.perf_counter() - start) * 1_000)
    return (
        f"rank p50 {np.median(ranking):.2f} ms, p95 {np.quantile(ranking, 0.95):.2f} ms for a median pool of "
        f"{np.median(sizes):.0f} (most {max(sizes)}); read_query p50 {np.median(reading):.2f} ms"
    )


def evaluate(data: Path, config: RecallConfig, *, lexical_only: bool) -> None:
    for name, (file, load) in LOADERS.items():
        path = data / file
        if not path.exists():
            print(f"{name} skipped: no {file} among the data")
            continue
        conversations = load(path)
        print(f"\n{name}: recall@" + "/".join(map(str, DEPTHS)))
        lexical = [Scope(conversation, config, None) for conversation in conversations]
        show("bm25", measure(lexical, bm25))
        show("mnemon without embedder", measure(lexical, mnemon))
        if not lexical_only:
            vectors = Vectors()
            scopes = [Scope(conversation, config, vectors) for conversation in conversations]
            show("cosine", measure(scopes, cosine))
            show("mnemon", measure(scopes, mnemon))
            print(times(scopes))


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure recall.")
    parser.add_argument("--data", type=Path, default=os.environ.get("MNEMON_EVAL_DATA"))
    parser.add_argument("--lexical", action="store_true", help="words alone, no embedder")
    arguments = parser.parse_args()
    if arguments.data is None or not Path(arguments.data).is_dir():
        print("skipped: no data; name their folder with --data or MNEMON_EVAL_DATA")
        return
    config = RecallConfig()
    evaluate(Path(arguments.data), config, lexical_only=arguments.lexical)


if __name__ == "__main__":
    main()
