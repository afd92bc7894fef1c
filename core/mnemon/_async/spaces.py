"""The vector space of a project: read, and made when the first vector is."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mnemon.logic.memories import MEMORIES
from mnemon.logic.spaces import ANALYSIS, EMBEDDING, SETTINGS, analysis_row, check_analysis, space_of, space_row
from mnemon.types.storage import Put

if TYPE_CHECKING:
    from mnemon._async.desk import AsyncDesk
    from mnemon.types.storage import Collection, VectorSpace

__all__ = ["agree_on_words", "declare", "declare_space", "make_space", "recorded_space", "usable_space"]


async def recorded_space(desk: AsyncDesk) -> VectorSpace | None:
    """Return the vector space that the project was begun with, or None."""
    found = await desk.store.get(desk.project, SETTINGS.name, [EMBEDDING], decisive=True)
    return space_of(found.get(EMBEDDING))


async def agree_on_words(desk: AsyncDesk) -> None:
    """Record the language that a project's words are read in; raise where it was begun in another one."""
    found = await desk.store.get(desk.project, SETTINGS.name, [ANALYSIS], decisive=True)
    if not found:
        put = Put(collection=SETTINGS.name, row=analysis_row(desk.language), existing="skip")
        await desk.store.apply(desk.project, [put])
        found = await desk.store.get(desk.project, SETTINGS.name, [ANALYSIS], decisive=True)
    check_analysis(found.get(ANALYSIS), desk.language)


async def usable_space(desk: AsyncDesk, known: VectorSpace | None) -> VectorSpace | None:
    """Return the recorded vector space, declared here; another process may have made one since `known` was read."""
    recorded = await recorded_space(desk)
    if recorded is not None and recorded != known:
        await declare_space(desk, recorded)
    return recorded


async def declare(desk: AsyncDesk, *collections: Collection) -> None:
    """Make room for rows of more collections than the engine's own."""
    await desk.store.declare(*collections)


async def declare_space(desk: AsyncDesk, space: VectorSpace) -> None:
    """Make room for the vectors of a space."""
    await desk.store.declare(replace(MEMORIES, vectors=(space,)))


async def make_space(desk: AsyncDesk, space: VectorSpace, replaces: bool) -> VectorSpace:  # noqa: FBT001 - passed on
    """Record a project's vector space, unless another process was first; return the one that counts."""
    await declare_space(desk, space)
    put = Put(collection=SETTINGS.name, row=space_row(space), existing="replace" if replaces else "skip")
    await desk.store.apply(desk.project, [put])
    recorded = await recorded_space(desk) or space
    if recorded != space:
        await declare_space(desk, recorded)
    return recorded
