from __future__ import annotations

import json
import subprocess
import sys

import pytest

HEAVY = {
    "grpc",
    "httpx",
    "hypothesis",
    "numpy",
    "onnxruntime",
    "platformdirs",
    "pydantic",
    "pydantic_settings",
    "pytest",
    "tokenizers",
    "weaviate",
}
FRAMEWORKS = {
    "agent_framework",
    "autogen_agentchat",
    "autogen_core",
    "crewai",
    "langchain_core",
    "langgraph",
    "llama_index",
}
IMPORT = """
import json, sys

sockets = []
sys.addaudithook(lambda event, _: sockets.append(event) if event.startswith("socket.") else None)
import {module}

print(json.dumps([sockets, sorted({{name.partition(".")[0] for name in sys.modules}})]))
"""


def import_fresh(module: str) -> tuple[set[str], set[str]]:
    """Return the socket events and the top-level modules after an import in a new interpreter."""
    command = [sys.executable, "-I", "-c", IMPORT.format(module=module)]
    sockets, modules = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    return set(sockets), set(modules)


@pytest.mark.parametrize("module", ["mnemon", "mnemon.config", "mnemon.config.opening"])
def test_importing_mnemon_loads_nothing_heavy_and_no_framework(module: str) -> None:
    _, modules = import_fresh(module)

    assert "mnemon" in modules
    assert modules & (HEAVY | FRAMEWORKS) == set()


def test_importing_mnemon_opens_no_socket() -> None:
    sockets, _ = import_fresh("mnemon")

    assert sockets == set()


def test_a_socket_opened_during_an_import_is_noticed() -> None:
    sockets, _ = import_fresh("json; import socket; socket.socket().close()")

    assert "socket.__new__" in sockets
