"""Files that are imported: which format they have, and their items one by one, however large the file is."""

from __future__ import annotations

import codecs
import json
import re
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Literal, Protocol, cast

import ijson  # pyright: ignore[reportMissingTypeStubs] - it has none

from mnemon.apps.cli.problems import WRONG, Problem
from mnemon.logic.exports import FORMAT

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator

__all__ = ["FORMATS", "Format", "Source", "open_source"]

Format = Literal["mnemon", "mem0", "chat", "chatgpt"]
FORMATS: tuple[Format, ...] = ("mnemon", "mem0", "chat", "chatgpt")

_HEAD = 65_536
_SPOOL = 16 * 2**20
"""Bytes of stdin that are kept in memory; more go to a temporary file, since a source is read twice."""
_DEEPEST = 5_000
"""Levels of lists and objects that are read. ijson keeps a path of every level that is open, which takes memory by
the square of the depth: a file of a megabyte, all of it brackets, would take more than any machine has."""
_MARKS = re.compile(rb'\\.|["\[\]{}]', re.DOTALL)
_LISTS = {"results": "mem0", "memories": "mem0", "messages": "chat", "conversations": "chatgpt"}
"""Keys of an object that hold the list of what is imported."""


class _Readable(Protocol):
    def read(self, size: int = -1, /) -> bytes: ...


class _Measured:
    """What is read through it may hold only so many lists and objects inside one another."""

    def __init__(self, source: _Readable, name: str) -> None:
        self._source = source
        self._name = name
        self._open = 0
        self._in_text = False
        self._rest = b""

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes, whose levels are counted.

        Raises:
            Problem: there are more levels than can be read.
        """
        data = self._source.read(size)
        self._count(self._rest + data)
        return data

    def _count(self, data: bytes) -> None:
        self._rest = b"\\" if (len(data) - len(data.rstrip(b"\\"))) % 2 else b""
        for found in _MARKS.finditer(data):
            mark = found[0]
            if mark == b'"':
                self._in_text = not self._in_text
            elif self._in_text or len(mark) > 1:
                continue
            elif mark in b"[{":
                self._open += 1
                if self._open > _DEEPEST:
                    msg = (
                        f"{self._name} has a list or an object that is nested deeper than {_DEEPEST:,} levels, which "
                        f"is not read; take it out of the file, and repeat the import"
                    )
                    raise Problem(msg, kind="BrokenSource")
            else:
                self._open -= 1


@dataclass(slots=True)
class Source:
    """An open file that is imported.

    Attributes:
        name: how reports call it.
        format: what it holds.
        prefix: where its items are, as ijson names it.
        total: bytes of it.
        file: the file.
        start: the byte at which its content begins.
        looks_like: what its first item says that it holds, or None where that says nothing.
        named: whether `format` was named, and not found out.
        progress: called with how many of how many bytes were read.
    """

    name: str
    format: Format
    prefix: str
    total: int
    file: IO[bytes]
    start: int = 0
    looks_like: Format | None = None
    named: bool = False
    progress: Callable[[int, int], None] | None = None

    def read(self, size: int = -1) -> bytes:
        """Return bytes, and report how far it is: this is what ijson reads through."""
        data = self.file.read(size)
        if self.progress is not None:
            self.progress(self.file.tell(), self.total)
        return data

    def items(self) -> Iterator[object]:
        """Yield the items one by one.

        Raises:
            Problem: from here on it is not JSON.
        """
        self.file.seek(self.start)
        found = cast("Iterator[object]", _items(_Measured(self, self.name), self.prefix))
        while True:
            try:
                item = next(found)
            except StopIteration:
                return
            except (ijson.JSONError, UnicodeDecodeError):
                place = self.file.tell()
            else:
                yield _with_floats(item)
                continue
            msg = (
                f"{self.name} is not JSON somewhere before byte {place:,}; what stands before that is imported, "
                f"so mend the file or fetch it again, and repeat the import"
            )
            raise Problem(msg, kind="BrokenSource")

    def lines(self) -> Iterator[str]:
        """Yield the lines of an export of ours.

        Raises:
            Problem: a line is not UTF-8.
        """
        self.file.seek(self.start)
        for number, line in enumerate(self.file, 1):
            if self.progress is not None and number % 100 == 0:
                self.progress(self.file.tell(), self.total)
            try:
                text = line.decode()
            except UnicodeDecodeError:
                msg = f"{self.name}, line {number}: not UTF-8; fetch the export again, and repeat the import"
                raise Problem(msg, kind="BrokenSource") from None
            yield text


def _items(file: _Readable, prefix: str) -> object:
    # Not use_float: with it a whole number of more than 64 bits would be no JSON.
    return cast("Any", ijson).items(file, prefix, multiple_values=True)


def _with_floats(item: object) -> object:
    """Return an item with floats for the decimals that ijson reads, as `json` would have read it."""
    whole = [item]
    boxes: list[Any] = [whole]
    while boxes:
        box = boxes.pop()
        pairs = cast("dict[str, Any]", box).items() if isinstance(box, dict) else enumerate(box)
        for key, value in cast("Iterable[tuple[Any, object]]", pairs):
            if isinstance(value, Decimal):
                box[key] = float(value)
            elif isinstance(value, dict | list):
                boxes.append(value)
    return whole[0]


@contextmanager
def open_source(path: str, wanted: Format | None) -> Generator[Source]:
    """Open a file, or stdin for `-`, and find out what it is.

    Raises:
        Problem: it is nothing that can be imported.
    """
    if path == "-":
        with tempfile.SpooledTemporaryFile(max_size=_SPOOL) as spooled:
            while chunk := sys.stdin.buffer.read(_HEAD):
                spooled.write(chunk)
            yield _source("stdin", cast("IO[bytes]", spooled), wanted)
    else:
        with Path(path).open("rb") as file:
            yield _source(path, file, wanted)


def _source(name: str, file: IO[bytes], wanted: Format | None) -> Source:
    total = file.seek(0, 2)
    file.seek(0)
    head = file.read(_HEAD)
    start = len(codecs.BOM_UTF8) if head.startswith(codecs.BOM_UTF8) else 0
    if not head[start:].strip():
        msg = f"{name} is empty; there is nothing to import"
        raise Problem(msg, code=WRONG, kind="UnknownFormat")
    if _is_ours(head[start:]):
        return Source(name, wanted or "mnemon", "", total, file, start, "mnemon", named=wanted is not None)
    file.seek(start)
    try:
        found, prefix = _look(file, name)
    except (ijson.JSONError, UnicodeDecodeError):
        found, prefix = None, None
    if wanted == "mnemon":  # its lines are read one by one, and the first that is none of an export is named
        prefix = ""
    if prefix is None or (wanted or found) is None:
        msg = (
            f"{name} is no JSON (NaN is none), or of none of the formats that are known: {', '.join(FORMATS)}; say "
            f"--format where you know it, and see the page on the command line for how each looks"
        )
        raise Problem(msg, code=WRONG, kind="UnknownFormat")
    return Source(name, cast("Format", wanted or found), prefix, total, file, start, found, named=wanted is not None)


def _is_ours(head: bytes) -> bool:
    try:
        first: object = json.loads(head.split(b"\n", 1)[0])
    except (ValueError, RecursionError):
        return False
    return isinstance(first, dict) and cast("dict[str, object]", first).get("format") == FORMAT


def _look(file: IO[bytes], name: str) -> tuple[Format | None, str | None]:
    """Return the format of JSON by its first item, and where its items are; it is read no further than needed."""
    events: Iterator[tuple[str, str, object]] = cast("Any", ijson).parse(_Measured(file, name), multiple_values=True)
    _, event, _ = next(events)
    if event == "start_array":
        _, event, _ = next(events)
        if event == "start_array":
            return "chat", "item"
        if event == "end_array":
            return "mem0", "item"  # what `get_all` gives of nobody's memories: nothing, in any format
        return (_by_keys(_keys(events, "item")), "item") if event == "start_map" else (None, "item")
    if event != "start_map":
        return None, None
    keys: set[str] = set()
    for prefix, kind, value in events:
        if not prefix and kind == "end_map":
            break
        if not prefix and kind == "map_key":
            keys.add(str(value))
        elif prefix in _LISTS and kind == "start_array" and prefix != "messages":
            return cast("Format", _LISTS[prefix]), f"{prefix}.item"
        elif prefix in {"messages", "mapping"}:
            break
    return _by_keys(keys), ""


def _keys(events: Iterator[tuple[str, str, object]], prefix: str) -> set[str]:
    """Return the keys of the object that begins here."""
    keys: set[str] = set()
    for place, kind, value in events:
        if place == prefix and kind == "map_key":
            keys.add(str(value))
        if (place == prefix and kind == "end_map") or str(value) in {"mapping", "messages"}:
            break
    return keys


def _by_keys(keys: set[str]) -> Format | None:
    if "mapping" in keys:
        return "chatgpt"
    if keys & {"memory", "text"}:
        return "mem0"
    if "messages" in keys or {"role", "content"} <= keys:
        return "chat"
    return "mem0" if "content" in keys else None
