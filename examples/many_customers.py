"""One memory for many customers: views that cannot see each other, and a scope that a request binds.

Run it with `python examples/many_customers.py`. It needs no server, no key and no network, and leaves no file.

Prints:
    ana asks: Ana's order is 1001, a blue teapot.
    ben asks: Ben's order is 1002, a red kettle.
    ana reads ben's memory: NotFoundError
    ana names ben: ScopeError
    nobody is named: ScopeError
    a request of ben: Ben's order is 1002, a red kettle.
    ana has 1, ben has 1
    after ana left: ben has 1
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TYPE_CHECKING

import mnemon
from mnemon import Memory, NotFoundError, ScopeError

if TYPE_CHECKING:
    from collections.abc import Callable


def refusal(call: Callable[[], object]) -> str:
    """Return the name of the error that a call ends with."""
    try:
        call()
    except (NotFoundError, ScopeError) as error:
        return type(error).__name__
    return "no error"


def main() -> None:
    """Serve two customers."""
    with Memory(":memory:") as memory:
        ana, ben = memory.scoped(user_id="ana"), memory.scoped(user_id="ben")
        ana.add("Ana's order is 1001, a blue teapot.")
        order = ben.add("Ben's order is 1002, a red kettle.").ids[0]

        # A view is bound for good, so one may be handed to code that nobody trusts with the others.
        print("ana asks:", ana.search("What was ordered?")[0].memory.text)
        print("ben asks:", ben.search("What was ordered?")[0].memory.text)
        print("ana reads ben's memory:", refusal(lambda: ana.get(order)))
        print("ana names ben:", refusal(lambda: ana.search("order", user_id="ben")))
        print("nobody is named:", refusal(lambda: memory.search("order")))

        # An object that is shared by all requests calls `memory` itself; the request binds the scope.
        def tool() -> str:
            return memory.search("What was ordered?")[0].memory.text

        with mnemon.scope(user_id="ben"), ThreadPoolExecutor() as pool:
            print("a request of ben:", pool.submit(copy_context().run, tool).result())

        counts = {person.id: person.memories for person in memory.scopes("user")}
        print(", ".join(f"{name} has {count}" for name, count in counts.items()))
        memory.forget(user_id="ana")
        print("after ana left:", ", ".join(f"{one.id} has {one.memories}" for one in memory.scopes("user")))


if __name__ == "__main__":
    main()
