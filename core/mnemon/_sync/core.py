# Generated from core/mnemon/_async/core.py by tests/contracts/unasync.py; edit that file.
"""What a memory and its views share: the store's runner, the embedder, and the project's vector space."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, cast

from mnemon._sync.spaces import declare_space, make_space, recorded_space, usable_space
from mnemon.logic.adding import Embedded
from mnemon.logic.embedding import check_vectors
from mnemon.logic.recall import dense_applies
from mnemon.logic.spaces import check_embedder, space_for

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import timedelta

    import numpy
    from numpy.typing import NDArray

    from mnemon._sync.desk import Desk
    from mnemon.logic.recall import Query
    from mnemon.logic.spaces import Vectors
    from mnemon.protocols.clock import Clock
    from mnemon.protocols.embedder import Embedder
    from mnemon.protocols.runner import Runner
    from mnemon.types.recall import RecallConfig
    from mnemon.types.storage import Vector, VectorSpace

    Progress = Callable[[int, int], None]

__all__ = ["Core"]

_log = logging.getLogger("mnemon")

_BATCH = 256
"""Texts that are embedded between two reports of progress."""


class Core:
    """The parts of an open memory."""

    def __init__(
        self,
        runner: Runner[Desk],
        *,
        vectors: Vectors,
        defers: bool,
        clock: Clock,
        recall: RecallConfig,
        retention: timedelta,
    ) -> None:
        """Take what was opened."""
        self.runner = runner
        self.vectors = vectors
        self.clock = clock
        self.recall = recall
        self.retention = retention
        self._defers = defers

    @property
    def embedder(self) -> Embedder | None:
        """The embedder, or None for search by words alone."""
        return self.vectors.embedder

    @property
    def known_space(self) -> VectorSpace | None:
        """The project's vector space as far as it is known, with or without an embedder."""
        return self.vectors.space

    def find_space(self) -> VectorSpace | None:
        """Return the vector space that this memory searches, or None where there is none or no embedder.

        Another process may have made it since this memory was opened.
        """
        if self.embedder is None:
            return None
        if self.known_space is None:
            self._know(self.runner.run(usable_space, None))
        return self.known_space

    def _know(self, space: VectorSpace | None) -> None:
        check_embedder(space, self.embedder)
        self.vectors.space = space

    def embed_documents(
        self, texts: Sequence[str], known: Embedded | None = None, progress: Progress | None = None
    ) -> Embedded:
        """Return vectors for texts, beside those that are known.

        Whatever the embedder raises is passed on, unless the memory defers: then the vectors are missing.
        """
        if self.embedder is None:
            return Embedded()
        vectors: dict[str, Vector] = {} if known is None else dict(known.vectors)
        wanted = [text for text in dict.fromkeys(texts) if text not in vectors]
        if not wanted and not vectors:
            space = self.find_space()
            return Embedded(space=None if space is None else space.name, needed=True)
        try:
            for start in range(0, len(wanted), _BATCH):
                batch = wanted[start : start + _BATCH]
                vectors |= zip(batch, self._embed(batch), strict=True)
                if progress is not None:
                    progress(start + len(batch), len(wanted))
        except Exception as error:
            if not self._defers:
                raise
            missing = sum(text not in vectors for text in wanted)
            _log.warning(
                "embedder %r failed (%s); %d texts are stored without a vector and wait for reembed",
                self.embedder.name,
                type(error).__name__,
                missing,
            )
            if not vectors:
                return Embedded()
            return Embedded(space=(self.ensure_space()).name, vectors=vectors)
        return Embedded(space=(self.ensure_space()).name, vectors=vectors, needed=True)

    def embed_query(self, query: Query) -> NDArray[numpy.float32] | None:
        """Return the vector of a query, or None where vectors take no part in answering it.

        Whatever the embedder raises is passed on, unless the memory defers: then words answer alone.
        """
        embedder = self.embedder
        if embedder is None or self.find_space() is None:
            return None
        if not dense_applies(query, embedder=embedder.name, config=self.recall):
            return None
        try:
            return self._checked(embedder.embed([query.text], purpose="query"), 1)[0]
        except Exception as error:
            if not self._defers:
                raise
            _log.warning("embedder %r failed (%s); a search goes by words alone", embedder.name, type(error).__name__)
            return None

    def ensure_space(self) -> VectorSpace:
        """Return the project's vector space; the first vector makes it."""
        embedder = cast("Embedder", self.embedder)
        space = self.find_space()
        if space is None:
            space = space_for(embedder.name, cast("int", embedder.dimensions))
            space = self.runner.run(make_space, space, replaces=False)
            self._know(space)
        return space

    def _embed(self, texts: Sequence[str]) -> NDArray[numpy.float32]:
        embedder = cast("Embedder", self.embedder)
        return self._checked(embedder.embed(texts), len(texts))

    def _checked(self, vectors: object, count: int) -> NDArray[numpy.float32]:
        embedder = cast("Embedder", self.embedder)
        dimensions = embedder.dimensions if self.known_space is None else self.known_space.dimensions
        return check_vectors(vectors, count=count, name=embedder.name, dimensions=dimensions)

    def prepare_space(self, embedder: Embedder) -> tuple[VectorSpace, str | None]:
        """Return the vector space of an embedder, declared, and the name of the present one where it is another."""
        if embedder.dimensions is None:
            embedder.embed([""])
        space = space_for(embedder.name, cast("int", embedder.dimensions))
        present = self.runner.run(recorded_space)
        if present is None:
            present = self.runner.run(make_space, space, replaces=False)
        self.runner.run(declare_space, space)
        return space, None if present == space else present.name

    def embed_with(self, embedder: Embedder, space: VectorSpace, texts: Sequence[str]) -> Embedded:
        """Return vectors of any embedder."""
        vectors = check_vectors(
            embedder.embed(texts), count=len(texts), name=embedder.name, dimensions=space.dimensions
        )
        return Embedded(space=space.name, vectors=dict(zip(texts, vectors, strict=True)), needed=True)

    def adopt_space(self, embedder: Embedder, space: VectorSpace) -> None:
        """Search and write in this space from now on."""
        self.vectors.space = self.runner.run(make_space, space, replaces=True)
        self.vectors.embedder = embedder
