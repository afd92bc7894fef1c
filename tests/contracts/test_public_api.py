"""Public names and signatures, as committed in public_api.txt, and for what needs a framework in public_api/.

A change there is a change for users: it goes into CHANGELOG.md. Write the files anew with
`python tests/contracts/test_public_api.py`, in an environment that has `mnemon[testing]`; those of modules
whose framework is not there stay as they are, and are not compared.
"""

from __future__ import annotations

import importlib
import inspect
import re
import sys
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

MODULES = (
    "mnemon",
    "mnemon.testing",
    # what adapters are built on
    "mnemon.adapting",
    # what who writes a backend or an embedder builds on
    "mnemon.embedders.callable",
    "mnemon.embedders.local",
    "mnemon.embedders.openai_compatible",
    "mnemon.logic.answers",
    "mnemon.logic.declarations",
    "mnemon.logic.filters",
    "mnemon.protocols.async_store",
    "mnemon.protocols.capabilities",
    "mnemon.protocols.embedder",
    "mnemon.protocols.store",
    "mnemon.stores.async_base",
    "mnemon.stores.base",
    "mnemon.types.filters",
    "mnemon.types.requests",
    "mnemon.types.storage",
)
OPTIONAL = (
    "mnemon.testing.cassettes",
    "mnemon_agent_framework",
    "mnemon_autogen",
    "mnemon_crewai",
    "mnemon_langchain",
    "mnemon_langgraph",
    "mnemon_llama_index",
)
COMMITTED = Path(__file__).with_name("public_api.txt")
REMEDY = "; ".join((__doc__ or "").split("\n\n")[1:])


def test_public_names_and_signatures_are_the_committed_ones() -> None:
    assert render(*MODULES) == COMMITTED.read_text(encoding="utf-8"), REMEDY


@pytest.mark.filterwarnings("ignore:Cannot set an attribute:ImportWarning")  # CrewAI's own imports, in part lazy
@pytest.mark.filterwarnings("ignore::DeprecationWarning:crewai")  # it uses what it deprecates
@pytest.mark.parametrize("name", OPTIONAL)
def test_public_names_and_signatures_of_what_needs_a_framework_are_the_committed_ones(name: str) -> None:
    if missing := missing_for(name):
        pytest.skip(missing)

    assert render(name) == committed(name).read_text(encoding="utf-8"), REMEDY


def committed(name: str) -> Path:
    """Return the file of a module that needs a framework."""
    return COMMITTED.with_suffix("") / f"{name}.txt"


def missing_for(name: str) -> str:
    """Return what a module needs and is not installed here, or nothing."""
    try:
        importlib.import_module(name)
    except ImportError as error:
        return str(error)
    return ""


def render(*names: str) -> str:
    """Return one line per public name, members below their class; the same on every Python."""
    return "".join(f"{line}\n" for name in names for line in module_lines(name))


def module_lines(name: str) -> Iterator[str]:
    module = importlib.import_module(name)
    yield name
    for public in sorted(module.__all__):
        for line in value_lines(public, getattr(module, public)):
            yield f"    {line}"


def value_lines(name: str, value: object) -> Iterator[str]:
    if isinstance(value, type) and value.__module__.startswith("mnemon"):
        yield f"class {name}({', '.join(base.__name__ for base in value.__bases__)})"
        for member in sorted(public_members(value)):
            yield f"    {member}"
    elif inspect.isroutine(value):
        yield routine(name, value)
    elif isinstance(value, type):  # another name for a type of Python's
        yield f"{name} = {value.__name__}"
    else:
        yield f"{name} = {value!r}" if isinstance(value, str | int | float) else name


def public_members(cls: type[object]) -> Iterator[str]:
    if issubclass(cls, Enum):
        yield from (f"{member.name} = {member.value!r}" for member in cls)
        return
    members: dict[str, object] = dict(vars(cls))
    for name, value in members.items():
        # The `__init__` of a protocol belongs to typing.
        if name.startswith("_") and (name != "__init__" or "_is_protocol" in members):
            continue
        if (kind := type(value).__name__) in {"classmethod", "staticmethod"}:
            yield f"{kind} {routine(name, getattr(cls, name))}"
        elif inspect.isroutine(value):
            yield routine(name, value)
        else:
            yield f"class {name}" if isinstance(value, type) else name


def routine(name: str, value: object) -> str:
    """Return the signature, without the quotes around annotations and without addresses."""
    if not callable(value):
        return name
    keyword = "async def" if inspect.iscoroutinefunction(value) else "def"
    signature = re.sub(r" at 0x[0-9a-f]+", "", str(inspect.signature(value)))
    return f"{keyword} {name}" + re.sub(r"(?<=[:>] )'([^']*)'", r"\1", signature)


if __name__ == "__main__":
    files = {COMMITTED: MODULES, **{committed(name): (name,) for name in OPTIONAL if not missing_for(name)}}
    for path, names in files.items():
        path.write_text(render(*names), encoding="utf-8")
        sys.stdout.write(f"wrote {path}\n")
