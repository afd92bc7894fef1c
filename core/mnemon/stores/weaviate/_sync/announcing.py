# Generated from core/mnemon/stores/weaviate/_async/announcing.py by tests/contracts/unasync.py; edit that file.
"""Telling those who follow what a batch is about to write, and that it is done."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from threading import Event
from typing import TYPE_CHECKING

from weaviate.classes.data import DataObject

from mnemon.errors import MnemonError, StoreError
from mnemon.stores.weaviate import naming
from mnemon.stores.weaviate._sync.entries import Entries
from mnemon.stores.weaviate.log import Change, entry_properties, moved

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from uuid import UUID

    from mnemon.stores.weaviate._sync.reader import Reader
    from mnemon.stores.weaviate._sync.server import Server

__all__ = ["Announcer"]

_logger = logging.getLogger(__name__)


class Announcer:
    """Announces the changes of one batch in the log of a project.

    Attributes:
        silence: set where a request of the batch had no answer: the server may carry it out later.
    """

    def __init__(self, server: Server, reader: Reader, project: str) -> None:
        """Write into the log of a server's project."""
        self._server = server
        self._reader = reader
        self._project = project
        self._log = Entries(server, reader, project)
        self.silence = Event()

    @contextmanager
    def announced(self, changes: Sequence[Change]) -> Generator[None]:
        """Announce changes before the block carries them out, and end them when nothing of them can happen any more.

        A block that is broken off, by a cancelled call or an end of the process, leaves them without an end.
        """
        announced = list(changes)
        begun = self._begin(announced)
        try:
            more = [one for change in changes if (one := self._moved(change)) is not None]
            announced += more
            begun += self._begin(more)
            yield
        except MnemonError as error:
            try:
                self._end(announced, begun)
            except StoreError as late:
                error.add_note(f"It was not announced again either: {late}")
            raise
        self._end(announced, begun)

    def _moved(self, change: Change) -> Change | None:
        """Return what others have to be told: whose the rows are was read before they were announced."""
        if not change.there:
            return None
        collection = change.collection
        rows = self._reader.by_ids(self._project, collection, list(change.there), (), {*collection.scopes})
        return moved(change, rows.values())

    def _begin(self, changes: Sequence[Change]) -> list[UUID]:
        """Announce changes, and return their entries' ids; nothing of them may be written before."""
        begun = [naming.object_id(self._server.new_id()) for _ in changes]
        entries = zip(begun, map(entry_properties, changes), strict=True)
        self._log.add([DataObject(uuid=uuid, properties=entry) for uuid, entry in entries])
        return begun

    def _end(self, announced: Sequence[Change], begun: Sequence[UUID]) -> None:
        """Say that what was announced is done, where every request of the batch was answered.

        Who took this writer for dead has ended it, and then looked at its rows for the last time: in that case
        all is announced once more, now that it is written; so it is where the server has lost an entry. An end
        that cannot be added fails no write that was done: others look at its rows again and again until they
        end it, which is slower and never wrong.

        Raises:
            StoreError: it cannot be found out whether others ended it, or it cannot be announced again: they
                may never look at its rows, so that the batch counts as failed.
        """
        entries, ended = self._log.state(begun)
        if ended or len(entries) < len(begun):
            again, _ = self._log.state(self._begin(announced))
            if len(again) < len(announced):
                msg = "the log of changes does not keep what is added to it, so others would not find what was written"
                raise StoreError(msg)
            entries += again
        if self.silence.is_set():
            return
        try:
            self._log.end(entries)
        except StoreError as error:
            _logger.warning("the end of a change was not written; searches look at its rows again: %s", error)
