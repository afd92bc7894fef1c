"""A server of three answers, in this process, and cassettes of it, for the tests of the recorder itself."""

from __future__ import annotations

import asyncio
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import grpc
import pytest
import weaviate
from weaviate.classes.init import Auth
from weaviate.classes.query import MetadataQuery
from weaviate.proto.v1 import batch_pb2, search_get_pb2, weaviate_pb2_grpc

from mnemon.testing.cassettes import recording

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

__all__ = ["KEY", "NOWHERE", "Ports", "aask", "ask", "fake", "taped"]

KEY = "a-key-that-nobody-must-see"
NOWHERE = (1, 2)
ID = "11111111-1111-5111-8111-111111111111"

Ports = tuple[int, int]


class FakeRest(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = json.dumps({"version": "1.39.0", "asked": self.path}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.send_header("set-cookie", f"session={KEY}")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of its base
        pass


class FakeGrpc(weaviate_pb2_grpc.WeaviateServicer):
    """Finds one object for every query, and refuses the collection that is called Broken."""

    def Search(self, request: Any, context: Any) -> Any:  # noqa: ANN401, N802 - the service's
        if request.collection == "Broken":
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "there is no class Broken")
        found = search_get_pb2.MetadataResult(id=ID, score=0.5, score_present=True)
        return search_get_pb2.SearchReply(results=[search_get_pb2.SearchResult(metadata=found)])

    def BatchObjects(self, request: Any, context: Any) -> Any:  # noqa: ANN401, N802 - the service's
        return batch_pb2.BatchObjectsReply()


@pytest.fixture
def fake() -> Generator[Ports]:
    rest = ThreadingHTTPServer(("127.0.0.1", 0), FakeRest)
    thread = threading.Thread(target=rest.serve_forever)
    thread.start()
    with ThreadPoolExecutor(4) as threads:
        server = grpc.server(threads)
        stubs: Any = weaviate_pb2_grpc
        stubs.add_WeaviateServicer_to_server(FakeGrpc(), server)
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        yield rest.server_address[1], port
        server.stop(0).wait()
    rest.shutdown()
    rest.server_close()
    thread.join()


def ask(ports: Ports, *queries: str, collection: str = "Notes") -> list[float | None]:
    """Ask for the version by REST, and each query by gRPC."""
    with weaviate.connect_to_local(
        port=ports[0], grpc_port=ports[1], auth_credentials=Auth.api_key(KEY), skip_init_checks=True
    ) as client:
        client.get_meta()  # pyright: ignore[reportUnknownMemberType] - says no types
        notes = client.collections.use(collection)
        scores = MetadataQuery(score=True)
        return [notes.query.bm25(query, return_metadata=scores).objects[0].metadata.score for query in queries]


async def aask(ports: Ports, *queries: str) -> int:
    """Ask the queries by gRPC, at once."""
    async with weaviate.use_async_with_local(port=ports[0], grpc_port=ports[1], skip_init_checks=True) as client:
        notes = client.collections.use("Notes")
        return len(await asyncio.gather(*(notes.query.bm25(query) for query in queries)))


@pytest.fixture
def taped(fake: Ports, tmp_path: Path) -> Path:
    """A cassette of two queries."""
    path = tmp_path / "one.yaml"
    with recording(path, server="fake 0.0.0"):
        ask(fake, "tea", "milk")
    return path
