"""Characters that a reader does not see, and texts of nothing else."""

from __future__ import annotations

import re

__all__ = ["UNSEEN", "is_blank"]

UNSEEN = (
    "\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f"
    "\u3164\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
"""Signs without width or form, marks that turn the direction of text, tags that spell ASCII, and the selectors behind
them that can each stand for a byte, as a regular expression lists them between brackets. They are those of Unicode's
property Default_Ignorable_Code_Point but for the joiners and selectors that emoji and many scripts are written with.
"""

_SEEN = re.compile(rf"[^\s\x00-\x1f\x7f-\x9f\u200c\u200d\u2800\ufe00-\ufe0f{UNSEEN}]")


def is_blank(text: str) -> bool:
    """Whether there is nothing to see in a text: white space, control and unseen characters alone, such as U+200B.

    An emoji whose parts are joined by U+200D, or a word with a soft hyphen, is a text like any other.
    """
    return _SEEN.search(text) is None
