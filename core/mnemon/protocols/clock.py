"""Time and ids, the two sources of chance: injected, so that answers can be repeated to the byte."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime

__all__ = ["Clock", "NewId", "random_id", "system_clock", "uuid_text"]

Clock = Callable[[], datetime]
"""Tells the time: aware, any zone."""

NewId = Callable[[], str]
"""Gives an id that was never given before."""


def system_clock() -> datetime:
    """Return the machine's time in UTC."""
    return datetime.now(UTC)


def random_id() -> str:
    """Return a random UUID (version 4) as text."""
    return uuid_text(os.urandom(16), 4)


def uuid_text(data: bytes, version: int) -> str:
    """Return 16 bytes as the text of a UUID (RFC 9562); `uuid.UUID` gives the same in four times the time."""
    digits = data.hex()
    variant = "89ab"[int(digits[16], 16) & 3]
    return f"{digits[:8]}-{digits[8:12]}-{version}{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"
