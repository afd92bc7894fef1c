"""A real Weaviate for tests: found, or built once from the pinned Go module, started on free ports, stopped.

`python tests/servers/weaviate_server.py` says what it would use; `--build` builds it.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator

MODULE = Path(__file__).parent / "weaviate"
COMMAND = "github.com/weaviate/weaviate/cmd/weaviate-server"
READY_S = 60.0
STOP_S = 20.0


class NoServerError(RuntimeError):
    """There is no binary, no address and no Go to build one with."""


def binary(*, build: bool = True) -> Path:
    """Return the server's binary: `WEAVIATE_BIN`, or the one that was built from this very module, or a new build.

    A build takes a few minutes and 4 GB of Go's caches, once: it is kept under the hash of go.sum.

    Raises:
        NoServerError: there is none, and no Go to build it with.
    """
    if given := os.environ.get("WEAVIATE_BIN"):
        path = Path(given).resolve()
        if not os.access(path, os.X_OK):
            msg = f"WEAVIATE_BIN is {given!r}, which is no file that can be run"
            raise NoServerError(msg)
        return path
    kept = _cache() / f"weaviate-{_fingerprint()}"
    if kept.exists():
        return kept
    go = shutil.which("go")
    if go is None or not build:
        msg = "no Weaviate: set WEAVIATE_URL or WEAVIATE_BIN, or install Go (go.dev) so that it can be built"
        raise NoServerError(msg)
    kept.parent.mkdir(parents=True, exist_ok=True)
    print(f"building Weaviate into {kept}, once; this takes a few minutes", flush=True)
    with tempfile.TemporaryDirectory(dir=kept.parent) as folder:
        built = Path(folder) / kept.name
        command = [go, "build", "-mod=readonly", "-trimpath", "-ldflags", "-s -w", "-o", str(built), COMMAND]
        subprocess.run(command, cwd=MODULE, env={**os.environ, "CGO_ENABLED": "0"}, check=True)
        built.replace(kept)
    return kept


def _fingerprint() -> str:
    return hashlib.sha256((MODULE / "go.mod").read_bytes() + (MODULE / "go.sum").read_bytes()).hexdigest()[:16]


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mnemon-tests"


def free_ports(number: int) -> list[int]:
    """Return ports that nobody listens on at this moment."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(number)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def _port_pairs(number: int) -> list[int]:
    """Return ports whose successor is free as well: Weaviate expects data beside gossip."""
    pairs: list[int] = []
    while len(pairs) < number:
        (port,) = free_ports(1)
        if port + 1 > 65_535 or any(abs(port - other) < 2 for other in pairs):
            continue
        with socket.socket() as beside, contextlib.suppress(OSError):
            beside.bind(("127.0.0.1", port + 1))
            pairs.append(port)
    return pairs


@dataclass(slots=True)
class Node:
    """One node of a server, which can be killed, paused and started again on the same data."""

    folder: Path
    rest: int
    grpc: int
    environment: dict[str, str]
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def address(self) -> str:
        """What a store is opened by."""
        return f"weaviate://127.0.0.1:{self.rest}?grpc_port={self.grpc}"

    def start(self) -> None:
        """Start it and return at once."""
        self.folder.mkdir(parents=True, exist_ok=True)
        arguments = ["--host", "127.0.0.1", "--port", str(self.rest), "--scheme", "http"]
        arguments += ["--read-timeout=600s", "--write-timeout=600s"]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [str(binary()), *arguments],
                cwd=self.folder,
                env={"PATH": os.environ.get("PATH", ""), "HOME": str(self.folder), **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def wait(self) -> None:
        """Wait until it answers REST and listens for gRPC."""
        end = time.monotonic() + READY_S
        while time.monotonic() < end:
            if self.process is not None and self.process.poll() is not None:
                break
            with contextlib.suppress(OSError, urllib.error.URLError):
                url = f"http://127.0.0.1:{self.rest}/v1/.well-known/ready"
                with (
                    urllib.request.urlopen(url, timeout=2) as answer,
                    socket.create_connection(("127.0.0.1", self.grpc), timeout=2),
                ):
                    if answer.status == 200:
                        return
            time.sleep(0.1)
        tail = (self.folder / "log").read_text("utf-8", errors="replace")[-3_000:]
        self.kill()
        msg = f"Weaviate was not ready within {READY_S:.0f} s; the end of its log:\n{tail}"
        raise RuntimeError(msg)

    def signal(self, number: int) -> None:
        """Send it a signal, such as SIGSTOP."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(number)

    def kill(self) -> None:
        """End it as a power cut would."""
        self.signal(signal.SIGKILL)
        if self.process is not None:
            self.process.wait()

    def stop(self) -> None:
        """End it as an operator would; kill it when it does not."""
        self.signal(signal.SIGCONT)
        self.signal(signal.SIGTERM)
        if self.process is not None:
            try:
                self.process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                self.kill()


def _nodes(folder: Path, number: int) -> list[Node]:
    rest, grpc = free_ports(number), free_ports(number)
    gossip, raft = _port_pairs(number), _port_pairs(number)
    members = ",".join(f"node{place}:{raft[place]}" for place in range(number))
    nodes: list[Node] = []
    for place in range(number):
        environment = {
            "PERSISTENCE_DATA_PATH": str(folder / f"node{place}" / "data"),
            "CLUSTER_HOSTNAME": f"node{place}",
            "CLUSTER_IN_LOCALHOST": "true",
            "CLUSTER_ADVERTISE_ADDR": "127.0.0.1",
            "CLUSTER_GOSSIP_BIND_PORT": str(gossip[place]),
            "CLUSTER_DATA_BIND_PORT": str(gossip[place] + 1),
            "RAFT_PORT": str(raft[place]),
            "RAFT_INTERNAL_RPC_PORT": str(raft[place] + 1),
            "RAFT_JOIN": members,
            "RAFT_BOOTSTRAP_EXPECT": str(number),
            "GRPC_PORT": str(grpc[place]),
            "AUTHENTICATION_ANONYMOUS_ACCESS_ENABLED": "true",
            "DEFAULT_VECTORIZER_MODULE": "none",
            "API_BASED_MODULES_DISABLED": "true",
            "ENABLE_MODULES": "backup-filesystem",
            "BACKUP_FILESYSTEM_PATH": str(folder / "backups"),
            "AUTOSCHEMA_ENABLED": "false",
            "DISABLE_TELEMETRY": "true",
            "GO_PROFILING_DISABLE": "true",
            "QUERY_MAXIMUM_RESULTS": "10000",
            "DISK_USE_READONLY_PERCENTAGE": "97",
            "LOG_LEVEL": "warning",
        }
        if place:
            environment["CLUSTER_JOIN"] = f"localhost:{gossip[0]}"
        nodes.append(Node(folder=folder / f"node{place}", rest=rest[place], grpc=grpc[place], environment=environment))
    return nodes


@contextlib.contextmanager
def cluster(number: int = 1) -> Generator[list[Node]]:
    """Run so many nodes in a temporary folder until the block ends, however it ends."""
    binary()
    with tempfile.TemporaryDirectory(prefix="mnemon-weaviate-", ignore_cleanup_errors=True) as folder:
        nodes = _nodes(Path(folder), number)
        try:
            for node in nodes:
                node.start()
            for node in nodes:
                node.wait()
            yield nodes
        finally:
            for node in nodes:
                node.stop()


if __name__ == "__main__":
    try:
        print(binary(build="--build" in sys.argv))
    except NoServerError as error:
        sys.exit(str(error))
