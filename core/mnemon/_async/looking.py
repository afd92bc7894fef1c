"""Searching what a store can tell the changes of: a scope's memories in columns, brought up to now."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from mnemon._async.desk import in_chunks
from mnemon.logic.conditions import CURRENT
from mnemon.logic.embedding import unit_rows
from mnemon.logic.filters import bind, matcher
from mnemon.logic.memories import MEMORIES
from mnemon.logic.scopes import scope_condition
from mnemon.logic.searching import Candidates
from mnemon.logic.sheet import SHEET_FIELDS, Sheet, View, union
from mnemon.protocols.capabilities import Capability
from mnemon.types.scope import Scope
from mnemon.wrappers.threads import athink

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy
    from numpy.typing import NDArray

    from mnemon._async.desk import AsyncDesk
    from mnemon.logic.searching import Sought
    from mnemon.protocols.async_store import AsyncSupportsChanges
    from mnemon.types.filters import Filter

    Cosines = NDArray[numpy.float32]
    Places = NDArray[numpy.intp]
    Truths = NDArray[numpy.bool_]

__all__ = ["look", "looked_up"]

_AT_ONCE = 10_000
_MORE, _EXTRA = 2, 32
"""Candidates are chosen for twice the number and a few more: most filters drop few of the best."""


async def look(desk: AsyncDesk, sought: Sought) -> View | None:
    """Return a scope's current memories, or None where the store is to be asked.

    That is where the store tells no changes, where a search is about another time or the whole
    project, and where `Sheets.begin` says so.
    """
    # Not isinstance of the protocol, which looks at every name of it at each call. Weaviate tells no changes
    # of rows that have replicas.
    if sought.scope is None or sought.recorded != CURRENT or Capability.CHANGES not in desk.store.capabilities:
        return None
    ids = sought.scope.to_dict()
    name = "user_id" if "user_id" in ids else next(iter(ids))
    everywhere = scope_condition(Scope(**{name: ids[name]})) & CURRENT
    key = (name, ids[name], sought.space)
    cleared, sheet = desk.sheets.cleared, desk.sheets.find(key)
    view = None if sheet is None else await _looked_at(desk, everywhere, sought.parts, sought.scope, sheet)
    if view is None:
        rows = (await desk.store.count(desk.project, MEMORIES.name, everywhere)).rows
        if not desk.sheets.begin(key, rows, sought.dimensions):
            return None
        try:
            while view is None:
                new = Sheet(sought.dimensions, sought.space)
                view = await _looked_at(desk, everywhere, sought.parts, sought.scope, new)
        finally:
            desk.sheets.end(key)
    desk.sheets.keep(key, view.sheet, cleared)
    return view


async def _looked_at(
    desk: AsyncDesk, everywhere: Filter, parts: Sequence[str], scope: Scope, sheet: Sheet
) -> View | None:
    """Return the view of a sheet that was brought up to now, or None where only a new sheet helps."""
    while await _bring_up(desk, everywhere, parts, sheet):
        view = await athink(View, sheet, scope)
        if view.whole:  # else another thread is in the middle
            return view
    return None


async def _bring_up(desk: AsyncDesk, everywhere: Filter, parts: Sequence[str], sheet: Sheet) -> bool:
    """Carry out on a sheet what changed since it was looked at; return whether it can be."""
    store = cast("AsyncSupportsChanges", desk.store)
    more = True
    while more:
        since = sheet.mark
        changes = await store.changes(
            desk.project,
            MEMORIES.name,
            everywhere,
            since=since,
            limit=_AT_ONCE,
            include=parts,
            fields=SHEET_FIELDS,
        )
        if (changes.mark != since or not sheet.whole) and not await athink(sheet.take, since, changes):
            return False
        more = changes.more or sheet.mark != changes.mark  # another thread may have carried out less
    return True


async def looked_up(
    desk: AsyncDesk,
    sought: Sought,
    view: View,
    weights: Mapping[str, float],
    vector: NDArray[numpy.float32] | None,
) -> Candidates:
    """Return the pool of a search in a view; `weights` are those of the query's terms."""
    cosines = None
    if sought.space is not None and vector is not None:
        cosines = await athink(view.cosines, unit_rows(vector[None])[0])
    among = view.inside if sought.moment is None else view.unexpired(sought.moment)
    limit = sought.candidates_each(vector)
    if sought.beyond:
        words, meaning = await _filtered(desk, sought, view, weights, cosines, among, limit)
    else:
        words, meaning = await athink(_channels, view, weights, cosines, among, limit)
    places = await athink(view.surrounded, union(words, meaning), sought.config.rings)
    if sought.beyond:
        among = await _meeting(desk, sought, view, places)
    return await athink(_candidates, view, places, words, meaning, among, weights, cosines)


def _channels(
    view: View, weights: Mapping[str, float], cosines: Cosines | None, among: Truths, limit: int
) -> tuple[Places, Places]:
    """Return the best rows of each channel."""
    words = view.by_words(weights, among, limit)
    return words, words[:0] if cosines is None else view.by_meaning(cosines, among, limit)


async def _filtered(
    desk: AsyncDesk,
    sought: Sought,
    view: View,
    weights: Mapping[str, float],
    cosines: Cosines | None,
    among: Truths,
    limit: int,
) -> tuple[Places, Places]:
    """Return the best rows of each channel of those that meet a filter that the view cannot answer."""
    wanted = limit * _MORE + _EXTRA
    channels = await athink(_channels, view, weights, cosines, among, wanted)
    meeting = await _meeting(desk, sought, view, union(*channels))
    kept = [places[meeting[places]] for places in channels]
    if any(len(places) == wanted and len(left) < limit for places, left in zip(channels, kept, strict=True)):
        listed = view.listed(await desk.store.list_ids(desk.project, MEMORIES.name, sought.where))
        return await athink(_channels, view, weights, cosines, listed, limit)
    return kept[0][:limit], kept[1][:limit]


async def _meeting(desk: AsyncDesk, sought: Sought, view: View, places: Places) -> Truths:
    """Return which of these rows meet the whole filter."""
    meets = matcher(bind(sought.where, MEMORIES))
    ids = [view.row_id(place) for place in places.tolist()]
    met: set[str] = set()
    for chunk in list(in_chunks(ids)):
        rows = await desk.store.get(
            desk.project,
            MEMORIES.name,
            chunk,
            include=("metadata",) if sought.by_metadata else (),
            fields=sought.asked,
        )
        met |= {row_id for row_id, row in rows.items() if meets(row)}
    return view.marked(place for place, row_id in zip(places.tolist(), ids, strict=True) if row_id in met)


def _candidates(
    view: View,
    places: Places,
    words: Places,
    meaning: Places,
    allowed: Truths,
    weights: Mapping[str, float],
    cosines: Cosines | None,
) -> Candidates:
    may: list[bool] = allowed[places].tolist()
    return Candidates(
        pool=view.pool(places, list(weights), cosines),
        row_id=lambda number: view.row_id(int(places[number])),
        by_words=lambda number: bool((words == places[number]).any()),
        by_meaning=lambda number: bool((meaning == places[number]).any()),
        allowed=may.__getitem__,
        terms=lambda number: view.terms(int(places[number])),
        marks=lambda number: view.said_by(int(places[number])),
    )
