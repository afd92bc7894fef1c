"""Which format a file has: found out, or named, and then perhaps wrongly."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.apps.sources import CHAT, CHATGPT, MEM0, write

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.apps.conftest import Ran


@pytest.mark.parametrize("text", ["", "  \n", "{}", "[1, 2]", '"text"', "<html>", "\x00\x01", '[{"memory": NaN}]'])
def test_what_is_no_known_format_is_refused(cli: Callable[..., Ran], folder: Path, text: str) -> None:
    (folder / "x").write_text(text, encoding="utf-8")

    ran = cli("import", "x", "--user", "ana", "--json")

    assert (ran.code, ran.answer["error"]["type"]) == (2, "UnknownFormat")


def test_a_format_that_is_named_is_not_guessed(cli: Callable[..., Ran], folder: Path) -> None:
    source = write(folder / "x.json", [{"role": "user", "content": "Tea", "user_id": "ana"}])

    assert cli("import", source, "--format", "mem0", "--json").data["format"] == "mem0"


OURS: list[object] = []
"""Stands for an export of mnemon."""


@pytest.mark.parametrize(
    ("data", "named", "looks_like", "reason"),
    [
        (MEM0, "chat", "mem0", "role is unknown (3), no text (1)"),
        (MEM0, "chatgpt", "mem0", "not a conversation of ChatGPT (4)"),
        (MEM0, "mnemon", "mem0", "line 1: it is not a line of an export of mnemon"),
        (CHATGPT, "chat", "chatgpt", "role is unknown (4)"),
        (CHATGPT, "mem0", "chatgpt", "no text under memory, text or content (4)"),
        (CHAT[:2], "chatgpt", "chat", "not a conversation of ChatGPT (2)"),
        (OURS, "chat", "mnemon", "role is unknown"),
    ],
)
def test_a_format_that_nothing_in_the_file_has_is_an_error_that_tells_which_it_looks_like(
    cli: Callable[..., Ran], folder: Path, data: list[object], named: str, looks_like: str, reason: str
) -> None:
    if data is OURS:
        cli("add", "Tea at five.", "--user", "ana", "--store", "other.db")
        cli("export", str(folder / "x"), "--store", "other.db")
    else:
        write(folder / "x", data)

    ran = cli("import", "x", "--format", named, "--user", "ana", "--json")

    error = ran.answer["error"]
    assert (ran.code, error["type"]) == (2, "WrongFormat")
    assert f"nothing in x could be imported as {named}, which --format names: {reason}" in error["message"]
    assert f"it looks like {looks_like}: leave --format out" in error["message"]


@pytest.mark.parametrize("named", ["chat", "mem0", "chatgpt"])
def test_a_format_that_nothing_has_in_a_file_of_none_is_an_error(
    cli: Callable[..., Ran], folder: Path, named: str
) -> None:
    ran = cli("import", write(folder / "x", [{"a": 1}]), "--format", named, "--user", "ana", "--json")

    assert (ran.code, ran.answer["error"]["type"]) == (2, "WrongFormat")
    assert "leave --format out, and see the page" in ran.answer["error"]["message"]


@pytest.mark.parametrize("named", ["mem0", "auto"])
def test_items_that_are_all_unfit_in_the_format_they_have_are_reported_however_it_was_found(
    cli: Callable[..., Ran], folder: Path, named: str
) -> None:
    report = cli("import", write(folder / "x", [{"memory": "whose?"}]), "--format", named, "--json").data

    assert (report["memories"], report["skipped"]["count"]) == (0, 1)


def test_a_named_format_whose_items_were_there_already_is_no_error(cli: Callable[..., Ran], folder: Path) -> None:
    source = write(folder / "x", [*CHAT[:2], {"role": "narrator"}])
    cli("import", source, "--format", "chat", "--user", "ana")

    report = cli("import", source, "--format", "chat", "--user", "ana", "--json").data

    assert (report["memories"], report["there"], report["skipped"]["count"]) == (0, 2, 1)
