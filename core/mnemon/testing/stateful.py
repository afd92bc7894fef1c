"""Random histories on two stores: whatever happens, a backend answers as the reference does."""

from __future__ import annotations

from contextlib import suppress
from itertools import pairwise
from typing import TYPE_CHECKING, TypeVar, cast

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from mnemon.errors import StoreConflictError
from mnemon.protocols.store import SupportsChanges, SupportsExclusive
from mnemon.stores.in_memory import InMemoryStore
from mnemon.testing._sync.base import EVERYTHING
from mnemon.testing._sync.changes import Follower
from mnemon.testing.samples import CURRENT, HOSTILE, NOTES, PLAIN, moment
from mnemon.types.filters import And, Not, Or, make_condition, where
from mnemon.types.filters import Operator as Op
from mnemon.types.storage import Delete, DeleteWhere, Nearest, Patch, Put, Row, Terms

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from mnemon.protocols.store import Store
    from mnemon.types.filters import Filter
    from mnemon.types.jsonvalue import Json
    from mnemon.types.storage import Cursor, Match, Write

__all__ = ["store_machine"]

_Item = TypeVar("_Item")

_PROJECTS = st.sampled_from(["default", "default2", "Default"])
_IDS = st.sampled_from(["a", "A", "a ", "b", "1", "10", "", "*", "\x00", "Jos\u00e9", "Jose\u0301"])
_USERS = st.sampled_from(["1", "10", "alice", "alice-2", "*", "%", "_", "a\x00b", "", HOSTILE[-1]])
_BOOLEANS = st.booleans()
_TERMS = st.sampled_from(["t", "T", "tt", "stra\u00dfe", "a@b.com", "x-1", "\u8a18\u61b6"])
_TIMES = st.integers(0, 5).map(moment)
_NUMBERS = st.sampled_from([0, 1, 1.5, -1, 2**53])
_JSON: st.SearchStrategy[Json] = st.recursive(
    st.sampled_from([None, True, False, 0, 1, 1.0, 2**60, "1", "a", "\u00e9", ""]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["k", "k.j", "j"]), inner, max_size=2),
    max_leaves=4,
)
_METADATA = st.dictionaries(st.sampled_from(["k", "j", "k.j"]), _JSON, max_size=3)
_VECTORS = st.lists(st.sampled_from([-1.0, 0.0, 0.5, 1.0]), min_size=3, max_size=3)
_FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "user_id": st.none() | _USERS,
        "run_id": st.none() | _USERS,
        "kind": st.none() | st.sampled_from(["k", "K"]),
        "categories": st.lists(st.sampled_from(["x", "X", "x y"]), max_size=2).map(tuple),
        "created_at": st.none() | _TIMES,
        "closed_at": st.none() | _TIMES,
        "version": st.none() | _NUMBERS,
        "label": st.none() | _USERS,
    },
)
_RAW_ROWS = st.builds(
    Row,
    id=_IDS,
    fields=_FIELDS,
    terms=st.lists(_TERMS, max_size=4).map(tuple),
    metadata=_METADATA,
    payload=st.binary(max_size=8),
    vectors=st.dictionaries(st.just("small"), _VECTORS, max_size=1),
)


def _conditions() -> st.SearchStrategy[Filter]:
    text = (Op.EQ, Op.NE, Op.CONTAINS, Op.ICONTAINS)
    compared = (Op.EQ, Op.NE, Op.GT, Op.GTE, Op.LT, Op.LTE)
    names = st.sampled_from(["id", "user_id", "run_id", "kind", "categories"])
    paths = st.sampled_from(["metadata.k", "metadata.j", "metadata.k.j"])
    return st.one_of(
        st.builds(make_condition, names, st.sampled_from(text), _USERS | st.sampled_from(["a", "x", "X", "k", "lic"])),
        st.builds(
            make_condition, names, st.sampled_from([Op.IN, Op.NIN]), st.lists(st.none() | _USERS | _IDS, max_size=3)
        ),
        st.builds(make_condition, st.sampled_from(["created_at", "closed_at"]), st.sampled_from(compared), _TIMES),
        st.builds(make_condition, st.just("version"), st.sampled_from(compared), _NUMBERS),
        st.builds(make_condition, st.just("label"), st.sampled_from(compared), _USERS),
        st.builds(make_condition, paths, st.sampled_from([Op.EQ, Op.NE]), _JSON),
        st.builds(make_condition, paths, st.sampled_from([Op.GT, Op.LTE]), st.sampled_from([0, 1.5, "a", ""])),
        st.builds(make_condition, paths, st.sampled_from([Op.IN, Op.NIN]), st.lists(_JSON, max_size=2)),
        st.builds(
            make_condition, names | paths | st.sampled_from(["closed_at", "version"]), st.just(Op.EXISTS), st.booleans()
        ),
    )


def _named(strategy: st.SearchStrategy[_Item], name: str) -> st.SearchStrategy[_Item]:
    """Return the strategy under a short name: hypothesis prints what a strategy is made of, which here is long."""

    def draw_one(draw: st.DrawFn) -> _Item:
        return draw(strategy)

    draw_one.__name__ = draw_one.__qualname__ = name
    return st.composite(draw_one)()


_RAW_FILTERS = st.recursive(
    _conditions(),
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: And(tuple(parts)))
        | st.lists(inner, min_size=1, max_size=3).map(lambda parts: Or(tuple(parts)))
        | inner.map(Not)
    ),
    max_leaves=4,
)
_FILTERS = _named(_RAW_FILTERS, "filters")


def _scoped(field: str, user: str, rest: Filter, *, current: bool) -> Filter:
    return where(field).eq(user) & rest & (CURRENT if current else And())


_SCOPED = _named(
    st.builds(_scoped, st.sampled_from(["user_id", "run_id"]), _USERS, _FILTERS | st.just(And()), current=_BOOLEANS),
    "scoped_filters",
)
_WHERE: st.SearchStrategy[Filter] = _FILTERS | _SCOPED | st.just(And())
_ROWS = _named(_RAW_ROWS, "rows")
_RAW_WRITES: st.SearchStrategy[Write] = st.one_of(
    st.builds(
        Put, collection=st.just("notes"), row=_ROWS, existing=st.sampled_from(["replace", "replace", "skip", "abort"])
    ),
    st.builds(
        Patch,
        collection=st.just("notes"),
        id=_IDS,
        fields=_FIELDS,
        metadata=st.none() | _METADATA,
        payload=st.none() | st.binary(max_size=4),
        expect=st.just(And()) | _FILTERS,
        otherwise=st.sampled_from(["skip", "skip", "abort"]),
    ),
    st.builds(Delete, collection=st.just("notes"), ids=st.lists(_IDS, max_size=2)),
    st.builds(DeleteWhere, collection=st.just("notes"), where=_WHERE, limit=st.none() | st.integers(1, 2)),
)
_WRITES = _named(_RAW_WRITES, "writes")
_PARTS = ("terms", "metadata", "payload", "small")


class _StoreMachine(RuleBasedStateMachine):
    """A store and the reference, through one history."""

    def __init__(self) -> None:
        super().__init__()
        self.store: Store = self.open_store()
        self.reference = InMemoryStore()
        self.followers: dict[tuple[str, str], Follower] = {}

    def open_store(self) -> Store:
        """Return a new, empty store."""
        raise NotImplementedError

    @initialize()
    def declare(self) -> None:
        self.store.declare(NOTES, PLAIN)
        self.reference.declare(NOTES, PLAIN)

    def teardown(self) -> None:
        assert self.store.check() == []
        self.store.close()

    @rule(project=_PROJECTS, batch=st.lists(_WRITES, min_size=1, max_size=5))
    def apply(self, project: str, batch: list[Write]) -> None:
        assert _outcome(self.store, project, batch) == _outcome(self.reference, project, batch)

    @rule(
        project=_PROJECTS,
        batches=st.lists(st.lists(_WRITES, min_size=1, max_size=3), min_size=1, max_size=3),
        where=_WHERE,
        kept=st.booleans(),
    )
    def exclusive(self, project: str, batches: list[list[Write]], where: Filter, *, kept: bool) -> None:
        if isinstance(self.store, SupportsExclusive):
            found = _in_unit(self.store, project, batches, where, kept=kept)
            assert found == _in_unit(self.reference, project, batches, where, kept=kept)

    @rule(project=_PROJECTS, ids=st.lists(_IDS, max_size=4))
    def get(self, project: str, ids: list[str]) -> None:
        found = self.store.get(project, "notes", ids, include=_PARTS)
        expected = self.reference.get(project, "notes", ids, include=_PARTS)
        assert _plain(found.values()) == _plain(expected.values())

    @rule(project=_PROJECTS, where=_WHERE)
    def list_ids(self, project: str, where: Filter) -> None:
        assert self.store.list_ids(project, "notes", where) == self.reference.list_ids(project, "notes", where)

    @rule(project=_PROJECTS, where=_SCOPED)
    def follow(self, project: str, where: Filter) -> None:
        if not isinstance(self.store, SupportsChanges):
            return
        follower = self.followers.setdefault((project, repr(where)), Follower(self.store, where, project=project))
        rows = follower.follow()
        expected = self.reference.scan(project, "notes", where, limit=1_000, include=EVERYTHING)
        assert _plain(rows[row_id] for row_id in sorted(rows)) == _plain(expected.rows)

    @rule(
        project=_PROJECTS,
        where=_WHERE,
        order=st.sampled_from([None, "created_at", "version", "label"]),
        descending=st.booleans(),
        limit=st.integers(1, 4),
    )
    def scan(self, project: str, where: Filter, order: str | None, *, descending: bool, limit: int) -> None:
        after: Cursor | None = None
        while True:
            page = self.store.scan(
                project, "notes", where, order=order, descending=descending, after=after, limit=limit
            )
            expected = self.reference.scan(
                project, "notes", where, order=order, descending=descending, after=after, limit=limit
            )
            assert _plain(page.rows) == _plain(expected.rows)
            assert page.after == expected.after
            after = page.after
            if after is None:
                break

    @rule(
        project=_PROJECTS,
        where=_SCOPED | _WHERE,
        terms=st.dictionaries(_TERMS, st.sampled_from([0.5, 1.0, 2.25]), max_size=3),
    )
    def search_terms(self, project: str, where: Filter, terms: dict[str, float]) -> None:
        query = Terms(weights=terms)
        found = self.store.search(project, "notes", query, where, include=_PARTS)
        expected = self.reference.search(project, "notes", query, where, include=_PARTS)
        assert _best_first([sum(terms[term] for term in match.evidence.terms) for match in found])
        assert _plain_matches(found) == _plain_matches(expected)

    @rule(project=_PROJECTS, where=_SCOPED | _WHERE, vector=_VECTORS)
    def search_vector(self, project: str, where: Filter, vector: list[float]) -> None:
        query = Nearest(space="small", vector=vector)
        found = self.store.search(project, "notes", query, where, include=_PARTS)
        expected = self.reference.search(project, "notes", query, where, include=_PARTS)
        cosines = {match.row.id: match.evidence.cosine for match in found}
        assert _best_first([cast("float", match.evidence.cosine) for match in found])
        assert cosines == pytest.approx({match.row.id: match.evidence.cosine for match in expected}, abs=1e-6)

    @rule(project=_PROJECTS, where=_SCOPED | _WHERE, terms=st.lists(_TERMS, max_size=3))
    def count(self, project: str, where: Filter, terms: list[str]) -> None:
        counted = self.store.count(project, "notes", where, terms=terms)
        assert counted == self.reference.count(project, "notes", where, terms=terms)

    @rule(
        project=_PROJECTS,
        field=st.sampled_from(["user_id", "categories", "kind"]),
        where=_WHERE,
        of=st.sampled_from([None, "version", "created_at"]),
        after=st.none() | _USERS,
        limit=st.integers(1, 3),
    )
    def groups(self, project: str, field: str, where: Filter, of: str | None, after: str | None, limit: int) -> None:
        page = self.store.groups(project, "notes", field, where, of=of, after=after, limit=limit)
        assert page == self.reference.groups(project, "notes", field, where, of=of, after=after, limit=limit)


def store_machine(open_store: Callable[[], Store]) -> type[RuleBasedStateMachine]:
    """Return a hypothesis state machine that compares `open_store()` with `InMemoryStore`.

    Use it as `TestMyStore = store_machine(open_my_store).TestCase`. Each run opens a new, empty store
    and closes it at the end.
    """

    class StoreMachine(_StoreMachine):
        def open_store(self) -> Store:
            return open_store()

    return StoreMachine


def _outcome(store: Store, project: str, batch: list[Write]) -> object:
    try:
        return store.apply(project, batch).counts
    except StoreConflictError as error:
        return error.index, error.id


class _TakenBack(Exception):  # noqa: N818 - no failure
    """Ends a unit of work that is not to be kept."""


def _in_unit(
    store: SupportsExclusive, project: str, batches: list[list[Write]], where: Filter, *, kept: bool
) -> list[object]:
    """Return what batches in one unit of work do, and what is found between them; then keep the unit, or not."""
    found: list[object] = []
    with suppress(_TakenBack), store.exclusive() as unit:
        for batch in batches:
            found += [_outcome(unit, project, batch), unit.list_ids(project, "notes", where)]
        if not kept:
            raise _TakenBack
    return found


def _plain(rows: Iterable[Row]) -> list[tuple[str, object]]:
    """Return rows in a form that `==` compares whole: vectors as lists, metadata by its text."""
    return [
        (row.id, (row.fields, row.terms, repr(row.metadata), row.payload, {k: list(v) for k, v in row.vectors.items()}))
        for row in rows
    ]


def _plain_matches(matches: list[Match]) -> dict[str, object]:
    return {
        row_id: (parts, match.evidence.terms)
        for (row_id, parts), match in zip(_plain(match.row for match in matches), matches, strict=True)
    }


def _best_first(scores: list[float]) -> bool:
    return all(one >= other - 1e-9 for one, other in pairwise(scores))
