"""Looking after a store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from mnemon.apps.cli.call import Call
from mnemon.apps.cli.outcome import Outcome
from mnemon.apps.cli.problems import Problem
from mnemon.apps.cli.screen import Column, progress_bar
from mnemon.config import choose_embedder
from mnemon.logic.mending import BYTES_LEFT, IMPORT_BROKEN_OFF, IMPORT_ON_ITS_WAY
from mnemon.logic.rows import ROWS_DAMAGED
from mnemon.logic.versions import KEEP

if TYPE_CHECKING:
    from mnemon.apps.cli.commanding import Commands
    from mnemon.apps.cli.screen import Screen
    from mnemon.types.care import Checkup
    from mnemon.types.storage import Finding

__all__ = ["register"]

_SHOWN = 10
"""Ids of a finding that a table shows."""


def register(commands: Commands) -> None:
    """Add these commands to the program."""
    commands.command("reembed", scoped=False)(reembed)
    commands.command("backup", scoped=False)(backup)
    commands.command("doctor", scoped=False)(doctor)


def reembed(
    call: Call,
    *,
    embedder: Annotated[
        str | None, typer.Option("--embedder", help="Another one: local or openai-compatible.", metavar="NAME")
    ] = None,
) -> Outcome:
    """Give memories the vectors that they lack, or all of them those of another embedder."""
    other = KEEP if embedder is None else choose_embedder(embedder, call.settings())
    with call.memory(embeds=embedder is None) as memory, progress_bar("embedding", "versions") as progress:
        done = memory.reembed(embedder=other, progress=progress)
    return Outcome(
        data=done.to_dict(),
        count=done.versions,
        show=lambda screen: screen.line(f"{done.versions} versions have new vectors, of {done.embedder}"),
    )


def backup(call: Call, path: Annotated[str, typer.Argument(help="A file that is not there yet.")]) -> Outcome:
    """Copy the whole store while it is in use, and check the copy by opening it."""
    with call.memory(embeds=False) as memory, progress_bar("copying", "pages") as progress:
        done = memory.backup(path, progress=progress)
    return Outcome(
        data=done.to_dict(),
        show=lambda screen: screen.line(f"copied {done.bytes:,} bytes to {done.path}, opened and checked"),
    )


def doctor(
    call: Call, *, repair: Annotated[bool, typer.Option("--repair", help="Mend what can be mended.")] = False
) -> Outcome:
    """Check the store: indexes against rows, and work that was left half done."""
    with call.memory(embeds=False) as memory:
        checkup = memory.doctor(repair=repair)
    outcome = Outcome(
        data=checkup.to_dict(),
        count=len(checkup.findings),
        show=lambda screen: _show_checkup(screen, checkup, repair=repair),
    )
    if not checkup.sound:
        left = sum(not one.repaired for one in checkup.findings)
        remedy = _remedy(checkup, repair=repair)
        msg = f"the store is not sound, {left} of {len(checkup.findings)} findings are not mended; {remedy}"
        raise Problem(msg, kind="NotSound", so_far=outcome)
    return outcome


def _remedy(checkup: Checkup, *, repair: bool) -> str:
    """Return what to do about findings that are not mended."""
    kinds = {one.kind for one in checkup.findings}
    if {one.kind for one in checkup.findings if not one.repaired} == {BYTES_LEFT}:
        # The rows are fine; a backup would bring back what was erased.
        return (
            "somebody still reads the file, so that bytes of what was erased stay in it; "
            "run `mnemon doctor --repair` again when they have ended"
            if repair
            else "remove the bytes of what was erased with `mnemon doctor --repair`"
        )
    if repair and ROWS_DAMAGED in kinds:
        return (
            "restore a backup, or take the damaged rows away, by project, collection and id "
            "(store.collections(), then store.apply(project, [Delete(collection=..., ids=[...])])), "
            "and run `mnemon doctor --repair` again"
        )
    if IMPORT_ON_ITS_WAY in kinds and ROWS_DAMAGED not in kinds:
        return (
            "wait for the import that is on its way, or import the same again where it broke off; then look once more"
        )
    if IMPORT_BROKEN_OFF in kinds and ROWS_DAMAGED not in kinds:
        return (
            "import the same again, which brings what is missing; to do without it, run `mnemon doctor --repair` "
            f"{'once more' if repair else 'twice'}"
        )
    if not repair:
        return (
            "keep a copy, with `mnemon backup PATH` or, where that refuses a store that is not sound, of its file "
            "while nobody has it open; then mend it with `mnemon doctor --repair`"
        )
    return "restore a backup, or import an export into a new store"


def _show_checkup(screen: Screen, checkup: Checkup, *, repair: bool) -> None:
    columns = (
        Column("where", "bold"),
        Column("what", wide=True),
        Column("rows"),
        Column("", "green"),
        Column("project"),
        Column("ids", "dim", wide=True),
    )
    rows = [
        [
            one.collection or "file",
            one.kind,
            str(one.rows),
            "mended" if one.repaired else "not mended" if repair else "",
            one.project or "",
            _ids(one),
        ]
        for one in checkup.findings
    ]
    rows += [[one.collection, one.kind, str(one.rows), "perhaps meant", "", _ids(one)] for one in checkup.notes]
    if rows:
        screen.table(columns, rows)
    if not checkup.findings:
        screen.line("nothing is wrong", "green")


def _ids(one: Finding) -> str:
    """Return the first of the rows concerned; `--json` has up to 100."""
    shown = one.ids[:_SHOWN]
    return ", ".join([*shown, "..."] if one.rows > len(shown) > 0 else shown)
