# Generated from core/mnemon/testing/_async/searches.py by tests/contracts/unasync.py; edit that file.
"""Promises about text and vector search."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

from mnemon.errors import InvalidInputError
from mnemon.protocols.capabilities import Capability
from mnemon.protocols.store import Store
from mnemon.testing._sync.base import ALICE, Promises
from mnemon.testing.samples import CURRENT, HOSTILE, PROJECT, moment, note, put
from mnemon.types.filters import And, Or, where
from mnemon.types.storage import (
    Delete,
    Nearest,
    Row,
    Terms,
)

if TYPE_CHECKING:
    from mnemon.protocols.store import Store

__all__ = ["SearchPromises"]

HOSTILE_TERMS = [text for text in HOSTILE if text and not any(char.isspace() or char < " " for char in text)]


class SearchPromises(Promises):
    """Promises about text and vector search."""

    def test_text_search_goes_by_the_summed_weight_of_the_terms(self, notes: Store) -> None:
        notes.apply(
            PROJECT,
            put(
                note("one", terms=("a", "a", "a")),
                note("two", terms=("b", "x")),
                note("both", terms=("a", "b")),
                note("none", terms=("c",)),
                note("silent"),
            ),
        )

        found = notes.search(PROJECT, "notes", Terms(weights={"a": 1.0, "b": 1.5, "z": 9.0}), ALICE & CURRENT)

        assert [(match.row.id, match.evidence.terms) for match in found] == [
            ("both", {"a", "b"}),
            ("two", {"b"}),
            ("one", {"a"}),
        ]
        assert all(match.evidence.cosine is None for match in found)

    def test_exact_text_order_tells_weights_apart_that_are_nearly_alike(self, notes: Store) -> None:
        if Capability.EXACT_TEXT_ORDER not in notes.capabilities:
            pytest.skip("this store does not promise EXACT_TEXT_ORDER")
        weights = {f"t{number}": 1 + number * 17 % 40 * 1e-6 for number in range(40)}
        notes.apply(PROJECT, put(*(note(term, terms=("same", term)) for term in weights)))

        found = notes.search(PROJECT, "notes", Terms(weights={"same": 2.0, **weights}), ALICE & CURRENT, limit=30)

        assert [match.row.id for match in found] == sorted(weights, key=weights.__getitem__, reverse=True)[:30]

    @pytest.mark.parametrize("text", HOSTILE_TERMS, ids=map(str, range(len(HOSTILE_TERMS))))
    def test_any_term_is_found_exactly(self, notes: Store, text: str) -> None:
        notes.apply(
            PROJECT, put(note("it", terms=("before", text, "after")), note("not", terms=(text + "x", "before")))
        )

        found = notes.search(PROJECT, "notes", Terms(weights={text: 1.0}), ALICE & CURRENT, include=("terms",))

        assert [(match.row.id, match.row.terms) for match in found] == [("it", ("before", text, "after"))]
        assert (notes.count(PROJECT, "notes", ALICE & CURRENT, terms=[text])).terms == {text: 1}

    @pytest.mark.parametrize("field", ["user_id", "run_id"])
    def test_search_stays_in_its_scope(self, notes: Store, field: str) -> None:
        rows = [
            Row(id=f"r{number}", fields={field: text}, terms=("t",), vectors={"small": (1.0, 0.0, 0.0)})
            for number, text in enumerate(HOSTILE)
        ]
        notes.apply(PROJECT, put(*rows))

        for number, text in enumerate(HOSTILE):
            assert self.found(notes, where(field).eq(text) & CURRENT) == ([f"r{number}"], [f"r{number}"])
            assert (notes.count(PROJECT, "notes", where(field).eq(text) & CURRENT, terms=["t"])).terms == {"t": 1}

    def test_a_search_with_two_scopes_needs_both(self, notes: Store) -> None:
        pairs = [("u", "r"), ("u", "s"), ("v", "r"), ("v", None)]
        rows = [
            note(str(number), user_id=user, run_id=run, terms=("t",), small=(1.0, 0.0, 0.0))
            for number, (user, run) in enumerate(pairs)
        ]
        notes.apply(PROJECT, put(*rows))
        both = where("user_id").eq("u") & where("run_id").eq("r")

        assert self.found(notes, both & CURRENT) == (["0"], ["0"])
        assert self.found(notes, both) == (["0"], ["0"])
        assert (notes.count(PROJECT, "notes", both & CURRENT, terms=["t"])).terms == {"t": 1}

    def test_search_without_a_scope_and_over_alternatives_is_right_too(self, notes: Store) -> None:
        rows = [note(user, user_id=user, terms=("t",), small=(1.0, 0.0, 0.0)) for user in "abc"]
        notes.apply(PROJECT, put(*rows, note("closed", terms=("t",), small=(1.0, 0.0, 0.0), closed_at=moment(1))))
        either = Or((where("user_id").eq("a"), where("user_id").eq("b")))

        assert self.found(notes, And()) == (["a", "b", "c", "closed"], ["a", "b", "c", "closed"])
        assert self.found(notes, CURRENT) == (["a", "b", "c"], ["a", "b", "c"])
        assert self.found(notes, either & CURRENT) == (["a", "b"], ["a", "b"])
        assert (notes.count(PROJECT, "notes", either, terms=["t"])).terms == {"t": 2}

    def test_search_fills_its_limit_however_many_rows_the_filter_drops(self, notes: Store) -> None:
        rows = [
            note(
                f"{number:03}",
                terms=("t", "u") if number < 200 else ("t",),
                small=(1.0, number / 1000, 0.0),
                kind="rare" if number >= 290 else "common",
            )
            for number in range(300)
        ]
        notes.apply(PROJECT, put(*rows))
        rare = ALICE & CURRENT & where("kind").eq("rare")
        expected = [f"{number}" for number in range(290, 300)]

        by_text = notes.search(PROJECT, "notes", Terms(weights={"t": 1.0, "u": 2.0}), rare, limit=10)
        by_vector = notes.search(PROJECT, "notes", Nearest(space="small", vector=[1.0, 0.0, 0.0]), rare, limit=10)

        assert sorted(match.row.id for match in by_text) == expected
        assert [match.row.id for match in by_vector] == expected

    def test_the_most_terms_are_searched_and_more_are_refused(self, notes: Store) -> None:
        terms = {f"t{number}": 1.0 for number in range(256)}
        every = note("every", user_id="bob", terms=tuple(terms))
        notes.apply(PROJECT, put(note("a", terms=("t0", "t255")), every))

        found = notes.search(PROJECT, "notes", Terms(weights=terms), ALICE & CURRENT)
        counts = notes.count(PROJECT, "notes", ALICE & CURRENT, terms=list(terms))

        assert [match.evidence.terms for match in found] == [{"t0", "t255"}]
        assert sum(counts.terms.values()) == 2
        found = notes.search(PROJECT, "notes", Terms(weights=terms), where("user_id").eq("bob") & CURRENT)
        assert [match.evidence.terms for match in found] == [terms.keys()]
        for call in (
            lambda: notes.search(PROJECT, "notes", Terms(weights={**terms, "more": 1.0}), ALICE),
            lambda: notes.count(PROJECT, "notes", ALICE, terms=[*terms, "more"]),
        ):
            with pytest.raises(InvalidInputError, match="256 terms"):
                call()

    def test_a_text_search_without_terms_finds_nothing(self, notes: Store) -> None:
        notes.apply(PROJECT, put(note("a", terms=("t",))))

        assert notes.search(PROJECT, "notes", Terms(weights={}), ALICE & CURRENT) == []

    def test_vector_search_goes_by_cosine_and_finds_every_row_with_a_vector(self, notes: Store) -> None:
        notes.apply(
            PROJECT,
            put(
                note("same", small=(0.0, 5.0, 0.0)),
                note("near", small=(0.1, 1.0, 0.0)),
                note("across", small=(1.0, 0.0, 0.0)),
                note("against", small=(0.0, -2.0, 0.0)),
                note("zero", small=(0.0, 0.0, 0.0)),
                note("without"),
            ),
        )

        found = notes.search(PROJECT, "notes", Nearest(space="small", vector=[0.0, 2.0, 0.0]), ALICE & CURRENT)
        order = [match.row.id for match in found]
        cosines = {match.row.id: match.evidence.cosine for match in found}

        assert (order[:2], order[-1], len(order)) == (["same", "near"], "against", 5)
        assert cosines == pytest.approx(
            {"same": 1, "near": 1 / math.hypot(0.1, 1), "across": 0, "against": -1, "zero": 0}, abs=1e-6
        )
        assert notes.search(PROJECT, "notes", Nearest(space="other", vector=[1.0, 0.0]), ALICE) == []

    def test_a_zero_query_vector_is_as_far_from_everything(self, notes: Store) -> None:
        notes.apply(PROJECT, put(note("a", small=(1.0, 0.0, 0.0))))

        found = notes.search(PROJECT, "notes", Nearest(space="small", vector=[0.0, 0.0, 0.0]), ALICE & CURRENT)

        assert [match.evidence.cosine for match in found] == [0.0]

    def test_vectors_of_any_norm_that_is_taken_are_kept_exactly_and_go_by_their_direction(self, notes: Store) -> None:
        norms = {"least": 1e-12, "small": 1e-6, "one": 1.0, "large": 1e6, "most": 1e12}
        given = {name: np.array([0.6, 0.8, 0.0], np.float32) * np.float32(norm) for name, norm in norms.items()}
        notes.apply(PROJECT, put(*(Row(id=name, vectors={"small": given[name]}) for name in norms)))

        kept = notes.get(PROJECT, "notes", list(norms), include=("small",))
        assert {name: np.asarray(row.vectors["small"]).tobytes() for name, row in kept.items()} == {
            name: vector.tobytes() for name, vector in given.items()
        }
        for norm in norms.values():
            found = notes.search(PROJECT, "notes", Nearest(space="small", vector=[0.0, norm, 0.0]), And())
            cosines = {match.row.id: match.evidence.cosine for match in found}
            assert cosines == pytest.approx(dict.fromkeys(norms, 0.8), abs=1e-5)

    @pytest.mark.parametrize("norm", [1e-12, 1e12])
    @pytest.mark.parametrize("ends", [(1.0, 0.0, 0.0), (0.6, 0.8, 0.0), (3**-0.5, 3**-0.5, 3**-0.5)])
    def test_the_least_and_the_most_norm_are_taken_as_they_are_rounded(
        self, notes: Store, norm: float, ends: tuple[float, float, float]
    ) -> None:
        given = [norm * part for part in ends]
        notes.apply(PROJECT, put(note("a", small=given)))

        found = notes.search(PROJECT, "notes", Nearest(space="small", vector=given), ALICE & CURRENT)

        assert [match.evidence.cosine for match in found] == pytest.approx([1.0], abs=1e-6)

    @pytest.mark.parametrize("norm", [1e20, 3e38, 1.001e12, 9.99e-13, 1e-20, 1e-45, 1e-50])
    def test_a_question_of_an_extreme_norm_is_refused(self, notes: Store, norm: float) -> None:
        with pytest.raises(InvalidInputError, match=r"norm .*scale it"):
            notes.search(PROJECT, "notes", Nearest(space="small", vector=[norm, 0.0, 0.0]), ALICE & CURRENT)

    def test_a_vector_search_can_be_asked_about_given_ids(self, notes: Store) -> None:
        notes.apply(PROJECT, put(*(note(name, small=(1.0, float(place), 0.0)) for place, name in enumerate("abcde"))))

        found = notes.search(
            PROJECT,
            "notes",
            Nearest(space="small", vector=[1.0, 0.0, 0.0]),
            ALICE & CURRENT & where("id").in_(["e", "b"]),
        )

        assert [match.row.id for match in found] == ["b", "e"]

    def test_what_was_just_written_is_found(self, notes: Store) -> None:
        for number in range(60):
            notes.apply(PROJECT, put(note(f"{number:02}", terms=("t", f"t{number}"), small=(1.0, 0.0, 0.0))))
            by_text, by_vector = self.found(notes, ALICE & CURRENT)
            assert len(by_text) == len(by_vector) == number + 1 - number // 10
            if number % 10 == 9:
                notes.apply(PROJECT, [Delete(collection="notes", ids=[f"{number:02}"])])
