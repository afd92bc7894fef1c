"""What people see: tables and colours on a terminal, lines with tabs anywhere else."""

from __future__ import annotations

import io
import os
import sys
import unicodedata
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Sequence

__all__ = ["Cell", "Column", "Screen", "as_file", "clean", "progress_bar"]

_JOINERS = "\u200c\u200d"
"""Invisible characters that scripts and emoji are joined by."""
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Categories of characters that move the cursor, reorder text, or cannot be shown."""


def clean(text: str, *, lines: bool = False) -> str:
    """Return text that a terminal shows as it is: what would command it stands there escaped.

    `lines` keeps line breaks; otherwise the text is one line.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(char if _shown(char, lines=lines) else _escaped(char) for char in text)


def _shown(char: str, *, lines: bool) -> bool:
    if char in _JOINERS or (lines and char == "\n"):
        return True
    return unicodedata.category(char) not in _HIDDEN


def _escaped(char: str) -> str:
    return char.encode("unicode_escape").decode()


def as_file(stream: IO[str]) -> IO[str]:
    """Return a stream that carries a file to UTF-8, whatever the locale says: nothing in it is escaped or refused."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(encoding="utf-8", errors="strict", newline="\n")
    return stream


Cell = str | tuple[str, str]
"""A text, or on a terminal one with another one below it."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    Attributes:
        name: its head, on a terminal only.
        style: its colour, on a terminal only.
        wide: whether it takes the room that is left, and may wrap.
    """

    name: str
    style: str = ""
    wide: bool = False


class Screen:
    """Writes results to a stream, as that stream is looked at."""

    def __init__(self, stream: IO[str]) -> None:
        """Write to this stream."""
        self._stream = stream
        self.terminal = stream.isatty()
        self._console = Console(
            file=stream,
            force_terminal=self.terminal,
            color_system=None if os.environ.get("NO_COLOR") else "auto",  # rich alone would leave bold and dim
            highlight=False,
            markup=False,
            emoji=False,
            soft_wrap=True,
        )

    def line(self, text: str = "", style: str = "") -> None:
        """Write one line; what is in it is shown, never obeyed."""
        if self.terminal:
            self._console.print(Text(clean(text), style=style))
        else:
            self._stream.write(clean(text) + "\n")

    def block(self, text: str) -> None:
        """Write a text with its line breaks."""
        if self.terminal:
            self._console.print(Text(clean(text, lines=True)))
        else:
            self._stream.write(clean(text, lines=True) + "\n")

    def table(self, columns: Sequence[Column], rows: Iterable[Sequence[Cell]], *, empty: str = "nothing") -> None:
        """Write rows; on a terminal `empty` stands for none, and a pair is a text with another one below it."""
        if not self.terminal:
            listed = [[clean(cell if isinstance(cell, str) else cell[0]) for cell in row] for row in rows]
            self._stream.writelines("\t".join(row) + "\n" for row in listed)
            return
        cells = [[_rich_cell(cell) for cell in row] for row in rows]
        if not cells:
            self.line(empty, "dim")
            return
        table = Table(box=None, header_style="bold", pad_edge=False)
        for column in columns:
            table.add_column(column.name, style=column.style, no_wrap=not column.wide, overflow="fold", ratio=None)
        for row in cells:
            table.add_row(*row)
        self._console.print(table, soft_wrap=False)

    def pairs(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Write names with their values."""
        self.table((Column("", "bold"), Column("", wide=True)), [list(pair) for pair in pairs])


def _rich_cell(cell: Cell) -> Text:
    if isinstance(cell, str):
        return Text(clean(cell))
    text, below = cell
    return Text(clean(text)).append(f"\n{clean(below)}", style="dim")


@contextmanager
def progress_bar(title: str, unit: str = "") -> Generator[Callable[[int, int], None]]:
    """Return what reports how many of how many are done: a bar on a terminal, on stderr, and nothing elsewhere."""
    if not sys.stderr.isatty():
        yield _silent
        return
    console = Console(file=sys.stderr, markup=False, emoji=False)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(unit),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(title, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total or None)


def _silent(done: int, total: int) -> None:
    del done, total
