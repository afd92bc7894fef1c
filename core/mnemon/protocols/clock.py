"""Time and ids, the two sources of chance: injected, so that answers can be repeated to the byte."""

from __future__ import annotations

import os
import time
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
    """Return a new UUID (version 7) as text: the time in steps of 244 ns, and 62 random bits.

    Ids that are made one after another stand beside one another in an index, in the order in which they were
    made, so that an order by time and then by id is the order of what was done. Random ones stand all over the
    index, so that a batch changes nearly every page.

    The milliseconds take 48 bits and their fraction the 12 bits that follow (RFC 9562, 6.2, method 3).
    """
    milliseconds, rest = divmod(time.time_ns(), 1_000_000)
    fraction = (rest << 12) // 1_000_000
    return uuid_text((milliseconds << 16 | fraction).to_bytes(8, "big") + os.urandom(8), 7)


def uuid_text(data: bytes, version: int) -> str:
    """Return 16 bytes as the text of a UUID (RFC 9562); `uuid.UUID` gives the same in four times the time."""
    digits = data.hex()
    variant = "89ab"[int(digits[16], 16) & 3]
    return f"{digits[:8]}-{digits[8:12]}-{version}{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"
