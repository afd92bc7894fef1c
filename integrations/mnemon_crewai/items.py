"""What is remembered as what `add_many` takes, and what that stored as CrewAI's records."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mnemon import Message
from mnemon_crewai.records import About, to_record, with_marks

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from crewai.memory.types import MemoryRecord

    from mnemon.types.results import AddResult

__all__ = ["first_of", "items_of", "records_of"]


def items_of(
    contents: Sequence[str],
    about: About,
    categories: Sequence[str] | None,
    metadata: Mapping[str, Any] | None,
    agent_role: str | None,
) -> list[dict[str, object]]:
    """Return what to add: what an agent said, or facts that nobody said here."""
    spoken = bool((agent_role or "").strip())
    items: list[dict[str, object]] = []
    for place, text in enumerate(contents):
        marks = with_marks(metadata, about if about.part_of is None else replace(about, part=place))
        said = Message(role="assistant", name=agent_role, content=text) if spoken else text
        kind: dict[str, object] = {} if spoken else {"kind": "semantic"}
        items.append({"content": said, "metadata": marks, "categories": list(categories or ()), **kind})
    return items


def first_of(added: AddResult) -> MemoryRecord | None:
    """Return the only record, or None where nothing was stored."""
    return next(iter(records_of(added)), None)


def records_of(added: AddResult) -> list[MemoryRecord]:
    """Return what was stored, or was there already in the same words."""
    return [to_record(item.memory) for item in added.items if item.memory is not None]
