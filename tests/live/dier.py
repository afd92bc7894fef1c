"""A writer that dies before its request of some number: `python dier.py URL GRPC_PORT PREFIX ROUND NUMBER`.

It gives three memories a new version in one batch, and ends with 9 where it died and with 0 where it was done before.
"""

from __future__ import annotations

import os
import sys
from itertools import count
from typing import Any

from mnemon.stores.weaviate import WeaviateStore
from mnemon.stores.weaviate._sync.server import Server
from mnemon.testing.samples import NOTES, PROJECT, moment, note
from mnemon.types.storage import Patch, Put

MEMORIES = ("a", "b", "c")
DIED = 9


def first(number: int, memory: str) -> str:
    """Return the row of a memory's first version."""
    return f"{number}-{memory}-1"


def second(number: int, memory: str) -> str:
    """Return the row of its second version."""
    return f"{number}-{memory}-2"


def main(url: str, grpc_port: str, prefix: str, number: str, last: str) -> None:
    """Write, as far as that goes."""
    batch: list[Put | Patch] = []
    for memory in MEMORIES:
        batch.append(Put(collection="notes", row=note(second(int(number), memory), terms=("t",)), existing="skip"))
        closed = {"closed_at": moment(1)}
        batch.append(Patch(collection="notes", id=first(int(number), memory), fields=closed, otherwise="skip"))
    with WeaviateStore.connect(url, grpc_port=int(grpc_port), prefix=prefix) as store:
        store.declare(NOTES)
        asked, ask = count(1), Server.ask_again

        def dying(server: Server, doing: str, call: Any, *rest: Any) -> Any:  # noqa: ANN401 - passed on
            if next(asked) == int(last):
                os._exit(DIED)
            return ask(server, doing, call, *rest)

        Server.ask_again = dying  # type: ignore[method-assign]
        store.apply(PROJECT, batch)


if __name__ == "__main__":
    main(*sys.argv[1:])
