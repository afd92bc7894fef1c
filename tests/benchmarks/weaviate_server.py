"""What a memory on a Weaviate server takes, beside the bare calls of weaviate-client that do the same."""

from __future__ import annotations

import statistics
import time
from collections import defaultdict
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from weaviate import connect_to_local
from weaviate.classes.data import DataObject
from weaviate.classes.query import Filter

from mnemon import Memory
from mnemon.stores.weaviate import WeaviateStore, naming
from mnemon.stores.weaviate.rows import stored
from mnemon.types.storage import Put
from tests.servers.weaviate_server import NoServerError, binary, cluster

from .engine import PrecomputedEmbedder, question, turns
from .report import Figure, milliseconds
from .samples import MEMORIES, rows, vectors

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

    from weaviate import WeaviateClient

    from tests.servers.weaviate_server import Node

PART = {"changes": "whether anything changed", "get": "settings and hits"}
RUNS = 30
ACTIVE = 100
"""Projects that are active at once: each has some fifty files open, and a system may allow 20,000."""


def weaviate_bulk(folder: Path) -> Iterator[Figure]:
    """Measure writing 6,000 rows beside one insert_many of the same objects, in turn."""
    del folder
    with server() as (node, open_store), open_store("Bench") as store, _bare(node) as client:
        store.declare(MEMORIES)
        ours, bare, objects = list[float](), list[float](), list[Any]()
        for turn in range(3):
            batch = list(rows(2_000, start=turn * 10_000))
            for start in range(0, 2_000, 500):
                part = batch[start : start + 500]
                writes = [Put(collection="memories", row=row) for row in part]
                ours.append(milliseconds(lambda turn=turn, writes=writes: store.apply(f"ours-{turn}", writes)))
                tenant = client.collections.use("Bench_memories").with_tenant(naming.tenant_of(f"bare-{turn}"))
                objects = [_object(row) for row in part]
                bare.append(milliseconds(lambda tenant=tenant, objects=objects: tenant.data.insert_many(objects)))
        yield Figure(name="rows written by the store", value=6_000 / sum(ours) * 1_000, unit="/s")
        yield Figure(name="rows written by insert_many", value=6_000 / sum(bare) * 1_000, unit="/s")
        ratios = statistics.median(one / other for one, other in zip(ours, bare, strict=True))
        yield Figure(name="the store over insert_many, batches of 500: median", value=ratios, unit="x", wanted="<= 1.3")


def _object(row: Any) -> Any:  # noqa: ANN401 - of weaviate-client
    one = stored(row, MEMORIES)
    return DataObject(uuid=one.uuid, properties=one.properties, vector=one.vectors)


def weaviate_recalls(folder: Path, sizes: Sequence[int] = (200, 1_000, 10_000)) -> Iterator[Figure]:
    """Measure a search beside one hybrid call, in turn, and its parts; of more than 2,000 the second reads them all."""
    del folder
    for size in sizes:
        with server() as (node, open_store), open_store("Bench") as store:
            empty = disk_of(node)
            with Memory(store=store, embedder=PrecomputedEmbedder()) as memory, _bare(node) as client:
                _fill(memory, size)
                disk = (disk_of(node) - empty) / size
                yield Figure(name=f"disk of a memory, {size:,} of them", value=disk, unit="bytes")
                yield from _asked(store, client, memory, size)
            yield Figure(name=f"memory of the server with {size:,}", value=resident_of(node), unit="MB")


def weaviate_large(folder: Path) -> Iterator[Figure]:
    """Measure the same in 100,000 memories."""
    yield from weaviate_recalls(folder, (100_000,))


def _fill(memory: Memory, size: int) -> None:
    texts = list(turns(size))
    for start in range(0, size, 500):
        memory.add_many(texts[start : start + 500], user_id="alice", run_id=f"run-{start}")


def _asked(store: WeaviateStore, client: WeaviateClient, memory: Memory, size: int) -> Iterator[Figure]:
    tenant = client.collections.use("Bench_memories").with_tenant(naming.tenant_of("default"))
    space = next(one for one in store.collections() if one.name == "memories").vectors[0].name
    mine = Filter.by_property("user_id_v").contains_any([naming.wrapped("alice")])
    whole, bare = list[float](), list[float]()
    took: dict[str, float] = defaultdict(float)
    _timed(store, took)
    for which in ("the first", "the second"):
        taken = milliseconds(lambda: memory.search(question(0), user_id="alice"))
        yield Figure(name=f"search in {size:,} memories, {which}", value=taken, unit="ms")
    took.clear()
    for number in range(1, RUNS + 1):
        text = question(number)
        whole.append(milliseconds(lambda text=text: memory.search(text, user_id="alice")))
        vector = vectors()[len(text) * 31 % 4_096].tolist()
        bare.append(
            milliseconds(
                lambda text=text, vector=vector: tenant.query.hybrid(
                    text, vector=vector, target_vector=space, query_properties=["terms_"], filters=mine, limit=10
                )
            )
        )
    for name, times in (("search", whole), ("one hybrid call", bare)):
        cuts = statistics.quantiles(times, n=20)
        yield Figure(name=f"{name} in {size:,} memories: p50", value=statistics.median(times), unit="ms")
        yield Figure(name=f"{name} in {size:,} memories: p95", value=cuts[18], unit="ms")
    ratio = statistics.median(one / other for one, other in zip(whole, bare, strict=True))
    yield Figure(name=f"search over one hybrid call in {size:,}: median", value=ratio, unit="x", wanted="<= 3")
    for part, name in PART.items():
        yield Figure(name=f"of a search in {size:,}: {name}", value=took[part] / RUNS, unit="ms")


def _timed(store: WeaviateStore, took: dict[str, float]) -> None:
    """Add up what the store's methods take."""

    def timed(name: str, method: Callable[..., object]) -> Callable[..., object]:
        def measure(*arguments: object, **options: object) -> object:
            start = time.perf_counter()
            try:
                return method(*arguments, **options)
            finally:
                took[name] += (time.perf_counter() - start) * 1_000

        return measure

    for name in PART:
        setattr(store, name, timed(name, getattr(store, name)))


def weaviate_tenants(folder: Path, number: int = 1_000) -> Iterator[Figure]:
    """Measure so many projects, each a tenant of every collection; a hundred of them are active at once."""
    del folder
    added, asked, again = list[float](), list[float](), list[float]()
    with server() as (node, open_store), open_store("Bench") as store, _bare(node) as client:
        Memory(store=store, project="other", embedder=PrecomputedEmbedder()).add("the first", user_id="ana")
        before, disk, files = resident_of(node), disk_of(node), open_files_of(node)
        for start in range(0, number, ACTIVE):
            projects = [f"project-{one}" for one in range(start, start + ACTIVE)]
            for project in projects:
                memory = Memory(store=store, project=project, embedder=PrecomputedEmbedder())
                added.append(milliseconds(lambda memory=memory: memory.add("tea with milk", user_id="ana")))
                asked.append(milliseconds(lambda memory=memory: memory.search("tea", user_id="ana")))
            if start == 0:
                held, opened = (resident_of(node) - before) / ACTIVE, (open_files_of(node) - files) / ACTIVE
                yield Figure(name="memory of the server per active project", value=held, unit="MB")
                yield Figure(name="open files of the server per active project", value=opened, unit="files")
            _deactivate(client, projects)
        for one in range(0, number, number // RUNS):
            memory = Memory(store=store, project=f"project-{one}", embedder=PrecomputedEmbedder())
            again.append(milliseconds(lambda memory=memory: memory.search("tea", user_id="ana")))
        for name, taken in (
            ("first memory of a project", added),
            ("first search of a project", asked),
            ("search of a project that was not active", again),
        ):
            yield Figure(name=f"{name}, of {number:,}: p50", value=statistics.median(taken), unit="ms")
        yield Figure(name=f"memory of the server, {number:,} projects", value=resident_of(node), unit="MB")
        yield Figure(name="disk per project", value=(disk_of(node) - disk) / number / 1_000, unit="kB")


def _deactivate(client: WeaviateClient, projects: Sequence[str]) -> None:
    """Let the server close what it holds open of projects; whoever asks for one opens it again."""
    for name in client.collections.list_all():
        if name.startswith("Bench") and not name.endswith("Probe"):
            tenants = client.collections.use(name).tenants
            there = set(tenants.get())
            tenants.deactivate([tenant for tenant in map(naming.tenant_of, projects) if tenant in there])


@contextmanager
def server() -> Generator[tuple[Node, Callable[[str], WeaviateStore]]]:
    """Start a server of one's own; a machine without one leaves the group out."""
    try:
        binary()
    except NoServerError as error:
        raise LookupError(str(error)) from error
    with cluster() as (node,):
        url = f"http://127.0.0.1:{node.rest}"
        yield node, lambda prefix: WeaviateStore.connect(url, grpc_port=node.grpc, prefix=prefix, timeout_s=60.0)


def _bare(node: Node) -> WeaviateClient:
    """Return a client of weaviate-client on the same server."""
    return connect_to_local(port=node.rest, grpc_port=node.grpc, skip_init_checks=True)


def resident_of(node: Node) -> float:
    """Return the megabytes that the server holds in memory; Linux tells it."""
    assert node.process is not None
    lines = Path(f"/proc/{node.process.pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) / 1_000


def open_files_of(node: Node) -> int:
    """Return how many files the server has open; Linux tells it."""
    assert node.process is not None
    return len(list(Path(f"/proc/{node.process.pid}/fd").iterdir()))


def disk_of(node: Node) -> int:
    return sum(file.stat().st_blocks * 512 for file in node.folder.rglob("*") if file.is_file())
