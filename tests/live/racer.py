"""One of two processes that write the same thing at the same moment: `python racer.py URL GRPC_PORT PREFIX NAME`.

A line `update ID` or `put ID` on standard input is one round; it is answered by `yes` or `no`.
"""

from __future__ import annotations

import sys

from mnemon import ConflictError, Memory, StoreConflictError
from mnemon.stores.weaviate import WeaviateStore
from mnemon.types.storage import Collection, Put, Row

ROWS = Collection(name="raced", keys=("winner",))


def main(url: str, grpc_port: str, prefix: str, name: str) -> None:
    """Answer each line."""
    store = WeaviateStore.connect(url, grpc_port=int(grpc_port), prefix=prefix)
    with store, Memory(store=store, embedder=None) as memory:
        store.declare(ROWS)
        say("ready")
        for line in sys.stdin:
            what, row_id = line.split()
            try:
                if what == "update":
                    memory.update(row_id, f"by {name}", expected_version=1)
                else:
                    row = Row(id=row_id, fields={"winner": name})
                    store.apply("p", [Put(collection="raced", row=row, existing="abort")])
            except (ConflictError, StoreConflictError):
                say("no")
            else:
                say("yes")


def say(word: str) -> None:
    """Answer the test."""
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
