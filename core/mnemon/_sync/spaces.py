# Generated from core/mnemon/_async/spaces.py by tests/contracts/unasync.py; edit that file.
"""The vector space of a project: read, and made when the first vector is."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mnemon.logic.memories import MEMORIES
from mnemon.logic.spaces import ANALYSIS, EMBEDDING, SETTINGS, analysis_row, check_analysis, space_of, space_row
from mnemon.types.storage import Put

if TYPE_CHECKING:
    from mnemon._sync.desk import Desk
    from mnemon.types.storage import Collection, VectorSpace

__all__ = ["agree_on_words", "declare", "declare_space", "make_space", "recorded_space", "usable_space"]


def recorded_space(desk: Desk) -> VectorSpace | None:
    """Return the vector space that the project was begun with, or None."""
    found = desk.store.get(desk.project, SETTINGS.name, [EMBEDDING], decisive=True)
    return space_of(found.get(EMBEDDING))


def agree_on_words(desk: Desk) -> None:
    """Record the language that a project's words are read in; raise where it was begun in another one."""
    found = desk.store.get(desk.project, SETTINGS.name, [ANALYSIS], decisive=True)
    if not found:
        put = Put(collection=SETTINGS.name, row=analysis_row(desk.language), existing="skip")
        desk.store.apply(desk.project, [put])
        found = desk.store.get(desk.project, SETTINGS.name, [ANALYSIS], decisive=True)
    check_analysis(found.get(ANALYSIS), desk.language)


def usable_space(desk: Desk, known: VectorSpace | None) -> VectorSpace | None:
    """Return the recorded vector space, declared here; another process may have made one since `known` was read."""
    recorded = recorded_space(desk)
    if recorded is not None and recorded != known:
        declare_space(desk, recorded)
    return recorded


def declare(desk: Desk, *collections: Collection) -> None:
    """Make room for rows of more collections than the engine's own."""
    desk.store.declare(*collections)


def declare_space(desk: Desk, space: VectorSpace) -> None:
    """Make room for the vectors of a space."""
    desk.store.declare(replace(MEMORIES, vectors=(space,)))


def make_space(desk: Desk, space: VectorSpace, replaces: bool) -> VectorSpace:  # noqa: FBT001 - passed on
    """Record a project's vector space, unless another process was first; return the one that counts."""
    declare_space(desk, space)
    put = Put(collection=SETTINGS.name, row=space_row(space), existing="replace" if replaces else "skip")
    desk.store.apply(desk.project, [put])
    recorded = recorded_space(desk) or space
    if recorded != space:
        declare_space(desk, recorded)
    return recorded
