"""What the how-to on Weaviate tells an operator to do, done: backups, upgrades, rights, health."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

import pytest
from weaviate import connect_to_local
from weaviate.backup.backup import BackupStorage
from weaviate.classes.init import Auth
from weaviate.classes.rbac import Permissions

from mnemon import Memory, StoreError
from mnemon.stores.weaviate import WeaviateStore
from mnemon.testing.samples import PROJECT, put
from mnemon.types.filters import where
from mnemon.types.storage import Collection, Ordered, Row, VectorSpace
from tests.live.conftest import client_of
from tests.servers.weaviate_server import Node, cluster

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from weaviate import WeaviateClient

    from tests.live.conftest import Place

OLD = Collection(name="notes", keys=("user_id",), ordered=(Ordered("version", "number"),), text=True)
NEW = Collection(
    name="notes",
    keys=("user_id", "team"),
    ordered=(Ordered("version", "number"), Ordered("seen_at", "time")),
    text=True,
    vectors=(VectorSpace("small", "m", 2),),
)
ADMIN, APPLICATION = "key-of-the-admin", "key-of-the-application"
RIGHTS = {
    "AUTHENTICATION_ANONYMOUS_ACCESS_ENABLED": "false",
    "AUTHENTICATION_APIKEY_ENABLED": "true",
    "AUTHENTICATION_APIKEY_ALLOWED_KEYS": f"{ADMIN},{APPLICATION}",
    "AUTHENTICATION_APIKEY_USERS": "admin,application",
    "AUTHORIZATION_RBAC_ENABLED": "true",
    "AUTHORIZATION_RBAC_ROOT_USERS": "admin",
}


@contextmanager
def client(node: Node, key: str | None = None) -> Generator[WeaviateClient]:
    auth = None if key is None else Auth.api_key(key)
    with connect_to_local(port=node.rest, grpc_port=node.grpc, auth_credentials=auth, skip_init_checks=True) as found:
        yield found


def opened(node: Node, key: str | None = None) -> WeaviateStore:
    return WeaviateStore.connect(f"http://127.0.0.1:{node.rest}", grpc_port=node.grpc, api_key=key)


def mnemon(address: str, *arguments: str, key: str = "") -> subprocess.CompletedProcess[str]:
    """Run the command as an operator does."""
    command = [
        sys.executable,
        "-c",
        "import sys; from mnemon.apps.cli import main; sys.exit(main())",
        "--store",
        address,
        *arguments,
    ]
    settings = {**os.environ, "WEAVIATE_API_KEY": key, "MNEMON_EMBEDDER": "auto"}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=settings)


def test_a_backup_under_load_is_restored_whole_and_erasures_since_then_are_carried_out_again(
    weaviate_binary: Path, tmp_path: Path
) -> None:
    place = {"BACKUP_FILESYSTEM_PATH": str(tmp_path)}
    stop = threading.Event()
    with cluster(settings=place) as (node,), opened(node) as store, Memory(store=store, embedder=None) as memory:
        before = [memory.add(f"tea {number}", user_id="ana").ids[0] for number in range(20)]
        memory.add("my number is X4471", user_id="ben")

        def load() -> None:
            number = 0
            while not stop.is_set():
                number += 1
                memory.add(f"coffee {number}", user_id="cleo")

        with ThreadPoolExecutor() as threads, client(node) as operator:
            writing = threads.submit(load)
            try:
                operator.backup.create("nightly", BackupStorage.FILESYSTEM, wait_for_completion=True)
            finally:
                stop.set()
            writing.result()
        forgotten = [("ben", memory.forget(user_id="ben").to_dict())]
    (tmp_path / "forgotten.json").write_text(json.dumps(forgotten))

    with cluster(settings=place) as (node,):
        with client(node) as operator:
            operator.backup.restore("nightly", BackupStorage.FILESYSTEM, wait_for_completion=True)
        with opened(node) as store, Memory(store=store, embedder=None) as memory:
            memory.doctor(repair=True)
            sound, came_back = memory.doctor().sound, memory.count(user_id="ben")
            for user_id, _ in json.loads((tmp_path / "forgotten.json").read_text()):
                memory.forget(user_id=user_id)

            assert sound
            assert came_back == 1
            assert {one.id for one in memory.get_all(user_id="ana", limit=100)} == set(before)
            assert memory.count(user_id="ben") == 0
            assert "ben" not in [one.id for one in memory.scopes("user")]


def test_a_client_one_version_behind_keeps_working_while_the_schema_grows(place: Place) -> None:
    with place.open() as old, place.open() as new:
        old.declare(OLD)
        old.apply(PROJECT, put(Row(id="before", fields={"user_id": "ana", "version": 1}, terms=("tea",))))

        new.declare(NEW)
        row = Row(id="new", fields={"user_id": "ana", "team": "red", "version": 2}, vectors={"small": [1.0, 0.0]})
        new.apply(PROJECT, put(row))
        old.apply(PROJECT, put(Row(id="after", fields={"user_id": "ana", "version": 3}, terms=("tea",))))

        mine = where("user_id").eq("ana")
        assert (
            old.list_ids(PROJECT, "notes", mine) == new.list_ids(PROJECT, "notes", mine) == ["after", "before", "new"]
        )
        assert old.get(PROJECT, "notes", ["new"])["new"].fields == {"user_id": "ana", "version": 2}
        assert new.get(PROJECT, "notes", ["after"])["after"].fields == {"user_id": "ana", "version": 3}
        assert new.list_ids(PROJECT, "notes", where("team").exists(value=False)) == ["after", "before"]


@pytest.fixture(scope="module")
def guarded(weaviate_binary: Path) -> Generator[Node]:
    """A server with an admin, and an application that may do what the how-to says and no more."""
    with cluster(settings=RIGHTS) as (node,):
        with client(node, ADMIN) as admin:
            every, permissions, roles = "Mnemon*", cast("Any", Permissions), cast("Any", admin.roles)
            rights = [
                permissions.collections(collection=every, read_config=True),
                permissions.data(collection=every, create=True, read=True, update=True, delete=True),
                permissions.tenants(collection=every, create=True, read=True, update=True),
            ]
            roles.create(role_name="mnemon-application", permissions=rights)
            admin.users.db.assign_roles(user_id="application", role_names="mnemon-application")
        yield node


def test_an_application_needs_no_right_on_the_schema_after_setup(guarded: Node) -> None:
    refused = mnemon(guarded.address, "setup", key=APPLICATION)
    done = mnemon(guarded.address, "setup", key=ADMIN)

    assert refused.returncode != 0
    assert "does not allow" in refused.stderr
    assert done.returncode == 0, done.stderr
    assert "local" in done.stdout
    with opened(guarded, APPLICATION) as store, Memory(store=store, project="shop") as memory:
        memory_id = memory.add("I like tea.", user_id="ana").ids[0]
        memory.update(memory_id, "I like green tea.")
        found = [hit.memory.text for hit in memory.search("tea", user_id="ana")]
        memory.delete(memory_id, erase=True)

        assert found == ["I like green tea."]
        assert memory.count(user_id="ana") == 0
        with pytest.raises(StoreError, match="does not allow to create collection"):
            store.declare(Collection(name="other", keys=("user_id",)))


def test_a_wrong_key_is_an_error_that_shows_none(guarded: Node) -> None:
    with opened(guarded, "key-of-nobody") as store, pytest.raises(StoreError) as caught:
        store.collections()

    assert "key-of-nobody" not in str(caught.value)
    assert "key" in str(caught.value)


def test_health_names_a_shard_that_is_read_only_until_it_is_ready_again(place: Place) -> None:
    with place.open() as store, client_of(place) as operator:
        store.declare(OLD)
        store.apply(PROJECT, put(Row(id="a", fields={"user_id": "ana"})))
        name = f"{place.prefix}_notes"
        shards = operator.collections.use(name).config
        shards.update_shards("READONLY", [one.name for one in shards.get_shards()])

        told = store.health()
        seen = json.loads(mnemon(place.address, "doctor", "--json").stdout)
        with pytest.raises(StoreError, match="read-only"):
            store.apply(PROJECT, put(Row(id="b", fields={"user_id": "ana"})))
        shards.update_shards("READY", [one.name for one in shards.get_shards()])

        assert not told.well
        assert [problem for problem in told.problems if name in problem and "read-only" in problem] == [*told.problems]
        assert name in json.dumps(seen)
        assert store.health().well
        store.apply(PROJECT, put(Row(id="b", fields={"user_id": "ana"})))
