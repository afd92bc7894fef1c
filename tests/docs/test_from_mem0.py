"""What the page on mem0 tells to do, done to a real mem0 store; `nox -s peers` installs mem0ai and runs this."""

# pyright: basic, reportMissingImports=false
from __future__ import annotations

import hashlib
import json
import os
import random
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mnemon import Memory, MemoryRecord
from tests.docs.shell import commands, run
from tests.docs.test_blocks import ROOT, parse

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

os.environ["MEM0_TELEMETRY"] = "False"  # read when mem0 is imported
os.environ.setdefault("MEM0_DIR", str(Path(os.environ.get("TMPDIR", "/tmp")) / "mem0-of-tests"))  # noqa: S108 - mem0 makes it
pytest.importorskip("mem0", reason="mem0ai is not installed; `nox -s peers` installs it")
import httpx
from mem0 import Memory as Mem0
from mem0 import MemoryClient

PAGE = ROOT / "docs/how-to/from-mem0.md"
DIMENSIONS = 32
COUNTS = {"ana": 45, "ana-2": 23, "José": 3, "*": 2, "a@b.com": 1}
pytestmark = pytest.mark.filterwarnings("default")  # mem0 and its store have warnings of their own


class FakeEmbedder:
    """Stands for a model that makes vectors: those of a text are drawn by its hash."""

    def embed(self, text: str, *_: object) -> list[float]:
        chance = random.Random(hashlib.sha256(text.encode()).digest())  # noqa: S311 - a seed, no secret
        return [chance.gauss() for _ in range(DIMENSIONS)]

    def embed_batch(self, texts: list[str], *_: object) -> list[list[float]]:
        return [self.embed(text) for text in texts]


class FakeLanguageModel:
    """Stands for a model that extracts facts: it finds one in whatever is said."""

    def generate_response(self, *_: object, **__: object) -> str:
        return json.dumps({"memory": [{"id": "0", "text": "Ana plays the oboe", "attributed_to": "user"}]})


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        msg = "a test asked for the network"
        raise PermissionError(msg)

    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MNEMON_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MNEMON_EMBEDDER", "none")
    return tmp_path


@pytest.fixture
def page(folder: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Mapping[str, Any]:
    """Return the names that the page's own blocks define, run in another folder."""
    document = parse(PAGE)
    monkeypatch.chdir(tmp_path_factory.mktemp("page"))
    for example in document.examples():
        example.evaluate()
    monkeypatch.chdir(folder)
    return document.namespace


@pytest.fixture
def mem0(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Return a real store of mem0 with what several users, agents and runs have in it."""
    monkeypatch.setenv("OPENAI_API_KEY", "no-key")
    vectors = {"path": str(folder / "qdrant"), "embedding_model_dims": DIMENSIONS, "on_disk": True}
    store = {"provider": "qdrant", "config": vectors}
    memory: Any = Mem0.from_config({"vector_store": store, "history_db_path": str(folder / "history.db")})
    memory.embedding_model = FakeEmbedder()
    memory.llm = FakeLanguageModel()
    for user, count in COUNTS.items():
        for number in range(count):
            memory.add(f"fact {number} of {user}", user_id=user, infer=False, metadata={"n": number, "of": [user]})
    memory.add("Is over", user_id="ana", infer=False, expiration_date="2025-01-01")
    memory.add("Ends late", user_id="ana", agent_id="bot", run_id="r1", infer=False, expiration_date="2090-12-31")
    memory.add([{"role": "assistant", "content": "I am a bot"}], agent_id="bot", infer=False)
    memory.add("I play the oboe", user_id="ana")
    changed = memory.add("Will change", user_id="ana-2", infer=False)["results"][0]["id"]
    memory.update(changed, text="Has changed")
    yield memory
    memory.vector_store.client.close()
    memory.close()


def imported(path: str) -> str:
    """Run the import of the page on a file; return its report."""
    (command,) = [line for example in parse(PAGE).examples() for line in commands(str(example.parsed))]
    assert command == "mnemon import from-mem0.jsonl --store moved.db"
    code, said = run(command.replace("from-mem0.jsonl", path) + " --json")
    assert code == 0, said
    return said


def test_get_all_of_mem0_needs_an_id_and_stops_at_20(mem0: Any) -> None:  # noqa: ANN401 - mem0 has no types
    """If not, the page tells too much."""
    with pytest.raises(ValueError, match="at least one of"):
        mem0.get_all()

    assert len(mem0.get_all(filters={"user_id": "ana"})["results"]) == 20


def test_everybody_and_everything_is_moved(page: Mapping[str, Any], mem0: Any) -> None:  # noqa: ANN401 - the same
    total = page["save_mem0"](mem0, "from-mem0.jsonl")

    first, second = (json.loads(imported("from-mem0.jsonl"))["data"] for _ in range(2))
    with Memory("moved.db", embedder=None) as moved:
        users = page["check_moved"]("from-mem0.jsonl", moved)
        of_agent = moved.count(agent_id="bot")

    expected = {**COUNTS, "ana": COUNTS["ana"] + 3, "ana-2": COUNTS["ana-2"] + 1, None: 1}
    assert total == sum(expected.values())
    assert (first["memories"], first["there"], first["skipped"]["count"], first["assumed"]["count"]) == (total, 0, 0, 0)
    assert (second["memories"], second["there"]) == (0, total)
    assert users == expected
    assert of_agent == 2


def test_expiry_kinds_and_changes_are_kept(page: Mapping[str, Any], mem0: Any) -> None:  # noqa: ANN401 - the same
    page["save_mem0"](mem0, "from-mem0.jsonl")

    imported("from-mem0.jsonl")
    with Memory("moved.db", embedder=None) as memory:
        everything = memory.get_all(project_wide=True, limit=1_000, include_expired=True)
        moved: dict[str, MemoryRecord] = {one.text: one for one in everything}
        shown = memory.count(user_id="ana")

    assert str(moved["Is over"].expires_at) == "2025-01-02 00:00:00+00:00"
    assert str(moved["Ends late"].expires_at) == "2091-01-01 00:00:00+00:00"
    assert (moved["Ends late"].scope.agent_id, moved["Ends late"].scope.run_id) == ("bot", "r1")
    assert (moved["Ana plays the oboe"].kind, moved["I am a bot"].kind) == ("semantic", "episodic")
    assert moved["I am a bot"].role == "assistant"
    assert moved["Has changed"].updated_at > moved["Has changed"].created_at
    assert shown == COUNTS["ana"] + 2  # what is over is hidden


def test_a_store_that_lists_fewer_than_it_has_is_an_error(page: Mapping[str, Any], mem0: Any) -> None:  # noqa: ANN401
    lists = mem0.get_all
    mem0.get_all = lambda **asked: {"results": lists(**asked)["results"][:20]}

    with pytest.raises(ValueError, match=r"79 memories are stored, \d\d were listed"):
        page["save_mem0"](mem0, "from-mem0.jsonl")

    assert not Path("from-mem0.jsonl").exists()


class FakePlatform:
    """Stands for mem0's hosted service, as it is documented: what its client asks for, page by page."""

    def __init__(self, counts: Mapping[str, int]) -> None:
        self.items = {user: [self.item(user, number) for number in range(count)] for user, count in counts.items()}

    def item(self, user: str, number: int) -> dict[str, object]:
        digits = hashlib.sha256(f"{user} {number}".encode()).hexdigest()
        return {
            "id": f"{digits[:8]}-{digits[8:12]}-4{digits[12:15]}-8{digits[15:18]}-{digits[18:30]}",
            "memory": f"fact {number} of {user}",
            "user_id": user,
            "metadata": {"n": number},
            "categories": ["facts", "numbers"],
            "created_at": f"2026-01-01T00:{number % 60:02}:00-08:00",
            "updated_at": f"2026-02-01T00:{number % 60:02}:00-08:00",
            "expiration_date": "2090-12-31" if number % 2 else None,
            "structured_attributes": {"day": 1},
        }

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v1/ping/":
            return httpx.Response(200, json={"status": "ok", "org_id": "o", "project_id": "p", "user_email": "a@b.com"})
        if request.url.path == "/v1/entities/":
            found = [{"name": user, "type": "user", "total_memories": len(items)} for user, items in self.items.items()]
            return httpx.Response(200, json={"count": len(found), "results": found})
        assert request.url.path == "/v3/memories/"
        items = self.items[json.loads(request.content)["filters"]["user_id"]]
        number, size = (int(request.url.params[name]) for name in ("page", "page_size"))
        more = f"{request.url}&page={number + 1}" if number * size < len(items) else None
        part = items[(number - 1) * size : number * size]
        return httpx.Response(200, json={"count": len(items), "next": more, "previous": None, "results": part})


def test_the_hosted_service_is_read_page_by_page(page: Mapping[str, Any], folder: Path) -> None:
    platform = FakePlatform({"ana": 250, "José": 100, "*": 1})
    client: Any = MemoryClient(
        api_key="no-key",
        client=httpx.Client(transport=httpx.MockTransport(platform), base_url="http://platform.invalid"),
    )

    total = page["save_hosted"](client, "from-mem0.jsonl")

    report = json.loads(imported("from-mem0.jsonl"))["data"]
    with Memory("moved.db", embedder=None) as moved:
        users = page["check_moved"]("from-mem0.jsonl", moved)
        one = moved.get_all(user_id="*")[0]
    assert (total, report["memories"], report["skipped"]["count"]) == (351, 351, 0)
    assert users == {"ana": 250, "José": 100, "*": 1}
    assert (one.categories, one.metadata["mem0"]) == (("facts", "numbers"), {"structured_attributes": {"day": 1}})


def test_an_export_of_the_hosted_service_is_imported_as_it_is(folder: Path) -> None:
    items = FakePlatform({"ana": 3}).items["ana"]
    Path("export.json").write_text(json.dumps({"memories": items}), encoding="utf-8")

    report = json.loads(imported("export.json"))["data"]

    assert (report["format"], report["memories"]) == ("mem0", 3)
