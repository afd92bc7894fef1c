# Generated from core/mnemon/_async/upkeep.py by tests/contracts/unasync.py; edit that file.
"""The methods of a memory that erase, move and renew."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice
from typing import IO, TYPE_CHECKING

from mnemon._sync import embedding, erasing, moving
from mnemon._sync.face import Face
from mnemon._sync.spaces import agree_on_words
from mnemon.errors import ConfigError, InvalidInputError
from mnemon.logic.arguments import refuse_foreign
from mnemon.logic.exports import ExportedRow, ExportReader, caught_up, import_note, later_versions
from mnemon.logic.memories import MEMORIES
from mnemon.logic.versions import KEEP, Keep
from mnemon.protocols.embedder import Embedder
from mnemon.types.results import ErasureReceipt, Exported, Imported, Reembedded
from mnemon.wrappers.files import lines_of
from mnemon.wrappers.threads import think

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mnemon.types.scope import Scope
    from mnemon.types.storage import Collection, Patch, Row

    Progress = Callable[[int, int], None]

__all__ = ["Upkeep"]

_ROWS = 500
"""Rows that are imported, or given vectors, in one transaction."""


class Upkeep(Face):
    """Erasing people, export and import, purging, new vectors."""

    def forget(self, *, user_id: str | None = None, dry_run: bool = False, **foreign: object) -> ErasureReceipt:
        """Erase a person from every collection of the project: for ever, all versions, messages and operations too.

        Args:
            user_id: the person.
            dry_run: only count.
            foreign: refused, with our word for it.

        Returns:
            How many rows went, by collection, and, but on a view, how many name nobody and therefore stay.
        """
        refuse_foreign("forget", foreign)
        scope = self._scope("forget", user_id, None, None, None)
        if set(scope.to_dict()) != {"user_id"}:
            msg = f"forget() means all of a person, and this memory is bound to {dict(scope.to_dict())}"
            raise InvalidInputError(msg)
        receipt = self._core.runner.run(erasing.forget, scope.user_id or "", dry_run)
        # What names nobody is counted over all of the project, which is none of a view's business.
        return receipt if self._named(None, None, None, None) is None else replace(receipt, left={})

    def purge(
        self, *, retention: timedelta | None = None, keep_versions: int | None = None, **foreign: object
    ) -> ErasureReceipt:
        """Erase what has expired, what was deleted longer ago than `retention`, and old versions.

        Args:
            retention: how long what was deleted can be had back; 30 days unless the settings say otherwise.
            keep_versions: how many versions of each memory stay; None for all.
            foreign: refused, with our word for it.

        Raises:
            ScopeError: on a view: it means the whole project.
        """
        refuse_foreign("purge", foreign)
        self._check_project_wide("purge()")
        kept = self._core.retention if retention is None else retention
        if not isinstance(kept, timedelta) or kept < timedelta(0):  # pyright: ignore[reportUnnecessaryIsInstance]
            msg = "retention is a timedelta from 0, such as timedelta(days=30)"
            raise InvalidInputError(msg)
        if keep_versions is not None and (
            isinstance(keep_versions, bool) or not isinstance(keep_versions, int) or keep_versions < 1  # pyright: ignore[reportUnnecessaryIsInstance]
        ):
            msg = "keep_versions is a whole number from 1: the newest version always stays"
            raise InvalidInputError(msg)
        now = self._core.clock()
        return self._core.runner.run(erasing.purge, now, now - kept, keep_versions)

    def reset(self, **foreign: object) -> ErasureReceipt:
        """Erase everything of the project, what adapters keep in it too.

        Raises:
            ScopeError: on a view.
        """
        refuse_foreign("reset", foreign)
        self._check_project_wide("reset()")
        receipt = self._core.runner.run(erasing.reset)
        self._core.runner.run(agree_on_words)
        self._core.vectors.space = None
        return receipt

    def export(
        self,
        target: str | os.PathLike[str] | IO[str],
        *,
        user_id: str | None = None,
        agent_id: str | None = None,
        app_id: str | None = None,
        run_id: str | None = None,
        progress: Progress | None = None,
        **foreign: object,
    ) -> Exported:
        """Write memories with all versions, messages, operations and what adapters keep, as JSON Lines.

        A file is there when it is whole (mode 0600), and not before; one that was there is replaced.

        Args:
            target: a file's path, or an open text file.
            user_id: only of this scope; so for the others. Without any: the whole project.
            agent_id: as `user_id`.
            app_id: as `user_id`.
            run_id: as `user_id`.
            progress: called with how many of how many rows were written.
            foreign: refused, with our word for it.
        """
        refuse_foreign("export", foreign)
        scope = self._named(user_id, agent_id, app_id, run_id)
        if not isinstance(target, str | os.PathLike):
            return self._core.runner.run(moving.export, target.write, scope, progress)
        return self._core.runner.run(moving.export_file, target, scope, progress)

    def import_(
        self,
        source: str | os.PathLike[str] | Iterable[str],
        *,
        progress: Callable[[Imported], None] | None = None,
        **foreign: object,
    ) -> Imported:
        """Store what `export` wrote; what is there already stays as it is, so a second import adds nothing.

        A version that is current here and superseded in the export is closed at the end. Where a memory was
        changed here as well, both are in its history, and the highest version is current: of two of one number
        the one that was made later, and none where the one of here was deleted.

        Rows go in parts of 500. When it was interrupted, the same call goes on; `doctor` tells that it was, and
        repairs nothing that the rest may bring. On a view no collection is declared anew, and every row must
        belong to its scope.

        Args:
            source: a file's path, or lines.
            progress: called with the numbers so far, after each part.
            foreign: refused, with our word for it.

        Raises:
            InvalidInputError: it is no export; the message names the line.
        """
        refuse_foreign("import_", foreign)
        scope = self._named(None, None, None, None)
        if isinstance(source, str | os.PathLike):
            with lines_of(source) as file:
                return self._import(file, scope, progress)
        if not isinstance(source, Iterable):  # pyright: ignore[reportUnnecessaryIsInstance]
            msg = f"import_ takes the path of an export or its lines, not a {type(source).__name__}"
            raise InvalidInputError(msg)
        return self._import(source, scope, progress)

    def _import(
        self, lines: Iterable[str], scope: Scope | None, progress: Callable[[Imported], None] | None
    ) -> Imported:
        report = _Report()
        late: list[Patch] = []
        brought: dict[str, set[str]] = {}
        numbered = enumerate(lines, 1)
        reader = ExportReader(scope=scope, language=self._core.recall.language)
        begun = self._core.clock()
        while part := think(_read_part, numbered, reader):
            for found in part:
                if not isinstance(found, ExportedRow):
                    self._core.runner.run(moving.declare, found, scope)
            rows = [one for one in part if isinstance(one, ExportedRow)]
            self._core.runner.run(moving.check_links, rows, scope)
            late += self._store(rows, self._note(reader, begun), report, progress)
            for memory_id, versions in later_versions(rows).items():
                brought.setdefault(memory_id, set()).update(row.id for row in versions)
        reader.finish()
        # Last, when every version is there: one that is closed before its successor came would be missing meanwhile.
        memories = list(brought)
        for start in range(0, max(len(late), len(memories)), _ROWS):
            end = start + _ROWS
            part_of_it = {memory_id: brought[memory_id] for memory_id in memories[start:end]}
            self._core.runner.run(moving.catch_up, late[start:end], part_of_it, self._note(reader, begun))
        self._core.runner.run(moving.end_import, self._note(reader, begun))
        return report.result()

    def _store(
        self,
        rows: list[ExportedRow],
        note: Row,
        report: _Report,
        progress: Callable[[Imported], None] | None,
    ) -> list[Patch]:
        """Store what is new; return what rows that are there already have to catch up with."""
        if not rows:
            return []
        there = self._core.runner.run(moving.there_already, rows)
        new = [one for one in rows if (one.collection, one.row.id) not in there]
        embedded = self._core.embed_documents([one.text for one in new if one.text is not None])
        counts = self._core.runner.run(moving.store_rows, new, embedded, note)
        report.count(rows, new, counts, set(embedded.vectors))
        if progress is not None:
            progress(report.result())
        meanwhile = [one for one, count in zip(new, counts, strict=True) if not count]
        there |= self._core.runner.run(moving.there_already, meanwhile)
        told = [one.row for one in rows if one.collection == MEMORIES.name and (one.collection, one.row.id) in there]
        return [patch for row in told for patch in caught_up(there[MEMORIES.name, row.id], row)]

    def _note(self, reader: ExportReader, begun: datetime) -> Row:
        return import_note(str(reader.origin), reader.made, begun=begun, at=self._core.clock())

    def reembed(
        self, *, embedder: Embedder | Keep | None = KEEP, progress: Progress | None = None, **foreign: object
    ) -> Reembedded:
        """Give every memory a vector that has none, or with another embedder give all of them new ones.

        It can be interrupted, and the same call goes on. Until the last memory has its new vector,
        searches use the former ones. Other processes must be opened anew with the new embedder.

        Args:
            embedder: the new embedder; the memory's own if left out.
            progress: called with how many of how many versions have their vector.
            foreign: refused, with our word for it.

        Raises:
            ConfigError: there is no embedder.
        """
        refuse_foreign("reembed", foreign)
        self._check_project_wide("reembed()")
        given = self._core.embedder if isinstance(embedder, Keep) else embedder
        if given is None:
            msg = 'reembed() needs an embedder, and this memory has none; pip install "mnemon[local]", or give one'
            raise ConfigError(msg)
        if not isinstance(given, Embedder):  # pyright: ignore[reportUnnecessaryIsInstance]
            msg = "reembed() takes an embedder as those in mnemon.embedders, such as LocalEmbedder()"
            raise ConfigError(msg)
        space, present = self._core.prepare_space(given)
        total = self._core.runner.run(embedding.count_waiting, space.name)
        done = 0
        while rows := self._core.runner.run(embedding.waiting, space.name, _ROWS):
            embedded = self._core.embed_with(given, space, [text for _, text in rows])
            ids = [row_id for row_id, _ in rows]
            done += self._core.runner.run(embedding.give_vectors, ids, embedded, present)
            if progress is not None:
                progress(done, max(total, done))
        self._core.adopt_space(given, space)
        while self._core.runner.run(embedding.leave_space, space.name, _ROWS):
            pass
        return Reembedded(embedder=space.model, versions=done)


def _read_part(numbered: Iterator[tuple[int, str]], reader: ExportReader) -> list[Collection | ExportedRow]:
    """Return what the next lines hold, up to as many as are stored at once; nothing after the last line."""
    found = (reader.read(line, number) for number, line in numbered)
    return list(islice((one for one in found if one is not None), _ROWS))


class _Report:
    """Counts what an import did."""

    def __init__(self) -> None:
        self._added: dict[str, int] = {}
        self._there: dict[str, int] = {}
        self._waiting = 0

    def count(self, rows: list[ExportedRow], new: list[ExportedRow], counts: list[int], embedded: set[str]) -> None:
        """Count a part of it: all its rows, those that were sent to the store, and whether each was stored."""
        stored = {(one.collection, one.row.id) for one, count in zip(new, counts, strict=True) if count}
        for one in rows:
            is_new = (one.collection, one.row.id) in stored
            total = self._added if is_new else self._there
            total[one.collection] = total.get(one.collection, 0) + 1
            self._waiting += is_new and one.text is not None and one.text not in embedded

    def result(self) -> Imported:
        """Return the numbers so far."""
        return Imported(added=dict(self._added), there=dict(self._there), waiting=self._waiting)
