"""Everything that is checked about this project; `nox -l` lists it, `nox` runs what must pass."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nox


def fastest_backend() -> str:
    """Prefer uv, but not where pip is told to use an index of its own: uv does not read pip's settings."""
    command = [sys.executable, "-m", "pip", "config", "list"]
    settings = subprocess.run(command, capture_output=True, text=True, check=False).stdout  # noqa: S603 - no input
    return "virtualenv" if "index-url" in settings else "uv|virtualenv"


nox.needs_version = ">=2025.11.12"
nox.options.default_venv_backend = fastest_backend()
nox.options.download_python = "never"
nox.options.sessions = [
    "lint",
    "types",
    "contracts",
    "tests",
    "adapter",
    "together",
    "live",
    "live_adapter(langchain)",  # these two have suites that no cassette holds; the others are replayed by `adapter`
    "live_adapter(langgraph)",
    "docs",
    "package",
]

PYTHONS = nox.project.python_versions(nox.project.load_toml("pyproject.toml"))
DIST = Path("dist")
ALL_EXTRAS = ".[cassettes,cli,local,openai,testing,weaviate]"
OLDEST = {  # of each framework the versions that its adapter's tests pass with; groups would pin everybody's `uv run`
    "agent_framework": ("agent-framework-core==1.23.0",),
    "autogen": ("autogen-agentchat==0.7.1", "autogen-core==0.7.1", "autogen-ext==0.7.1"),
    "crewai": ("crewai==1.15.20",),
    "langchain": ("langchain==1.3.0",),
    "langgraph": ("langgraph==1.2.0", "langgraph-checkpoint==4.1.0"),
    "llama_index": ("llama-index-core==0.14.25",),
}
FRAMEWORKS = tuple(OLDEST)
PYDANTICS = ("2.12", "2.13", "2.14")  # LlamaIndex stores a context with it, and 2.14 changed what can be stored
PINS: dict[str, tuple[str, ...]] = {
    **{f"{name} oldest": pins for name, pins in OLDEST.items()},
    **{f"{name} newest": () for name in FRAMEWORKS},
    **{f"llama_index pydantic {version}": (f"pydantic=={version}.*",) for version in PYDANTICS},
}
EVERYTHING = f"{ALL_EXTRAS[:-1]},{','.join(FRAMEWORKS)}]"
TESTED = ("tests/core", "tests/stores", "tests/cassettes", "tests/embedders", "tests/apps", "tests/recall")
OLDEST_SQLITE = "github.com/mattn/go-sqlite3@v1.14.4"  # it carries SQLite 3.33.0
SQLITE_FLAGS = (
    "-O1",
    "-fPIC",
    "-shared",
    "-DSQLITE_ENABLE_FTS5",
    "-DSQLITE_ENABLE_JSON1",
    "-DSQLITE_ENABLE_DESERIALIZE",
)
MEM0 = "mem0ai==2.2.1"
BENCH_RESULTS = "docs/_static/benchmarks/results.json"
MOST_BYTES = 30 * 2**20  # of a wheel: the model is 20 MB of it
PARALLEL = ("--numprocesses=auto", "--maxprocesses=4")
TWO_SERVERS = ("--numprocesses=2", "--dist=worksteal")  # a test process has a server of its own beside it


@nox.session
def lint(session: nox.Session) -> None:
    """Check style and formatting; `nox -s lint -- --fix` repairs what it can."""
    session.install("--group", "lint")
    session.run("ruff", "check", *session.posargs)
    session.run("ruff", "format", *([] if "--fix" in session.posargs else ["--check"]))


@nox.session
def types(session: nox.Session) -> None:
    """Check types: pyright strict everywhere, mypy strict on the code of a user in tests/typing."""
    session.install("-e", EVERYTHING, "--group", "types", *(word for name in FRAMEWORKS for word in ("--group", name)))
    session.run("pyright", *session.posargs)
    session.run("mypy", "tests/typing")


@nox.session
def contracts(session: nox.Session) -> None:
    """Check the floors, the generated twins, the public names, sizes and words."""
    session.install("-e", EVERYTHING, "--group", "contracts")
    session.run("lint-imports")
    session.run("pytest", "tests/contracts", *session.posargs)


@nox.session
@nox.parametrize("extras", ["bare", "all"])
def tests(session: nox.Session, extras: str) -> None:
    """Run the tests, with nothing but the package and with its extras, on this Python."""
    run_tests(session, extras, *session.posargs)


@nox.session
@nox.parametrize("framework", [nox.param(name, id=name) for name in FRAMEWORKS])
def adapter(session: nox.Session, framework: str) -> None:
    """Run the tests of an adapter, with the newest version of its framework, on this Python."""
    run_adapter(session, framework, *session.posargs)


@nox.session
def together(session: nox.Session) -> None:
    """Run one conversation through all frameworks, in one environment that has them all."""
    session.install("-e", EVERYTHING, "--group", "autogen")
    session.run("pytest", *PARALLEL, "tests/integrations/together", *session.posargs)


@nox.session
def live(session: nox.Session) -> None:
    """Run the tests against a real Weaviate: WEAVIATE_URL, WEAVIATE_BIN, or one that is built with Go, once."""
    session.install("-e", ALL_EXTRAS, "--group", "live")
    tests = ("--durations=12", "tests/live", "tests/cassettes")
    session.run("pytest", *TWO_SERVERS, *tests, *session.posargs, env={"CASSETTES": "live"})


@nox.session(default=False)
def live_cluster(session: nox.Session) -> None:
    """Run the tests of a cluster: three nodes on this machine, started by the binary that `live` uses."""
    session.install("-e", ALL_EXTRAS, "--group", "live")
    session.run("pytest", "tests/live_cluster", *session.posargs)


@nox.session(default=False)
def reliability(session: nox.Session) -> None:
    """Kill, pause and race a real Weaviate as often as it takes to believe it; takes hours."""
    session.install("-e", ALL_EXTRAS, "--group", "live")
    files = [f"tests/live/test_{name}.py" for name in ("faults", "isolation", "races", "values", "machine")]
    session.run("pytest", *TWO_SERVERS, *files, "-m", "nightly or not nightly", *session.posargs)


@nox.session
@nox.parametrize("framework", [nox.param(name, id=name) for name in FRAMEWORKS])
def live_adapter(session: nox.Session, framework: str) -> None:
    """Run an adapter's tests against a real Weaviate, found as `live` finds it; CASSETTES=record records them."""
    session.install("-e", f".[cassettes,local,testing,weaviate,{framework}]", "--group", framework)
    mode = os.environ.get("CASSETTES", "live")
    tests = f"tests/integrations/{framework}/recorded"
    session.run("pytest", "-p", "no:asyncio", tests, *session.posargs, env={"CASSETTES": mode})


@nox.session(default=False)
def record(session: nox.Session) -> None:
    """Record the cassettes anew from a real Weaviate, found as `live` finds it; all, or which of tests/cassettes."""
    session.install("-e", ALL_EXTRAS, "--group", "live")
    session.run("pytest", "tests/cassettes", "-m", "cassette", *session.posargs, env={"CASSETTES": "record"})
    if not session.posargs:
        os.environ["CASSETTES"] = "record"  # `live_adapter` reads it; a session that is notified takes no variables
        for framework in FRAMEWORKS:
            session.notify(f"live_adapter({framework})")


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation into docs/_build, and run its code and that of the README."""
    session.install("-e", EVERYTHING, "--group", "docs")
    shutil.rmtree("docs/_build", ignore_errors=True)
    session.run("sphinx-build", "--fail-on-warning", "--nitpicky", "--quiet", "docs", "docs/_build")
    session.run("pytest", *PARALLEL, "tests/docs", *session.posargs)


@nox.session(default=False)
def build(session: nox.Session) -> None:
    """Build the wheel and the source distribution into dist, and check what an index would."""
    session.install("--group", "build")
    shutil.rmtree(DIST, ignore_errors=True)
    session.run("python", "-m", "build", "--outdir", str(DIST))
    session.run("twine", "check", "--strict", *map(str, DIST.iterdir()))
    for file in DIST.iterdir():
        if file.stat().st_size > MOST_BYTES:
            session.error(f"{file.name} is {file.stat().st_size:,} bytes, {MOST_BYTES:,} is the most")


@nox.session(requires=["build"])
def package(session: nox.Session) -> None:
    """Install the built wheel where nothing else is, import it and run the README's code."""
    (wheel,) = DIST.glob("*.whl")
    session.install(str(wheel))
    session.run("python", "-c", "import mnemon")
    if session.venv_backend == "uv":  # `uv run` of the README resolves all extras and groups at once
        session.run("uv", "lock", "--dry-run", "--quiet", external=True)
    session.install("--group", "package")
    session.run("pytest", "tests/docs", "-k", "README")


@nox.session(default=False)
def bench(session: nox.Session) -> None:
    """Measure, and write the page of it; after -- the groups of tests/benchmarks/run.py that are measured anew."""
    asked = session.posargs or FRAMEWORKS  # a group of a framework begins with its name
    frameworks = [name for name in FRAMEWORKS if any(group.startswith(name) for group in asked)]
    groups = [word for name in ("bench", *frameworks) for word in ("--group", name)]
    session.install("-e", ",".join([ALL_EXTRAS[:-1], *frameworks]) + "]", *groups, MEM0)
    session.run("python", "tests/benchmarks/run.py", "--results", BENCH_RESULTS, *session.posargs)
    session.run("python", "tests/benchmarks/page.py", "--draw")


@nox.session(default=False)
def peers(session: nox.Session) -> None:
    """Run what the documentation tells about other libraries, with them: the way from mem0."""
    session.install("-e", ALL_EXTRAS, "--group", "docs", MEM0)
    session.run("python", "-c", "import mem0", env={"MEM0_TELEMETRY": "False"})
    session.run("pytest", "tests/docs/test_from_mem0.py", *session.posargs)


@nox.session(default=False)
def coverage(session: nox.Session) -> None:
    """Tell which lines and branches no test of the core reaches."""
    session.install("-e", ALL_EXTRAS, "--group", "coverage")
    session.run("coverage", "erase")
    session.run("coverage", "run", "-m", "pytest", *TESTED, *session.posargs)
    session.run("coverage", "combine", "--quiet")
    session.run("coverage", "report")


@nox.session(python=PYTHONS, default=False)
@nox.parametrize("extras", ["bare", "all", *PINS])
def nightly(session: nox.Session, extras: str) -> None:
    """Run all tests, also those marked nightly, with new random examples, on every supported Python."""
    profile = [] if extras == "bare" else ["--hypothesis-profile=nightly"]
    arguments = ("-m", "nightly or not nightly", *profile, *session.posargs)
    if extras in PINS:
        run_adapter(session, extras.partition(" ")[0], *arguments, pins=PINS[extras])
    else:
        run_tests(session, extras, *arguments)
    if "nightly" in sys.argv:  # as a whole, not one Python and framework of it
        for once in ("oldest_sqlite", "peers", "live_cluster", "reliability"):
            session.notify(once, posargs=[])


@nox.session(default=False)
def oldest_sqlite(session: nox.Session) -> None:
    """Run the tests of the embedded store and of erasure on the oldest SQLite supported; needs Linux, Go and cc."""
    session.install("-e", ALL_EXTRAS, "--group", "tests")
    # The module carries SQLite's source, and Go verifies its checksum; nothing else of it is used.
    module = session.run("go", "mod", "download", "-json", OLDEST_SQLITE, external=True, silent=True)
    source = Path(json.loads(str(module))["Dir"]) / "sqlite3-binding.c"
    library = Path(session.create_tmp()).resolve() / "libsqlite3.so.0"
    session.run("cc", *SQLITE_FLAGS, "-o", str(library), str(source), "-lpthread", "-ldl", "-lm", external=True)
    old = {"LD_LIBRARY_PATH": str(library.parent)}
    session.run("python", "-c", "import sqlite3; assert sqlite3.sqlite_version == '3.33.0'", env=old)
    session.run("pytest", *PARALLEL, "tests/stores", "tests/core/upkeep", *session.posargs, env=old)


def run_tests(session: nox.Session, extras: str, *arguments: str) -> None:
    """Run the tests that need no extra, or those that do."""
    if extras == "bare":
        session.install("-e", ".", "--group", "bare")
        session.run("pytest", "tests/bare", *arguments)
    else:
        session.install("-e", ALL_EXTRAS, "--group", "tests")
        session.run("pytest", "-rs", *PARALLEL, *TESTED, *arguments)  # says why something was skipped


def run_adapter(session: nox.Session, framework: str, *arguments: str, pins: tuple[str, ...] = ()) -> None:
    """Run the tests of an adapter, with the newest versions of all that it needs but what is pinned."""
    session.install("-e", f".[cassettes,local,testing,weaviate,{framework}]", "--group", framework, *pins)
    # langchain-tests brings a second plugin for async tests, which warns of settings that it misses.
    session.run("pytest", *PARALLEL, "-p", "no:asyncio", f"tests/integrations/{framework}", *arguments)
