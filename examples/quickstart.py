"""Add, search, change, look back, take back, erase: what a memory does, on one page.

Run it with `python examples/quickstart.py`. It needs no server, no key and no network, and leaves no file.

Prints:
    found: I moved to Lisbon in March.
    others find: nothing
    now: I moved to Porto in March.
    version 1: I moved to Lisbon in March.
    version 2: I moved to Porto in March.
    taken back: I moved to Lisbon in March.
    erased: 3 versions, 1 message, 3 operations
"""

from __future__ import annotations

from mnemon import Memory


def main() -> None:
    """Go through it once."""
    with Memory(":memory:") as memory:  # Memory("notes.db") keeps it in a file
        added = memory.add("I moved to Lisbon in March.", user_id="ana")
        found = memory.search("Where did she move?", user_id="ana")
        print("found:", found[0].memory.text)
        print("others find:", list(memory.search("Where did she move?", user_id="ben")) or "nothing")

        changed = memory.update(added.ids[0], "I moved to Porto in March.")
        print("now:", changed.text)
        for version in memory.history(changed.id):
            print(f"version {version.memory.version}: {version.memory.text}")

        latest = memory.operations(user_id="ana")[0]
        memory.undo(latest.op_id)
        print("taken back:", memory.get(changed.id).text)

        gone = memory.forget(user_id="ana").rows
        print(f"erased: {gone['memories']} versions, {gone['messages']} message, {gone['operations']} operations")


if __name__ == "__main__":
    main()
