"""Searching, listing, counting, history."""

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
from mnemon.apps.cli.commands.shown import (
    hit_data,
    moment,
    record_data,
    show_hits,
    show_operations,
    show_record,
    show_records,
    show_versions,
    version_data,
)
from mnemon.apps.cli.outcome import Outcome
from mnemon.apps.cli.screen import Column

if TYPE_CHECKING:
    from mnemon.apps.cli.commanding import Commands
    from mnemon.apps.cli.screen import Screen
    from mnemon.types.results import MemoryPage, OperationPage, ScopeSummary

__all__ = ["register"]

Cursor = Annotated[str | None, typer.Option("--cursor", help="Go on from the page before.")]


def register(commands: Commands) -> None:
    """Add these commands to the program."""
    commands.command("search")(search)
    commands.command("list")(list_memories)
    commands.command("get")(get)
    commands.command("history")(history)
    commands.command("stats")(stats)
    commands.command("scopes")(scopes)


def search(
    call: Call,
    *,
    query: Annotated[str | None, typer.Argument(help="What to look for; - or nothing for stdin.")] = None,
    file: File = None,
    limit: Limit = 10,
    threshold: Threshold = None,
    filters: Filter = None,
    kind: Kinds = None,
    as_of: AsOf = None,
    include_expired: Expired = False,
    explain: Annotated[bool, typer.Option("--explain", help="Tell the part of each signal in the score.")] = False,
    everywhere: Everywhere = False,
) -> Outcome:
    """Find the memories that answer a question, best first."""
    asked = read_text(query, file, what="query")
    with call.memory() as memory:
        hits = memory.search(
            asked,
            limit=limit,
            threshold=threshold,
            filters=json_object(filters, "--filter"),
            kinds=cast("Any", listed(kind)),
            as_of=time_of(as_of),
            include_expired=include_expired,
            explain=explain,
            project_wide=everywhere,
        )
    return Outcome(
        data={"results": [hit_data(hit) for hit in hits]},
        count=len(hits),
        show=lambda screen: show_hits(screen, hits, explain=explain),
    )


def list_memories(
    call: Call,
    *,
    filters: Filter = None,
    kind: Kinds = None,
    sort: Annotated[str, typer.Option("--sort", help="created_at, updated_at, said_at or expires_at.")] = "created_at",
    ascending: Annotated[bool, typer.Option("--ascending", help="The earliest first.")] = False,
    limit: Limit = 100,
    cursor: Cursor = None,
    as_of: AsOf = None,
    include_expired: Expired = False,
    everywhere: Everywhere = False,
) -> Outcome:
    """List memories, a page at a time, newest first."""
    with call.memory(embeds=False) as memory:
        page = memory.get_all(
            filters=json_object(filters, "--filter"),
            kinds=cast("Any", listed(kind)),
            sort=cast("Any", sort),
            descending=not ascending,
            limit=limit,
            cursor=cursor,
            as_of=time_of(as_of),
            include_expired=include_expired,
            project_wide=everywhere,
        )
    return Outcome(
        data={"results": [record_data(one) for one in page], "cursor": page.cursor},
        count=len(page),
        show=lambda screen: _show_page(screen, page),
    )


def _show_page(screen: Screen, page: MemoryPage) -> None:
    show_records(screen, page)
    _show_cursor(screen, page)


def _show_cursor(screen: Screen, page: MemoryPage | OperationPage) -> None:
    if page.cursor is not None and screen.terminal:
        screen.line(f"there is more: --cursor {page.cursor}", "dim")


def get(
    call: Call, *, memory_id: Annotated[str, typer.Argument(help="The memory.")], include_expired: Expired = False
) -> Outcome:
    """Show one memory with all that is known of it."""
    with call.memory(embeds=False) as memory:
        record = memory.get(memory_id, include_expired=include_expired)
    return Outcome(data=record_data(record), show=lambda screen: show_record(screen, record))


def history(
    call: Call,
    *,
    memory_id: Annotated[str | None, typer.Argument(help="The memory; without one, what was done in a scope.")] = None,
    since: Annotated[
        str | None, typer.Option("--since", help="Only what was done from then on.", metavar="TIME")
    ] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
    everywhere: Everywhere = False,
) -> Outcome:
    """Show the versions of a memory, or the operations of a scope, whose ids `undo` takes."""
    with call.memory(embeds=False) as memory:
        if memory_id is not None:
            versions = memory.history(memory_id)
            return Outcome(
                data={"results": [version_data(one) for one in versions]},
                count=len(versions),
                show=lambda screen: show_versions(screen, versions),
            )
        page = memory.operations(since=time_of(since), limit=limit, cursor=cursor, project_wide=everywhere)
    return Outcome(
        data={"results": [one.to_dict() for one in page], "cursor": page.cursor},
        count=len(page),
        show=lambda screen: (show_operations(screen, page), _show_cursor(screen, page))[0],
    )


def stats(call: Call) -> Outcome:
    """Count what is stored in the project, or in a scope of it."""
    with call.memory() as memory:
        numbers = memory.stats()
    data = numbers.to_dict()
    shown = [(name, "none" if value is None else str(value)) for name, value in data.items()]
    return Outcome(data=data, show=lambda screen: screen.pairs(shown))


def scopes(
    call: Call,
    *,
    kind: Annotated[str, typer.Argument(help="user, agent, app or run.")] = "user",
    after: Annotated[str | None, typer.Option("--after", help="Go on after this id.", metavar="ID")] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", help="How many at most, up to 10,000.")] = 1_000,
) -> Outcome:
    """List who has memories, how many, and when something last happened."""
    with call.memory(embeds=False) as memory:
        found = memory.scopes(cast("Any", kind), after=after, limit=limit)
    return Outcome(
        data={"results": [one.to_dict() for one in found]},
        count=len(found),
        show=lambda screen: _show_scopes(screen, kind, found),
    )


def _show_scopes(screen: Screen, kind: str, found: list[ScopeSummary]) -> None:
    columns = (Column(kind, "bold", wide=True), Column("memories", "green"), Column("last activity", "cyan"))
    rows = [[one.id, str(one.memories), moment(one.last_activity, screen)] for one in found]
    screen.table(columns, rows, empty=f"no {kind} has memories")
