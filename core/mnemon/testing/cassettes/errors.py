"""What fails a test that replays."""

from __future__ import annotations

__all__ = ["RECORD_IT", "CassetteError"]

RECORD_IT = "record it: run its test with CASSETTES=record, which needs a server"


class CassetteError(AssertionError):
    """A cassette is missing, does not fit what is asked, was not played to its end, or must not be written."""
