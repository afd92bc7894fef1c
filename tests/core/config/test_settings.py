"""Where settings come from, which one counts, and what an error says."""

from __future__ import annotations

import copy
import pickle
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr, ValidationError

from mnemon import ConfigError
from mnemon.config import EmbeddingConfig, MemoryConfig
from tests.core.config.loading import SECRET, load, refusal

if TYPE_CHECKING:
    from pathlib import Path


def test_without_any_source_the_defaults_count(home: Path) -> None:
    config = load()

    assert (config.store, config.project, config.embedder) == (None, "default", "auto")
    assert (config.retention_days, config.session_gap_minutes) == (30, 30)
    assert (config.durability, config.on_embedder_error, config.language) == ("process", "raise", "en")


def test_each_source_gives_way_to_the_one_before_it(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = tmp_path / "given.toml"
    (home / "config.toml").write_text(
        'project = "user"\nretention_days = 1\nsession_gap_minutes = 1\ncache_bytes = 1\n', encoding="utf-8"
    )
    given.write_text('project = "given"\nretention_days = 2\nsession_gap_minutes = 2\n', encoding="utf-8")
    monkeypatch.setenv("MNEMON_PROJECT", "environment")
    monkeypatch.setenv("MNEMON_RETENTION_DAYS", "3")

    config = load(given, project="argument")

    assert config.project == "argument"
    assert (config.retention_days, config.session_gap_minutes, config.cache_bytes) == (3, 2, 1)
    assert config.durability == "process"


def test_a_given_path_stands_in_for_that_of_the_environment(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.toml").write_text('project = "a"\n', encoding="utf-8")
    (tmp_path / "b.toml").write_text("retention_days = 1\n", encoding="utf-8")
    monkeypatch.setenv("MNEMON_CONFIG", str(tmp_path / "a.toml"))

    assert load().project == "a"
    assert load(tmp_path / "b.toml").project == "default"
    assert MemoryConfig(retention_days=2).project == "a"


def test_the_parts_of_embedding_are_decided_one_by_one(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "config.toml").write_text('[embedding]\nmodel = "file"\ndimensions = 8\nattempts = 1\n', encoding="utf-8")
    monkeypatch.setenv("MNEMON_EMBEDDING__MODEL", "environment")
    monkeypatch.setenv("MNEMON_EMBEDDING__DIMENSIONS", "16")

    by_mapping = load(embedding={"model": "argument"}).embedding
    by_object = load(embedding=EmbeddingConfig(model="argument")).embedding

    assert (by_mapping.model, by_mapping.dimensions, by_mapping.attempts) == ("argument", 16, 1)
    assert by_object == by_mapping


def test_headers_come_as_a_table_or_as_json(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MNEMON_EMBEDDING__HEADERS", '{"x-team": "search"}')

    assert load().embedding.headers == {"x-team": SecretStr("search")}
    assert "search" not in repr(load())


def test_the_working_directory_has_no_say(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("mnemon.toml", "config.toml", ".mnemon.toml", "mnemon/config.toml", ".config/mnemon/config.toml"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text('project = "here"\n', encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text('[tool.mnemon]\nproject = "here"\n', encoding="utf-8")
    (tmp_path / ".env").write_text("MNEMON_PROJECT=here\n", encoding="utf-8")

    assert load().project == "default"


def test_a_relative_folder_of_xdg_is_not_taken_as_the_working_directory(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MNEMON_HOME")
    monkeypatch.setenv("XDG_CONFIG_HOME", "conf")
    (tmp_path / "conf/mnemon").mkdir(parents=True)
    (tmp_path / "conf/mnemon/config.toml").write_text('project = "here"\n', encoding="utf-8")

    assert load().project == "default"


def test_the_users_folder_is_the_platforms(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MNEMON_HOME")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setattr("sys.platform", "linux")
    (tmp_path / "mnemon").mkdir()
    (tmp_path / "mnemon/config.toml").write_text('project = "mine"\n', encoding="utf-8")

    assert load().project == "mine"


def test_a_relative_store_in_a_file_begins_at_that_file(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    for named in ("notes.db", "sqlite:notes.db", "./notes.db"):
        (home / "config.toml").write_text(f'store = "{named}"\n', encoding="utf-8")
        assert load().store == home / "notes.db"
    for named in (":memory:", "memory:", "sqlite:///srv/notes.db", "~/notes.db"):
        (home / "config.toml").write_text(f'store = "{named}"\n', encoding="utf-8")
        assert load().store == named
    assert load(store="notes.db").store == "notes.db"


@pytest.mark.parametrize(
    ("variable", "said"),
    [
        ("MNEMON_PROJCT", "did you mean MNEMON_PROJECT?"),
        ("MNEMON_EMBEDDING_MODEL", "did you mean MNEMON_EMBEDDING__MODEL?"),
        ("MNEMON_EMBEDDING__APIKEY", "did you mean MNEMON_EMBEDDING__API_KEY?"),
        ("MNEMON_CONFIGS", "did you mean MNEMON_CONFIG?"),
        ("MNEMON_EMBEDDING", "MNEMON_EMBEDDING__MODEL"),
        ("MNEMON_ZZZZZZ", "known are MNEMON_STORE, "),
        ("mnemon_project", "did you mean MNEMON_PROJECT, in capital letters?"),
        ("MNEMON_", "did you mean MNEMON_"),
    ],
)
def test_an_unknown_variable_is_named_with_the_nearest_one(
    home: Path, monkeypatch: pytest.MonkeyPatch, variable: str, said: str
) -> None:
    monkeypatch.setenv(variable, SECRET)

    message = refusal()

    assert message.startswith(f"environment variable {variable} is no setting of mnemon; ")
    assert said in message
    assert SECRET not in message


def test_variables_of_others_do_not_count(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MNEMONIC", "x")
    monkeypatch.setenv("X_MNEMON_PROJECT", "x")
    monkeypatch.setenv("PROJECT", "x")

    assert load().project == "default"


@pytest.mark.parametrize("variable", ["MNEMON_PROJECT", "MNEMON_STORE", "MNEMON_CONFIG", "MNEMON_HOME"])
def test_an_empty_variable_is_an_error_and_not_the_default(
    home: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, "")

    assert f"environment variable {variable} is " in refusal()


@pytest.mark.parametrize(
    ("key", "near"),
    [
        ("projct", "did you mean project?"),
        ("api_key", "did you mean embedding.api_key?"),
        ("retention", "did you mean retention_days?"),
        ("qqqqqq", "known are store, project, "),
        ("_env_file", "known are"),
    ],
)
def test_an_unknown_argument_or_key_of_a_file_is_named_with_the_nearest_one(home: Path, key: str, near: str) -> None:
    by_argument = refusal(**{key: SECRET})
    (home / "config.toml").write_text(f'{key} = "{SECRET}"\n', encoding="utf-8")
    by_file = refusal()

    assert by_argument.startswith(f"argument {key!r} is no setting of mnemon; ")
    assert by_file.startswith(f"{key!r} in {home / 'config.toml'} is no setting of mnemon; ")
    assert near in by_argument
    assert near in by_file
    assert SECRET not in by_argument + by_file


def test_an_unknown_part_is_named_with_its_table(home: Path) -> None:
    message = refusal(embedding={"modle": SECRET})

    assert message == "argument 'embedding.modle' is no setting of mnemon; did you mean embedding.model?"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("retention_days", "abc", "is 'abc', but it takes a whole number from 0 to 36,500"),
        ("retention_days", "-1", "is '-1', but it takes a whole number from 0"),
        ("retention_days", "99999999999999999999", "but it takes a whole number"),
        ("session_gap_minutes", "0", "but it takes a whole number from 1"),
        ("embedder", "openai", "is 'openai', but it takes `auto`, `none`, `local` or `openai-compatible`"),
        ("durability", "FULL", "but it takes `process` or `full`"),
        ("on_embedder_error", "ignore", "but it takes `raise` or `defer`"),
        ("language", "xx", "but it takes `en`, `de`, `es` or `neutral`"),
        ("max_bytes", "1", "but it takes a whole number of bytes from 1,048,576 to"),
        ("store", "postgres://ana:hush@db", "no store is opened by addresses that begin with 'postgres:'"),
        ("store", "weaviate://key:hush@host", "set WEAVIATE_API_KEY"),
        ("store", "   ", "blank"),
    ],
)
def test_a_wrong_value_is_named_with_its_place_and_what_belongs_there(
    home: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    by_argument = refusal(**{name: value})
    (home / "config.toml").write_text(f'{name} = "{value}"\n', encoding="utf-8")
    by_file = refusal()
    (home / "config.toml").unlink()
    monkeypatch.setenv(f"MNEMON_{name.upper()}", value)
    by_environment = refusal()

    assert by_argument.startswith(f"argument {name!r}")
    assert by_file.startswith(f"{name!r} in {home / 'config.toml'}")
    assert by_environment.startswith(f"environment variable MNEMON_{name.upper()}")
    for message in (by_argument, by_file, by_environment):
        assert said in message
        assert "hush" not in message
        assert len(message) < 500


@pytest.mark.parametrize(
    "value", [True, float("nan"), float("inf"), 1.5, b"1", [1], object(), pytest.param(10**5_000, id="huge")]
)
def test_what_is_no_whole_number_is_refused(home: Path, value: object) -> None:
    assert "argument 'retention_days' is " in refusal(retention_days=value)


@pytest.mark.parametrize("value", [5, True, b"x.db", object(), ["x.db"]])
def test_what_names_no_store_is_refused(home: Path, value: object) -> None:
    assert refusal(store=value).startswith("argument 'store': a store is named by a path or an address")


@pytest.mark.parametrize("value", ["", "a\ud800", 5, None])
def test_what_is_no_project_is_refused(home: Path, value: object) -> None:
    assert refusal(project=value).startswith("argument 'project'")


def test_every_fault_of_a_source_is_said_at_once(home: Path) -> None:
    message = refusal(retention_days="x", projct="y")

    assert "retention_days" in message
    assert "projct" in message


def test_a_wrong_value_that_another_source_overrides_is_said_all_the_same(home: Path) -> None:
    (home / "config.toml").write_text("retention_days = -3\n", encoding="utf-8")

    assert f"in {home / 'config.toml'} is -3" in refusal(retention_days=5)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"project = \n", "line 1"),
        (b"project = 'a'\nproject = 'b'\n", "line 2"),
        (b"project = 'a'\n\n[embedding\n", "line 3"),
        (b"project = 'a'\n# \xff\n", ", line 2: not UTF-8"),
        (b"x = " + b"[" * 5_000, "nested too deeply"),
        (b"x = 1" + b"0" * 5_000, "too many digits"),
        (b"#" * 1_100_000, "larger than 1,048,576 bytes"),
        (b"embedding = 'x'\n", "it takes: a table"),
    ],
)
def test_a_malformed_file_is_named_with_the_line(home: Path, content: bytes, said: str) -> None:
    (home / "config.toml").write_bytes(content)

    message = refusal()

    assert str(home / "config.toml") in message
    assert said in message


def test_a_byte_order_mark_does_no_harm(home: Path) -> None:
    (home / "config.toml").write_bytes(b"\xef\xbb\xbfproject = 'a'\r\n")

    assert load().project == "a"


@pytest.mark.parametrize("name", ["gone.toml", ".", "", " ", "a\0b", "~nobody-of-that-name/x.toml"])
def test_a_named_file_that_cannot_be_read_is_an_error(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)

    assert "the path of a file of settings" in refusal(name)
    if "\0" not in name:
        monkeypatch.setenv("MNEMON_CONFIG", name)
        assert "environment variable MNEMON_CONFIG" in refusal()


def test_a_file_of_the_user_that_cannot_be_read_is_an_error(home: Path) -> None:
    (home / "config.toml").symlink_to(home / "gone.toml")

    assert f"the settings in {home / 'config.toml'} (from the user's folder) cannot be read" in refusal()


def test_settings_are_frozen_and_can_be_copied(home: Path) -> None:
    config = load(project="a", embedding={"api_key": SECRET})

    name = "project"

    with pytest.raises(ValidationError):
        setattr(config, name, "b")
    assert copy.deepcopy(config) == config
    assert pickle.loads(pickle.dumps(config)) == config  # noqa: S301 - our own bytes


def test_a_replaced_setting_is_checked_and_reads_no_other_source(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = load(project="a", embedding={"model": "m", "api_key": SECRET})
    monkeypatch.setenv("MNEMON_RETENTION_DAYS", "7")

    changed = config.replace(project="b", embedding={"dimensions": 8})

    assert (config.project, changed.project, changed.retention_days) == ("a", "b", 30)
    assert (changed.embedding.model, changed.embedding.dimensions) == ("m", 8)
    assert changed.embedding.api_key == config.embedding.api_key
    with pytest.raises(ConfigError, match="argument 'projct'"):
        config.replace(projct="c")


def test_loading_one_file_leaves_the_next_load_alone(home: Path, tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text('project = "a"\n', encoding="utf-8")
    (tmp_path / "bad.toml").write_text("project = 5\n", encoding="utf-8")

    load(tmp_path / "a.toml")
    refusal(tmp_path / "bad.toml")

    assert load().project == "default"
