"""Memories, versions and operations, for programs and for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mnemon.apps.cli.screen import Column

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from mnemon.apps.cli.screen import Cell, Screen
    from mnemon.types.jsonvalue import Json
    from mnemon.types.memory import Hit, MemoryRecord, Operation, Version
    from mnemon.types.results import ErasureReceipt

__all__ = [
    "hit_data",
    "moment",
    "record_data",
    "show_hits",
    "show_operations",
    "show_receipt",
    "show_record",
    "show_records",
    "show_versions",
    "speaker",
    "version_data",
]


def moment(value: datetime | None, screen: Screen) -> str:
    """Return a time in UTC: to the minute on a terminal, whole elsewhere."""
    if value is None:
        return ""
    return f"{value:%Y-%m-%d %H:%M}" if screen.terminal else value.isoformat()


def speaker(record: MemoryRecord) -> str:
    """Return who said it, or what it is where nobody did."""
    return record.speaker or record.role or record.kind


def record_data(record: MemoryRecord) -> dict[str, Json]:
    """Return all of a memory as JSON data, in the field names of `to_dict`."""
    return {
        **record.to_dict(),
        "kind": record.kind,
        "speaker": record.speaker,
        "role": record.role,
        "said_at": record.said_at.isoformat(),
        "valid_from": _time(record.valid_from),
        "valid_to": _time(record.valid_to),
        "expires_at": _time(record.expires_at),
        "pinned": record.pinned,
        "version": record.version,
        "source_ids": list(record.source_ids),
    }


def _time(value: datetime | None) -> str | None:
    return None if value is None else value.isoformat()


def hit_data(hit: Hit) -> dict[str, Json]:
    """Return a memory that was found, with its score."""
    return {**record_data(hit.memory), **hit.to_dict()}


def version_data(version: Version) -> dict[str, Json]:
    """Return a version with who made it and how it ended."""
    return {**record_data(version.memory), **version.to_dict()}


def show_hits(screen: Screen, hits: Iterable[Hit], *, explain: bool = False, ids: bool = True) -> None:
    """Show what was found: score, date, speaker, text, id."""
    columns = [
        Column("score", "green"),
        Column("date", "cyan"),
        Column("speaker", "magenta"),
        Column("memory", wide=True),
    ]
    columns += [Column("signals", "dim", wide=True)] if explain else []
    rows: list[list[Cell]] = []
    for hit in hits:
        signals = " ".join(f"{name}={value:.3f}" for name, value in (hit.signals or {}).items() if value)
        row: list[Cell] = [f"{hit.score:.3f}", moment(hit.memory.said_at, screen), speaker(hit.memory)]
        extra: list[Cell] = [signals] if explain else []
        if ids and not screen.terminal:
            extra.append(hit.memory.id)
        rows.append([*row, _with_id(screen, hit.memory) if ids else hit.memory.text, *extra])
    screen.table(columns, rows, empty="nothing was found")


def _with_id(screen: Screen, record: MemoryRecord) -> Cell:
    """Return the text; on a terminal the id stands below it, where it leaves the text its width."""
    return (record.text, record.id) if screen.terminal else record.text


def show_records(screen: Screen, records: Iterable[MemoryRecord]) -> None:
    """Show memories: date, speaker, text, id."""
    columns = (Column("date", "cyan"), Column("speaker", "magenta"), Column("memory", wide=True))
    rows = [
        [moment(one.said_at, screen), speaker(one), _with_id(screen, one), *([] if screen.terminal else [one.id])]
        for one in records
    ]
    screen.table(columns, rows, empty="there is nothing")


def show_record(screen: Screen, record: MemoryRecord) -> None:
    """Show one memory, with all that is known of it."""
    screen.block(record.text)
    data = {name: value for name, value in record_data(record).items() if name != "memory"}
    screen.pairs((name, _plain(value)) for name, value in data.items() if value not in (None, "", [], {}))


def _plain(value: Json) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value)


def show_versions(screen: Screen, versions: Iterable[Version]) -> None:
    """Show the versions of a memory."""
    columns = (
        Column("version", "bold"),
        Column("from", "cyan"),
        Column("to", "cyan"),
        Column("by", "magenta"),
        Column("memory", wide=True),
        Column("operation", "dim"),
    )
    rows = [
        [
            str(one.memory.version),
            moment(one.recorded_from, screen),
            moment(one.recorded_to, screen) + (" (deleted)" if one.deleted else ""),
            one.actor or "",
            one.memory.text,
            one.op_id,
        ]
        for one in versions
    ]
    screen.table(columns, rows)


def show_operations(screen: Screen, operations: Iterable[Operation]) -> None:
    """Show what was done."""
    columns = (
        Column("at", "cyan"),
        Column("what", "bold"),
        Column("memories"),
        Column("by", "magenta"),
        Column("operation", "dim"),
    )
    rows = [[moment(one.at, screen), one.kind, str(len(one.touched)), one.actor or "", one.op_id] for one in operations]
    screen.table(columns, rows, empty="nothing was done")


def show_receipt(screen: Screen, receipt: ErasureReceipt) -> None:
    """Show what was erased, in numbers."""
    word = "would be erased" if receipt.dry_run else "erased"
    pairs = [(f"{name} {word}", str(count)) for name, count in receipt.rows.items()]
    pairs += [(f"{name} emptied of their text", str(count)) for name, count in receipt.redacted.items() if count]
    pairs += [(f"{name} that name nobody, and stay", str(count)) for name, count in receipt.left.items()]
    screen.pairs(pairs)
    if receipt.bytes == "pending":
        screen.line(f"bytes: pending, since {receipt.reason}", "yellow")
        screen.line("where the store can remove them itself, `mnemon doctor --repair` does")
    elif not receipt.dry_run:
        screen.line("bytes: gone")
