"""The store on a Weaviate server: any number of processes, one node or a cluster."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Self

from mnemon.errors import StoreError
from mnemon.logic.answers import trimmed
from mnemon.logic.requests import changes_request
from mnemon.protocols.capabilities import Capability
from mnemon.protocols.clock import random_id
from mnemon.stores.async_base import AsyncBaseStore
from mnemon.stores.weaviate._async.changes import AsyncChangesReader
from mnemon.stores.weaviate._async.choosing import decisive_ids
from mnemon.stores.weaviate._async.pages import group, scan
from mnemon.stores.weaviate._async.reader import AsyncReader
from mnemon.stores.weaviate._async.schemas import AsyncSchemas
from mnemon.stores.weaviate._async.searching import count, search
from mnemon.stores.weaviate._async.server import AsyncServer
from mnemon.stores.weaviate._async.upkeep import examine, probe, told
from mnemon.stores.weaviate._async.writer import AsyncWriter
from mnemon.stores.weaviate.addresses import address_of
from mnemon.stores.weaviate.concurrency import AsyncLock
from mnemon.stores.weaviate.embedded import DEFAULT_VERSION, Embedded
from mnemon.stores.weaviate.plans import turns_of
from mnemon.types.storage import Applied, Scrubbed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from os import PathLike

    from weaviate import WeaviateAsyncClient

    from mnemon.protocols.clock import NewId
    from mnemon.stores.weaviate.health import Health
    from mnemon.types.changes import Changes, Mark
    from mnemon.types.filters import Filter
    from mnemon.types.requests import CountRequest, GetRequest, GroupRequest, ScanRequest, SearchRequest
    from mnemon.types.storage import Collection, Counts, Finding, GroupPage, Match, Page, Part, Row, Write

__all__ = ["AsyncWeaviateStore"]

_TIMEOUT_S = 20.0
_TURNS = 256
"""Locks that writers of this store take by the rows whose state decides: so that in one process none loses a race."""

_PREFIX = "Mnemon"


class AsyncWeaviateStore(AsyncBaseStore):
    """Keeps everything on a Weaviate server (1.38.7, 1.39 or newer), which many processes may use at once.

    A project is a tenant. There are no transactions: a batch is carried out in its order, and one that
    broke off is finished by carrying it out again. There is no compare-and-swap: of two processes that
    write the same row in the same milliseconds, the last one wins. The docs' page on Weaviate says more.
    """

    def __init__(self, server: AsyncServer, *, replication_factor: int | None = None) -> None:
        """Use a server; `connect`, `cloud`, `embedded` and `from_client` are how stores are made."""
        super().__init__()
        self._server = server
        self._reader = AsyncReader(server)
        self._schemas = AsyncSchemas(server, replication_factor)
        self._changes = AsyncChangesReader(server, self._reader)
        self._turns = [AsyncLock() for _ in range(_TURNS)]

    @classmethod
    def connect(
        cls,
        url: str = "http://localhost:8080",
        *,
        grpc_port: int | None = None,
        grpc_host: str | None = None,
        api_key: str | None = None,
        secure: bool | None = None,
        headers: Mapping[str, str] | None = None,
        timeout_s: float = _TIMEOUT_S,
        prefix: str = _PREFIX,
        replication_factor: int | None = None,
        new_id: NewId = random_id,
    ) -> Self:
        """Return a store on a server, which is connected when it is first needed.

        Args:
            url: `http(s)://host:port`; without a port 8080, with https 443.
            grpc_port: the server's other port; 50051.
            grpc_host: the host of that port, where it is another one.
            api_key: what the server knows us by.
            secure: whether both ports speak TLS; as the URL says if left out.
            headers: sent with every request.
            timeout_s: how long one request may take, repetitions included, before it is an error.
            prefix: what our collections' names begin with on the server.
            replication_factor: copies of each row, where collections are created; 1 if left out.
            new_id: gives the ids of entries in the log of changes, each another one; one of your own makes requests
                repeatable.

        Raises:
            ConfigError: the URL is none, or holds a password; the prefix cannot begin a name.
        """
        address = address_of(
            url, grpc_port=grpc_port, grpc_host=grpc_host, api_key=api_key, secure=secure, headers=headers
        )
        server = AsyncServer(None, address, prefix=prefix, timeout_s=timeout_s, new_id=new_id)
        return cls(server, replication_factor=replication_factor)

    @classmethod
    def cloud(
        cls,
        cluster_url: str,
        *,
        api_key: str,
        headers: Mapping[str, str] | None = None,
        timeout_s: float = _TIMEOUT_S,
        prefix: str = _PREFIX,
    ) -> Self:
        """Return a store on Weaviate Cloud; the arguments are those of `connect`."""
        host = cluster_url.removeprefix("https://").strip("/")
        return cls.connect(
            f"https://{host}",
            grpc_host=f"grpc-{host}",
            grpc_port=443,
            api_key=api_key,
            headers=headers,
            timeout_s=timeout_s,
            prefix=prefix,
        )

    @classmethod
    def embedded(
        cls,
        folder: str | PathLike[str],
        *,
        port: int = 8079,
        grpc_port: int = 50060,
        version: str = DEFAULT_VERSION,
        binary_folder: str | PathLike[str] | None = None,
        timeout_s: float = _TIMEOUT_S,
        prefix: str = _PREFIX,
    ) -> Self:
        """Return a store on a server of our own, which starts when it is first needed and ends with `close`.

        It is weaviate-client's embedded server, for trying out: Linux and macOS only, one process at a time,
        downloaded at the first start where its program is not there yet (70 MB).

        Args:
            folder: where it keeps its data.
            port: its REST port on this machine.
            grpc_port: its gRPC port.
            version: which server.
            binary_folder: where its program lies or is downloaded to; `~/.cache/weaviate-embedded` if left out.
            timeout_s: how long one request may take; starting takes half a minute at most.
            prefix: what our collections' names begin with on the server.

        Raises:
            ConfigError: the prefix cannot begin a name.
        """
        place = Embedded(
            folder=Path(folder),
            port=port,
            grpc_port=grpc_port,
            version=version,
            binary_folder=None if binary_folder is None else Path(binary_folder),
        )
        return cls(AsyncServer(None, place, prefix=prefix, timeout_s=timeout_s))

    @classmethod
    def from_client(
        cls,
        client: WeaviateAsyncClient,
        *,
        timeout_s: float = _TIMEOUT_S,
        prefix: str = _PREFIX,
        replication_factor: int | None = None,
    ) -> Self:
        """Return a store on a connected client, which its owner closes; the client's own timeouts hold as well."""
        server = AsyncServer(client, None, prefix=prefix, timeout_s=timeout_s)
        return cls(server, replication_factor=replication_factor)

    def __repr__(self) -> str:
        """Name the server, and no key."""
        return f"<{type(self).__name__} on {self._server.where}, prefix {self._server.prefix!r}>"

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What a server without transactions can promise; where rows have replicas it tells no changes."""
        told = set[Capability]() if self._schemas.any_replicated else {Capability.CHANGES}
        return frozenset({Capability.PERSISTENT, *told})

    async def changes(
        self,
        project: str,
        collection: str,
        where: Filter | None = None,
        *,
        since: Mark | None = None,
        limit: int = 1_000,
        include: Sequence[Part] = ("metadata", "payload"),
        fields: Sequence[str] | None = None,
    ) -> Changes:
        """Return what changed among the rows that match; see `AsyncSupportsChanges`.

        Raises:
            StoreError: the collection declares no `current`, or rows have replicas, of which one that was away
                would tell less than happened.
        """
        request = changes_request(
            self._find(collection), project, where, since=since, limit=limit, include=include, fields=fields
        )
        await self._schemas.prepare()
        if not self._schemas.is_told(request.collection):
            msg = (
                f"changes of {collection!r} are not told: they are of collections that declare `current`, and where "
                f"neither these nor the log have replicas; see `capabilities`"
            )
            raise StoreError(msg)
        return await self._changes.since(request)

    async def health(self) -> Health:
        """Write, read and delete a row of our own, and look at every node and shard; nothing is raised."""
        self._check_open()
        return await probe(self._server, self._schemas.prepare)

    async def _declare(self, collection: Collection) -> Collection:
        return await self._schemas.declare(collection)

    async def _list_collections(self) -> Iterable[Collection]:
        return await self._schemas.stored()

    async def _get(self, request: GetRequest) -> dict[str, Row]:
        if request.decisive and self._schemas.replicated(request.collection.name):
            found = await self._reader.decisive(request.project, request.collection, request.ids, request.include)
            return {key: trimmed(row, request.include, request.fields) for key, row in found.items()}
        return await self._reader.by_ids(
            request.project, request.collection, request.ids, request.include, request.fields
        )

    async def _list_ids(self, request: CountRequest) -> list[str]:
        if self._schemas.replicated(request.collection.name):
            return await decisive_ids(self._server, self._reader, request.project, request.collection, request.where)
        return await self._reader.ids(request.project, request.collection, request.where)

    async def _scan(self, request: ScanRequest) -> Page:
        return await scan(self._reader, request)

    async def _search(self, request: SearchRequest) -> list[Match]:
        return await search(self._server, self._reader, request)

    async def _count(self, request: CountRequest) -> Counts:
        return await count(self._reader, request)

    async def _groups(self, request: GroupRequest) -> GroupPage:
        return await group(self._reader, request)

    async def _apply(self, project: str, batch: Sequence[Write]) -> Applied:
        if not batch:
            return Applied(())
        await self._schemas.prepare()  # who only listed the collections has not seen the log
        decisive = any(self._schemas.replicated(write.collection) for write in batch)
        async with AsyncExitStack() as turns:
            for place in turns_of(project, batch, len(self._turns)):
                await turns.enter_async_context(self._turns[place])
            # Made in its turn: what broke off until now may have been a write to these rows.
            writer = AsyncWriter(self._server, self._reader, project, self._declared, self._schemas.is_told)
            return await writer.apply(batch, decisive=decisive)

    async def _scrub(self) -> Scrubbed:
        return Scrubbed(
            bytes="pending",
            reason="Weaviate overwrites deleted rows when it merges its files, at a time of its own; "
            "its backups, if there are any, keep them",
        )

    async def _check(self, *, repair: bool) -> list[Finding]:
        findings = told(await self.health())
        await self._schemas.prepare()
        collections = await self._schemas.stored()
        return findings + await examine(self._server, self._reader, collections, repair=repair)

    async def _close(self) -> None:
        await self._server.close()
