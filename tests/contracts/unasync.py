"""Writes the sync twin of each async module: `python tests/contracts/unasync.py [--check]`.

The keywords `async` and `await` go, the words of a table are replaced, also in strings and
comments, and ruff sorts and formats the result. A word that no source uses is an error.
"""

from __future__ import annotations

import io
import re
import subprocess
import sys
import tokenize
from itertools import accumulate
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAIRS = (
    *(
        (f"core/mnemon/_async/{name}.py", f"core/mnemon/_sync/{name}.py")
        for name in (
            "__init__",
            "adding",
            "care",
            "changing",
            "checking",
            "conversation",
            "conversations",
            "core",
            "desk",
            "embedding",
            "erasing",
            "face",
            "looking",
            "mending",
            "methods",
            "moving",
            "outlived",
            "reading",
            "reads",
            "removals",
            "searches",
            "searching",
            "spaces",
            "upkeep",
            "work",
            "writes",
        )
    ),
    *(
        (f"core/mnemon/adapting/_async/{name}.py", f"core/mnemon/adapting/_sync/{name}.py")
        for name in ("__init__", "history", "keeper", "people", "tools")
    ),
    ("core/mnemon/protocols/async_store.py", "core/mnemon/protocols/store.py"),
    ("core/mnemon/stores/async_base.py", "core/mnemon/stores/base.py"),
    ("core/mnemon/testing/async_store_suite.py", "core/mnemon/testing/store_suite.py"),
    ("core/mnemon/embedders/_async/__init__.py", "core/mnemon/embedders/_sync/__init__.py"),
    ("core/mnemon/embedders/_async/requests.py", "core/mnemon/embedders/_sync/requests.py"),
    *(
        (f"core/mnemon/stores/weaviate/_async/{name}.py", f"core/mnemon/stores/weaviate/_sync/{name}.py")
        for name in (
            "__init__",
            "announcing",
            "changes",
            "choosing",
            "entries",
            "growing",
            "indexing",
            "pages",
            "reader",
            "schemas",
            "searching",
            "server",
            "store",
            "upkeep",
            "writer",
        )
    ),
    *(
        (f"core/mnemon/testing/_async/{name}.py", f"core/mnemon/testing/_sync/{name}.py")
        for name in (
            "__init__",
            "base",
            "changes",
            "conditions",
            "declarations",
            "rows",
            "scenarios",
            "searches",
            "units",
            "writes",
        )
    ),
    *(
        (f"integrations/mnemon_langchain/_async/{name}.py", f"integrations/mnemon_langchain/_sync/{name}.py")
        for name in ("__init__", "entries")
    ),
    ("core/mnemon/adapting/async_desk.py", "core/mnemon/adapting/desk.py"),
    ("integrations/mnemon_autogen/_async/__init__.py", "integrations/mnemon_autogen/_sync/__init__.py"),
    ("integrations/mnemon_autogen/_async/states.py", "integrations/mnemon_autogen/_sync/states.py"),
    *(
        (f"integrations/mnemon_crewai/_async/{name}.py", f"integrations/mnemon_crewai/_sync/{name}.py")
        for name in ("__init__", "records", "states", "talking")
    ),
    *(
        (f"integrations/mnemon_langgraph/_async/{name}.py", f"integrations/mnemon_langgraph/_sync/{name}.py")
        for name in (
            "__init__",
            "caching",
            "checkpoints",
            "items",
            "moving",
            "remembering",
            "saving",
            "storing",
            "threads",
        )
    ),
    ("tests/core/adapting/_async/notes.py", "tests/core/adapting/_sync/notes.py"),
)
WORDS = {
    "AbstractAsyncContextManager": "AbstractContextManager",
    "AsyncBaseStore": "BaseStore",
    "AsyncStore": "Store",
    "AsyncClient": "Client",
    "AsyncAnnouncer": "Announcer",
    "AsyncCare": "Care",
    "AsyncConditionPromises": "ConditionPromises",
    "AsyncConversations": "Conversations",
    "AsyncChangePromises": "ChangePromises",
    "AsyncChangesReader": "ChangesReader",
    "AsyncCore": "Core",
    "AsyncDesk": "Desk",
    "AsyncEntries": "Entries",
    "AsyncFace": "Face",
    "AsyncFollower": "Follower",
    "AsyncHistory": "History",
    "AsyncKeeper": "Keeper",
    "AsyncMemory": "Memory",
    "AsyncMemoryTools": "MemoryTools",
    "AsyncMethods": "Methods",
    "AsyncReads": "Reads",
    "AsyncRemovals": "Removals",
    "AsyncRunner": "Runner",
    "AsyncSearches": "Searches",
    "AsyncTalk": "Talk",
    "AsyncUpkeep": "Upkeep",
    "AsyncWrites": "Writes",
    "aembed": "embed",
    "amemory": "memory",
    "athink": "think",
    "atogether": "together",
    "AsyncDeclarationPromises": "DeclarationPromises",
    "AsyncGenerator": "Generator",
    "AsyncPromises": "Promises",
    "AsyncRowPromises": "RowPromises",
    "AsyncScenarioPromises": "ScenarioPromises",
    "AsyncSearchPromises": "SearchPromises",
    "AsyncStoreSuite": "StoreSuite",
    "AsyncUnitPromises": "UnitPromises",
    "AsyncWritePromises": "WritePromises",
    "_async": "_sync",
    "AsyncSupportsChanges": "SupportsChanges",
    "AsyncSupportsExclusive": "SupportsExclusive",
    "AsyncSupportsSnapshot": "SupportsSnapshot",
    "__aenter__": "__enter__",
    "__aexit__": "__exit__",
    "aclose": "close",
    "aclosing": "closing",
    "asynccontextmanager": "contextmanager",
    "enter_async_context": "enter_context",
    "abegun": "begun",
    "ablocking": "blocking",
    "alimited": "limited",
    "aworked": "worked",
    "aloop": "loop",
    "AsyncCall": "Call",
    "AsyncExitStack": "ExitStack",
    "AsyncLock": "Lock",
    "AsyncReader": "Reader",
    "AsyncRows": "Rows",
    "AsyncSchemas": "Schemas",
    "AsyncServer": "Server",
    "AsyncWeaviateStore": "WeaviateStore",
    "AsyncWriter": "Writer",
    "WeaviateAsyncClient": "WeaviateClient",
    "async_base": "base",
    "async_store": "store",
    "async_desk": "desk",
    "arun": "run",
    "AsyncIterator": "Iterator",
    "AsyncSaving": "Saving",
    "acopy_thread": "copy_thread",
    "adelete_for_runs": "delete_for_runs",
    "adelete_thread": "delete_thread",
    "adelete_user": "delete_user",
    "aget_delta_channel_history": "get_delta_channel_history",
    "aget_tuple": "get_tuple",
    "alist": "list",
    "alist_threads": "list_threads",
    "aprune": "prune",
    "aput": "put",
    "aput_writes": "put_writes",
    "asweep": "sweep",
    "AsyncCaching": "Caching",
    "AsyncStoring": "Storing",
    "aclear": "clear",
    "acopy_threads": "copy_threads",
    "alog_thread": "log_thread",
    "aget": "get",
    "aset": "set",
    "_agot": "_got",
    "_alisted": "_listed",
    "_aprepare": "_prepare",
    "_aput_all": "_put_all",
    "_asearched": "_searched",
    "abatch": "batch",
    "aembed_documents": "embed_documents",
    "aembed_query": "embed_query",
    "ahistory": "history",
    "asweep_ttl": "sweep_ttl",
}
TEXT = {tokenize.STRING, tokenize.COMMENT, getattr(tokenize, "FSTRING_MIDDLE", tokenize.STRING)}
KEYWORD = re.compile(r"\basync (?=with |for |def )|\bawait (?=[\w.]+\()")  # code quoted in text


def to_sync(source: str, words: dict[str, str], used: set[str]) -> str:
    """Return the sync twin, not yet formatted; the words that occurred are added to `used`."""

    def replace(found: re.Match[str]) -> str:
        used.update({found[0]} & words.keys())
        return words.get(found[0], found[0])

    lines = [0, *accumulate(map(len, source.splitlines(keepends=True)))]
    for token in reversed(list(tokenize.generate_tokens(io.StringIO(source).readline))):
        if token.type not in {tokenize.NAME, *TEXT}:
            continue
        start, end = (lines[row - 1] + column for row, column in (token.start, token.end))
        text, rest = source[start:end], source[end:]
        if token.type in TEXT:
            text = KEYWORD.sub("", text)
        elif text in {"async", "await"}:
            text, rest = "", rest.lstrip(" ")
        source = source[:start] + re.sub(r"\w+", replace, text) + rest
    return source


def generate(root: Path, pairs: tuple[tuple[str, str], ...], words: dict[str, str]) -> dict[Path, str]:
    """Return the text of every twin by its path, formatted as ruff wants it."""
    used: set[str] = set()
    twins: dict[Path, str] = {}
    for source, target in pairs:
        header = f"# Generated from {source} by tests/contracts/unasync.py; edit that file.\n"
        twin = header + to_sync((root / source).read_text(encoding="utf-8"), words, used)
        twins[root / target] = tidy(twin, root / target)
    if unused := sorted(words.keys() - used):
        msg = f"no source uses {', '.join(unused)}; take them out of the table of tests/contracts/unasync.py"
        raise SystemExit(msg)
    return twins


def tidy(text: str, path: Path) -> str:
    """Return the code with sorted imports and in the one format."""
    for step in (["check", "--fix-only", "--quiet"], ["format"]):
        command = [sys.executable, "-m", "ruff", *step, "--config", str(ROOT / "pyproject.toml")]
        command += ["--stdin-filename", str(path), "-"]
        text = subprocess.run(command, input=text, stdout=subprocess.PIPE, encoding="utf-8", check=True).stdout
    return text


def main(arguments: list[str]) -> None:
    """Write every twin, or with `--check` fail when one is not what would be written."""
    for path, text in generate(ROOT, PAIRS, WORDS).items():
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        if "--check" in arguments:
            sys.exit(f"{path.relative_to(ROOT)} is not up to date; run: python tests/contracts/unasync.py")
        path.write_text(text, encoding="utf-8")
        print(f"wrote {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main(sys.argv[1:])
