"""Adding and updating."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from mnemon.apps.cli.call import Call
from mnemon.apps.cli.commands.inputs import Categories, File, Metadata, json_object, listed, read_text, time_of
from mnemon.apps.cli.commands.shown import record_data, show_record
from mnemon.apps.cli.outcome import Outcome
from mnemon.apps.cli.problems import WRONG, Problem
from mnemon.logic.versions import KEEP
from mnemon.types.message import Message

if TYPE_CHECKING:
    from mnemon.apps.cli.commanding import Commands
    from mnemon.apps.cli.screen import Screen
    from mnemon.types.results import AddResult

__all__ = ["register"]

Expires = Annotated[str | None, typer.Option("--expires", help="From when on it is hidden.", metavar="TIME")]


def register(commands: Commands) -> None:
    """Add these commands to the program."""
    commands.command("add")(add)
    commands.command("update")(update)


def add(
    call: Call,
    *,
    text: Annotated[str | None, typer.Argument(help="What to remember; - or nothing for stdin.")] = None,
    file: File = None,
    name: Annotated[str | None, typer.Option("--name", help="Who said it.")] = None,
    role: Annotated[str, typer.Option("--role", help="user, assistant, system or tool.")] = "user",
    said_at: Annotated[
        str | None,
        typer.Option("--time", help="When it was said: ISO 8601 with a zone, or epoch seconds.", metavar="TIME"),
    ] = None,
    kind: Annotated[
        str, typer.Option("--kind", help="episodic for a turn; semantic, procedural or summary for what nobody said.")
    ] = "episodic",
    category: Categories = None,
    metadata: Metadata = None,
    expires: Expires = None,
    pinned: Annotated[bool, typer.Option("--pinned", help="Never expires.")] = False,
    key: Annotated[str | None, typer.Option("--key", help="Adding twice with one key is adding once.")] = None,
) -> Outcome:
    """Remember a text, word by word."""
    words = read_text(text, file, what="text")
    content: str | Message = words
    if name is not None or role != "user":
        content = Message(role=cast("Any", role), content=words, name=name)
    with call.memory(creates=True) as memory:
        result = memory.add(
            content,
            kind=cast("Any", kind),
            timestamp=time_of(said_at),
            categories=listed(category),
            metadata=cast("Any", json_object(metadata, "--metadata")),
            expires_at=time_of(expires),
            pinned=pinned,
            idempotency_key=key,
        )
    return Outcome(data=result.to_dict(), count=len(result.items), show=lambda screen: _show_added(screen, result))


def _show_added(screen: Screen, result: AddResult) -> None:
    said = {
        "ADD": "added",
        "REPEAT": "there already",
        "LOG": "kept in the conversation log, not as a memory",
    }
    screen.pairs((said[item.event], "" if item.memory is None else item.memory.id) for item in result.items)


def update(
    call: Call,
    *,
    memory_id: Annotated[str, typer.Argument(help="The memory.")],
    text: Annotated[str | None, typer.Argument(help="The new text; - for stdin, nothing keeps it.")] = None,
    file: File = None,
    category: Categories = None,
    no_categories: Annotated[bool, typer.Option("--no-categories", help="Take all categories away.")] = False,
    metadata: Metadata = None,
    replace_metadata: Annotated[
        bool, typer.Option("--replace-metadata", help="--metadata takes the place of all there was.")
    ] = False,
    expires: Expires = None,
    no_expiry: Annotated[bool, typer.Option("--no-expiry", help="It does not expire any more.")] = False,
    pinned: Annotated[bool | None, typer.Option("--pin/--unpin", help="Whether it never expires.")] = None,
    expected_version: Annotated[
        int | None, typer.Option("--expected-version", help="Fail unless this version is the current one.")
    ] = None,
) -> Outcome:
    """Change a memory; what it was stays in its history."""
    if (expires is not None and no_expiry) or (category and no_categories):
        msg = "an option and its opposite are both given; leave one out"
        raise Problem(msg, code=WRONG, kind="UsageError")
    words = None if text is None and file is None else read_text(text, file, what="text")
    expiry: Any = time_of(expires) if expires is not None else (None if no_expiry else KEEP)
    with call.memory(embeds=words is not None) as memory:
        record = memory.update(
            memory_id,
            words,
            metadata=cast("Any", json_object(metadata, "--metadata")),
            replace_metadata=replace_metadata,
            categories=[] if no_categories else listed(category),
            expires_at=expiry,
            pinned=pinned,
            expected_version=expected_version,
        )
    return Outcome(data=record_data(record), show=lambda screen: show_record(screen, record))
