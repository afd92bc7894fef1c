"""Time and ids, the two sources of chance: injected, so that answers can be repeated to the byte."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime

__all__ = ["Clock", "NewId", "random_id", "system_clock"]

Clock = Callable[[], datetime]
"""Tells the time: aware, any zone."""

NewId = Callable[[], str]
"""Gives an id that was never given before."""


def system_clock() -> datetime:
    """Return the machine's time in UTC."""
    return datetime.now(UTC)


def random_id() -> str:
    """Return a random UUID as text."""
    return str(uuid.uuid4())
