"""Deleting, erasing, taking back."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from mnemon.apps.cli.call import Call
from mnemon.apps.cli.commands.inputs import Dry, Filter, Yes, json_object
from mnemon.apps.cli.commands.shown import show_receipt
from mnemon.apps.cli.outcome import Outcome
from mnemon.apps.cli.problems import WRONG, Problem
from mnemon.apps.cli.screen import progress_bar

if TYPE_CHECKING:
    from mnemon.apps.cli.commanding import Commands
    from mnemon.apps.cli.screen import Screen
    from mnemon.types.results import Deleted

__all__ = ["register"]


def register(commands: Commands) -> None:
    """Add these commands to the program."""
    commands.command("delete")(delete)
    commands.command("forget", scoped=False)(forget)
    commands.command("undo")(undo)
    commands.command("purge", scoped=False)(purge)


def delete(
    call: Call,
    *,
    memory_id: Annotated[str | None, typer.Argument(help="The memory.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All memories of the scope.")] = False,
    filters: Filter = None,
    erase: Annotated[bool, typer.Option("--erase", help="For ever: the text is gone from the file too.")] = False,
    dry_run: Dry = False,
    yes: Yes = False,
) -> Outcome:
    """Delete a memory, all of a scope, or those that match a filter; `undo` brings them back."""
    if (memory_id is not None) + everything + (filters is not None) != 1:
        msg = "say what to delete: one memory's id, --all, or --filter, and only one of the three"
        raise Problem(msg, code=WRONG, kind="UsageError")
    how = "erase for ever" if erase else "delete"
    with call.memory(embeds=False) as memory:
        if memory_id is not None:
            if dry_run:
                memory.get(memory_id, include_expired=True)
                return _deleted_outcome(None, count=1)
            call.confirm(f"{how} memory {memory_id}?", yes=yes)
            result = memory.delete(memory_id, erase=erase)
        else:
            conditions = json_object(filters, "--filter")
            count = memory.delete_all(filters=conditions, dry_run=True).count
            if dry_run or not count:
                return _deleted_outcome(None, count=count, dry_run=dry_run)
            call.confirm(f"{how} {count} memories of {_whose(call)}?", yes=yes)
            with progress_bar("deleting") as progress:
                result = memory.delete_all(filters=conditions, erase=erase, progress=progress)
    return _deleted_outcome(result, count=result.count)


def _deleted_outcome(result: Deleted | None, *, count: int, dry_run: bool = True) -> Outcome:
    data = {"count": count, "op_id": None, "receipt": None, "dry_run": dry_run} if result is None else result.to_dict()

    def show(screen: Screen) -> None:
        if result is None:
            screen.line(f"{count} would be deleted" if dry_run else "nothing was deleted: nothing matches")
        elif result.receipt is not None:
            show_receipt(screen, result.receipt)
        else:
            screen.line(f"deleted {result.count}; to have them back: mnemon undo {result.op_id}")

    return Outcome(data=data, count=count, show=show)


def _whose(call: Call) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in call.scope.items()) or "the whole project"


def forget(
    call: Call,
    *,
    user: Annotated[
        str, typer.Option("--user", "-u", help="The person; never taken from the environment.", metavar="ID")
    ],
    dry_run: Dry = False,
    yes: Yes = False,
) -> Outcome:
    """Erase a person for ever: all memories and versions, messages and operations."""
    with call.memory(embeds=False) as memory:
        if not dry_run:
            call.confirm(f"erase everything of user {user!r} for ever?", yes=yes)
        receipt = memory.forget(user_id=user, dry_run=dry_run)
    return Outcome(data=receipt.to_dict(), show=lambda screen: show_receipt(screen, receipt))


def undo(
    call: Call,
    *,
    op_id: Annotated[str, typer.Argument(help="The operation; `mnemon history` lists them.")],
    force: Annotated[bool, typer.Option("--force", help="Also where memories were changed later.")] = False,
) -> Outcome:
    """Take an operation back, whole or not at all; an undo can be undone too."""
    with call.memory(embeds=False) as memory:
        done = memory.undo(op_id, force=force)

    def show(screen: Screen) -> None:
        screen.line(f"took back {op_id}, {len(done.touched)} memories; to undo this: mnemon undo {done.op_id}")

    return Outcome(data=done.to_dict(), count=len(done.touched), show=show)


def purge(
    call: Call,
    *,
    retention_days: Annotated[
        int | None,
        typer.Option(
            "--retention-days", help="Erase what was deleted longer ago [default: of the settings].", min=0, max=36_500
        ),
    ] = None,
    keep_versions: Annotated[
        int | None, typer.Option("--keep-versions", help="Erase older versions of each memory.", min=1)
    ] = None,
    yes: Yes = False,
) -> Outcome:
    """Erase what has expired, and what was deleted long ago."""
    days = call.settings().retention_days if retention_days is None else retention_days
    versions = "" if keep_versions is None else f", and all but {keep_versions} versions of each memory"
    with call.memory(embeds=False) as memory:
        call.confirm(f"erase for ever what has expired or was deleted {days} days ago{versions}?", yes=yes)
        receipt = memory.purge(retention=timedelta(days=days), keep_versions=keep_versions)
    return Outcome(data=receipt.to_dict(), show=lambda screen: show_receipt(screen, receipt))
