"""A chat that remembers: stop it, start it again, and ask for what you said.

Run it with `python examples/chat_with_memory.py NAME`. It keeps what you write in `chat.db`, here.
There is no language model in it: `answer` says what was remembered. Put the call to your model there.
"""

from __future__ import annotations

import sys

from mnemon import Memory

SURE = 0.25
"""Score from which on a memory is shown; docs/explanation/ranking.md says what a score means."""


def answer(said: str, remembered: list[str]) -> str:
    """Return what a model would be asked to say, with the memories that it would be given."""
    if said.endswith("?") and not remembered:
        return "I do not know that."
    return "\n".join([f"I remember: {text}" for text in remembered] or ["I will remember that."])


def main() -> None:
    """Read a line, remember it, answer, until there are no more."""
    name = sys.argv[1] if len(sys.argv) > 1 else "ana"
    with Memory("chat.db") as memory:
        mine = memory.scoped(user_id=name, app_id="chat")
        for line in sys.stdin:
            said = line.strip()
            if not said:
                continue
            if said.endswith("?"):
                found = mine.search(said, limit=2, threshold=SURE)
                print(answer(said, [hit.memory.text for hit in found]))
            else:
                mine.add(said)
                print(answer(said, []))


if __name__ == "__main__":
    main()
