"""What was recalled, as CrewAI's matches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crewai.memory.types import MemoryMatch

from mnemon_crewai.records import to_record

if TYPE_CHECKING:
    from mnemon import Hit

__all__ = ["OneLineMatch", "match_of"]


class OneLineMatch(MemoryMatch):
    """A match whose parts stay on their lines in a prompt, whatever a memory says: it is data among data."""

    def format(self) -> str:
        """Return score and text on one line, then categories and metadata on one each."""
        lines = [f"- (score={self.score:.2f}) {_flat(self.record.content)}"]
        if self.record.categories:
            lines.append(f"  categories: {_flat(', '.join(self.record.categories))}")
        lines += [f"  {_flat(f'{name}: {value}')}" for name, value in self.record.metadata.items() if value is not None]
        return "\n".join(lines)


def match_of(hit: Hit) -> MemoryMatch:
    """Return a match; its score is that of mnemon's search, and means the same from query to query."""
    return OneLineMatch(record=to_record(hit.memory), score=hit.score)


def _flat(text: str) -> str:
    return " ".join(text.split())
