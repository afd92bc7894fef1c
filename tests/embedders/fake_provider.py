"""A fake provider of embeddings on a local port: it answers as its script says, and keeps what it was asked."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Generator

Reply = tuple[int, dict[str, str], bytes]


def vector_of(text: str) -> list[float]:
    """Return three numbers that depend on the text."""
    return [float(len(text)), float(sum(map(ord, text)) % 97), 1.0]


def good(texts: list[str]) -> Reply:
    """Return the vectors of the texts, out of order as the interface allows."""
    data = [{"index": place, "embedding": vector_of(text)} for place, text in enumerate(texts)]
    return 200, {}, json.dumps({"data": data[::-1]}).encode()


@dataclass
class FakeProvider:
    """What to answer next, and what was asked."""

    base_url: str
    script: list[Reply] = field(default_factory=list[Reply])
    asked: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    headers: list[dict[str, str]] = field(default_factory=list[dict[str, str]])
    paths: list[str] = field(default_factory=list[str])


@contextmanager
def fake_provider() -> Generator[FakeProvider]:
    """Serve until the block ends; replies of the script come first, then good ones."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            provider.asked.append(body)
            provider.headers.append(dict(self.headers.items()))
            provider.paths.append(self.path)
            status, headers, content = provider.script.pop(0) if provider.script else good(body["input"])
            self.send_response(status)
            for name, value in {**headers, "content-length": f"{len(content)}"}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's names
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider = FakeProvider(f"http://127.0.0.1:{server.server_address[1]}/v1")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
