"""An import goes on where it was interrupted, and names the line of what it cannot take."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import pytest

from mnemon import InMemoryStore, InvalidInputError, ScopeError
from mnemon.types.storage import Collection, Put, Row
from tests.core.versions.fixtures import add, exported, open_memory, rows_of, texts

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mnemon import Memory
    from mnemon.protocols.store import Store
    from mnemon.types.results import Imported
    from tests.core.versions.fixtures import Clock

HEADER = '{"format": "mnemon-export", "version": 1}\n'


def lines_of(*said: str, user_id: str = "alice") -> list[str]:
    memory = open_memory(InMemoryStore())
    for text in said:
        add(memory, text, user_id=user_id)
    target = io.StringIO()
    memory.export(target)
    return target.getvalue().splitlines(keepends=True)


def memory_line(lines: list[str]) -> int:
    """Return where the first memory stands, from 0."""
    return next(place for place, line in enumerate(lines) if '"collection": "memories"' in line)


def test_an_interrupted_import_goes_on(memory: Memory) -> None:
    lines = lines_of(*(f"{number}" for number in range(700)))
    seen: list[Imported] = []

    def interrupt(so_far: Imported) -> None:
        seen.append(so_far)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        memory.import_(lines, progress=interrupt)
    stored = memory.count(user_id="alice")
    assert [one.to_dict() for one in seen] == [{"added": {"memories": stored}, "there": {}, "waiting": stored}]
    assert 0 < stored < 700
    rest = memory.import_(lines)

    assert memory.count(user_id="alice") == 700
    assert (sum(rest.there.values()), sum(rest.added.values())) == (stored, 1_400 - stored)


DAMAGES: dict[str, Callable[[str], str]] = {
    "cut off": lambda line: line[: len(line) // 2],
    "a list": lambda _: "[1, 2]\n",
    "words": lambda _: "words\n",
    "unknown collection": lambda line: line.replace('"memories"', '"nowhere"'),
    "settings": lambda line: line.replace('"memories"', '"settings"'),
    "unknown field": lambda line: line.replace('"kind"', '"sort"'),
    "missing field": lambda line: line.replace('"kind": "semantic", ', ""),
    "unknown payload": lambda line: line.replace('"payload": {"ascii"', '"payload": {"zip"').replace(
        '{"text": {', '{"zip": {'
    ),
    "no text": lambda line: line.replace('"text": "a secret"', '"words": "a secret"'),
    "no time": lambda line: line.replace('"2026-', '"on 2026-'),
    "lone surrogate": lambda line: line.replace('"a secret"', '"\\ud800"'),
    "deep": lambda _: '{"a": ' + "[" * 50_000 + "]" * 50_000 + "}\n",
    "no id": lambda line: line.replace('"id": "', '"number": "'),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_line_is_named_and_its_words_are_not(memory: Memory, damage: str) -> None:
    lines = lines_of("a secret")
    place = memory_line(lines)
    whole = lines[place]
    lines[place] = DAMAGES[damage](whole)

    assert lines[place] != whole
    with pytest.raises(InvalidInputError, match=f"^line {place + 1}: ") as caught:
        memory.import_(lines)

    assert "secret" not in str(caught.value)
    assert texts(memory) == []


def test_what_is_no_export_is_refused(memory: Memory, tmp_path: Path) -> None:
    lines = lines_of("a")
    cases = {
        "line 1: .*mnemon-export": lines[1:],
        "line 2: .*mnemon-export": ["\n", *lines[1:]],
        "version 2, this mnemon reads 1; upgrade": [HEADER.replace("1}", "2}"), *lines[1:]],
        "not a single line": [],
    }

    for message, given in cases.items():
        with pytest.raises(InvalidInputError, match=message):
            memory.import_(given)
    (tmp_path / "damaged").write_bytes("".join(lines).encode().replace(b'"a"', b'"\xff"'))
    with pytest.raises(InvalidInputError, match=f"^line {memory_line(lines) + 1}: "):
        memory.import_(tmp_path / "damaged")

    assert memory.stats().versions == 0


def test_a_view_takes_only_rows_of_its_scope(memory: Memory) -> None:
    lines = lines_of("alice's") + lines_of("bob's", user_id="bob")[1:]
    view = memory.scoped(user_id="alice")

    with pytest.raises(ScopeError, match=r"^line \d+: row 'id-"):
        view.import_(lines)
    with pytest.raises(ScopeError):
        memory.scoped(user_id="alice", run_id="1").import_(lines_of("alice's"))
    view.import_(lines_of("alice's"))

    assert texts(memory) == ["alice's"]
    assert texts(memory, user_id="bob") == []


def test_a_view_takes_rows_that_name_its_person_otherwise(memory: Memory, store: Store) -> None:
    extra = Collection(name="extra", keys=("owner",), person="owner")
    source = InMemoryStore()
    other = open_memory(source)
    source.declare(extra)
    store.declare(extra)
    source.apply("default", [Put(collection="extra", row=Row(id="x", fields={"owner": "alice"}))])
    target = io.StringIO()
    other.export(target, user_id="alice")

    added = memory.scoped(user_id="alice").import_(io.StringIO(target.getvalue())).added

    assert dict(added) == {"extra": 1}
    with pytest.raises(ScopeError):
        memory.scoped(user_id="bob").import_(io.StringIO(target.getvalue()))


def test_what_is_there_already_stays_as_it_is(memory: Memory) -> None:
    lines = lines_of("as it was")
    memory.import_(lines)
    (found,) = memory.get_all(user_id="alice")
    memory.update(found.id, "as it is")

    report = memory.import_(lines)

    assert texts(memory) == ["as it is"]
    assert json.loads(json.dumps(report.to_dict()))["added"] == {}


def test_a_later_export_brings_an_earlier_state_up_to_date(memory: Memory, clock: Clock) -> None:
    source = open_memory(InMemoryStore(), clock)
    changed, deleted, same = (add(source, text) for text in ("changed", "deleted", "same"))
    memory.import_(exported(source))
    clock.move(hours=1)
    source.update(changed, "changed twice")
    source.update(changed, "changed thrice")
    source.delete(deleted)
    add(source, "new")

    memory.import_(exported(source))

    assert texts(memory) == ["changed thrice", "new", "same"]
    assert rows_of(memory) == rows_of(source)
    assert memory.get(same).version == 1
    assert memory.doctor().findings == ()


def test_an_earlier_export_takes_nothing_back(memory: Memory, clock: Clock) -> None:
    memory_id = add(memory, "once")
    earlier = exported(memory)
    clock.move(hours=1)
    memory.update(memory_id, "twice")
    before = rows_of(memory)

    memory.import_(earlier)

    assert rows_of(memory) == before


def test_a_memory_that_was_changed_on_both_sides_keeps_both_and_one_is_current(memory: Memory, clock: Clock) -> None:
    source = open_memory(InMemoryStore(), clock)
    memory_id = add(source, "once")
    memory.import_(exported(source))
    clock.move(hours=1)
    memory.update(memory_id, "here", metadata={"n": 1})
    add(source, "so that ids differ")
    clock.move(hours=1)
    source.update(memory_id, "there")

    memory.import_(exported(source))

    assert texts(memory, filters={"n": 1}) == []
    assert memory.get(memory_id).text == "there"
    assert [one.memory.text for one in memory.history(memory_id)] == ["once", "here", "there"]
    assert memory.doctor().findings == ()


def test_catching_up_goes_on_after_an_interruption(memory: Memory, clock: Clock) -> None:
    source = open_memory(InMemoryStore(), clock)
    ids = [add(source, f"{number}") for number in range(600)]
    memory.import_(exported(source))
    clock.move(hours=1)
    for memory_id in ids[::100]:
        source.update(memory_id, "updated")

    def interrupt(_: Imported) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        memory.import_(exported(source), progress=interrupt)
    memory.import_(exported(source))

    assert rows_of(memory) == rows_of(source)
