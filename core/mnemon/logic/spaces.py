"""Which embedder a project's vectors are of, and the settings row that remembers it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING

from mnemon.errors import ConfigError
from mnemon.types.jsonvalue import json_bytes
from mnemon.types.storage import Collection, Row, VectorSpace

if TYPE_CHECKING:
    from mnemon.protocols.embedder import Embedder

__all__ = [
    "EMBEDDING",
    "SCRUB",
    "SETTINGS",
    "Vectors",
    "check_embedder",
    "scrub_row",
    "space_for",
    "space_of",
    "space_row",
]

SETTINGS = Collection(name="settings")
"""One row per setting of a project that all who open it must agree on."""

EMBEDDING = "embedding"
"""The settings row that names the vector space."""

SCRUB = "scrub"
"""The settings row that is there while bytes of what was erased may be left in the file."""

_LONGEST = 24


@dataclass(slots=True)
class Vectors:
    """What a memory embeds with, one for the memory, its views and its twin: `reembed` changes it for all of them.

    Attributes:
        embedder: the embedder, or None for search by words alone.
        space: the project's vector space as far as it is known; it stays known where there is no embedder.
    """

    embedder: Embedder | None
    space: VectorSpace | None = None


def space_for(model: str, dimensions: int) -> VectorSpace:
    """Return the vector space of an embedder: another model or length is another space."""
    slug = re.sub(r"[^a-z0-9]+", "_", model.lower()).strip("_")[:_LONGEST].strip("_")
    digest = blake2b(f"{dimensions}:{model}".encode(), digest_size=4).hexdigest()
    return VectorSpace("_".join(filter(None, ("v", slug, digest))), model, dimensions)


def space_row(space: VectorSpace) -> Row:
    """Return the settings row of a vector space."""
    data = {"name": space.name, "model": space.model, "dimensions": space.dimensions}
    return Row(id=EMBEDDING, payload=json_bytes(data))


def space_of(row: Row | None) -> VectorSpace | None:
    """Return the vector space of a settings row; None where there is none yet."""
    return None if row is None else VectorSpace(**json.loads(row.payload))


def check_embedder(recorded: VectorSpace | None, embedder: Embedder | None) -> None:
    """Refuse an embedder whose vectors cannot be compared with those that are stored.

    Raises:
        ConfigError: another one made them; the message names both and what to do.
    """
    if recorded is None or embedder is None:
        return
    if embedder.name != recorded.model or embedder.dimensions not in {None, recorded.dimensions}:
        made = f"{recorded.model!r} ({recorded.dimensions} dimensions)"
        given = f"{embedder.name!r} ({embedder.dimensions or 'unknown'} dimensions)"
        msg = (
            f"the vectors of this project were made by {made}, this embedder is {given}; open it with the "
            f"former, or give its memories new vectors: Memory(..., embedder=None).reembed(embedder=...)"
        )
        raise ConfigError(msg)


def scrub_row() -> Row:
    """Return the settings row that says that a scrub is due."""
    return Row(id=SCRUB)
