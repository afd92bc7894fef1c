"""What is left in a store's files of rows that are gone: nothing once it is scrubbed, and no room that grows."""

from __future__ import annotations

import random
import sqlite3
from typing import TYPE_CHECKING

import pytest

from mnemon.testing.samples import CURRENT, PROJECT, note, put
from mnemon.types.filters import where
from mnemon.types.storage import Delete, Patch, Terms
from tests.stores.damaged import open_notes

if TYPE_CHECKING:
    from pathlib import Path

PRIVATE = "marmalade\u00e9"


def contents(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.iterdir())


def test_scrubbed_bytes_are_gone_from_every_file(tmp_path: Path) -> None:
    store = open_notes(tmp_path / "store.db")
    other = note("other", user_id="bob", terms=("apricot",), payload=b"apricot")
    secret = note(
        PRIVATE, user_id=PRIVATE, terms=(PRIVATE, "quince"), metadata={"k": "quince"}, payload=PRIVATE.encode() * 3_000
    )
    store.apply(PROJECT, put(other, secret, *(note(f"{number}", terms=("quince",)) for number in range(50))))
    store.search(PROJECT, "notes", Terms(weights={PRIVATE: 1.0}), where("user_id").eq(PRIVATE) & CURRENT)
    assert PRIVATE.encode() in contents(tmp_path)

    ids = [PRIVATE, *(f"{number}" for number in range(50))]
    store.apply(PROJECT, [Patch(collection="notes", id=PRIVATE, fields={"closed_at": "2026-01-01T00:00:00.000000Z"})])
    store.apply(PROJECT, [Delete(collection="notes", ids=ids)])
    scrubbed = store.scrub()
    left = contents(tmp_path)
    store.close()

    assert scrubbed.bytes == "gone"
    for text in (PRIVATE.encode(), b"quince", PRIVATE.encode().hex().encode()):
        assert text not in left
        assert text not in contents(tmp_path)
    assert b"apricot" in contents(tmp_path)


def test_scrubbing_is_pending_while_somebody_reads(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    with open_notes(path) as store:
        store.apply(PROJECT, put(note("a", payload=PRIVATE.encode())))
        reader = sqlite3.connect(path, isolation_level=None)
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM notes__rows").fetchall()
        store.apply(PROJECT, [Delete(collection="notes", ids=["a"])])

        meanwhile = store.scrub()
        reader.close()
        afterwards = store.scrub()

    assert (meanwhile.bytes, afterwards.bytes) == ("pending", "gone")
    assert "reading" in meanwhile.reason
    assert PRIVATE.encode() not in contents(tmp_path)


def test_scrubbing_leaves_nothing_of_one_person_among_many(tmp_path: Path) -> None:
    chance = random.Random(7)  # noqa: S311 - a seed, no secret
    path = tmp_path / "store.db"
    with open_notes(path) as store:
        names = [f"{chance.getrandbits(32):08x}{who}-{number}" for number in range(1_500) for who in ("anna", "bert")]
        chance.shuffle(names)
        for start in range(0, len(names), 50):
            rows = [
                note(
                    name,
                    user_id="anna" if "anna" in name else "bert",
                    categories=(name,),
                    terms=(name,),
                    payload=name.encode(),
                )
                for name in names[start : start + 50]
            ]
            store.apply(PROJECT, put(*rows))
        gone = [name for name in names if "anna" in name]
        chance.shuffle(gone)
        for start in range(0, len(gone), 30):
            store.apply(PROJECT, [Delete(collection="notes", ids=gone[start : start + 30])])

        assert store.scrub().bytes == "gone"
        content = contents(tmp_path)
        assert b"anna" not in content
        assert content.count(b"bert") > 1_500
        assert store.check() == []


@pytest.mark.parametrize("rounds", [3_000, pytest.param(1_000_000, marks=pytest.mark.nightly)])
def test_churn_leaves_a_file_of_bounded_size(tmp_path: Path, rounds: int) -> None:
    rows = 100
    with open_notes(tmp_path / "store.db") as store:
        sizes: list[int] = []
        for start in range(0, rounds, rows):
            batch = [
                note(
                    f"{number}",
                    terms=("t", f"n{start + number}"),
                    small=(1.0, number, 0.0),
                    categories=(f"c{start % 7}",),
                )
                for number in range(rows)
            ]
            store.apply(PROJECT, put(*batch))
            sizes.append(sum(file.stat().st_size for file in tmp_path.iterdir()))
        assert store.check() == []

    assert max(sizes) < 64 * 2**20
    assert (tmp_path / "store.db").stat().st_size < 24 * 2**20
