from __future__ import annotations

from contextlib import suppress

with suppress(ImportError):  # the bare run has no hypothesis
    from hypothesis import settings

    # The same examples every time, so that a change is judged by what it changes; the night looks for new ones.
    settings.register_profile("change", deadline=None, derandomize=True, print_blob=True)
    settings.register_profile("nightly", deadline=None, max_examples=1_000, print_blob=True)
    settings.load_profile("change")
