"""A real Weaviate for tests: found, or built once from the pinned Go module, started on free ports, stopped.

`python tests/servers/weaviate_server.py` says what it would use; `--build` builds it.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import random
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

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.servers.guardian import Guardian, guarded_folder

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

MODULE = Path(__file__).parent / "weaviate"
COMMAND = "github.com/weaviate/weaviate/cmd/weaviate-server"
READY_S = 60.0
STOP_S = 20.0
PORT_TRIES = 3
PORTS = (10_000, 32_000)  # beneath those that the system gives to who connects


class NoServerError(RuntimeError):
    """There is no binary, no address and no Go to build one with."""


class PortTakenError(RuntimeError):
    """Somebody took a port between our looking and the server's listening."""


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
    with kept.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # of several test processes one builds
        if not kept.exists():
            _build(go, kept)
    return kept


def _build(go: str, kept: Path) -> None:
    print(f"building Weaviate into {kept}, once; this takes a few minutes", flush=True)
    with tempfile.TemporaryDirectory(dir=kept.parent) as folder:
        built = Path(folder) / kept.name
        command = [go, "build", "-mod=readonly", "-trimpath", "-ldflags", "-s -w", "-o", str(built), COMMAND]
        subprocess.run(command, cwd=MODULE, env={**os.environ, "CGO_ENABLED": "0"}, check=True)
        built.replace(kept)


def _fingerprint() -> str:
    return hashlib.sha256((MODULE / "go.mod").read_bytes() + (MODULE / "go.sum").read_bytes()).hexdigest()[:16]


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mnemon-tests"


def free_ports(number: int, *, wide: int) -> list[int]:
    """Return ports that nobody listens on at this moment, each with so many free ones from it on.

    They are drawn, and not asked of the system: that gives the same one to whoever asks next, also to who connects.
    """
    drawn = random.SystemRandom()
    found: set[int] = set()
    while len(found) < number:
        port = drawn.randrange(*PORTS, wide)
        with contextlib.ExitStack() as stack, contextlib.suppress(OSError):
            for one in range(port, port + wide):
                stack.enter_context(socket.socket()).bind(("127.0.0.1", one))
            found.add(port)
    return list(found)


@dataclass(slots=True)
class Node:
    """One node of a server, which can be killed, paused and started again on the same data."""

    folder: Path
    rest: int
    grpc: int
    environment: dict[str, str]
    guardian: Guardian = field(repr=False)
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
        self.guardian.started(self.process.pid)

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
        if "address already in use" in tail:
            raise PortTakenError(tail)
        msg = f"Weaviate was not ready within {READY_S:.0f} s; the end of its log:\n{tail}"
        raise RuntimeError(msg)

    def signal(self, number: int) -> None:
        """Send it a signal, such as SIGSTOP."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(number)

    def pause(self) -> None:
        """Let it sleep, and return when it does: a busy machine takes a moment, in which it still answers."""
        self.signal(signal.SIGSTOP)
        if self.process is not None:
            os.waitid(os.P_PID, self.process.pid, os.WSTOPPED | os.WNOWAIT)

    def kill(self) -> None:
        """End it as a power cut would."""
        self.signal(signal.SIGKILL)
        self._reap()

    def terminate(self) -> None:
        """Ask it to end, as an operator would; `stop` waits for it."""
        self.signal(signal.SIGCONT)
        self.signal(signal.SIGTERM)

    def stop(self) -> None:
        """End it as an operator would; kill it when it does not."""
        self.terminate()
        try:
            self._reap(STOP_S)
        except subprocess.TimeoutExpired:
            self.kill()

    def _reap(self, timeout_s: float | None = None) -> None:
        if self.process is not None:
            self.process.wait(timeout_s)
            self.guardian.ended(self.process.pid)


def _nodes(folder: Path, guardian: Guardian, number: int, settings: Mapping[str, str]) -> list[Node]:
    # Six each; the server expects its data port beside that of gossip, and so with Raft's two.
    rest, grpc, gossip, _, raft, _ = zip(*(range(port, port + 6) for port in free_ports(number, wide=6)), strict=True)
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
            **settings,
        }
        if place:
            environment["CLUSTER_JOIN"] = f"localhost:{gossip[0]}"
        home = folder / f"node{place}"
        nodes.append(Node(home, rest[place], grpc[place], environment, guardian))
    return nodes


@contextlib.contextmanager
def cluster(number: int = 1, settings: Mapping[str, str] | None = None) -> Generator[list[Node]]:
    """Run so many nodes in a temporary folder until the block ends, or this process, however it ends.

    Args:
        number: how many.
        settings: variables of the server, beside or instead of those of `_nodes`.
    """
    binary()
    with guarded_folder("mnemon-weaviate-") as (folder, guardian):
        nodes: list[Node] = []
        try:
            nodes += _started(folder, guardian, number, settings or {})
            yield nodes
        finally:
            for node in nodes:
                node.terminate()
            for node in nodes:
                node.stop()


def _started(folder: Path, guardian: Guardian, number: int, settings: Mapping[str, str]) -> list[Node]:
    """Start nodes on free ports; on others where somebody was faster."""
    for attempt in range(1, PORT_TRIES + 1):
        nodes = _nodes(folder / str(attempt), guardian, number, settings)
        try:
            for node in nodes:
                node.start()
            for node in nodes:
                node.wait()
        except BaseException as error:
            for node in nodes:
                node.kill()
            if not isinstance(error, PortTakenError) or attempt == PORT_TRIES:
                raise
        else:
            return nodes
    raise AssertionError  # the last attempt returns or raises


if __name__ == "__main__":
    try:
        print(binary(build="--build" in sys.argv))
    except NoServerError as error:
        sys.exit(str(error))
