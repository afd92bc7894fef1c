"""The page that `mnemon show` writes, as text and in a real browser."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import zlib
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest

from mnemon import Memory, ScopeError
from mnemon.apps.cli.page import page_of
from mnemon.apps.cli.screen import clean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.apps.conftest import Ran

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
HOSTILE = (
    "</script><script>document.title='owned'</script>",
    "</style></title><img src=x onerror=\"document.title='owned'\">",
    "--><svg onload=document.title='owned'>",
    "quotes \" ' ` and &amp; &lt;b&gt; {{ 7 * 7 }} {% raw %}",
    "nul:\x00 bell:\x07 escape:\x1b[31m",
    "\u202eright to left\u202c and a\ufeffmark",
)
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
LOADING = {"script", "img", "link", "iframe", "object", "embed", "base", "form", "audio", "video", "source", "use"}


class Page(HTMLParser):
    """What a page has: the names of its elements, their attributes, and its texts by class."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self._open: list[tuple[str, list[str]]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in {"meta", "rect", "br", "link", "img"}:
            self._open.append((dict(attrs).get("class") or tag, []))

    def handle_data(self, data: str) -> None:
        for _, parts in self._open:
            parts.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag not in {"meta", "rect"}:
            name, parts = self._open.pop()
            self.texts.append((name, "".join(parts)))

    def of(self, name: str) -> list[str]:
        return [" ".join(text.split()) for kind, text in self.texts if kind == name]


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Memory]:
    with Memory(tmp_path / "page.db", embedder=None, clock=lambda: NOW) as memory:
        yield memory


@pytest.fixture(scope="module")
def browse(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., bytes]:
    """Return what opens a page in a browser without a window, and returns what that wrote."""
    found = next((path for path in map(shutil.which, BROWSERS) if path), None)
    if found is None:
        pytest.skip(f"no browser: none of {', '.join(BROWSERS)} is installed")
    profile = tmp_path_factory.mktemp("browser")
    alone = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []

    def run(page: Path, *arguments: str) -> bytes:
        command = [found, "--headless", "--disable-gpu", "--no-first-run", f"--user-data-dir={profile}", *alone]
        done = subprocess.run([*command, *arguments, page.as_uri()], capture_output=True, check=True, timeout=120)
        return done.stdout

    return run


def hostile(memory: Memory) -> str:
    """Return the page of somebody whose every text is hostile."""
    name = HOSTILE[0]
    for text in HOSTILE:
        words = f"{text} piano"
        view = memory.scoped(user_id=name, run_id=text)
        view.add([{"role": "user", "name": text, "content": words}], metadata={text: [text]}, categories=[text])
        memory_id = view.add(f"{words} again", kind="semantic", idempotency_key=text).ids[0]
        view.update(memory_id, f"{text} twice")
    return page_of(memory, user_id=name, queries=["piano", *HOSTILE], clock=lambda: NOW)


def test_every_hostile_text_is_text_wherever_it_stands(memory: Memory) -> None:
    text = hostile(memory)

    page = Page(text)

    shown = [" ".join(clean(one).split()) for one in HOSTILE]
    assert {f"{one} piano" for one in shown} <= set(page.of("text"))
    assert {f"{one} twice" for one in shown} <= set(page.of("text"))
    for one in shown:
        assert one in {name for colour in range(6) for name in page.of(f"who who{colour}")}
        assert one in page.of("chip")
        assert f"session {one}" in page.of("h3")
        assert f"search {one}" in page.of("h2")
    assert not [char for char in text if not char.isprintable() and char not in "\n\t"]
    assert page.of("title") == [f"{shown[0]} · mnemon"]


def test_the_page_loads_nothing_and_runs_nothing(memory: Memory) -> None:
    page = Page(hostile(memory))

    policies = [attrs["content"] or "" for _, attrs in page.elements if attrs.get("http-equiv")]
    assert not LOADING & {tag for tag, _ in page.elements}
    assert not [name for _, attrs in page.elements for name in attrs if name.startswith("on") or name == "style"]
    assert {(attrs.get("href") or "#")[0] for _, attrs in page.elements} == {"#"}
    assert len(policies) == 1
    assert policies[0].startswith("default-src 'none'; style-src 'sha256-")
    assert "url(" not in page.of("style")[0]
    assert "@import" not in page.of("style")[0]


def test_a_browser_shows_hostile_texts_and_obeys_none(
    memory: Memory, browse: Callable[..., bytes], tmp_path: Path
) -> None:
    path = tmp_path / "page.html"
    path.write_text(hostile(memory), encoding="utf-8")

    page = Page(browse(path, "--dump-dom").decode())

    assert page.of("title")[0].endswith("· mnemon")
    assert not LOADING & {tag for tag, _ in page.elements}
    assert {" ".join(clean(f"{one} piano").split()) for one in HOSTILE} <= set(page.of("text"))


def test_a_browser_runs_no_script_even_if_one_stood_there(
    memory: Memory, browse: Callable[..., bytes], tmp_path: Path
) -> None:
    memory.add("tea", user_id="ana")
    script = "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"
    text = page_of(memory, user_id="ana").replace("<main>", f"<main>{script}")
    free = tmp_path / "free.html"
    free.write_text(f"<!doctype html><title>mine</title>{script}", encoding="utf-8")
    bound = tmp_path / "bound.html"
    bound.write_text(text, encoding="utf-8")

    titles = [Page(browse(path, "--dump-dom").decode()).of("title") for path in (free, bound)]

    assert titles == [["owned"], ["ana · mnemon"]]


def test_a_browser_draws_the_page_light_and_dark(memory: Memory, browse: Callable[..., bytes], tmp_path: Path) -> None:
    memory.add("tea", user_id="ana")
    path = tmp_path / "page.html"
    path.write_text(page_of(memory, user_id="ana"), encoding="utf-8")
    bare = tmp_path / "bare.html"
    bare.write_text("<!doctype html><title>no style</title>", encoding="utf-8")

    colours: list[tuple[int, ...]] = []
    for page, scheme in ((bare, 1), (path, 1), (path, 0)):
        image = tmp_path / "page.png"
        browse(
            page, f"--screenshot={image}", "--window-size=600,400", f"--blink-settings=preferredColorScheme={scheme}"
        )
        colours.append(first_pixel(image.read_bytes()))

    assert colours == [(255, 255, 255), (0xFB, 0xFA, 0xF8), (0x14, 0x17, 0x1A)]


def first_pixel(png: bytes) -> tuple[int, ...]:
    """Return red, green and blue of the first pixel, which no filter of a PNG changes."""
    data, place = b"", 8
    while place < len(png):
        length = int.from_bytes(png[place : place + 4])
        if png[place + 4 : place + 8] == b"IDAT":
            data += png[place + 8 : place + 8 + length]
        place += length + 12
    return tuple(zlib.decompress(data)[1:4])


def test_versions_deletions_and_what_is_only_in_the_log_are_shown(memory: Memory) -> None:
    view = memory.scoped(user_id="ana", run_id="monday", actor="desk")
    told = [("system", "Be kind."), ("user", "I live in Lisbon."), ("assistant", "Noted."), ("user", "I sell hats.")]
    added = view.add([{"role": role, "content": text} for role, text in told])
    view.update(added.ids[0], "I live in Porto.")
    view.delete(added.ids[2])
    memory.add(
        "Ana was here", user_id="ana", kind="semantic", expires_at="2026-05-01T00:00:00Z", timestamp="2026-04-01T00:00Z"
    )

    page = Page(page_of(memory, user_id="ana", clock=lambda: NOW))

    texts = page.of("text")
    assert "I live in Lisbon.Porto." in texts
    assert (page.of("del"), page.of("ins")) == (["Lisbon."], ["Porto."])
    heads = [head for head in page.of("head") if "version" in head or "log only" in head or "expired" in head]
    assert [head for head in heads if "2 versions" in head] == ["user 2 versions"]
    assert "system log only" in heads
    assert "semantic expired semantic" in heads
    assert [head for head in page.of("head") if head.startswith("user deleted")] == ["user deleted"]
    assert any("by desk" in head for head in page.of("head"))
    order = [texts.index(text) for text in ("Ana was here", "Be kind.", "Noted.", "I sell hats.")]
    assert order == sorted(order)


def test_a_search_tells_each_signal_and_leads_to_the_timeline(memory: Memory) -> None:
    memory.add([{"role": "user", "name": "Ana", "content": "I bought a green piano."}], user_id="ana")
    memory.add("The dog sleeps.", user_id="ana")
    (hit, *_) = memory.search("What did Ana buy, a piano?", user_id="ana", explain=True)

    page = Page(page_of(memory, user_id="ana", queries=["What did Ana buy, a piano?"], found=1))

    assert hit.signals is not None
    strong = sorted((value for value in hit.signals.values() if abs(value) >= 0.005), key=abs, reverse=True)
    assert page.of("value") == [f"{value:+.2f}" for value in strong]
    assert page.of("score") == [f"{hit.score:.2f}"]
    ids = {attrs.get("id") for _, attrs in page.elements}
    links = {attrs["href"] for tag, attrs in page.elements if tag == "a"}
    assert links
    assert {f"{link}"[1:] for link in links} <= ids


def test_nothing_of_anybody_else_is_on_the_page(memory: Memory) -> None:
    for other in ("alice-2", "Alice", "alice%", "*", "ALICE", "bob"):
        memory_id = memory.add(f"secret of {other}", user_id=other, run_id="r").ids[0]
        memory.update(memory_id, f"secret two of {other}")
        memory.delete(memory.add(f"secret three of {other}", user_id=other).ids[0])
        memory.conversations.append([{"role": "tool", "content": f"secret four of {other}"}], user_id=other, run_id="r")
    memory.add("Mine.", user_id="alice", run_id="r")

    text = page_of(memory, user_id="alice", queries=["secret"])

    assert "secret" not in text.replace("<h2><small>search</small> secret</h2>", "")
    assert Page(text).of("numbers") == ["1 memories 1 versions 1 messages 1 operations"]


def test_a_page_has_the_newest_entries_and_says_how_many(memory: Memory) -> None:
    for day in range(1, 8):
        memory.add(f"day {day}", user_id="ana", timestamp=f"2026-05-{day:02}T10:00:00Z")

    page = Page(page_of(memory, user_id="ana", limit=3))

    assert page.of("text") == ["day 5", "day 6", "day 7"]
    assert "The newest 3 turns and memories; --limit shows more." in page.of("quiet")


def test_a_page_needs_a_scope(memory: Memory) -> None:
    with pytest.raises(ScopeError, match="user_id"):
        page_of(memory)


def test_a_view_has_its_page(memory: Memory) -> None:
    memory.add("tea", user_id="ana")

    assert Page(page_of(memory.scoped(user_id="ana"))).of("text") == ["tea"]


def test_messages_of_equal_ids_in_two_runs_are_both_shown(memory: Memory) -> None:
    for run in ("1", "10"):
        memory.add([{"role": "user", "id": "m", "content": f"in run {run}"}], user_id="ana", run_id=run)

    page = Page(page_of(memory, user_id="ana"))

    assert sorted(page.of("text")) == ["in run 1", "in run 10"]


def test_the_command_writes_a_file_of_its_owner_and_says_where(cli: Callable[..., Ran], folder: Path) -> None:
    cli("add", "Tea at five.", "--user", "ana")

    data: Any = cli("show", "--user", "ana", "-q", "tea", "--output", "ana.html", "--json").data

    page = folder / "ana.html"
    assert data == {"path": str(page), "bytes": page.stat().st_size, "queries": 1}
    assert stat.S_IMODE(page.stat().st_mode) == 0o600
    assert "Tea at five." in Page(page.read_text(encoding="utf-8")).of("text")
    assert cli("show", "--user", "ana").out == f"wrote {(folder / 'memories.html').as_uri()}\n"


def test_a_page_is_replaced_and_any_other_file_is_asked_about(cli: Callable[..., Ran], folder: Path) -> None:
    cli("add", "Tea at five.", "--user", "ana")
    other = folder / "other.html"
    other.write_text("<p>mine</p>", encoding="utf-8")

    first, second = (cli("show", "--user", "ana") for _ in range(2))
    refused = cli("show", "--user", "ana", "-o", "other.html")
    kept = other.read_text(encoding="utf-8")
    meant = cli("show", "--user", "ana", "-o", "other.html", "--yes")

    assert (first.code, second.code, refused.code, meant.code) == (0, 0, 2, 0)
    assert kept == "<p>mine</p>"
    assert "Tea at five." in other.read_text(encoding="utf-8")


def test_a_page_may_go_to_stdout(cli: Callable[..., Ran], folder: Path) -> None:
    cli("add", "Tea at five.", "--user", "ana")

    ran, refused = cli("show", "--user", "ana", "-o", "-"), cli("show", "--user", "ana", "-o", "-", "--json")

    assert Page(ran.out).of("text") == ["Tea at five."]
    assert not (folder / "memories.html").exists()
    assert (refused.code, refused.answer["error"]["type"]) == (2, "UsageError")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ((), 2),
        (("--user", "ana", "-q", " "), 2),
        (("--user", "ana", "--limit", "0"), 2),
        (("--user", "ana", "--found", "1001", "-q", "tea"), 2),
        (("--user", "ana", "--store", "nowhere.db"), 1),
        (("--user", "ana", "--output", "nowhere/page.html"), 1),
    ],
)
def test_what_cannot_be_shown_is_an_error_and_no_file(
    cli: Callable[..., Ran], folder: Path, arguments: tuple[str, ...], code: int
) -> None:
    cli("add", "Tea at five.", "--user", "ana")

    ran = cli("show", *arguments, "--json")

    assert (ran.code, json.loads(ran.out)["error"]["exit_code"]) == (code, code)
    assert not list(folder.rglob("*.html"))
