"""What of a person's memories goes into a prompt, and how it stands there."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mnemon.logic.arguments import check_kinds, check_limit, check_threshold
from mnemon.logic.recall import check_max_tokens, estimated_tokens, render_block, without_blocks
from mnemon.types.message import Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mnemon.types.filters import Filter
    from mnemon.types.memory import Hit, Kind, MemoryRecord
    from mnemon.types.message import Message
    from mnemon.types.results import SearchResult

__all__ = ["Carried", "RecallRules", "choose", "estimated_tokens", "fitting", "render", "without_recalled"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecallRules:
    """How much is recalled for a prompt.

    Attributes:
        limit: memories at most.
        max_tokens: estimated tokens of the whole block at most.
        threshold: the least score, from 0 to 1; None for any. At .25 the right memory passes for 96 % of
            questions, and for a question about something else nothing passes for 83 % (talk between people,
            the local embedder); the page on ranking has the table.
        kinds: only these kinds of memory; None for all.
        filters: only memories that match.
    """

    limit: int = 10
    max_tokens: int = 1_000
    threshold: float | None = 0.25
    kinds: tuple[Kind, ...] | None = None
    filters: Mapping[str, object] | Filter | None = None

    def __post_init__(self) -> None:
        """Refuse what could not be searched for."""
        check_limit(self.limit)
        check_threshold(self.threshold)
        check_kinds(self.kinds)
        check_max_tokens(self.max_tokens, None)


class Carried:
    """What a prompt says already, so that recall does not say it again.

    Attributes:
        ids: ids of its messages, in order.
    """

    def __init__(self, messages: Iterable[tuple[str | None, str]]) -> None:
        """Take id (or None) and text of each message of the prompt, the question among them."""
        listed = list(messages)
        self.ids = tuple(dict.fromkeys(message_id for message_id, _ in listed if message_id))
        self._ids = frozenset(self.ids)
        self._texts = frozenset(plain for _, text in listed if (plain := _plain(text)))

    def __len__(self) -> int:
        return max(len(self.ids), len(self._texts))

    def says(self, memory: MemoryRecord) -> bool:
        """Whether the prompt holds a message that this memory was made of, or its very words."""
        return not self._ids.isdisjoint(memory.source_ids) or _plain(memory.text) in self._texts


def choose(found: SearchResult, carried: Carried, rules: RecallRules) -> list[Hit]:
    """Return what of a search is new to the prompt, best first; the same words only once."""
    fresh: dict[str, Hit] = {}
    for hit in found:
        if not carried.says(hit.memory):
            fresh.setdefault(_plain(hit.memory.text), hit)
    return list(fresh.values())[: rules.limit]


def fitting(found: SearchResult, carried: Carried, rules: RecallRules) -> list[Hit]:
    """Return what `render` would show, best first, for a framework that has a form of its own for it."""
    chosen = choose(found, carried, rules)
    shown = {hit.memory.id for hit in render_block(chosen, max_tokens=rules.max_tokens).hits}
    return [hit for hit in chosen if hit.memory.id in shown]


def render(found: SearchResult, carried: Carried, rules: RecallRules) -> str:
    """Return the block of memories for a prompt, within the budget; empty where nothing is new to it."""
    return render_block(choose(found, carried, rules), max_tokens=rules.max_tokens).text


def without_recalled(message: Message) -> Message:
    """Return a message without the blocks that `render` made, so that what was recalled is not remembered again."""
    blocks = tuple(
        replace(block, text=without_blocks(block.text)) if isinstance(block, Text) else block
        for block in message.blocks
    )
    return message if blocks == message.blocks else replace(message, content=blocks)


def _plain(text: str) -> str:
    return " ".join(text.split())
