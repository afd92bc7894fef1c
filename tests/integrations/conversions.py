"""Any message at all, for the tests of what converts them."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from mnemon import File, Image, Message, Text, ToolCall, ToolResult

if TYPE_CHECKING:
    from mnemon.types.message import Block

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
"""A picture of one pixel."""

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
words = texts.filter(str.strip)
numbers = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(texts, inner, max_size=2),
    max_leaves=4,
)
names = texts | st.sampled_from(
    ["mnemon", "tool_call_id", "tool_calls", "role", "type", "content", "session_id", "images", "metadata"]
)
objects = st.dictionaries(names.filter(lambda name: name != "mnemon"), values, max_size=3)
times = st.datetimes(
    datetime(1970, 1, 2),  # noqa: DTZ001 - hypothesis adds the zone
    datetime(2100, 1, 1),  # noqa: DTZ001
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=30))]),
)
bytes_texts = st.binary(max_size=12).map(lambda data: base64.b64encode(data).decode()) | st.just(PNG) | texts
ADDRESSES = (
    "https://example.org/a.png",
    "http://x",
    "s3://b/k",
    f"data:image/png;base64,{PNG}",
    "data:,A",
    "file:///no/such.mp3",
    "attachment 1",
)
urls = st.sampled_from(ADDRESSES) | words
media = st.none() | st.sampled_from(
    ["image/png", "image/jpeg", "audio/mp3", "audio/mpeg", "video/mp4", "application/pdf", "text/plain", "odd"]
)
images = st.builds(Image, url=urls, media_type=media, caption=st.none() | texts) | st.builds(
    Image, data=bytes_texts, media_type=media, caption=st.none() | texts
)
names_of_files = st.none() | texts | st.just("input_document")
files = st.builds(File, url=urls, media_type=media, name=names_of_files) | st.builds(
    File, data=bytes_texts, media_type=media, name=names_of_files
)
calls = st.builds(ToolCall, id=texts, name=texts, arguments=objects)
said = st.builds(Text, texts) | images | files
results = st.builds(ToolResult, call_id=texts, content=st.lists(said, max_size=3).map(tuple), is_error=st.booleans())
blocks: st.SearchStrategy[Block] = said | calls | results
messages = st.builds(
    Message,
    role=st.sampled_from(["system", "user", "assistant", "tool"]),
    content=st.lists(blocks, max_size=4),
    id=st.none() | words,
    name=st.none() | words | st.sampled_from(["user", "assistant", "José", "a b"]),
    time=st.none() | times,
    metadata=objects,
)
"""Every message that can be made, also those that no framework would make."""


def unlike(others: list[Message]) -> list[Message]:
    """Return messages with ids of their own: parts of one message are known by their id."""
    named: list[Message] = []
    for place, one in enumerate(others):
        named.append(
            Message(
                role=one.role,
                content=one.content,
                id=f"{place}{one.id or ''}",
                name=one.name,
                time=one.time,
                metadata=one.metadata,
            )
        )
    return named
