"""What a store refuses to keep: each error names the field and what would do."""

from __future__ import annotations

import pickle
import subprocess
import sys
from typing import Any

import pytest

from mnemon.errors import InvalidInputError
from mnemon.logic.rows import check_row
from mnemon.testing.samples import NOTES
from mnemon.types.scope import Scope
from mnemon.types.storage import Row

WRONG: list[tuple[dict[str, Any], str]] = [
    ({"user_id": 5}, "user_id must be a string, not int"),
    ({"user_id": b"alice"}, "user_id must be a string, not bytes"),
    ({"user_id": ()}, "user_id must be a string, not tuple"),
    ({"user_id": "a\ud800"}, "user_id holds a lone surrogate at position 1"),
    ({"user_id": "\u8a18" * 20_000}, "user_id is 60000 bytes long, 32768 is the most"),
    ({"label": 5}, "label must be a string, not int"),
    ({"created_at": "2026-01-01"}, "created_at must be a time as .* writes it, not '2026-01-01'"),
    ({"created_at": 5}, "created_at must be a string, not int"),
    ({"version": "1"}, "version must be a number, not a str"),
    ({"version": True}, "version must be a number, not a bool"),
    ({"version": 2**53 + 1}, "version is too large or not finite"),
    ({"version": float("nan")}, "version is too large or not finite"),
    ({"categories": "x"}, "categories holds many texts: give a list or tuple of them, not a str"),
    ({"categories": (1,)}, "categories must be a string, not int"),
    ({"categories": ("a", "\ud800")}, "categories holds a lone surrogate"),
    ({"colour": "red"}, "collection 'notes' has no field 'colour'; it has .*user_id"),
    ({"colour": None}, "collection 'notes' has no field 'colour'"),
]


@pytest.mark.parametrize(("fields", "said"), WRONG)
def test_a_value_that_cannot_be_kept_is_refused_and_named(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidInputError, match=said):
        check_row(Row(id="a", fields={"run_id": "r", **fields}), NOTES)


def test_a_row_is_kept_without_its_empty_fields() -> None:
    given: dict[str, Any] = {"user_id": "Jos\u00e9", "run_id": None, "categories": ["x", "y", "x"], "version": 1}

    row = check_row(Row(id="a", fields=given), NOTES)

    assert row.fields == {"user_id": "Jos\u00e9", "categories": ("x", "y"), "version": 1}
    assert check_row(Row(id="a", fields={"categories": ()}), NOTES).fields == {}


def test_a_scope_is_found_by_an_equal_one_in_another_process() -> None:
    """Hashes of texts differ from process to process, and one that is kept must not be carried over."""
    scope = Scope(user_id="alice")
    hash(scope)
    code = (
        "import pickle, sys; from mnemon.types.scope import Scope;"
        "there = {pickle.loads(bytes.fromhex(sys.argv[1]))};"
        "sys.exit(Scope(user_id='alice') not in there)"
    )

    done = subprocess.run([sys.executable, "-c", code, pickle.dumps(scope).hex()], check=False)

    assert done.returncode == 0
