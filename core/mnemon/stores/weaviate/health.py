"""What a look at a server's health answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mnemon.types.jsonvalue import Json

__all__ = ["Health"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """Whether a server does its work.

    Attributes:
        version: the server's; empty where it did not answer.
        nodes: how many of its nodes are healthy, and how many there are.
        problems: what is wrong, a sentence each.
    """

    version: str = ""
    nodes: tuple[int, int] = (0, 0)
    problems: tuple[str, ...] = ()

    @property
    def well(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems

    def to_dict(self) -> dict[str, Json]:
        """Return the facts as JSON data."""
        return {
            "well": self.well,
            "version": self.version,
            "nodes": list(self.nodes),
            "problems": list(self.problems),
        }
