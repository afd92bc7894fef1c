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
    "ANALYSIS",
    "EMBEDDING",
    "SCRUB",
    "SETTINGS",
    "Vectors",
    "analysis_row",
    "check_analysis",
    "check_embedder",
    "check_still",
    "scrub_row",
    "space_for",
    "space_of",
    "space_row",
]

SETTINGS = Collection(name="settings")
"""One row per setting of a project that all who open it must agree on."""

EMBEDDING = "embedding"
"""The settings row that names the vector space."""

ANALYSIS = "analysis"
"""The settings row that names the language whose rules made the terms that memories are found by."""

ANALYSIS_VERSION = 1
"""Grows when the same text gives other terms than before: what is stored is then not found by its words any more."""

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


def check_still(recorded: VectorSpace | None, space: str | None) -> None:
    """Refuse to search in a space whose vectors were replaced since the memory was opened.

    Raises:
        ConfigError: another process gave the project's memories vectors of another embedder.
    """
    if recorded is not None and space is not None and recorded.name != space:
        msg = (
            f"since this memory was opened, its project was given the vectors of {recorded.model!r}; "
            f"open it again with that embedder"
        )
        raise ConfigError(msg)


def analysis_row(language: str) -> Row:
    """Return the settings row that names the rules of a language."""
    return Row(id=ANALYSIS, payload=json_bytes({"language": language, "version": ANALYSIS_VERSION}))


def check_analysis(row: Row | None, language: str) -> None:
    """Refuse other rules than those that made the stored terms.

    Raises:
        ConfigError: they are of another language or another version of mnemon.
    """
    if row is None:
        return
    recorded = json.loads(row.payload)
    if recorded != {"language": language, "version": ANALYSIS_VERSION}:
        msg = (
            f"the words of this project were read as language {recorded['language']!r} (rules {recorded['version']}), "
            f"this memory reads them as {language!r} (rules {ANALYSIS_VERSION}), and would not find them; open it with "
            f"the former, or export it and import it into a new project"
        )
        raise ConfigError(msg)


def scrub_row() -> Row:
    """Return the settings row that says that a scrub is due."""
    return Row(id=SCRUB)
