# Generated from core/mnemon/_async/searching.py by tests/contracts/unasync.py; edit that file.
"""Searching: candidates of both channels and the turns around them, ranked by shared code."""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING, cast

from mnemon._sync.desk import in_chunks
from mnemon._sync.looking import look, looked_up
from mnemon._sync.spaces import recorded_space
from mnemon.logic.analysis import name_terms
from mnemon.logic.memories import MEMORIES, record_of
from mnemon.logic.recall import near_terms, ranking, read_query, repair, term_weights
from mnemon.logic.scopes import scope_condition
from mnemon.logic.searching import (
    Pooled,
    Understood,
    candidates_of,
    following,
    judged,
    lost_before,
    neighbours,
    pool_cosines,
    pooled,
    preceding,
    was_deleted,
)
from mnemon.logic.spaces import check_still
from mnemon.types.filters import where
from mnemon.types.memory import Hit
from mnemon.types.results import SearchResult, WhyNot
from mnemon.types.storage import Counts, Nearest, Terms
from mnemon.wrappers.threads import think

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime, tzinfo

    import numpy
    from numpy.typing import NDArray

    from mnemon._sync.desk import Desk
    from mnemon.logic.recall import Ranked
    from mnemon.logic.searching import Candidates, Judged, Sought
    from mnemon.logic.sheet import View
    from mnemon.types.results import Step
    from mnemon.types.storage import Match

__all__ = ["search", "understand", "why_not"]

_MOST = 10_000


def understand(desk: Desk, sought: Sought, text: str, now: datetime, zone: tzinfo | None) -> Understood:
    """Return what a query asks for: who of the scope it names, how rare its words are there, which are slips.

    Days begin where `zone` says, which may be another one than that of `now`.
    """
    config, view = sought.config, look(desk, sought)
    names = think(name_terms, text, config.language)
    query = think(read_query, text, now=now, zone=zone, participants=(), config=config)
    counts = _count(desk, sought, view, [*names, *query.terms])
    frequencies = dict(counts.terms)
    if named := [name for name in names if frequencies[name]]:
        query = think(read_query, text, now=now, zone=zone, participants=named, config=config)
        if unknown := query.terms.keys() - frequencies.keys():  # a name was part of a longer word
            frequencies |= (_count(desk, sought, view, sorted(unknown))).terms
    if near := near_terms(query, frequencies=frequencies, config=config):
        frequencies |= (_count(desk, sought, view, near)).terms
        query = repair(query, frequencies=frequencies, config=config)
    held = {term: frequencies[term] for term in query.terms}
    return Understood(query=query, rows=counts.rows, frequencies=held, view=view)


def _count(desk: Desk, sought: Sought, view: View | None, terms: Sequence[str]) -> Counts:
    if view is None:
        return desk.store.count(desk.project, MEMORIES.name, sought.everywhere, terms=terms)
    return Counts(rows=view.count, terms=view.frequencies(terms))


def search(desk: Desk, sought: Sought, understood: Understood, vector: NDArray[numpy.float32] | None) -> SearchResult:
    """Return the best memories for a query.

    Raises:
        ConfigError: the vectors of the project were replaced since the memory was opened.
    """
    candidates, weights = _pool(desk, sought, understood, vector)
    wanted = think(_wanted, sought, understood, candidates, weights)
    return _hits(desk, sought, candidates, wanted)


def why_not(
    desk: Desk, sought: Sought, understood: Understood, vector: NDArray[numpy.float32] | None, memory_id: str
) -> WhyNot:
    """Return what becomes of one memory in a search."""
    lost = _lost_before(desk, sought, memory_id)
    if lost in {"scope", "current"}:
        return WhyNot(memory_id=memory_id, step=lost)
    candidates, weights = _pool(desk, sought, understood, vector)
    if memory_id not in candidates.pool.ids:
        return WhyNot(memory_id=memory_id, step=lost or "candidates")
    every = think(_every, sought, understood, candidates, weights)
    fate = next(one for one in every if one.ranked.id == memory_id)
    return WhyNot(
        memory_id=memory_id,
        step=lost or fate.step,
        by_words=candidates.by_words(fate.ranked.place),
        by_meaning=candidates.by_meaning(fate.ranked.place),
        score=fate.ranked.score,
        rank=fate.rank,
        signals=fate.ranked.signals,
        same_as=fate.same_as,
    )


def _lost_before(desk: Desk, sought: Sought, memory_id: str) -> Step | None:
    """Return at which step a memory is lost that no channel is asked about, or None."""
    own = where("memory_id").eq(memory_id)
    mine = own if sought.scope is None else own & scope_condition(sought.scope)
    if not desk.store.list_ids(desk.project, MEMORIES.name, mine):
        return "scope"
    page = desk.store.scan(desk.project, MEMORIES.name, mine & sought.recorded, include=("metadata",))
    if not page.rows:
        return "current"
    return lost_before(sought, max(page.rows, key=lambda row: cast("int", row.fields["version"])))


def _pool(
    desk: Desk, sought: Sought, understood: Understood, vector: NDArray[numpy.float32] | None
) -> tuple[Candidates, dict[str, float]]:
    """Return what is ranked, and the weights of the query's terms."""
    if sought.space is not None:
        check_still(recorded_space(desk), sought.space)
    weights = term_weights(
        understood.query.terms, rows=understood.rows, frequencies=understood.frequencies, config=sought.config
    )
    if understood.view is not None:
        return looked_up(desk, sought, understood.view, weights, vector), weights
    held = {term: weight for term, weight in weights.items() if understood.frequencies.get(term)}
    pool = _found(desk, sought, held, vector)
    found = set(pool)
    _surround(desk, sought, pool)
    cosines = think(pool_cosines, pool, sought.space, vector)
    return think(candidates_of, sought, pool, found, cosines, list(weights)), weights


def _every(
    sought: Sought, understood: Understood, candidates: Candidates, weights: Mapping[str, float]
) -> list[Judged]:
    return list(_judged(sought, understood, candidates, weights))


def _wanted(
    sought: Sought, understood: Understood, candidates: Candidates, weights: Mapping[str, float]
) -> list[Ranked]:
    wanted: list[Ranked] = []
    for one in _judged(sought, understood, candidates, weights):
        if one.step in {"threshold", "limit"}:
            break
        if one.step == "found":
            wanted.append(one.ranked)
    return wanted


def _judged(
    sought: Sought, understood: Understood, candidates: Candidates, weights: Mapping[str, float]
) -> Iterator[Judged]:
    ranked = ranking(understood.query, candidates.pool, weights, config=sought.config, embedder=sought.embedder)
    return judged(sought, ranked, candidates)


def _found(
    desk: Desk, sought: Sought, held: Mapping[str, float], vector: NDArray[numpy.float32] | None
) -> dict[str, Pooled]:
    """Return the best memories of each channel; what only the words found brings its vector along."""
    by_words: Sequence[Match] = ()
    by_meaning: Sequence[Match] = ()
    if held:
        by_words = desk.store.search(
            desk.project,
            MEMORIES.name,
            Terms(weights=held),
            sought.where,
            limit=sought.candidates_each(vector),
            include=sought.parts,
            fields=sought.fields,
        )
    if sought.space is not None and vector is not None:
        by_meaning = desk.store.search(
            desk.project,
            MEMORIES.name,
            Nearest(space=sought.space, vector=vector),
            sought.where,
            limit=sought.config.candidates,
            include=sought.parts,
            fields=sought.fields,
        )
    return pooled(by_words, by_meaning)


def _surround(desk: Desk, sought: Sought, pool: dict[str, Pooled]) -> None:
    """Add the turns before and after the candidates to the pool, ring by ring.

    Whether one of them may be found itself is decided by the filter's meaning, on the row as it is here.
    """
    edge = list(pool)
    ids = dict[str, str]() if sought.scope is None else sought.scope.to_dict()
    for _ in range(sought.config.rings):
        asked = zip_longest(in_chunks(preceding(pool, edge)), in_chunks(following(pool, edge)), fillvalue=())
        edge = list[str]()
        for before, after in list(asked):
            page = desk.store.scan(
                desk.project,
                MEMORIES.name,
                neighbours(before, after) & sought.recorded,
                limit=_MOST,
                include=(*sought.parts, "metadata") if sought.by_metadata else sought.parts,
                fields=sought.fields,
            )
            for row in page.rows:
                memory_id = cast("str", row.fields["memory_id"])
                if memory_id not in pool and ids.items() <= row.fields.items():
                    pool[memory_id] = Pooled(row)
                    edge.append(memory_id)


def _hits(desk: Desk, sought: Sought, candidates: Candidates, wanted: Sequence[Ranked]) -> SearchResult:
    ids = [candidates.row_id(one.place) for one in wanted]
    # Decisive: a node of a cluster that just came back still finds what was deleted meanwhile. A memory
    # that is not there any more, or deleted since, is left out.
    there = desk.store.get(desk.project, MEMORIES.name, ids, decisive=True)
    rows = {row_id: row for row_id, row in there.items() if not was_deleted(sought, row)}
    return SearchResult(
        tuple(
            Hit(memory=record_of(rows[row_id]), score=one.score, signals=one.signals if sought.explain else None)
            for one, row_id in zip(wanted, ids, strict=True)
            if row_id in rows
        )
    )
