"""What goes into a prompt, and why something did not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from mnemon.apps.cli.call import Call
from mnemon.apps.cli.commands.inputs import (
    AsOf,
    Everywhere,
    Expired,
    File,
    Filter,
    Kinds,
    Limit,
    Threshold,
    json_object,
    listed,
    read_text,
    time_of,
)
from mnemon.apps.cli.commands.shown import hit_data
from mnemon.apps.cli.outcome import Outcome

if TYPE_CHECKING:
    from mnemon.apps.cli.commanding import Commands
    from mnemon.apps.cli.screen import Screen
    from mnemon.types.results import Context

__all__ = ["register"]


def register(commands: Commands) -> None:
    """Add these commands to the program."""
    commands.command("context")(context)
    commands.command("why-not")(why_not)


def context(
    call: Call,
    *,
    query: Annotated[str | None, typer.Argument(help="What to look for; - or nothing for stdin.")] = None,
    file: File = None,
    max_tokens: Annotated[int, typer.Option("--max-tokens", help="The most tokens of the whole block.")] = 1_000,
    limit: Limit = 50,
    threshold: Threshold = None,
    filters: Filter = None,
    kind: Kinds = None,
    as_of: AsOf = None,
    include_expired: Expired = False,
    everywhere: Everywhere = False,
) -> Outcome:
    """Write the memories that answer a question as a block of text for a prompt."""
    asked = read_text(query, file, what="query")
    with call.memory() as memory:
        found = memory.context(
            asked,
            max_tokens=max_tokens,
            limit=limit,
            threshold=threshold,
            filters=json_object(filters, "--filter"),
            kinds=cast("Any", listed(kind)),
            as_of=time_of(as_of),
            include_expired=include_expired,
            project_wide=everywhere,
        )
    data = {**found.to_dict(), "results": [hit_data(hit) for hit in found.hits]}
    return Outcome(data=data, count=len(found.hits), show=lambda screen: _show_context(screen, found))


def _show_context(screen: Screen, found: Context) -> None:
    if found.text:
        screen.block(found.text)
    elif screen.terminal:
        screen.line("nothing was found" if not found.left_out else "nothing fits; try --max-tokens", "dim")


def why_not(
    call: Call,
    *,
    query: Annotated[str, typer.Argument(help="What was looked for.")],
    memory_id: Annotated[str, typer.Argument(help="The memory that should have been found.")],
    limit: Limit = 10,
    threshold: Threshold = None,
    filters: Filter = None,
    kind: Kinds = None,
    as_of: AsOf = None,
    include_expired: Expired = False,
    everywhere: Everywhere = False,
) -> Outcome:
    """Tell at which step a search loses a memory, and the rank and score that it had."""
    with call.memory() as memory:
        told = memory.why_not(
            query,
            memory_id,
            limit=limit,
            threshold=threshold,
            filters=json_object(filters, "--filter"),
            kinds=cast("Any", listed(kind)),
            as_of=time_of(as_of),
            include_expired=include_expired,
            project_wide=everywhere,
        )
    data = told.to_dict()
    shown = [(name, str(value)) for name, value in data.items() if name != "signals" and value is not None]
    shown += [(name, f"{value:.3f}") for name, value in (told.signals or {}).items() if value]
    return Outcome(data=data, show=lambda screen: screen.pairs(shown))
