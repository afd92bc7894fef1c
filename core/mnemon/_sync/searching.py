# Generated from core/mnemon/_async/searching.py by tests/contracts/unasync.py; edit that file.
"""Searching: candidates of both channels and the turns around them, ranked by shared code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mnemon._sync.desk import in_chunks
from mnemon._sync.spaces import recorded_space
from mnemon.logic.analysis import name_terms
from mnemon.logic.filters import bind, matcher
from mnemon.logic.memories import MEMORIES, record_of
from mnemon.logic.recall import near_terms, rank, read_query, repair, term_weights
from mnemon.logic.searching import POOL_FIELDS, Pooled, Understood, following, pool_turns, pooled, preceding
from mnemon.logic.spaces import check_still
from mnemon.logic.versions import inside
from mnemon.types.filters import where
from mnemon.types.memory import Hit
from mnemon.types.results import SearchResult
from mnemon.types.storage import Nearest, Terms
from mnemon.wrappers.threads import think

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    import numpy
    from numpy.typing import NDArray

    from mnemon._sync.desk import Desk
    from mnemon.logic.recall import Ranked
    from mnemon.logic.searching import Sought
    from mnemon.types.filters import Filter
    from mnemon.types.recall import RecallConfig
    from mnemon.types.storage import Counts, Match

__all__ = ["search", "understand"]

_MOST = 10_000


def understand(desk: Desk, everywhere: Filter, text: str, now: datetime, config: RecallConfig) -> Understood:
    """Return what a query asks for: who of the scope it names, how rare its words are there, which are slips."""
    names = think(name_terms, text, config.language)
    held: Mapping[str, int] = (_count(desk, everywhere, names)).terms if names else {}
    named = frozenset(name for name, number in held.items() if number)
    query = think(read_query, text, now=now, zone=None, participants=named, config=config)
    counts = _count(desk, everywhere, list(query.terms))
    frequencies = dict(counts.terms)
    if near := near_terms(query, frequencies=frequencies, config=config):
        frequencies |= (_count(desk, everywhere, near)).terms
        query = repair(query, frequencies=frequencies, config=config)
    return Understood(query=query, rows=counts.rows, frequencies=frequencies)


def _count(desk: Desk, everywhere: Filter, terms: Sequence[str]) -> Counts:
    return desk.store.count(desk.project, MEMORIES.name, everywhere, terms=terms)


def search(desk: Desk, sought: Sought, understood: Understood, vector: NDArray[numpy.float32] | None) -> SearchResult:
    """Return the best memories for a query.

    Raises:
        ConfigError: the vectors of the project were replaced since the memory was opened.
    """
    if sought.space is not None:
        check_still(recorded_space(desk), sought.space)
    pool = _candidates(desk, sought, understood, vector)
    found = set(pool)
    _surround(desk, sought, pool)
    ranked = think(_ranked, sought, understood, vector, pool)
    allowed = matcher(bind(sought.where, MEMORIES))
    wanted: list[Ranked] = []
    for one in ranked:
        if len(wanted) == sought.limit or (sought.threshold is not None and one.score < sought.threshold):
            break
        if one.id in found or allowed(pool[one.id].row):
            wanted.append(one)
    return _hits(desk, sought, pool, wanted)


def _ranked(
    sought: Sought, understood: Understood, vector: NDArray[numpy.float32] | None, pool: Mapping[str, Pooled]
) -> Sequence[Ranked]:
    return rank(
        understood.query,
        pool_turns(pool, sought.space, vector),
        rows=understood.rows,
        frequencies=understood.frequencies,
        config=sought.config,
        embedder=sought.embedder,
    )


def _candidates(
    desk: Desk, sought: Sought, understood: Understood, vector: NDArray[numpy.float32] | None
) -> dict[str, Pooled]:
    """Return the best memories of each channel; what only the words found brings its vector along."""
    frequencies = understood.frequencies
    weights = term_weights(understood.query.terms, rows=understood.rows, frequencies=frequencies, config=sought.config)
    held = {term: weight for term, weight in weights.items() if frequencies.get(term)}
    by_words: Sequence[Match] = ()
    by_meaning: Sequence[Match] = ()
    if held:
        by_words = desk.store.search(
            desk.project,
            MEMORIES.name,
            Terms(weights=held),
            sought.where,
            limit=sought.config.candidates,
            include=("terms",) if sought.space is None or vector is None else ("terms", sought.space),
            fields=POOL_FIELDS,
        )
    if sought.space is not None and vector is not None:
        by_meaning = desk.store.search(
            desk.project,
            MEMORIES.name,
            Nearest(space=sought.space, vector=vector),
            sought.where,
            limit=sought.config.candidates,
            include=("terms",),
            fields=POOL_FIELDS,
        )
    return pooled(by_words, by_meaning)


def _surround(desk: Desk, sought: Sought, pool: dict[str, Pooled]) -> None:
    """Add the turns before and after the candidates to the pool, ring by ring.

    Whether one of them may be found itself is decided by the filter's meaning, on the row as it is here.
    """
    edge = list(pool)
    include = ("terms",) if sought.space is None else ("terms", sought.space)
    for _ in range(sought.config.rings):
        asked = (("memory_id", preceding(pool, edge)), ("previous", following(pool, edge)))
        edge = list[str]()
        for field, ids in asked:
            for chunk in in_chunks(ids):
                page = desk.store.scan(
                    desk.project,
                    MEMORIES.name,
                    where(field).in_(list(chunk)) & sought.recorded,
                    limit=_MOST,
                    include=(*include, "metadata") if sought.by_metadata else include,
                    fields=sought.fields,
                )
                for row in page.rows:
                    memory_id = str(row.fields["memory_id"])
                    if memory_id not in pool and inside(row, sought.scope):
                        pool[memory_id] = Pooled(row)
                        edge.append(memory_id)


def _hits(desk: Desk, sought: Sought, pool: Mapping[str, Pooled], wanted: Sequence[Ranked]) -> SearchResult:
    ids = [pool[one.id].row.id for one in wanted]
    rows = desk.store.get(desk.project, MEMORIES.name, ids)
    # A memory that went between the two reads is left out: it is not there any more.
    return SearchResult(
        tuple(
            Hit(memory=record_of(rows[row_id]), score=one.score, signals=one.signals if sought.explain else None)
            for one, row_id in zip(wanted, ids, strict=True)
            if row_id in rows
        )
    )
