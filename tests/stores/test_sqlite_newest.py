"""A unit of work that asks for the newest row gets it, whoever wrote since it asked before."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mnemon.errors import StoreConflictError
from mnemon.logic.requests import scan_request
from mnemon.stores.sqlite.newest import Newest
from mnemon.stores.sqlite.store import SQLiteStore
from mnemon.testing.samples import PLAIN, PROJECT
from mnemon.types.filters import where
from mnemon.types.storage import Delete, DeleteWhere, Page, Patch, Put, Row

if TYPE_CHECKING:
    from pathlib import Path

    from mnemon.protocols.store import Store
    from mnemon.types.requests import ScanRequest
    from mnemon.types.storage import Write

NEWEST: dict[str, Any] = {"order": "label", "descending": True, "limit": 1, "include": ("payload",)}

_threads = st.sampled_from(["t", "t2"])
_ids = st.sampled_from("abcd")
_labels = st.sampled_from([None, "1", "10", "2", "\u00e9", "\U0001f600"])


def _row(row_id: str, thread: str | None, label: str | None, payload: bytes) -> Row:
    return Row(id=row_id, fields={"thread": thread, "label": label}, payload=payload, metadata={"not": "asked for"})


def _replace(row: Row) -> Write:
    return Put(collection="plain", row=row)


def _skip(row: Row) -> Write:
    return Put(collection="plain", row=row, existing="skip")


def _label(row_id: str, label: str | None) -> Write:
    return Patch(collection="plain", id=row_id, fields={"label": label}, otherwise="skip")


def _move(row_id: str, thread: str) -> Write:
    return Patch(collection="plain", id=row_id, fields={"thread": thread}, otherwise="skip")


def _fill(row_id: str) -> Write:
    return Patch(collection="plain", id=row_id, payload=b"patched", otherwise="skip")


def _delete(row_id: str) -> Write:
    return Delete(collection="plain", ids=[row_id])


def _delete_one(thread: str) -> Write:
    return DeleteWhere(collection="plain", where=where("thread").eq(thread), limit=1)


_rows = st.builds(_row, _ids, st.one_of(st.none(), _threads), _labels, st.sampled_from([b"", b"x", b"y" * 70_000]))
_writes = st.one_of(
    st.builds(_replace, _rows),
    st.builds(_skip, _rows),
    st.builds(_label, _ids, _labels),
    st.builds(_move, _ids, _threads),
    st.builds(_fill, _ids),
    st.builds(_delete, _ids),
    st.builds(_delete_one, _threads),
)
_steps = st.lists(
    st.tuples(
        st.sampled_from(["alone", "alone", "unit", "unit", "other", "taken back", "conflict"]),
        st.lists(_writes, min_size=1, max_size=3),
    ),
    min_size=6,
    max_size=16,
)


class _TakenBackError(Exception):
    pass


def _write(first: SQLiteStore, second: SQLiteStore, how: str, batch: list[Write]) -> None:
    if how == "alone":
        first.apply(PROJECT, batch)
    elif how == "other":
        second.apply(PROJECT, batch)
    elif how == "unit":
        with first.exclusive() as unit:
            newest(unit)
            unit.apply(PROJECT, batch)
            newest(unit)
    elif how == "taken back":
        with suppress(_TakenBackError), first.exclusive() as unit:
            newest(unit)
            unit.apply(PROJECT, batch)
            newest(unit)
            raise _TakenBackError
    else:
        first.apply(PROJECT, [Put(collection="plain", row=_row("there", None, None, b""))])
        abort = Put(collection="plain", row=_row("there", "t", "9", b""), existing="abort")
        with first.exclusive() as unit:
            for conflicting in ([abort, *batch], [*batch, abort]):
                with pytest.raises(StoreConflictError):
                    unit.apply(PROJECT, conflicting)
            newest(unit)


def newest(store: Store) -> list[Page]:
    return [store.scan(PROJECT, "plain", where("thread").eq(thread), **NEWEST) for thread in ("t", "t2", "u")]


@given(steps=_steps)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_unit_of_work_reads_the_newest_row_as_everybody_does(tmp_path: Path, steps: list[Any]) -> None:
    path = tmp_path / f"{len(list(tmp_path.iterdir()))}.db"
    with SQLiteStore(path) as first, SQLiteStore(path) as second:
        for store in (first, second):
            store.declare(PLAIN)
        first.apply(PROJECT, [Put(collection="plain", row=_row(row_id, "t", row_id, b"")) for row_id in "abcd"])
        for how, batch in steps:
            _write(first, second, how, batch)

            expected = newest(second)
            with first.exclusive() as unit:
                assert newest(unit) == expected


def test_rows_that_are_put_together_and_rows_said_earlier_are_followed(tmp_path: Path) -> None:
    def unit_reads(*labels: str) -> Page:
        with store.exclusive() as unit:
            unit.apply(PROJECT, [Put(collection="plain", row=_row(label, "t", label, b"x")) for label in labels])
            return newest(unit)[0]

    with SQLiteStore(tmp_path / "s.db") as store:
        store.declare(PLAIN)
        alone, again = unit_reads("3"), unit_reads()
        earlier, together, one = unit_reads("1"), unit_reads("4", "5", "2"), unit_reads("6")

        assert [page.rows[0].id for page in (alone, again, earlier, together, one)] == ["3", "3", "3", "5", "6"]
        assert [page.after for page in (alone, again)] == [None, None]
        assert [page.after for page in (earlier, together, one)] == [("3", "3"), ("5", "5"), ("6", "6")]
        assert newest(store)[0] == one


def test_what_a_caller_does_to_a_row_changes_no_later_answer(tmp_path: Path) -> None:
    with SQLiteStore(tmp_path / "s.db") as store:
        store.declare(PLAIN)
        for label in ("1", "2"):
            store.apply(PROJECT, [Put(collection="plain", row=_row(label, "t", label, b"x"))])
        for _ in range(3):
            with store.exclusive() as unit:
                (row,) = unit.scan(PROJECT, "plain", where("thread").eq("t"), **NEWEST).rows

                assert row == Row(id="2", fields={"thread": "t", "label": "2"}, payload=b"x")
                row.fields.clear()  # type: ignore[attr-defined]  # what nobody should do


def test_of_too_many_values_and_of_a_large_row_nothing_is_remembered() -> None:
    def learnt(value: str, payload: bytes = b"x") -> ScanRequest:
        request = scan_request(PLAIN, PROJECT, where("thread").eq(value), after=None, fields=None, **NEWEST)
        known.learn(request, Page(rows=(_row("1", value, "1", payload),), after=None))
        return request

    known = Newest()
    first = learnt("0")
    assert known.answer(first) is not None

    assert known.answer(learnt("large", b"y" * 70_000)) is None
    requests = [learnt(str(number)) for number in range(1, 1_025)]

    assert known.answer(first) is None
    assert known.answer(requests[-1]) is not None
