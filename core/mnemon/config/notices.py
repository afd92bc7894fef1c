"""What a process says once, however often it opens a store."""

from __future__ import annotations

import logging
import threading

__all__ = ["say_once"]

_logger = logging.getLogger("mnemon")
_said: set[str] = set()
_lock = threading.Lock()


def say_once(level: int, message: str) -> None:
    """Log a message unless this process has logged the same one before."""
    with _lock:
        if message in _said:
            return
        _said.add(message)
    _logger.log(level, "%s", message)
