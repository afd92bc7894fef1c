"""What was known when: versions, `as_of`, undo, and what expires. The clock is the example's own.

Run it with `python examples/time_travel.py`. It needs no server, no key and no network, and leaves no file.

Prints:
    3 May: The meeting is on Tuesday at ten.
    10 May: The meeting is on Thursday at noon.
    as of 3 May: The meeting is on Tuesday at ten.
    history: Tuesday (until 5 May, by ben), Thursday (now)
    after undo: The meeting is on Tuesday at ten.
    the door code, 10 May: 4711 opens the door.
    the door code, 13 May: nothing
    the door code as of 10 May: 4711 opens the door.
"""

from __future__ import annotations

from datetime import UTC, datetime

from mnemon import Memory


class Calendar:
    """A clock that stands at noon of a day in May until it is set."""

    def __init__(self) -> None:
        """Begin on the first of May."""
        self.day = 1

    def __call__(self) -> datetime:
        """Return the time."""
        return self.at(self.day)

    @staticmethod
    def at(day: int) -> datetime:
        """Return noon of a day."""
        return datetime(2026, 5, day, 12, tzinfo=UTC)


def main() -> None:
    """Look at a fortnight in May."""
    today = Calendar()
    with Memory(":memory:", clock=today) as memory:
        team = memory.scoped(agent_id="team")
        first = team.add("The meeting is on Tuesday at ten.", kind="semantic").ids[0]
        today.day = 3
        print("3 May:", team.search("When is the meeting?")[0].memory.text)

        today.day = 5
        team.update(first, "The meeting is on Thursday at noon.", actor="ben")
        team.add("4711 opens the door.", kind="semantic", expires_at=today.at(12))

        today.day = 10
        print("10 May:", team.search("When is the meeting?")[0].memory.text)
        print("as of 3 May:", team.search("When is the meeting?", as_of=today.at(3))[0].memory.text)

        old, new = team.history(first)
        until = "" if old.recorded_to is None else f"{old.recorded_to.day} {old.recorded_to:%B}"
        by = new.actor
        print(f"history: {old.memory.text.split()[4]} (until {until}, by {by}), {new.memory.text.split()[4]} (now)")

        change = next(one for one in team.operations() if one.kind == "update")
        team.undo(change.op_id)
        print("after undo:", team.get(first).text)

        print("the door code, 10 May:", team.search("What opens the door?", kinds=["semantic"])[0].memory.text)
        today.day = 13
        found = [hit.memory.text for hit in team.search("What opens the door?", threshold=0.5)]
        print("the door code, 13 May:", ", ".join(found) or "nothing")
        then = team.search("What opens the door?", as_of=today.at(10))
        print("the door code as of 10 May:", then[0].memory.text)


if __name__ == "__main__":
    main()
