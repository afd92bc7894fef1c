# Generated from core/mnemon/stores/weaviate/_async/schemas.py by tests/contracts/unasync.py; edit that file.
"""Creating and extending collections on the server, whoever else does so at the same moment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from weaviate.exceptions import UnexpectedStatusCodeError

from mnemon.errors import SchemaMismatchError, StoreError, StoreUnavailableError
from mnemon.logic.declarations import merge_declarations
from mnemon.stores.weaviate import naming
from mnemon.stores.weaviate.log import is_told
from mnemon.stores.weaviate.schema import (
    changes_arguments,
    changes_key,
    changes_properties,
    collection_arguments,
    declared,
    differences,
    parts_arguments,
    parts_properties,
    probe_arguments,
    properties_of,
    vector_of,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weaviate.classes.config import Property
    from weaviate.collections.classes.config import _CollectionConfig  # pyright: ignore[reportPrivateUsage]

    from mnemon.stores.weaviate._sync.server import Server
    from mnemon.types.storage import Collection, VectorSpace

__all__ = ["Schemas"]

_NOT_FOUND, _UNPROCESSABLE = 404, 422
_OLDEST = (1, 38, 7)
_TRIES = 10
_LOG = "Changes"
"""Stands for the log of changes among the collections; no caller's can have the name."""


class Schemas:
    """The collections of one prefix on a server."""

    def __init__(self, server: Server, factor: int | None) -> None:
        """Create with so many replicas; None is one, and any number of what is there already."""
        self._server = server
        self._factor = factor
        self._replicas: dict[str, int] = {}
        self._ready = False

    def replicated(self, collection: str) -> bool:
        """Whether a declared collection has more than one replica."""
        return self._replicas.get(collection, 1) > 1

    def is_told(self, collection: Collection) -> bool:
        """Whether changes of a declared collection are told: not where it or the log has more than one replica."""
        return is_told(collection) and not self.replicated(collection.name) and not self.replicated(_LOG)

    @property
    def any_replicated(self) -> bool:
        """Whether rows of a declared collection, or of the log, have more than one replica, or the first ones will."""
        return max(self._replicas.values(), default=self._factor or 1) > 1

    def stored(self) -> list[Collection]:
        """Return every declaration of the prefix."""
        client = self._server.client()
        configs = self._server.ask_again("list the collections", lambda: client.collections.list_all(simple=False))
        found: list[Collection] = []
        for config in configs.values():
            if (one := declared(config, self._server.prefix)) is not None:
                self._replicas[one.name] = config.replication_config.factor
                found.append(one)
        return found

    def declare(self, wanted: Collection) -> Collection:
        """Make a collection usable; return its declaration as it is then.

        What is missing is asked for once more after somebody else was faster.

        Raises:
            SchemaMismatchError: the server, or what is there, does not fit.
        """
        self.prepare()
        name = naming.class_name(self._server.prefix, wanted.name)
        config = self._config(name)
        if config is None:
            self._create(collection_arguments(wanted, self._server.prefix, self._factor or 1))
            config = self._config(name)
        if config is None:
            msg = f"Weaviate at {self._server.where} has no collection {name} after it was created; try again"
            raise StoreError(msg)
        there = declared(config, self._server.prefix)
        if there is None:
            msg = f"Weaviate at {self._server.where} has a collection {name} that is not ours; give another prefix"
            raise SchemaMismatchError(msg)
        merged = merge_declarations(there, wanted)
        self._refuse(name, differences(config, properties_of(merged), self._factor))
        self._extend(name, config, merged)
        self._replicas[wanted.name] = config.replication_config.factor
        return merged

    def prepare(self) -> None:
        """Look at the server's version, and make the collections that are for ourselves."""
        if self._ready:
            return
        version = self._server.version()
        if _numbers(version) < _OLDEST:
            msg = (
                f"Weaviate at {self._server.where} is {version}, which may lose fields when replicas are repaired; "
                f"upgrade it to {'.'.join(map(str, _OLDEST))} or newer"
            )
            raise SchemaMismatchError(msg)
        prefix, factor = self._server.prefix, self._factor or 1
        for arguments, properties in (
            (parts_arguments(prefix, factor), parts_properties()),
            (changes_arguments(prefix, factor, self._server.new_id()), changes_properties()),
        ):
            config = self._config(arguments["name"])
            if config is None:
                self._create(arguments)
                config = self._config(arguments["name"])  # somebody else may have been faster
            if config is None:
                msg = f"Weaviate at {self._server.where} did not create {arguments['name']}; try again"
                raise StoreError(msg)
            self._refuse(arguments["name"], differences(config, properties, self._factor))
            if arguments["name"] == naming.changes_class(prefix):
                self._replicas[_LOG] = config.replication_config.factor
                self._server.key_of_logs = self._key(config)
        probe = naming.probe_class(self._server.prefix)
        if self._config(probe) is None:
            self._create(probe_arguments(self._server.prefix))
        self._ready = True

    def _key(self, config: _CollectionConfig) -> str:
        key = changes_key(config)
        wrong = (
            "an earlier version made this log of changes, without an index of the times of its entries; close every "
            "store on this server, of every process, delete the collection, and open them anew: it holds no memories"
        )
        self._refuse(config.name, [] if key else [wrong])
        return cast("str", key)

    def _refuse(self, name: str, found: Sequence[str]) -> None:
        if found:
            msg = f"collection {name} of Weaviate at {self._server.where} does not fit: {'; '.join(found)}"
            raise SchemaMismatchError(msg, found)

    def _config(self, name: str) -> _CollectionConfig | None:
        client = self._server.client()
        try:
            return self._server.ask_again(f"describe collection {name}", client.collections.use(name).config.get)
        except StoreError as error:
            if _status(error) == _NOT_FOUND:
                return None
            raise

    def _create(self, arguments: dict[str, Any]) -> None:
        client = self._server.client()
        try:
            self._server.ask(f"create collection {arguments['name']}", lambda: client.collections.create(**arguments))
        except StoreError as error:
            if _status(error) != _UNPROCESSABLE or "already exists" not in str(error.__cause__):
                raise

    def _extend(self, name: str, config: _CollectionConfig, merged: Collection) -> None:
        there = {item.name for item in config.properties}
        for item in properties_of(merged):
            if item.name not in there:
                self._add_property(name, item)
        for space in merged.vectors:
            if space.name not in (config.vector_config or {}):
                self._add_vector(name, space)

    def _add_vector(self, name: str, space: VectorSpace) -> None:
        """Add a named vector: the client reads the whole schema and writes it, so who comes between is looked for."""
        client = self._server.client()
        collection = client.collections.use(name)
        doing = f"add the vectors {space.name} to collection {name}"
        failed: StoreError | None = None
        for _ in range(_TRIES):
            try:
                self._server.ask(doing, lambda: collection.config.add_vector(vector_config=vector_of(space)))
            except StoreError as error:
                if _status(error) != _UNPROCESSABLE:
                    raise
                failed = error
            config = self._config(name)
            if config is not None and space.name in (config.vector_config or {}):
                return
        msg = f"Weaviate at {self._server.where} did not {doing} in {_TRIES} attempts; try again"
        raise StoreError(msg) from failed

    def _add_property(self, name: str, item: Property) -> None:
        client = self._server.client()
        try:
            self._server.ask_again(  # a shard that takes in a vector space cannot for a moment
                f"add property {item.name} to collection {name}",
                lambda: client.collections.use(name).config.add_property(item),
            )
        except StoreUnavailableError:
            raise
        except StoreError:
            # The server has several words for "somebody was faster", so the schema is asked and not the error.
            # Something else of that name is found at the next declaration.
            config = self._config(name)
            if config is None or all(item.name != one.name for one in config.properties):
                raise


def _status(error: StoreError) -> int | None:
    cause = error.__cause__
    return cause.status_code if isinstance(cause, UnexpectedStatusCodeError) else None


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("-", maxsplit=1)[0].split(".") if part.isdigit())
