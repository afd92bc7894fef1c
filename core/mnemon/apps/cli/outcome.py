"""What a command has found out or done, for people and for programs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from mnemon.apps.cli.screen import Screen
    from mnemon.types.jsonvalue import Json

__all__ = ["Outcome"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command did.

    Attributes:
        data: for programs.
        show: for people.
        count: how many things `data` holds, where it is a list.
    """

    data: Json
    show: Callable[[Screen], None]
    count: int | None = None
