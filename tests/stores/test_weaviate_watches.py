"""What a reader of Weaviate's log of changes keeps: numbers, a trail, and which entries it knows."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid5

import pytest

from mnemon.protocols.clock import system_clock
from mnemon.stores.weaviate import watches
from mnemon.stores.weaviate.log import Change, Entry, end_of, entry_properties, entry_read, token_of, touched
from mnemon.stores.weaviate.naming import change_token, end_id
from mnemon.stores.weaviate.numbers import instant
from mnemon.stores.weaviate.plans import Known, plan_steps
from mnemon.stores.weaviate.watches import Slack, Watch, Watches
from mnemon.testing.samples import NOTES, note
from mnemon.types.filters import And, where
from mnemon.types.storage import Delete, Patch, Put, Row

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

KEY = "a key and a project"
ALICE = where("user_id").eq("alice")


def watch() -> Watch:
    return Watch("p", "notes", ALICE, token_of(KEY, ALICE, NOTES), 0.0, 0)


def entry(number: int, *, put: str = "", other: str = "", at: float = 1.0) -> Entry:
    return Entry(uuid=uuid5(UUID(int=0), str(number)), at=at, ends=False, put=tuple(put), other=tuple(other))


def rows(ids: str, kind: str = "k") -> dict[str, Row]:
    return {row_id: note(row_id, kind=kind) for row_id in ids}


def told(follower: Watch, there: dict[str, Row]) -> list[str]:
    """Follow what is open, and return which rows are told."""
    place = follower.end
    follower.look(there)
    return [row.id for row in follower.walk(place, follower.end, there).rows.values()]


def test_a_row_that_is_put_anew_gets_a_higher_number_and_its_old_one_is_gone() -> None:
    follower = watch()
    numbers = [follower.number(row_id) for row_id in "ab"]
    follower.learn([entry(1, put="a", other="b")])
    follower.look(rows("ab"))

    found = follower.walk(0, follower.end, rows("ab"))

    assert numbers == [1, 2]
    assert {number: row.id for number, row in found.rows.items()} == {2: "b", 3: "a"}
    assert found.gone == (1,)


def test_who_asks_with_the_same_mark_again_is_told_the_same() -> None:
    follower = watch()
    follower.number("a")
    follower.learn([entry(1, put="a")])
    follower.look(rows("a"))

    first = follower.walk(0, 1, rows("a"))
    again = follower.walk(0, 1, rows("a"))

    assert first == again
    assert (list(first.rows), first.gone) == ([2], (1,))


def test_a_row_that_matches_no_more_is_gone_also_for_one_who_is_behind() -> None:
    follower = watch()
    number = follower.number("a")
    follower.learn([entry(1, other="a"), entry(2, other="a")])
    follower.look(rows("a"))
    ahead = follower.walk(0, 1, rows("a"))

    behind = follower.walk(0, 1, {})
    after = follower.walk(1, follower.end, {})

    assert list(ahead.rows) == [number]
    assert behind.gone == (number,)
    assert after.gone == ()


def test_what_is_open_is_told_again_when_it_changed_and_only_then() -> None:
    follower = watch()
    follower.learn([entry(1, put="a")])

    assert told(follower, {}) == []
    assert told(follower, rows("a")) == ["a"]
    assert told(follower, rows("a")) == []
    assert told(follower, rows("a", kind="other")) == ["a"]
    assert not follower.is_still(1, follower.end)

    follower.forget_ends({end_id(entry(1).uuid)})

    assert told(follower, rows("a", kind="third")) == []
    assert follower.is_still(1, follower.end)


@pytest.mark.parametrize("kind", ["put", "other"])
def test_what_was_looked_at_for_one_writer_is_looked_at_anew_for_the_next(kind: str) -> None:
    follower = watch()
    follower.learn([entry(1, put="z"), entry(2, put="a")])
    follower.look({})  # the row is not there yet
    follower.walk(0, follower.end, rows("a"))  # and is when it is told
    follower.forget_ends({end_id(entry(2).uuid)})
    follower.learn([entry(3, put="a") if kind == "put" else entry(3, other="a")])
    place = follower.end

    follower.look({})

    assert follower.walk(place, follower.end, {}).gone == (1,)


def test_a_row_that_is_patched_and_put_is_another_one_in_whatever_order_its_writers_are_known() -> None:
    there = rows("a", kind="new")
    follower, other = watch(), watch()
    for one in (follower, other):
        one.number("a")
    follower.learn([entry(1, other="a"), entry(2, put="a")])
    other.learn([entry(1, other="a")])
    other.look(there)  # the row is new already, and who put it is not known yet
    other.walk(0, 1, there)
    other.learn([entry(2, put="a")])

    for one in (follower, other):
        place = one.end
        one.look(there)
        found = one.walk(place, one.end, there)

        assert (list(found.rows), found.gone) == ([2], (1,))


def test_entries_that_are_only_counted_are_still_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watches, "_MOST_RECENT", 3)
    follower = watch()
    entries = [entry(number, at=100.0 * number) for number in range(5)]
    follower.learn(entries)
    assert follower.is_long

    assert follower.before(250.0) == 3
    follower.step_back(250.0, Slack())

    assert not follower.is_long
    assert follower.horizon == 250.0
    assert (follower.older, len(follower.recent)) == (3, 2)


def test_an_entry_that_the_server_got_once_more_is_as_late_as_it_says_then(monkeypatch: pytest.MonkeyPatch) -> None:
    follower = watch()
    follower.learn([entry(1, at=100.0), entry(2, at=400.0)])
    follower.forget_ends({end_id(entry(number).uuid) for number in (1, 2)})

    follower.learn([entry(1, at=300.0)])
    follower.step_back(250.0, Slack())

    assert (follower.older, len(follower.recent), follower.open) == (0, 2, {})


def still_during(follower: Watch, entries: Callable[[], int], place: int, call: Callable[[], object]) -> list[bool]:
    """Return what `is_still` says to another thread, which counts so many, before each line of the watch's own code."""
    said: list[bool] = []

    def looking(frame: FrameType, event: str, _: object) -> Any:  # noqa: ANN401 - what a tracer is
        if frame.f_code.co_filename != watches.__file__ or frame.f_code.co_name in {"is_still", "end"}:
            return None
        if event == "line":
            said.append(follower.is_still(entries(), place))
        return looking

    before = sys.gettrace()
    sys.settrace(looking)
    try:
        call()
    finally:
        sys.settrace(before)
    return said


def test_at_no_moment_is_an_entry_known_and_not_open() -> None:
    follower = watch()

    said = still_during(follower, lambda: 1, 0, lambda: follower.learn([entry(1, put="a")]))

    assert len(follower.recent) == 1
    assert said
    assert not any(said)


def test_at_no_moment_are_more_entries_known_than_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    follower = watch()
    entries = [entry(number, at=100.0 * number) for number in range(5)]
    follower.learn(entries)
    follower.forget_ends({end_id(one.uuid) for one in entries})
    assert follower.is_still(5, 0)
    there = [*(one.at for one in entries), 500.0, 500.0, 500.0]  # three more than are known

    said = still_during(
        follower,
        lambda: sum(at >= follower.horizon for at in there),
        0,
        lambda: follower.step_back(250.0, Slack()),
    )

    assert (follower.horizon, follower.older) == (250.0, 3)
    assert not any(said)


def test_at_no_moment_does_the_trail_end_earlier(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watches, "_LONGEST_TRAIL", 2)
    follower = watch()
    follower.learn([entry(1, put="abcde")])
    follower.look(rows("abcde"))
    follower.forget_ends({end_id(entry(1).uuid)})
    assert follower.is_still(1, 5)

    said = still_during(follower, lambda: 1, 2, lambda: follower.walk(0, 5, rows("abcde")))

    assert follower.remembers(3)
    assert not follower.remembers(2)
    assert not any(said)


def test_a_place_that_the_trail_has_left_behind_is_not_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watches, "_LONGEST_TRAIL", 2)
    follower = watch()
    follower.learn([entry(1, put="abcde")])
    follower.look(rows("abcde"))

    follower.walk(0, 5, rows("abcde"))

    assert [follower.remembers(place) for place in (0, 2, 3, 5, 6)] == [False, False, True, True, False]
    assert follower.ahead(3, 10) == ["d", "e"]


def test_the_watches_used_least_go_when_there_are_too_many_rows() -> None:
    kept = Watches(most_rows=10)
    followers = [watch() for _ in range(3)]
    for follower in followers:
        for row_id in "abc":
            follower.number(row_id)
    numbers = [kept.add(follower) for follower in followers[:2]]
    assert kept.find(numbers[0]) is followers[0]

    numbers.append(kept.add(followers[2]))

    assert [kept.find(number) for number in numbers] == [followers[0], None, followers[2]]


def test_no_more_watches_are_kept_than_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watches, "_MOST_WATCHES", 2)
    kept = Watches()
    numbers = [kept.add(watch()) for _ in range(3)]

    assert [kept.find(number) is None for number in numbers] == [True, False, False]


def test_the_slack_for_a_wrong_clock_grows_and_goes_back() -> None:
    usual = Slack()

    wide = usual.wider(10.0).wider(10.0)

    assert usual.microseconds(10.0) == 300e6
    assert [wide.microseconds(10.0 + hours * 3600.0) for hours in (0, 1.5, 2.5, 1_000.0)] == [
        64 * 300e6,
        8 * 300e6,
        300e6,
        300e6,
    ]
    assert wide.wider(10.0 + 1.5 * 3600.0).microseconds(10.0 + 1.5 * 3600.0) == 64 * 300e6


def test_a_change_concerns_whose_rows_were_and_will_be() -> None:
    batch = [
        Put(collection="notes", row=note("new", user_id="carol")),
        Patch(collection="notes", id="moved", fields={"user_id": "bob"}),
        Delete(collection="notes", ids=["gone"]),
        Put(collection="plain", row=Row(id="p")),
    ]
    known = {("notes", row_id): Known(note(row_id, user_id=row_id), large=False) for row_id in ("moved", "gone")}

    changes = touched(KEY, plan_steps(batch, known, {}), known, {"notes": NOTES})

    assert [change.collection for change in changes] == [NOTES]
    people = {change_token(KEY, "notes", "user_id", name) for name in ("carol", "moved", "bob", "gone")}
    assert people | {change_token(KEY, "notes")} <= set(changes[0].tokens)
    assert (list(changes[0].put), set(changes[0].other)) == (["new"], {"moved", "gone"})


def test_an_entry_comes_back_as_it_was_and_its_end_concerns_the_same() -> None:
    change = Change(KEY, NOTES, put={"a\x00": None}, other={"Jos\u00e9": None})
    change.concerns({"user_id": "alice "})
    uuid, created = UUID(int=7), system_clock()

    properties = entry_properties(change)
    begun = SimpleNamespace(uuid=uuid, properties=properties, metadata=SimpleNamespace(creation_time=created))
    end = end_of(begun)
    done = SimpleNamespace(uuid=uuid, properties=end, metadata=SimpleNamespace(creation_time=system_clock()))

    assert entry_read(begun) == Entry(uuid=uuid, at=instant(created), ends=False, put=("a\x00",), other=("Jos\u00e9",))
    assert entry_read(done).ends
    assert end["ended_"] == properties["begun_"] == list(change.tokens)
    assert end["at_"] == instant(created)


@pytest.mark.parametrize(
    ("one", "other"), [("1", "10"), ("alice", "alice-2"), ("a@b.com", "a-b.com"), ("Jos\u00e9", "Jose"), ("", "*")]
)
def test_a_follower_of_one_scope_looks_at_entries_of_no_other(one: str, other: str) -> None:
    mine, theirs = (token_of(KEY, where("user_id").eq(name) & where("kind").eq("k"), NOTES) for name in (one, other))

    assert mine == change_token(KEY, "notes", "user_id", one)
    assert mine != theirs
    assert change_token(KEY, "notes", "user_id", one) != change_token(KEY, "notes", "run_id", one)
    assert change_token(KEY, "notes", "user_id", one) != change_token("another", "notes", "user_id", one)
    assert token_of(KEY, And(), NOTES) == change_token(KEY, "notes")
    assert token_of(KEY, where("user_id").eq(one) | where("kind").eq("k"), NOTES) == change_token(KEY, "notes")
