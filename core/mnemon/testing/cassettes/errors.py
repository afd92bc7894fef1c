"""What fails a test that replays."""

from __future__ import annotations

__all__ = ["CassetteError"]


class CassetteError(AssertionError):
    """A cassette is missing, does not fit what is asked, was not played to its end, or must not be written."""
