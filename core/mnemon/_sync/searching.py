# Generated from core/mnemon/_async/searching.py by tests/contracts/unasync.py; edit that file.
"""Searching: candidates of both channels and the turns around them, ranked by shared code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mnemon._sync.desk import in_chunks
from mnemon.logic.analysis import name_terms
from mnemon.logic.filters import bind, matcher
from mnemon.logic.memories import MEMORIES, record_of
from mnemon.logic.recall import rank, read_query, term_weights
from mnemon.logic.searching import Pooled, following, pool_turns, pooled, preceding
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
    from mnemon.logic.recall import Query, Ranked
    from mnemon.logic.searching import Sought
    from mnemon.types.filters import Filter
    from mnemon.types.recall import RecallConfig
    from mnemon.types.storage import Counts, Match, Row

__all__ = ["read", "search"]

_MOST = 10_000


def read(desk: Desk, query: str, everywhere: Filter, now: datetime, config: RecallConfig) -> Query:
    """Return what a query asks for; names in it count as participants where a scope holds them."""
    names = think(name_terms, query, config.language)
    held: Mapping[str, int] = {}
    if names:
        held = (desk.store.count(desk.project, MEMORIES.name, everywhere, terms=names)).terms
    participants = frozenset(name for name, rows in held.items() if rows)
    return think(read_query, query, now=now, zone=None, participants=participants, config=config)


def search(desk: Desk, sought: Sought, query: Query, vector: NDArray[numpy.float32] | None) -> SearchResult:
    """Return the best memories for a query."""
    counts = desk.store.count(desk.project, MEMORIES.name, sought.everywhere, terms=list(query.terms))
    pool = _candidates(desk, sought, query, vector, counts.rows, counts.terms)
    found = set(pool)
    _surround(desk, sought, pool)
    ranked = think(_ranked, sought, query, vector, pool, counts)
    allowed = matcher(bind(sought.where, MEMORIES))
    wanted: list[Ranked] = []
    for one in ranked:
        if len(wanted) == sought.limit or (sought.threshold is not None and one.score < sought.threshold):
            break
        if one.id in found or allowed(pool[one.id].row):
            wanted.append(one)
    return _hits(desk, sought, pool, wanted)


def _ranked(
    sought: Sought, query: Query, vector: NDArray[numpy.float32] | None, pool: Mapping[str, Pooled], counts: Counts
) -> Sequence[Ranked]:
    return rank(
        query,
        pool_turns(pool, sought.space, vector),
        rows=counts.rows,
        frequencies=counts.terms,
        config=sought.config,
        embedder=sought.embedder,
    )


def _candidates(
    desk: Desk,
    sought: Sought,
    query: Query,
    vector: NDArray[numpy.float32] | None,
    rows: int,
    frequencies: Mapping[str, int],
) -> dict[str, Pooled]:
    """Return the best memories of each channel; what only the words found brings its vector along."""
    weights = term_weights(query.terms, rows=rows, frequencies=frequencies, config=sought.config)
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
        )
    if sought.space is not None and vector is not None:
        by_meaning = desk.store.search(
            desk.project,
            MEMORIES.name,
            Nearest(space=sought.space, vector=vector),
            sought.where,
            limit=sought.config.candidates,
            include=("terms",),
        )
    return pooled(by_words, by_meaning)


def _surround(desk: Desk, sought: Sought, pool: dict[str, Pooled]) -> None:
    """Add the turns before and after the candidates to the pool, ring by ring."""
    edge = list(pool)
    include = ("terms", "metadata", *(() if sought.space is None else (sought.space,)))
    for _ in range(sought.config.rings):
        asked = (("memory_id", preceding(pool, edge)), ("previous", following(pool, edge)))
        edge = list[str]()
        for field, ids in asked:
            for chunk in in_chunks(ids):
                for row in _around(desk, where(field).in_(list(chunk)) & sought.recorded, include):
                    memory_id = str(row.fields["memory_id"])
                    if memory_id not in pool:
                        pool[memory_id] = Pooled(row)
                        edge.append(memory_id)


def _around(desk: Desk, condition: Filter, include: Sequence[str]) -> Sequence[Row]:
    page = desk.store.scan(desk.project, MEMORIES.name, condition, limit=_MOST, include=include)
    return page.rows


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
