"""What a search asks for, checked, and the pool of memories that it ranks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple, cast

from mnemon.logic.analysis import negation_terms
from mnemon.logic.filters import METADATA, bind, conjuncts, fields_of, matcher
from mnemon.logic.memories import DELETED, MEMORIES, QUESTION, TIME_WORDS
from mnemon.logic.recall import Heard, Turn, pool_of
from mnemon.types.filters import Or, where

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence

    import numpy
    from numpy.typing import NDArray

    from mnemon.logic.recall import Pool, Query, Ranked
    from mnemon.logic.sheet import View
    from mnemon.types.filters import Filter
    from mnemon.types.recall import RecallConfig
    from mnemon.types.results import Step
    from mnemon.types.scope import Scope
    from mnemon.types.storage import Match, Row

__all__ = [
    "Candidates",
    "Judged",
    "Pooled",
    "Sought",
    "Understood",
    "candidates_of",
    "following",
    "judged",
    "lost_before",
    "neighbours",
    "pool_cosines",
    "pooled",
    "preceding",
    "was_deleted",
]


_POOL_FIELDS = ("memory_id", "version", "session", "previous", "cues", "speaker", "role", "said_at")
"""What of a memory's fields the ranking looks at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """A search, checked.

    Attributes:
        everywhere: the condition of all memories that the scope has, or had then, whose words are counted.
        scope: whose memories are searched, or None for the whole project.
        recorded: the condition of versions that were current at the time that is asked about.
        unexpired: the condition of what has not expired, or one that all meet.
        moment: at which what has expired is left out, or None where it is not.
        excluded: messages whose memories are left out.
        where: the condition of the memories that may be found, those above among them.
        limit: how many at most.
        threshold: the least score, or None.
        explain: whether hits tell the part of each signal.
        config: how memories are ranked.
        space: the vector space to search in, or None for words alone.
        dimensions: of that space, or None.
        embedder: name of the embedder of that space, or None.
    """

    everywhere: Filter
    scope: Scope | None
    recorded: Filter
    unexpired: Filter
    moment: datetime | None
    excluded: Sequence[str]
    where: Filter
    limit: int
    threshold: float | None
    explain: bool
    config: RecallConfig
    space: str | None
    dimensions: int | None
    embedder: str | None

    def candidates_each(self, vector: object) -> int:
        """Return how many candidates a channel brings; words bring twice as many where `vector` is None."""
        alone = self.space is None or vector is None
        return 2 * self.config.candidates if alone else self.config.candidates

    @property
    def beyond(self) -> bool:
        """Whether more than scope, state and expiry decides what may be found."""
        parts = (*conjuncts(self.everywhere), *conjuncts(self.unexpired))
        return any(part not in parts for part in conjuncts(self.where))

    @property
    def asked(self) -> list[str]:
        """The fields that the filter asks about."""
        return [name for name in fields_of(self.where) if name in MEMORIES.fields]

    @property
    def fields(self) -> list[str]:
        """The fields that ranking a memory and asking whether it may be found take."""
        return list(dict.fromkeys((*_POOL_FIELDS, *self.asked, "user_id")))

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts of a row that ranking takes."""
        return ("terms",) if self.space is None else ("terms", self.space)

    @property
    def by_metadata(self) -> bool:
        """Whether metadata decides what may be found."""
        return any(name.startswith(METADATA) for name in fields_of(self.where))


@dataclass(frozen=True, slots=True, kw_only=True)
class Understood:
    """A query read in the light of what a scope holds.

    Attributes:
        query: what it asks for.
        rows: memories of the scope.
        frequencies: how many of them hold each term of the query.
        view: the scope's memories as they were then, or None where the store is to be asked for them.
    """

    query: Query
    rows: int
    frequencies: Mapping[str, int]
    view: View | None


@dataclass(frozen=True, slots=True)
class Pooled:
    """A row of the pool: its cosine where the store told it, and whether its words made it a candidate."""

    row: Row
    cosine: float | None = None
    by_words: bool = False


def pooled(by_words: Iterable[Match], by_meaning: Iterable[Match]) -> dict[str, Pooled]:
    """Return the candidates of both channels by memory; of two versions of one memory the later counts."""
    pool: dict[str, Pooled] = {}
    for match in (*by_meaning, *by_words):
        memory_id = cast("str", match.row.fields["memory_id"])
        there = pool.get(memory_id)
        if there is None or _version(there.row) < _version(match.row):
            pool[memory_id] = Pooled(match.row, match.evidence.cosine, bool(match.evidence.terms))
        elif there.row.id == match.row.id and not there.by_words:
            pool[memory_id] = replace(there, by_words=True)
    return pool


def _version(row: Row) -> int:
    return cast("int", row.fields["version"])


def preceding(pool: Mapping[str, Pooled], edge: Iterable[str]) -> list[str]:
    """Return the memories before those of the edge that are not in the pool yet."""
    ids = (cast("str | None", pool[key].row.fields.get("previous")) for key in edge)
    return [key for key in dict.fromkeys(ids) if key is not None and key not in pool]


def following(pool: Mapping[str, Pooled], edge: Iterable[str]) -> list[str]:
    """Return the memories of the edge that belong to a session, whose next turn the pool may not have yet."""
    known = {pool[key].row.fields.get("previous") for key in pool}
    return [key for key in edge if "session" in pool[key].row.fields and key not in known]


def neighbours(before: Sequence[str], after: Sequence[str]) -> Filter:
    """Return the condition of memories by their ids, and of those that come next to some; one of the two has any."""
    asked = [where(name).in_(list(ids)) for name, ids in (("memory_id", before), ("previous", after)) if ids]
    return asked[0] if len(asked) == 1 else Or(tuple(asked))


def _turn(memory_id: str, row: Row) -> Turn:
    get = cast("Mapping[str, str]", row.fields).get
    cues, said_at = get("cues", ""), get("said_at", "")
    return Turn(
        memory_id,
        get("session"),
        get("previous"),
        f"{said_at} {memory_id}",
        get("speaker"),
        get("role"),
        row.terms,
        QUESTION in cues,
        TIME_WORDS in cues,
        datetime.fromisoformat(said_at),
        None,
    )


def pool_cosines(
    pool: Mapping[str, Pooled], space: str | None, vector: NDArray[numpy.float32] | None
) -> dict[str, float]:
    """Return the cosine of every memory of the pool that has a vector."""
    told = {key: one.cosine for key, one in pool.items() if one.cosine is not None}
    if space is None or vector is None:
        return {}
    missing = [key for key, one in pool.items() if one.cosine is None and space in one.row.vectors]
    if not missing:
        return told
    import numpy as np  # noqa: PLC0415 - numpy stays out of `import mnemon`

    rows = np.concatenate([pool[key].row.vectors[space] for key in missing], dtype=np.float32).reshape(len(missing), -1)
    lengths = np.linalg.norm(rows, axis=1) * np.linalg.norm(vector)
    found = np.vecdot(rows, vector) / np.where(lengths == 0, 1, lengths)
    return told | dict(zip(missing, cast("list[float]", found.clip(-1, 1).tolist()), strict=True))


class Judged(NamedTuple):
    """What becomes of a ranked memory.

    Attributes:
        ranked: the memory with its score.
        step: `found`, or where it is lost.
        rank: its place among all that may be found; None where it may not.
        same_as: the better memory that says the same, for `duplicate`.
    """

    ranked: Ranked
    step: Step
    rank: int | None
    same_as: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidates:
    """The pool of a search, and what decides about each of its memories, by their places in it.

    Attributes:
        pool: what is ranked.
        row_id: the row of one.
        by_words: whether the words found one.
        by_meaning: whether the vector found one.
        allowed: whether one may be found.
        terms: the terms of one.
        marks: what two must have in common to say the same with the same words: whose it is, and who says it; and
            with "today" or "last week" in it, the day on which it was said.
    """

    pool: Pool
    row_id: Callable[[int], str]
    by_words: Callable[[int], bool]
    by_meaning: Callable[[int], bool]
    allowed: Callable[[int], bool]
    terms: Callable[[int], Sequence[str]]
    marks: Callable[[int], tuple[object, ...]]


def candidates_of(
    sought: Sought, members: Mapping[str, Pooled], found: Container[str], cosines: Mapping[str, float], words: list[str]
) -> Candidates:
    """Return the candidates that rows make; those in `found` meet the filter, of the others their rows tell."""
    turns = {memory_id: _turn(memory_id, one.row) for memory_id, one in members.items()}
    pool = pool_of(list(turns.values()), cosines, words)
    chosen = [(members[memory_id], turns[memory_id]) for memory_id in pool.ids]
    meets = matcher(bind(sought.where, MEMORIES))

    def marks(place: int) -> tuple[object, ...]:
        one, turn = chosen[place]
        return one.row.fields.get("user_id"), turn.speaker, turn.role, turn.said_at.date() if turn.time_words else None

    return Candidates(
        pool=pool,
        row_id=lambda place: chosen[place][0].row.id,
        by_words=lambda place: chosen[place][0].by_words,
        by_meaning=lambda place: chosen[place][0].cosine is not None,
        allowed=lambda place: pool.ids[place] in found or meets(chosen[place][0].row),
        terms=lambda place: chosen[place][1].terms,
        marks=marks,
    )


def judged(sought: Sought, ranked: Iterable[Ranked], candidates: Candidates) -> Iterator[Judged]:
    """Yield what becomes of each memory of a pool, best first; of one it does not depend on those after it."""
    config = sought.config
    heard = None if config.alike is None else Heard(config.alike, negation_terms(config.language))
    rank = 1
    for one in ranked:
        if not candidates.allowed(one.place):
            yield Judged(one, "filter", None)
            continue
        place = one.place
        said_by = None if heard is None else heard.first(one.id, candidates.terms(place), candidates.marks(place))
        if said_by is not None:
            yield Judged(one, "duplicate", rank, said_by)
            continue
        low = sought.threshold is not None and one.score < sought.threshold
        yield Judged(one, "threshold" if low else "limit" if rank > sought.limit else "found", rank)
        rank += 1


def lost_before(sought: Sought, row: Row) -> Step | None:
    """Return why a version that was current may not be found, or None where it may."""
    if not matcher(bind(sought.unexpired, MEMORIES))(row):
        return "expired"
    if set(sought.excluded).intersection(cast("Iterable[str]", row.fields.get("sources", ()))):
        return "excluded"
    return None if matcher(bind(sought.where, MEMORIES))(row) else "filter"


def was_deleted(sought: Sought, row: Row) -> bool:
    """Whether a version, read anew, was closed by a deletion that counts at the time that is asked about."""
    return row.fields.get("ended") == DELETED and not matcher(bind(sought.recorded, MEMORIES))(row)
