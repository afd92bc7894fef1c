"""Which store a name opens, and which embedder a choice gives."""

from __future__ import annotations

import inspect
import logging
import os
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mnemon import ConfigError, InMemoryStore, MissingExtraError, SQLiteStore
from mnemon.config import EmbeddingConfig, MemoryConfig, choose_embedder, default_path, open_settings, open_store
from mnemon.config.targets import FileTarget, MemoryTarget, parse_target
from mnemon.embedders import local
from mnemon.embedders.callable import CallableEmbedder
from mnemon.embedders.local import LocalEmbedder
from mnemon.embedders.openai_compatible import OpenAICompatibleEmbedder

if TYPE_CHECKING:
    from collections.abc import Sequence

LOCAL = "local:all-MiniLM-L6-v2-int8"


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the libraries of the extra `local` missing."""
    for name in ("onnxruntime", "tokenizers"):
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setattr(local, "_model", local._Model())  # another test may have loaded it  # pyright: ignore[reportPrivateUsage]


@pytest.mark.parametrize(
    ("target", "path"),
    [
        ("notes.db", "notes.db"),
        ("./odd:name.db", "odd:name.db"),
        (Path("odd:name.db"), "odd:name.db"),
        (Path("sqlite:x.db"), "sqlite:x.db"),
        ("C:\\x.db", "C:\\x.db"),
        ("c:x.db", "c:x.db"),
        ("sqlite:notes.db", "notes.db"),
        ("SQLite:notes.db", "notes.db"),
        ("sqlite:sub/notes.db", "sub/notes.db"),
        ("sqlite:/srv/notes.db", "/srv/notes.db"),
        ("sqlite:///srv/notes.db", "/srv/notes.db"),
        ("sqlite:///srv/a%20b%3F.db", "/srv/a b?.db"),
        ("sqlite:///C:/x.db", "C:/x.db"),
        ("sqlite:///srv/ü.db", "/srv/ü.db"),
    ],
)
def test_a_path_and_an_address_name_the_same_file(target: str | Path, path: str) -> None:
    assert parse_target(target) == FileTarget(Path(path))


@pytest.mark.parametrize("target", [":memory:", Path(":memory:"), "memory:", "memory://", "MEMORY:"])
def test_a_store_in_memory_has_a_name(target: str | Path) -> None:
    assert parse_target(target) == MemoryTarget()


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("postgres://ana:hush@db/x", "known are sqlite:, memory:"),
        ("http://hush@host", "begin with 'http:'"),
        ("notes:hush.db", "a file of such a name is given as a Path"),
        ("weaviate://hush@host", "set WEAVIATE_API_KEY"),
        ("WEAVIATE:hush", "the address of a Weaviate is"),
        ("sqlite://hush/x.db", "three slashes"),
        ("sqlite:", "blank"),
        ("sqlite://", "three slashes"),
        ("sqlite:x.db?key=hush", "options"),
        ("sqlite:hush%00.db", "NUL"),
        ("memory:hush", "has no name"),
        ("a\0hush", "NUL"),
        ("", "blank"),
        ("~nobody-of-that-name/hush.db", "home directory"),
    ],
)
def test_what_names_no_store_is_refused_without_being_repeated(target: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        parse_target(target)

    assert "hush" not in str(caught.value)


def test_no_target_opens_the_store_of_the_settings_and_else_the_default(home: Path, tmp_path: Path) -> None:
    with closing(open_store(tmp_path / "a.db", MemoryConfig(store=tmp_path / "b.db"))) as by_argument:
        assert isinstance(by_argument, SQLiteStore)
        assert by_argument.path == tmp_path / "a.db"
    with closing(open_store(None, MemoryConfig(store=str(tmp_path / "b.db")))) as by_setting:
        assert isinstance(by_setting, SQLiteStore)
        assert by_setting.path == tmp_path / "b.db"
    with closing(open_store(None, MemoryConfig())) as by_default:
        assert isinstance(by_default, SQLiteStore)
        assert by_default.path == default_path() == home / "memory.db"
    with closing(open_store(":memory:", MemoryConfig())) as in_memory:
        assert isinstance(in_memory, InMemoryStore)


def test_the_default_store_is_private_to_the_user(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MNEMON_HOME", str(home / "new/deep"))

    with closing(open_store(None, MemoryConfig())):
        pass

    assert stat.S_IMODE((home / "new").stat().st_mode) == 0o700
    assert stat.S_IMODE((home / "new/deep").stat().st_mode) == 0o700
    assert stat.S_IMODE((home / "new/deep/memory.db").stat().st_mode) == 0o600


def test_the_default_store_lies_in_the_platforms_folder_for_data(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MNEMON_HOME")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))

    assert default_path() == tmp_path / "mnemon/memory.db"


def test_a_default_store_in_the_working_directory_is_refused(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MNEMON_HOME", "here")
    with pytest.raises(ConfigError, match="MNEMON_HOME is 'here'; give the absolute path"):
        default_path()

    monkeypatch.delenv("MNEMON_HOME")
    monkeypatch.setenv("XDG_DATA_HOME", "here")
    monkeypatch.setattr(os.path, "expanduser", str)  # as for a user without a home directory
    with pytest.raises(ConfigError, match="MNEMON_STORE"):
        default_path()


def test_the_settings_of_a_file_reach_its_store(home: Path, tmp_path: Path) -> None:
    config = MemoryConfig(durability="full", cache_bytes=5, max_bytes=2_000_000)

    with closing(open_store(tmp_path / "a.db", config)) as store:
        assert isinstance(store, SQLiteStore)
        assert store._matrices.max_bytes == 5  # pyright: ignore[reportPrivateUsage]
        with store._connections.writing() as connection:  # pyright: ignore[reportPrivateUsage]
            assert connection.rows("PRAGMA synchronous") == [(2,)]
            assert connection.rows("PRAGMA max_page_count") == [(2_000_000 // 4_096,)]


@pytest.mark.usefixtures("nothing_said")
def test_the_default_store_and_project_are_logged_once(home: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "mnemon")

    for _ in range(3):
        open_store(None, MemoryConfig()).close()
    open_store(":memory:", MemoryConfig()).close()

    (record,) = caplog.records
    assert (record.name, record.levelno) == ("mnemon", logging.INFO)
    assert f"using the default store {home / 'memory.db'}, project 'default'" in record.getMessage()


def test_opening_asks_no_network_and_loads_no_model(home: Path) -> None:
    code = """
import sys
events = []
sys.addaudithook(lambda event, _: events.append(event) if event.startswith("socket.") else None)
from mnemon.config import MemoryConfig, choose_embedder, open_store
open_store(None, MemoryConfig()).close()
choose_embedder("openai-compatible", MemoryConfig(embedding={"model": "m", "base_url": "http://example.com"}))
print([event for event in events if event in {"socket.connect", "socket.getaddrinfo", "socket.sendto"}])
print({"onnxruntime", "tokenizers"} & set(sys.modules))
"""

    outcome = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert outcome.stdout == "[]\nset()\n"


def test_importing_the_settings_package_loads_nothing_heavy() -> None:
    heavy = {"pydantic", "pydantic_settings", "platformdirs", "onnxruntime", "tokenizers", "httpx", "numpy"}
    code = f"import sys, mnemon.config, mnemon.config.opening; print({heavy!r} & set(sys.modules))"

    outcome = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)

    assert outcome.stdout == "set()\n"


def test_the_settings_package_has_the_names_that_it_lists() -> None:
    import mnemon.config as package  # noqa: PLC0415 - the module itself is what is tested

    assert all(getattr(package, name) is not None for name in package.__all__)
    assert set(package.__all__) <= set(dir(package))
    missing = "nothing"
    with pytest.raises(AttributeError, match=missing):
        getattr(package, missing)


def test_arguments_that_are_none_are_not_given(home: Path, tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text('project = "a"\nretention_days = 1\n', encoding="utf-8")
    given = MemoryConfig(project="b")

    by_path = open_settings(tmp_path / "a.toml", project=None, retention_days=2)

    assert (by_path.project, by_path.retention_days) == ("a", 2)
    assert open_settings(given, project=None) is given
    assert open_settings(given, project="c").project == "c"
    assert open_settings().project == "default"


@pytest.mark.parametrize("choice", [None, "none"])
def test_none_is_no_embedder_whatever_the_store_was_written_with(home: Path, choice: str | None) -> None:
    assert choose_embedder(choice, MemoryConfig(), LOCAL) is None


def test_auto_is_local_where_it_is_installed(home: Path) -> None:
    assert isinstance(choose_embedder("auto", MemoryConfig(), None), LocalEmbedder)
    assert isinstance(choose_embedder("auto", MemoryConfig(), LOCAL), LocalEmbedder)


@pytest.mark.usefixtures("bare", "nothing_said")
def test_auto_is_nothing_where_local_is_not_installed_and_says_so_once(
    home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    chosen = [choose_embedder("auto", MemoryConfig(), None) for _ in range(3)]

    (record,) = caplog.records
    assert chosen == [None, None, None]
    assert (record.name, record.levelno) == ("mnemon", logging.WARNING)
    assert 'pip install "mnemon[local]"' in record.getMessage()


@pytest.mark.parametrize("missing", ["onnxruntime", "tokenizers"])
def test_either_library_of_the_extra_missing_means_it_is_not_installed(
    home: Path, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    monkeypatch.setitem(sys.modules, missing, None)

    assert choose_embedder("auto", MemoryConfig(), None) is None


@pytest.mark.usefixtures("bare")
def test_a_store_written_with_local_is_never_silently_read_by_words_only(home: Path) -> None:
    with pytest.raises(MissingExtraError, match=r'pip install "mnemon\[local\]"') as caught:
        choose_embedder("auto", MemoryConfig(), LOCAL)

    assert LOCAL in str(caught.value)


@pytest.mark.usefixtures("bare")
def test_local_without_its_extra_says_what_to_install(home: Path) -> None:
    with pytest.raises(MissingExtraError, match=r'pip install "mnemon\[local\]"'):
        choose_embedder("local", MemoryConfig())


@pytest.mark.parametrize(
    ("recorded", "remedy"),
    [
        ("openai-compatible:text-embedding-3-small", 'embedder="openai-compatible"'),
        ("mine-1", r"Memory\(\.\.\., embedder=\.\.\.\)"),
        ("local:another-model", r"reembed\(embedder=LocalEmbedder\(\)\)"),
    ],
)
def test_auto_refuses_a_store_that_another_embedder_wrote(home: Path, recorded: str, remedy: str) -> None:
    with pytest.raises(ConfigError, match=remedy) as caught:
        choose_embedder("auto", MemoryConfig(), recorded)

    assert repr(recorded) in str(caught.value)


def test_an_openai_compatible_embedder_gets_every_option(home: Path) -> None:
    embedding: dict[str, Any] = {
        "model": "m",
        "base_url": "http://localhost:1/v1",
        "api_key": "sk-hush",
        "dimensions": 8,
        "headers": {"x-team": "search"},
        "query_prefix": "q: ",
        "document_prefix": "d: ",
        "batch_size": 2,
        "batch_characters": 3,
        "attempts": 4,
        "timeout_s": 5.0,
        "deadline_s": 6.0,
    }

    chosen = choose_embedder("openai-compatible", MemoryConfig(embedding=EmbeddingConfig(**embedding)))

    assert set(embedding) == set(EmbeddingConfig.model_fields)
    assert isinstance(chosen, OpenAICompatibleEmbedder)
    assert vars(chosen).keys() == vars(OpenAICompatibleEmbedder(**embedding)).keys()
    different = [
        name
        for name, value in vars(OpenAICompatibleEmbedder(**embedding)).items()
        if name != "_async_clients" and vars(chosen)[name] != value
    ]
    assert different == []


def test_the_options_and_defaults_are_those_of_the_embedder() -> None:
    parameters = inspect.signature(OpenAICompatibleEmbedder).parameters
    of_settings = EmbeddingConfig().model_dump()

    assert set(of_settings) == set(parameters)
    for name in parameters.keys() - {"model", "headers"}:
        assert of_settings[name] == parameters[name].default, name


def test_openai_compatible_needs_a_model(home: Path) -> None:
    with pytest.raises(ConfigError, match="MNEMON_EMBEDDING__MODEL"):
        choose_embedder("openai-compatible", MemoryConfig())


def test_an_embedder_is_taken_as_it_is(home: Path) -> None:
    mine = CallableEmbedder(lengths, name="lengths")

    assert choose_embedder(mine, MemoryConfig(), "another") is mine


def lengths(texts: Sequence[str]) -> list[list[float]]:
    return [[float(len(text))] for text in texts]


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        (lengths, r"CallableEmbedder\(function, name=\.\.\.\)"),
        (LocalEmbedder, "is the class LocalEmbedder; give an object"),
        ("openai", "embedder is 'openai'; give 'auto'"),
        ("", "embedder is ''"),
        ("x" * 500, r"\.\.\.; give"),
        (5, "an object of int"),
        (True, "an object of bool"),
        ({}, "an object of dict"),
    ],
)
def test_what_is_no_embedder_is_refused(home: Path, choice: object, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        choose_embedder(choice, MemoryConfig())

    assert len(str(caught.value)) < 300
