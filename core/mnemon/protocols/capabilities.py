"""Promises that not every backend can keep."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["Capability"]


class Capability(StrEnum):
    """A promise that not every backend can keep; a store declares its own, and the suite checks them."""

    ATOMIC = "atomic"
    """A batch is one transaction: readers see all of it or nothing, `abort` takes all of it back."""
    EXACT_PRECONDITIONS = "exact_preconditions"
    """`existing` and `expect` never lose a race, not even between processes."""
    EXACT_READS = "exact_reads"
    """Every read, not only a decisive one, is the newest acknowledged state."""
    EXCLUSIVE = "exclusive"
    """Reads and writes can be one unit of work (`AsyncSupportsExclusive`)."""
    SNAPSHOT = "snapshot"
    """Many reads can see one moment (`AsyncSupportsSnapshot`)."""
    CHANGES = "changes"
    """What changed since somebody looked can be read (`AsyncSupportsChanges`), all of it: a store of which a part
    may have missed what was acknowledged, and answers nevertheless, cannot promise it."""
    EXACT_TEXT_ORDER = "exact_text_order"
    """Text search orders by the summed weights exactly, not only nearly."""
    PERSISTENT = "persistent"
    """What was acknowledged is there after the process died."""
    SCRUBS = "scrubs"
    """`scrub` can make the bytes of deleted rows unrecoverable, or says what stands in the way."""
