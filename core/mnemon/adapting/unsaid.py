"""Messages without words that carry something all the same, such as a model's thought alone.

Only their framework can read what they carry, and the conversation log takes no message that says
nothing. So they stand there with a word in the place of words, which is taken away when they are read.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mnemon.adapting.messages import OURS, beyond_of
from mnemon.logic.parts import speaks
from mnemon.types.message import Text

if TYPE_CHECKING:
    from mnemon.types.message import Message

__all__ = ["WORD", "carries", "worded", "wordless"]

WORD = "[unsaid]"
"""What somebody sees who reads the log without the framework."""

_MARK = "unsaid"


def carries(message: Message) -> bool:
    """Whether a message holds what only its framework can read."""
    return bool(beyond_of(message))


def worded(message: Message) -> Message:
    """Return a message as the log takes it."""
    if speaks(message.blocks):
        return message
    marked = {**beyond_of(message), _MARK: True}
    return replace(message, content=(*message.blocks, Text(WORD)), metadata={**message.metadata, OURS: marked})


def wordless(message: Message) -> Message:
    """Return a message of the log as it was before `worded`."""
    beyond = beyond_of(message)
    if _MARK not in beyond:
        return message
    rest = {name: value for name, value in beyond.items() if name != _MARK}
    blocks = message.blocks[:-1] if message.blocks[-1:] == (Text(WORD),) else message.blocks
    return replace(message, content=blocks, metadata={**message.metadata, OURS: rest})
