"""Preparing a store, and copying a project from one store into another."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Annotated

import typer

from mnemon.apps.cli.call import Call, refuse_in_memory
from mnemon.apps.cli.outcome import Outcome
from mnemon.apps.cli.problems import WRONG, Problem
from mnemon.apps.cli.screen import progress_bar
from mnemon.config import open_store
from mnemon.config.targets import FileTarget, parse_target
from mnemon.wrappers.copying import copy_project

if TYPE_CHECKING:
    from mnemon.apps.cli.commanding import Commands
    from mnemon.apps.cli.screen import Screen
    from mnemon.wrappers.copying import Copied

__all__ = ["register"]


def register(commands: Commands) -> None:
    """Add these commands to the program."""
    commands.command("setup", scoped=False)(setup)
    commands.command("copy", scoped=False)(copy)


def setup(call: Call) -> Outcome:
    """Make a store ready: its collections, and room for the vectors of the embedder."""
    with call.memory(creates=True) as memory:
        if memory.stats().embedder is not None:
            memory.reembed()
        stats = memory.stats()
    return Outcome(
        data=stats.to_dict(),
        show=lambda screen: screen.line(
            f"project {stats.project!r} is ready, {'searched by words' if stats.embedder is None else stats.embedder}"
        ),
    )


def copy(
    call: Call,
    *,
    source: Annotated[str, typer.Option("--from", help="Path or address of the store to read.", metavar="STORE")],
    target: Annotated[str, typer.Option("--to", help="Path or address of the store to write.", metavar="STORE")],
) -> Outcome:
    """Copy a project with all versions into another store, and compare them; go on after a break with the same."""
    if call.store is not None:
        msg = "copy reads --from and writes --to; leave --store out"
        raise Problem(msg, code=WRONG, kind="UsageError")
    if parse_target(source) == parse_target(target):
        msg = "--from and --to name the same store"
        raise Problem(msg, code=WRONG, kind="UsageError")
    refuse_in_memory(source)
    refuse_in_memory(target)
    found = parse_target(source)
    if isinstance(found, FileTarget) and not found.path.exists():
        msg = f"there is no store at {found.path}; check the name"
        raise Problem(msg, kind="NotFoundError")
    settings = call.settings()
    with (
        closing(open_store(source, settings)) as one,
        closing(open_store(target, settings)) as other,
        progress_bar("copying", "rows") as progress,
    ):
        done = copy_project(one, other, settings.project, progress=progress)
    return Outcome(data=done.to_dict(), count=sum(done.rows.values()), show=lambda screen: _show(screen, done))


def _show(screen: Screen, done: Copied) -> None:
    pairs = [(name, str(rows)) for name, rows in done.rows.items()]
    screen.pairs([*pairs, ("written now", str(done.written)), ("compared, sha256", done.digest[:16])])
