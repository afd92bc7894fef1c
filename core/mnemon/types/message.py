"""One turn of a conversation, in the form that every framework's messages convert to and from."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import TYPE_CHECKING, Literal, cast

from mnemon.errors import InvalidInputError
from mnemon.types.jsonvalue import check_json_object, check_text, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mnemon.types.jsonvalue import Json, JsonObject

__all__ = ["ROLES", "Block", "File", "Image", "Message", "Role", "Text", "ToolCall", "ToolResult"]

Role = Literal["system", "user", "assistant", "tool"]
"""Who speaks; a framework's own roles are kept in the metadata."""

ROLES: tuple[Role, ...] = ("system", "user", "assistant", "tool")


@dataclass(frozen=True, slots=True)
class Text:
    """Words.

    Attributes:
        text: what was written or said.
    """

    text: str

    def __post_init__(self) -> None:
        """Refuse what is not a text that can be stored."""
        check_text(self.text, "text")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Attachment:
    """Bytes that belong to a message, by address or as they are.

    Attributes:
        url: where they are, or None.
        data: the bytes in base64, or None.
        media_type: such as `image/png`, or None where it is not known.
    """

    url: str | None = None
    data: str | None = None
    media_type: str | None = None

    def __post_init__(self) -> None:
        """Refuse an attachment that is nowhere, or in two places."""
        if (self.url is None) == (self.data is None):
            msg = f"a {type(self).__name__.lower()} needs either a url or base64 data"
            raise InvalidInputError(msg)
        _check_texts(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Image(_Attachment):
    """A picture.

    Attributes:
        caption: what it shows, in words; recall finds the message by it.
    """

    caption: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class File(_Attachment):
    """Any other attachment.

    Attributes:
        name: file name, or None.
    """

    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """The assistant asks for a tool.

    Attributes:
        id: what the result refers to.
        name: name of the tool.
        arguments: JSON arguments.
    """

    id: str
    name: str
    arguments: JsonObject = field(default_factory=dict[str, "Json"])

    def __post_init__(self) -> None:
        """Refuse arguments that are not JSON."""
        _check_texts(self)
        arguments = check_json_object(self.arguments, f"arguments of the call to {self.name!r}")
        object.__setattr__(self, "arguments", arguments)


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolResult:
    """What a tool answered.

    Attributes:
        call_id: id of the call.
        content: the answer.
        is_error: whether the tool failed.
    """

    call_id: str
    content: tuple[Text | Image | File, ...] = ()
    is_error: bool = False

    def __post_init__(self) -> None:
        """Refuse an id that cannot be stored, and content that is no tuple of blocks."""
        _check_texts(self)
        if not _are_parts(self.content):
            msg = "the content of a ToolResult must be a tuple of Text, Image and File"
            raise InvalidInputError(msg)


Block = Text | Image | File | ToolCall | ToolResult
"""A part of a message; their order is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One turn.

    Attributes:
        role: who speaks.
        content: its parts in order; a plain text stands for one `Text`.
        id: the message's own id, or None until it is stored; the same id twice is one message.
        name: name of the speaker, where a role has several.
        time: when it was said (aware), or None until it is stored.
        metadata: JSON data; nothing here ever decides whose message it is.

    Raises:
        InvalidInputError: an unknown role, a blank id or name, a naive time, or content that is none.
    """

    role: Role
    content: str | Sequence[Block]
    id: str | None = None
    name: str | None = None
    time: datetime | None = None
    metadata: JsonObject = field(default_factory=dict[str, "Json"])

    def __post_init__(self) -> None:
        """Check the parts and make the content a tuple of blocks."""
        if self.role not in ROLES:
            msg = f"role {shown(self.role)} is unknown; roles are {', '.join(ROLES)}, keep any other in metadata"
            raise InvalidInputError(msg)
        for name, value in (("id", self.id), ("name", self.name)):
            if value is not None and not check_text(value, f"a message's {name}").strip():
                msg = f"a message's {name} must not be blank; leave it out"
                raise InvalidInputError(msg)
        if self.time is not None and not isinstance(self.time, datetime):  # pyright: ignore[reportUnnecessaryIsInstance]
            msg = f"a message's time must be an aware datetime, not a {type(self.time).__name__}"
            raise InvalidInputError(msg)
        if self.time is not None and self.time.utcoffset() is None:
            msg = f"a message's time {self.time.isoformat()} has no time zone; use an aware datetime"
            raise InvalidInputError(msg)
        object.__setattr__(self, "content", _blocks(self.content))
        object.__setattr__(self, "metadata", check_json_object(self.metadata, "a message's metadata"))

    def stamped(self, message_id: str, time: datetime) -> Message:
        """Return the message with this id and this (aware) time; its parts were checked when it was made."""
        copy = object.__new__(Message)
        for name in ("role", "content", "name", "metadata"):
            object.__setattr__(copy, name, getattr(self, name))
        object.__setattr__(copy, "id", message_id)
        object.__setattr__(copy, "time", time)
        return copy

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The content as a tuple of blocks."""
        return cast("tuple[Block, ...]", self.content)  # made a tuple when the message was

    @property
    def text(self) -> str:
        """The words of the message: its texts and its images' captions, one a line."""
        blocks = self.blocks
        if len(blocks) == 1:  # as nearly all messages have
            return _words(blocks[0]) or ""
        words = map(_words, blocks)
        return "\n".join(word for word in words if word)

    @property
    def tool_calls(self) -> tuple[ToolCall, ...]:
        """The tools that it asks for."""
        return tuple(block for block in self.blocks if isinstance(block, ToolCall))

    @property
    def tool_results(self) -> tuple[ToolResult, ...]:
        """What tools answered."""
        return tuple(block for block in self.blocks if isinstance(block, ToolResult))


def _are_parts(content: object) -> bool:
    parts = cast("tuple[object, ...]", content) if isinstance(content, tuple) else (None,)
    return all(isinstance(part, Text | Image | File) for part in parts)


_NO_TEXTS = frozenset({"arguments", "content", "is_error"})


def _check_texts(block: _Attachment | ToolCall | ToolResult) -> None:
    """Refuse texts of a block that no store could keep exactly."""
    for part in fields(block):
        value = getattr(block, part.name)
        if part.name not in _NO_TEXTS and not (value is None and part.default is None):
            check_text(value, f"{part.name} of a {type(block).__name__}")


def _words(block: Block) -> str | None:
    match block:
        case Text(text):
            return text
        case Image():
            return block.caption
        case _:
            return None


def _blocks(content: object) -> tuple[Block, ...]:
    if isinstance(content, str):
        return (Text(content),)
    if isinstance(content, list | tuple):
        return tuple(map(_check_block, cast("Sequence[object]", content)))
    msg = f"a message's content must be a text or a list of blocks, not a {type(content).__name__}"
    raise InvalidInputError(msg)


def _check_block(block: object) -> Block:
    if not isinstance(block, Text | Image | File | ToolCall | ToolResult):
        kind = type(block).__name__
        msg = f"a message's content holds a {kind}; blocks are Text, Image, File, ToolCall and ToolResult"
        raise InvalidInputError(msg)
    return block
